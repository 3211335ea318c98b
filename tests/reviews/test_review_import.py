"""Records and reviews of other platforms: taken once, tied by number, given back the same."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from core.database import Database, now
from kb.readers.unit_names import UnitNames
from reviews import exporting
from reviews.codes import CodeSystem
from reviews.files import as_json, read
from reviews.importing import Report, take
from reviews.models import Review, ServiceRecord

RECORD: dict[str, Any] = {
    "projectNo": "SL260801000017",
    "taskName": "居住证办理",
    "deptName": "示例市公安局",
    "proDepart": "3 号窗口",
    "userName": "示例甲",
    "mobile": "13800001111",
    "userProp": 1,
    "pf": 5,
    "projectType": 1,
    "proStatus": 2,
    "acceptDate": "2026-08-01T09:30:00+08:00",
}
REVIEW: dict[str, Any] = {
    "evaluationId": "E1",
    "projectNo": "SL260801000017",
    "satisfaction": 1,
    "evalDetail": ["109"],
    "writingEvaluation": "我是示例甲，电话13800001111，要了指南外的材料",
    "userName": "示例甲",
    "mobile": "13800001111",
    "assessTime": "2026-08-01T09:50:00+08:00",
    "pf": 3,
}


async def brought(
    database: Database,
    folder: Path,
    *,
    records: list[dict[str, Any]] | None = None,
    reviews: list[dict[str, Any]] | None = None,
    system: CodeSystem = CodeSystem.NATIONAL,
) -> Report:
    path = folder / "in.json"
    path.write_text(json.dumps({"projects": records or [], "evaluations": reviews or []}), "utf-8")

    async def told(rows: int) -> None:
        assert rows

    async with database.unit_of_work() as session:
        return await take(session, read(path), "大厅", system, UnitNames(), now(), told)


async def written(database: Database, system: CodeSystem) -> str:
    async with database.unit_of_work() as session:
        records = [row async for row in exporting.records(session, system)]
        return as_json(records, [row async for row in exporting.reviews(session, system)])


async def test_a_file_twice_changes_nothing(database: Database, tmp_path: Path) -> None:
    first = await brought(database, tmp_path, records=[RECORD], reviews=[REVIEW])
    again = await brought(database, tmp_path, records=[RECORD], reviews=[REVIEW])
    assert (first.records.new, first.reviews.new, first.linked) == (1, 1, 1)
    assert (again.records.new, again.reviews.new) == (0, 0)
    assert (again.records.unchanged, again.reviews.unchanged) == (1, 1)
    assert first.rejected == again.rejected == []


async def test_a_review_is_tied_by_number_and_tells_nobody_who(
    database: Database, tmp_path: Path
) -> None:
    await brought(database, tmp_path, records=[RECORD], reviews=[REVIEW])
    async with database.sessions() as session:
        review = (await session.scalars(select(Review))).one()
        record = (await session.scalars(select(ServiceRecord))).one()
    assert (review.link, review.service_record_id) == ("exact", record.id)
    assert review.text == "我是示**，电话138****1111，要了指南外的材料"
    assert not review.is_default and not review.named
    assert "示例甲" not in f"{review.reviewer}{record.applicant}"


async def test_a_review_before_its_record_waits(database: Database, tmp_path: Path) -> None:
    await brought(database, tmp_path, reviews=[REVIEW])
    async with database.sessions() as session:
        review = (await session.scalars(select(Review))).one()
    assert (review.link, review.said) == ("none", {"number": "SL260801000017"})


async def test_a_record_goes_forward_only(database: Database, tmp_path: Path) -> None:
    done = {**RECORD, "proStatus": 3, "resultDate": "2026-08-01T09:45:00+08:00"}
    await brought(database, tmp_path, records=[RECORD])
    assert (await brought(database, tmp_path, records=[done])).records.changed == 1
    [late] = (await brought(database, tmp_path, records=[RECORD])).rejected
    assert "更早" in late.reason
    async with database.sessions() as session:
        assert (await session.scalars(select(ServiceRecord.status))).one() == 3


@pytest.mark.parametrize(
    ("review", "reason"),
    [
        ({"evaluationId": "E2", "satisfaction": 5, "evalDetail": []}, "一次服务只评一次"),
        ({"satisfaction": 2, "evalDetail": ["209"]}, "不能改动"),
        ({"evaluationId": "E3", "satisfaction": 1, "evalDetail": ["510"]}, "没有这些标签"),
        (
            {"evaluationId": "E4", "evalDetail": [], "writingEvaluation": ""},
            "请选择或写明不满意的原因",
        ),
        ({"evaluationId": "E5", "pf": 9}, "代码不对：渠道应为 1 到 7"),
        ({"evaluationId": "E6", "satisfaction": 6}, "代码不对：满意度应为 1 到 5"),
    ],
)
async def test_a_review_that_is_refused(
    database: Database, tmp_path: Path, review: dict[str, Any], reason: str
) -> None:
    await brought(database, tmp_path, records=[RECORD], reviews=[REVIEW])
    report = await brought(database, tmp_path, reviews=[{**REVIEW, **review}])
    [refused] = report.rejected
    assert reason in refused.reason and refused.line == 1
    assert dataclasses.asdict(report.reviews) == {"new": 0, "changed": 0, "unchanged": 0}


@pytest.mark.parametrize(
    ("record", "review", "reasons"),
    [
        ({}, {"assessTime": "2999-08-01 09:00"}, ["评价时间晚于现在"]),
        ({}, {"assessTime": "1999-08-01 09:00"}, ["评价时间早于 2019 年，不可能"]),
        ({}, {"assessTime": "2026-07-30 09:00"}, ["评价时间早于所评的办件受理或工单答复"]),
        ({}, {"assessTime": "2026-08-01"}, []),
        ({"acceptDate": "2999-01-01"}, {}, ["受理时间晚于现在"]),
        ({"acceptDate": "1900-01-01"}, {}, ["受理时间早于 2000 年，不可能"]),
        ({"resultDate": "2026-07-31"}, {}, ["办结时间早于受理时间"]),
        ({"resultDate": "2026-08-01"}, {}, []),
        ({"resultDate": "2999-08-01"}, {}, ["办结时间晚于现在"]),
        ({"projectType": 3}, {}, ["代码不对：办件类型应为 1 或 2"]),
    ],
    ids=str,
)
async def test_moments_that_cannot_be_use_up_nothing(
    database: Database,
    tmp_path: Path,
    record: dict[str, Any],
    review: dict[str, Any],
    reasons: list[str],
) -> None:
    wrong = await brought(database, tmp_path, records=[RECORD | record], reviews=[REVIEW | review])
    assert [row.reason for row in wrong.rejected] == reasons
    assert all(row.number == ("E1" if review else "SL260801000017") for row in wrong.rejected)
    again = await brought(
        database, tmp_path, records=[RECORD], reviews=[{**REVIEW, "evaluationId": "E1b"}]
    )
    if review and reasons:
        assert again.reviews.new == 1


async def test_rejected_rows_stand_in_their_order(database: Database, tmp_path: Path) -> None:
    rows = [
        {**REVIEW, "evaluationId": "E1", "pf": 9},
        {**REVIEW, "evaluationId": "E2", "assessTime": "昨天"},
        {**REVIEW, "evaluationId": "E3", "assessTime": "2999-01-01"},
    ]
    report = await brought(database, tmp_path, reviews=rows)
    assert [(row.table, row.line, row.number) for row in report.rejected] == [
        ("evaluations", 1, "E1"),
        ("evaluations", 2, "E2"),
        ("evaluations", 3, "E3"),
    ]


async def test_the_second_review_of_a_service_is_another(
    database: Database, tmp_path: Path
) -> None:
    second = {**REVIEW, "evaluationId": "E2", "assessNumber": 2, "satisfaction": 4}
    second["evalDetail"] = []
    await brought(database, tmp_path, records=[RECORD], reviews=[REVIEW])
    assert (await brought(database, tmp_path, reviews=[second])).linked == 1


@pytest.mark.parametrize("system", CodeSystem)
async def test_export_import_elsewhere_export_is_equal(
    database: Database, tmp_path: Path, system: CodeSystem
) -> None:
    silent = {**REVIEW, "evaluationId": "E9", "projectNo": "", "deptName": "公安局"}
    silent |= {"taskName": "居住正", "handleTime": "2026-08-01", "isDefault": 1, "pf": 1}
    await brought(database, tmp_path, records=[RECORD], reviews=[REVIEW, silent])
    first = await written(database, system)
    async with database.unit_of_work() as session:
        await session.execute(text("TRUNCATE reviews, service_records, review_links CASCADE"))
    told = json.loads(first)
    report = await brought(
        database, tmp_path, records=told["projects"], reviews=told["evaluations"], system=system
    )
    assert report.rejected == []
    assert await written(database, system) == first
    assert len(told["projects"]) == 1 and len(told["evaluations"]) == 2


async def test_grades_of_the_two_standards_are_not_mixed_up(
    database: Database, tmp_path: Path
) -> None:
    row = {**REVIEW, "satisfaction": 5, "writingEvaluation": "差"}
    await brought(database, tmp_path, reviews=[row], system=CodeSystem.GBT_39046)
    async with database.sessions() as session:
        assert (await session.scalars(select(Review.grade))).one() == 1
