"""Linking in the database: by rules, by people, and taken off again with its history."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from town import DISPATCHER, NOW, URBAN

from core.database import Database
from core.errors import Conflict, InvalidInput, NotAllowed
from kb.readers.unit_names import UnitNames
from reviews.codes import CodeSystem
from reviews.exchange import RecordRow, ReviewRow
from reviews.files import At, Read
from reviews.importing import take
from reviews.link_desk import leave, listed, look, tie, undo
from reviews.link_service import find
from reviews.linking import About
from reviews.models import Review, ReviewLink, ServiceRecord
from reviews.narrowing import Wanted
from reviews.tying import apply

PHONE = "13800001111"


async def told(rows: int) -> None:
    assert rows >= 0


def record(number: str, at: datetime = NOW, **more: Any) -> RecordRow:
    plain = {"projectNo": number, "taskName": "居住证办理", "pf": 5, "proStatus": 3}
    plain |= {"acceptDate": at, "resultDate": at + timedelta(minutes=20), "mobile": PHONE}
    return RecordRow.model_validate(plain | more)


def review(id: str, **more: Any) -> ReviewRow:
    plain = {"evaluationId": id, "satisfaction": 5, "pf": 6, "taskName": "居住证办理"}
    plain |= {"assessTime": NOW + timedelta(days=2), "mobile": PHONE}
    return ReviewRow.model_validate(plain | more)


async def brought(database: Database, records: list[RecordRow], reviews: list[ReviewRow]) -> None:
    at = At("test", 1)
    read = Read([(at, row) for row in records], [(at, row) for row in reviews])
    async with database.unit_of_work() as session:
        names, latest = UnitNames(), NOW + timedelta(days=60)
        done = await take(session, read, "大厅", CodeSystem.NATIONAL, names, NOW, told, latest)
    assert done.rejected == []


async def linked(database: Database) -> None:
    async with database.unit_of_work() as session:
        await apply(session, await find(session, told), NOW)


async def state(database: Database) -> list[tuple[str, str | None]]:
    async with database.sessions() as session:
        rows = await session.execute(
            select(Review.link, ServiceRecord.project_no)
            .outerjoin(ServiceRecord, ServiceRecord.id == Review.service_record_id)
            .order_by(Review.source_id)
        )
        return list(rows.tuples())


async def test_a_certain_one_is_tied_and_says_why(city: Database) -> None:
    await brought(city, [record("A1")], [review("E1", handleTime="2026-08-05")])
    await linked(city)
    assert await state(city) == [("auto", "A1")]
    async with city.sessions() as session:
        [step] = await session.scalars(select(ReviewLink))
    assert (step.action, step.by) == ("auto", "rules")
    assert {"联系电话相同", "同一天"} <= set(step.reasons)
    await linked(city)
    assert await state(city) == [("auto", "A1")]


async def test_a_dry_run_writes_nothing(city: Database) -> None:
    await brought(city, [record("A1")], [review("E1", handleTime="2026-08-05")])
    async with city.sessions() as session:
        [outcome] = await find(session, told)
    assert outcome.verdict == "auto"
    assert await state(city) == [("none", None)]


async def test_two_that_claim_one_service(city: Database) -> None:
    reviews = [review("E1", handleTime="2026-08-05"), review("E2", handleTime="2026-08-05")]
    await brought(city, [record("A1")], reviews)
    await linked(city)
    assert sorted(link for link, _ in await state(city)) == ["auto", "desk"]


async def test_a_slip_that_makes_the_number_of_another(city: Database) -> None:
    earlier = NOW - timedelta(days=6)
    theirs = record("SL260805000018", earlier, mobile="13800009999", taskName="低保申请")
    slip = review("E1", projectNo="SL260805000018", handleTime="2026-08-05")
    await brought(city, [record("SL260805000017"), theirs], [slip])
    assert await state(city) == [("none", None)]
    await linked(city)
    assert await state(city) == [("auto", "SL260805000017")]


async def at_desk(database: Database) -> tuple[int, list[About]]:
    """A review with two services that it may be about: its id and theirs."""
    await brought(database, [record("A1"), record("A2")], [review("E1")])
    await linked(database)
    async with database.unit_of_work() as session:
        [waiting] = await listed(session, DISPATCHER, "desk", Wanted(), 10)
        one = await look(session, DISPATCHER, waiting.id)
    return waiting.id, [scored.candidate.about for scored in one.best]


async def test_a_person_ties_and_takes_off(city: Database) -> None:
    id, candidates = await at_desk(city)
    assert len(candidates) == 2
    async with city.unit_of_work() as session:
        await tie(session, DISPATCHER, id, candidates[1], NOW)
    async with city.unit_of_work() as session:
        with pytest.raises(Conflict):
            await tie(session, DISPATCHER, id, candidates[0], NOW)
        with pytest.raises(InvalidInput):
            await undo(session, DISPATCHER, id, " ", NOW)
        await undo(session, DISPATCHER, id, "不是这一件", NOW)
    await linked(city)
    assert await state(city) == [("desk", None)]
    async with city.unit_of_work() as session:
        steps = (await look(session, DISPATCHER, id)).history
        told_steps = [(step.action, step.by, step.service_record_id) for step in steps]
    login = DISPATCHER.login
    assert told_steps == [
        ("desk", "rules", None),
        ("manual", login, candidates[1].id),
        ("undone", login, candidates[1].id),
    ]


async def test_what_belongs_to_nothing_stays_alone(city: Database) -> None:
    id, _ = await at_desk(city)
    async with city.unit_of_work() as session:
        await leave(session, DISPATCHER, id, "", NOW)
    await linked(city)
    assert await state(city) == [("none", None)]


async def test_a_unit_has_no_linking_desk(city: Database) -> None:
    id, candidates = await at_desk(city)
    async with city.sessions() as session:
        for attempt in (
            listed(session, URBAN, "desk", Wanted(), 10),
            look(session, URBAN, id),
            tie(session, URBAN, id, candidates[0], NOW),
            leave(session, URBAN, id, "", NOW),
            undo(session, URBAN, id, "不是", NOW),
        ):
            with pytest.raises(NotAllowed):
                await attempt


async def test_the_history_of_links_cannot_be_changed(city: Database) -> None:
    await at_desk(city)
    async with city.sessions() as session:
        with pytest.raises(DBAPIError):
            await session.execute(text("UPDATE review_links SET action = 'auto'"))
