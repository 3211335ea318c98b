"""Mergers of units from the administrator's page, in all rooms at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from console_app import PEOPLE, Enter
from fastapi import FastAPI
from sqlalchemy import select, update
from town import Register

from cases.models import CaseEvent, SubCase
from console.merging import carry_out_due
from core.calendar import LOCAL
from core.database import Database
from core.models import StaffAccount
from routing.catalogue import match
from routing.models import CatalogueRow
from routing.repository import CatalogueRepository
from units.models import Unit
from units.tree import UnitTree

PAGE = "/console/succession"
TODAY = datetime.now(LOCAL).date()
MERGE = {"old": "示例市城市管理局", "new": "示例市供电公司", "reason": "〔2026〕1号"}


@pytest.fixture
async def merging(catalogue: Database) -> Database:
    """The small city with a root, without which nobody has a superior."""
    async with catalogue.unit_of_work() as session:
        session.add(
            Unit(
                code="city",
                name="示例市人民政府",
                short="市政府",
                aliases=[],
                kind="政府",
                level="city",
                duties=[],
                former_names=[],
            )
        )
        await session.flush()
        await session.execute(
            update(Unit).where(Unit.code.in_(["urban", "power"])).values(parent="city")
        )
    return catalogue


async def lead(database: Database, day: date) -> str | None:
    async with database.unit_of_work() as session:
        entries = await CatalogueRepository(session).entries()
    found = match(entries, "A0312", "", None, day)
    return found.lead if found else None


async def unit_of(database: Database, login: str) -> str:
    async with database.unit_of_work() as session:
        query = select(StaffAccount.unit).where(StaffAccount.login == login)
        return (await session.scalars(query)).one()


async def test_a_merger_is_shown_first_and_then_done_at_once(
    enter: Enter, merging: Database, file: Register, app: FastAPI
) -> None:
    case, over = await file(lead="urban"), await file(lead="urban", title="早就办好的路灯")
    async with merging.unit_of_work() as session:
        done_part = update(SubCase).where(SubCase.case_id == over.case_id)
        await session.execute(done_part.values(state="closed"))
    admin, clerk = await enter("admin"), await enter("urban.clerk")
    shown = (await admin.get(PAGE, **MERGE, day=str(TODAY))).text
    accounts = sum(unit == "urban" for _, unit in PEOPLE.values())
    figures = [f"<strong>{n}</strong>{what}" for n, what in [
        (1, "件未办结"), (1, "条目录"), (0, "个事项"), (accounts, "个账号"), (0, "个下级")]]  # fmt: skip
    assert all(figure in shown for figure in figures)
    assert "示例市城市管理局 并入 示例市供电公司" in shown
    assert await lead(merging, TODAY) == "urban", "looking changes nothing"
    done = await admin.send(PAGE, PAGE, **MERGE, day=str(TODAY))
    assert done.headers["location"] == f"{PAGE}?done=merged"
    assert await lead(merging, TODAY) == "power"
    assert await lead(merging, TODAY - timedelta(days=1)) == "urban"
    assert await unit_of(merging, "urban.clerk") == "power"
    async with merging.unit_of_work() as session:
        tree = await UnitTree.load(session)
        parts = await session.scalars(select(SubCase).where(SubCase.case_id == case.case_id))
        live = [part.unit for part in parts if part.state not in ("returned", "reassigned")]
        events = await session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.case_id))
        told = [event.reason for event in events]
    assert live == ["power"]
    assert "机构合并" in told
    assert not tree.units["urban"].active and tree.current("urban") == "power"
    assert [f.name for f in tree.units["power"].former_names] == ["示例市城市管理局"]
    app.state.city.tree = tree
    for mine in (case, over):
        assert (await clerk.get(f"/console/cases/{mine.number}")).status_code == 200
    async with merging.unit_of_work() as session:
        part = await session.scalars(select(SubCase.unit).where(SubCase.case_id == over.case_id))
    assert list(part) == ["urban"], "what is over keeps its unit"
    assert "已生效" in (await admin.get(PAGE)).text
    again = await admin.send(PAGE, PAGE, **MERGE, day=str(TODAY))
    assert again.status_code == 422 and "同一个" in again.text, (
        "the old name means the successor now"
    )


async def test_a_planned_merger_waits_for_its_day(enter: Enter, merging: Database) -> None:
    admin, day = await enter("admin"), TODAY + timedelta(days=30)
    for _ in range(2):
        done = await admin.send(PAGE, PAGE, **MERGE, day=str(day))
    assert done.status_code == 409 and "已经安排过合并" in done.text
    gone = await admin.send(PAGE, f"{PAGE}/urban/cancel")
    assert gone.headers["location"] == f"{PAGE}?done=cancelled"
    await admin.send(PAGE, PAGE, **MERGE, day=str(day))
    at = datetime.combine(day, datetime.min.time(), LOCAL)
    async with merging.unit_of_work() as session:
        assert await carry_out_due(session, at - timedelta(minutes=1)) == []
    assert await unit_of(merging, "urban.clerk") == "urban"
    async with merging.unit_of_work() as session:
        assert await carry_out_due(session, at) == ["urban"]
        assert await carry_out_due(session, at) == []
    assert await unit_of(merging, "urban.clerk") == "power"
    assert (await lead(merging, day - timedelta(days=1)), await lead(merging, day)) == (
        "urban",
        "power",
    )
    late = await admin.send(PAGE, f"{PAGE}/urban/cancel")
    assert late.status_code == 409


async def test_what_would_break_the_catalogue_is_refused_whole(
    enter: Enter, merging: Database
) -> None:
    admin = await enter("admin")
    to_street = MERGE | {"new": "望湖街道办事处"}
    shown = (await admin.get(PAGE, **to_street, day=str(TODAY))).text
    assert "镇街履职事项清单" in shown and "须改" in shown and "确定合并" not in shown
    refused = await admin.send(PAGE, PAGE, **to_street, day=str(TODAY))
    assert refused.status_code == 422 and "请先改好目录" in refused.text
    async with merging.unit_of_work() as session:
        assert (await session.get_one(Unit, "urban")).active
        rows = await session.scalars(select(CatalogueRow.version))
        assert set(rows) == {1}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"old": "没有的局"}, "请从单位名录中选择"),
        ({"new": ""}, "请选择单位"),
        ({"day": "soon"}, "请选择日期"),
        ({"day": "2020-01-01"}, "最多追溯一年"),
        ({"reason": ""}, "请写明合并依据"),
        ({"new": "示例市城市管理局"}, "同一个"),
    ],
)
async def test_what_cannot_be_is_told(
    enter: Enter, merging: Database, changes: dict[str, str], told: str
) -> None:
    admin = await enter("admin")
    page = await admin.send(PAGE, PAGE, **({**MERGE, "day": str(TODAY)} | changes))
    assert page.status_code == 422 and told in page.text


async def test_only_administrators_merge(enter: Enter, merging: Database) -> None:
    for login in ("supervisor", "dispatcher", "urban.clerk", "editor"):
        other = await enter(login)
        assert (await other.get(PAGE)).status_code == 403
        sent = await other.send("/console/items", PAGE, **MERGE, day=str(TODAY))
        assert sent.status_code == 403
        sent = await other.send("/console/items", f"{PAGE}/urban/cancel")
        assert sent.status_code == 403
