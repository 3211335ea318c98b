"""A bad review that gets tied is put right, however it was tied; a mistaken tie takes it back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select, update
from town import DISPATCHER, NOW, URBAN, Register, person

from cases import service as cases
from cases.models import Case, CaseEvent
from core.database import Database
from core.identity import Role
from kb.readers.unit_names import UnitNames
from reviews.codes import CodeSystem
from reviews.exchange import RecordRow, ReviewRow
from reviews.files import At, Read
from reviews.importing import Report, take
from reviews.link_desk import listed, look, tie, undo
from reviews.link_service import find
from reviews.link_tasks import link_again
from reviews.linking import About
from reviews.models import Rectification, Review, ServiceRecord
from reviews.narrowing import Wanted
from reviews.rectification_case import case_to_open
from reviews.tying import apply
from units.models import Unit
from units.tree import UnitTree

CITY = Path(__file__).parents[2] / "city"
PHONE = "13800001111"
LATER = NOW + timedelta(days=2)


async def told(rows: int) -> None:
    assert rows >= 0


def record(number: str, **more: Any) -> RecordRow:
    plain = {"projectNo": number, "taskName": "占道许可", "deptName": "示例市城市管理局", "pf": 5}
    plain |= {"acceptDate": NOW, "resultDate": NOW + timedelta(minutes=20), "mobile": PHONE}
    return RecordRow.model_validate(plain | {"proStatus": 3} | more)


def review(id: str, **more: Any) -> ReviewRow:
    plain = {"evaluationId": id, "satisfaction": 1, "pf": 6, "evalDetail": ["109"]}
    return ReviewRow.model_validate(plain | {"assessTime": LATER, "mobile": PHONE} | more)


async def brought(database: Database, records: list[RecordRow], *reviews: ReviewRow) -> Report:
    at = At("test", 1)
    read = Read([(at, row) for row in records], [(at, row) for row in reviews])
    async with database.unit_of_work() as session:
        units = UnitNames((await session.scalars(select(Unit))).all())
        return await take(session, read, "大厅", CodeSystem.NATIONAL, units, LATER, told)


async def linked(database: Database) -> None:
    async with database.unit_of_work() as session:
        await apply(session, await find(session, told), LATER)


async def open_ones(database: Database) -> list[tuple[str, str]]:
    async with database.sessions() as session:
        rows = await session.execute(select(Rectification.unit, Rectification.state))
        return list(rows.tuples())


async def test_tied_by_number(city: Database) -> None:
    await brought(city, [record("A1")], review("E1", projectNo="A1"))
    assert await open_ones(city) == [("urban", "pending")]
    await brought(city, [record("A1")], review("E1", projectNo="A1"))
    assert await open_ones(city) == [("urban", "pending")]


async def test_a_case_from_it_is_about_how_the_unit_serves(city: Database) -> None:
    await brought(city, [record("A1", taskName="食品经营许可")], review("E1", projectNo="A1"))
    async with city.unit_of_work() as session:
        [one] = await session.scalars(select(Rectification))
        tree = await UnitTree.load(session)
        _, wanted = await case_to_open(session, URBAN, one.id, tree)
        filed = await cases.register(session, wanted, LATER, by=URBAN)
        case = await session.get_one(Case, filed.case_id)
        [line] = await session.scalars(
            select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.action == "register")
        )
    assert case.title == "投诉示例市城市管理局办理“食品经营许可”：在指南之外要求提交材料"
    assert (case.type, case.category, case.state) == ("complaint", "N0101", "pending_dispatch")
    assert (case.anonymous, case.about_unit, filed.lead_unit) == (True, "urban", None)
    assert line.audience == "staff"
    rules = yaml.safe_load((CITY / "clocks.yml").read_text("utf-8"))
    statutory = {one for rule in rules for one in rule.get("categories", [])}
    assert not any("N0101".startswith(code) for code in statutory)


@pytest.mark.parametrize("harmless", [{"isDefault": 1}, {"satisfaction": 3, "evalDetail": []}])
async def test_nothing_to_put_right(city: Database, harmless: dict[str, Any]) -> None:
    await brought(city, [record("A1")], review("E1", projectNo="A1", **harmless))
    assert await open_ones(city) == []


async def test_tied_by_rules(city: Database) -> None:
    said = {"taskName": "占道许可", "handleTime": "2026-08-05"}
    await brought(city, [record("A1")], review("E1", **said))
    assert await open_ones(city) == []
    await linked(city)
    assert await open_ones(city) == [("urban", "pending")]


async def test_tied_by_hand_and_taken_off(city: Database) -> None:
    other = record("A2", deptName="示例市供电公司")
    await brought(city, [record("A1"), other], review("E1", taskName="占道许可"))
    await linked(city)
    async with city.unit_of_work() as session:
        [id] = await session.scalars(select(Review.id).where(Review.link == "desk"))
        order = select(ServiceRecord.id).order_by(ServiceRecord.project_no)
        first, second = [About(False, id) for id in await session.scalars(order)]
    async with city.unit_of_work() as session:
        await tie(session, DISPATCHER, id, first, LATER)
    assert await open_ones(city) == [("urban", "pending")]
    async with city.unit_of_work() as session:
        await undo(session, DISPATCHER, id, "不是这一件", LATER)
    assert await open_ones(city) == [("urban", "withdrawn")]
    async with city.unit_of_work() as session:
        await tie(session, person(Role.SUPERVISOR), id, second, LATER)
    assert await open_ones(city) == [("power", "pending")]


async def answered(city: Database, file: Register, **more: Any) -> str:
    """The number of a case that the urban bureau answered."""
    done = await file(lead="urban", **more)
    async with city.unit_of_work() as session:
        await cases.accept(session, URBAN, done.case_id, 1, NOW)
        await cases.answer(session, URBAN, done.case_id, 2, "修好了", "", NOW)
        await cases.pass_check(session, DISPATCHER, done.case_id, 3, NOW)
    return done.number


async def test_an_imported_review_of_a_case_is_its_review(city: Database, file: Register) -> None:
    number = await answered(city, file)
    done = await brought(city, [], review("E1", ticketNo=number))
    assert (done.linked, done.rejected) == (1, [])
    assert await open_ones(city) == [("urban", "pending")]
    async with city.sessions() as session:
        [case] = await session.scalars(select(Case))
    assert case.rated_round == case.round == 1
    other = review("E2", ticketNo=number, satisfaction=5, evalDetail=[])
    [second] = (await brought(city, [], other)).rejected
    assert "一次服务只评一次" in second.reason


@pytest.mark.parametrize("round", [1, 2])
async def test_a_case_is_not_rated_before_its_answer(
    city: Database, file: Register, round: int
) -> None:
    number = (await file(lead="urban")).number if round == 1 else await answered(city, file)
    done = await brought(city, [], review("E1", ticketNo=number, assessNumber=round))
    assert (done.reviews.new, await open_ones(city)) == (0, [])
    assert "还没有答复" in done.rejected[0].reason


async def rated_round(database: Database) -> int | None:
    async with database.sessions() as session:
        return await session.scalar(select(Case.rated_round))


async def test_tied_to_a_case_by_rules_and_taken_off(city: Database, file: Register) -> None:
    await answered(city, file, phone=PHONE)
    await brought(city, [], review("E1", evalDetail=["108"]))
    assert await link_again(city, LATER, fresh=True) == 1
    assert (await open_ones(city), await rated_round(city)) == ([("urban", "pending")], 1)
    assert await link_again(city, LATER, fresh=False) == 0
    async with city.unit_of_work() as session:
        [one] = await listed(session, DISPATCHER, "auto", Wanted(), 10)
        await undo(session, DISPATCHER, one.id, "说的是另一件事", LATER)
    assert (await open_ones(city), await rated_round(city)) == ([("urban", "withdrawn")], None)
    assert await link_again(city, LATER, fresh=False) == 0
    async with city.unit_of_work() as session:
        [candidate] = (await look(session, DISPATCHER, one.id)).best
        await tie(session, DISPATCHER, one.id, candidate.candidate.about, LATER)
    assert (await open_ones(city), await rated_round(city)) == ([("urban", "pending")], 1)


@pytest.mark.parametrize("hidden", [{"confidential": True}, {"anonymous": True}])
async def test_a_hidden_case_is_no_candidate(
    city: Database, file: Register, hidden: dict[str, Any]
) -> None:
    await answered(city, file, phone=PHONE, **hidden)
    await brought(city, [], review("E1"))
    await link_again(city, LATER, fresh=True)
    assert (await open_ones(city), await rated_round(city)) == ([], None)


async def test_a_record_that_comes_late_is_found_at_night(city: Database) -> None:
    said = {"taskName": "占道许可", "handleTime": "2026-08-05"}
    await brought(city, [], review("E1", **said))
    assert await link_again(city, LATER, fresh=True) == 1
    await brought(city, [record("A1")])
    assert await link_again(city, LATER, fresh=True) == 0
    await link_again(city, LATER, fresh=False)
    assert await open_ones(city) == [("urban", "pending")]


async def test_what_a_person_decides_meanwhile_stands(city: Database) -> None:
    await brought(city, [record("A1")], review("E1", taskName="占道许可", handleTime="2026-08-05"))
    async with city.unit_of_work() as session:
        found = await find(session, told)
        [one] = await session.scalars(select(Review))
        one.link, one.linked_by = "none", DISPATCHER.login
        await session.flush()
        await apply(session, found, LATER)
    assert await open_ones(city) == []


@pytest.mark.parametrize(
    ("hidden", "named"),
    [({"anonymous": False}, True), ({"anonymous": True}, False), ({"confidential": True}, False)],
    ids=str,
)
async def test_nobody_is_named_as_the_reviewer_of_a_secret_case(
    city: Database, file: Register, hidden: dict[str, bool], named: bool
) -> None:
    number = await answered(city, file)
    async with city.unit_of_work() as session:
        await session.execute(update(Case).values(**hidden))
    await brought(city, [], review("E1", ticketNo=number, isNamed=1))
    async with city.sessions() as session:
        one = (await session.scalars(select(Review))).one()
    assert (one.link, one.named) == ("exact", named)
