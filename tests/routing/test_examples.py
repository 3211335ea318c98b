"""Closed cases in the database and in the process that routes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from core.database import Database
from routing.examples import Example, find, forget, latest, remember
from routing.models import CategoryRow
from routing.service import Router
from units.tree import UnitTree

LAMP = Example(
    case_number="26050100001",
    text="东街上的路灯坏了三天没人修",
    type="complaint",
    category="A0312",
    unit="urban",
    first_unit="transport",
    automatic=True,
    street="chengdong.wanghu",
    district="chengdong",
    closed_on=date(2026, 5, 1),
)


async def test_a_closed_case_is_kept_once_and_forgotten(database: Database) -> None:
    async with database.unit_of_work() as session:
        await remember(session, LAMP)
        await remember(session, replace(LAMP, unit="power"))
        await remember(session, replace(LAMP, case_number="2", closed_on=date(2026, 4, 1)))
    async with database.unit_of_work() as session:
        known = await latest(session)
        assert [case.case_number for case in known] == ["2", LAMP.case_number]
        assert known[1] == replace(LAMP, unit="power")
        assert [case.case_number for case in await latest(session, 1)] == [LAMP.case_number]
        await forget(session, LAMP.case_number)
    async with database.unit_of_work() as session:
        assert await find(session, LAMP.case_number) is None
        assert await find(session, "2") is not None


async def test_the_router_follows_without_learning_all_anew(database: Database) -> None:
    lamp = CategoryRow(code="A0312", name="路灯", cues=["路灯"], examples=["路灯不亮", "路灯坏了"])
    pay = CategoryRow(code="E0101", name="工资", cues=["工资"], examples=["拖欠工资", "不发工资"])
    before = Router.of([lamp, pay], [], UnitTree.of([]))
    async with database.unit_of_work() as session:
        await remember(session, LAMP)
        after = await before.with_case(session, LAMP.case_number)
        assert [found.case for found in after.similar("东街的路灯坏了")] == [LAMP]
        assert before.similar("东街的路灯坏了") == []
        await forget(session, LAMP.case_number)
        gone = await after.with_case(session, LAMP.case_number)
    assert gone.similar("东街的路灯坏了") == []
