"""Files of other platforms: what is read, and what is refused with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reviews.exchange import RecordRow, ReviewRow
from reviews.files import UnusableFile, as_csv, as_json, read

RECORD = {
    "projectNo": "SL260801000017",
    "taskName": "居住证办理",
    "pf": 5,
    "proStatus": 3,
    "acceptDate": "2026-08-01 09:30:00",
    "resultDate": "20260801094500",
}
REVIEW = {
    "projectNo": "SL260801000017",
    "satisfaction": 1,
    "evalDetail": "109,115",
    "assessTime": "2026-08-01T09:50:00+08:00",
    "pf": "3",
}


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding)
    return path


def test_json_with_both_lists(tmp_path: Path) -> None:
    told = {"projects": [RECORD], "evaluations": [REVIEW]}
    found = read(written(tmp_path, "month.json", json.dumps(told)))
    [(_, record)], [(_, review)] = found.records, found.reviews
    assert record.accept_date.isoformat() == "2026-08-01T09:30:00+08:00"
    assert record.result_date is not None
    assert record.result_date.isoformat() == "2026-08-01T09:45:00+08:00"
    assert review.eval_detail == ["109", "115"]
    assert found.rejected == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_table_in_the_encodings_that_are_met(tmp_path: Path, encoding: str) -> None:
    head, row = ",".join(RECORD), ",".join(str(value) for value in RECORD.values())
    found = read(written(tmp_path, "办件.csv", f"{head}\n{row}\n", encoding))
    assert [row.task_name for _, row in found.records] == ["居住证办理"]


def test_every_rejected_row_has_its_line_and_reason(tmp_path: Path) -> None:
    rows = ["projectNo,satisfaction,assessTime,pf"]
    rows += ["A1,5,2026-08-01,1", "A2,very,2026-08-01,1", "A3,5,yesterday,1", "A4,5,,1"]
    found = read(written(tmp_path, "r.csv", "\n".join(rows)))
    assert [row.project_no for _, row in found.reviews] == ["A1"]
    assert [(row.line, row.number) for row in found.rejected] == [(3, "A2"), (4, "A3"), (5, "A4")]
    assert "满意度（satisfaction）请填整数" in found.rejected[0].reason
    assert "评价时间（assessTime）" in found.rejected[1].reason
    assert "评价时间（assessTime）必填" in found.rejected[2].reason


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.json", '{"projects": [{"projectNo"', "不是完整的 JSON"),
        ("b.json", '{"orders": []}', "不认识的列表"),
        ("c.json", "[1, 2]", "应是列表"),
        ("d.csv", "编号,满意度\n1,5\n", "国家平台的字段名"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, name: str, text: str, reason: str) -> None:
    with pytest.raises(UnusableFile, match=reason):
        read(written(tmp_path, name, text))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="读不了"):
        read(tmp_path / "nothing.json")


def test_what_is_written_reads_the_same(tmp_path: Path) -> None:
    records = [RecordRow.model_validate(RECORD)]
    reviews = [ReviewRow.model_validate(REVIEW)]
    from_json = read(written(tmp_path, "all.json", as_json(records, reviews)))
    written(tmp_path, "1.csv", as_csv(RecordRow, records))
    written(tmp_path, "2.csv", as_csv(ReviewRow, reviews))
    from_tables = read(tmp_path / "1.csv"), read(tmp_path / "2.csv")
    assert [row for _, row in from_json.records] == records
    assert [row for _, row in from_json.reviews] == reviews
    assert [row for _, row in from_tables[0].records] == records
    assert [row for _, row in from_tables[1].reviews] == reviews
