"""Files of other platforms: what is read, and what is refused with its line."""

from __future__ import annotations

import json
import re
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


def test_one_entry_that_is_none_leaves_the_others(tmp_path: Path) -> None:
    bad = {**REVIEW, "evaluationId": "E7", "assessTime": "2026-13-01"}
    told = {"projects": ["x", RECORD, {**RECORD, "taskName": ""}], "evaluations": [bad, REVIEW, 3]}
    found = read(written(tmp_path, "month.json", json.dumps(told)))
    assert len(found.records) == len(found.reviews) == 1
    assert [(row.table, row.line, row.number) for row in found.rejected] == [
        ("projects", 1, ""),
        ("projects", 3, "SL260801000017"),
        ("evaluations", 1, "E7"),
        ("evaluations", 3, ""),
    ]


@pytest.mark.parametrize(
    ("rows", "kept", "lost"),
    [
        (['A1,5,"坏,2026-08-01,1', "A2,5,好,2026-08-01,1"], [], [(2, "第 2 到 3 行都没有收")]),
        (
            ['A1,5,"坏,2026-08-01,1', 'A2,5,"好",2026-08-01,1', "A3,5,好,2026-08-01,1"],
            ["A3"],
            [(2, "第 2 到 3 行都没有收")],
        ),
        (['A1,5,"两\n行",2026-08-01,1', "A2,5,好,昨天,1"], ["A1"], [(4, "请写成 2026-01-31")]),
    ],
)
def test_a_quote_that_is_not_closed_is_told(
    tmp_path: Path, rows: list[str], kept: list[str], lost: list[tuple[int, str]]
) -> None:
    head = "projectNo,satisfaction,writingEvaluation,assessTime,pf"
    found = read(written(tmp_path, "r.csv", "\n".join([head, *rows])))
    assert [row.project_no for _, row in found.reviews] == kept
    assert [row.line for row in found.rejected] == [line for line, _ in lost]
    for row, (_, reason) in zip(found.rejected, lost, strict=True):
        assert reason in row.reason


@pytest.mark.parametrize(
    "wrong",
    [
        {"assessTime": "昨天"},
        {"assessTime": "2026-02-30"},
        {"assessTime": "20261399999999"},
        {"assessTime": {}},
        {"pf": "x"},
        {"satisfaction": 4.5},
        {"isDefault": "yes"},
        {"evalDetail": 7},
        {"assessNumber": 0},
        {"projectNo": "编号"},
        {"userName": "x" * 65},
    ],
    ids=str,
)
def test_what_is_wrong_is_told_in_chinese(tmp_path: Path, wrong: dict[str, object]) -> None:
    found = read(written(tmp_path, "r.json", json.dumps([{**REVIEW, **wrong}])))
    [row] = found.rejected
    [(name, said)] = re.findall(r"（(\w+)）(.+)", row.reason)
    assert name in {*wrong, "evalDetail"} and not re.search("[A-Za-z]", said)


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
