"""Open cases follow a merged unit; what is over stays as it was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from town import DISPATCHER, NOW, POWER, URBAN, Register

from cases import service
from cases.models import Approval, Case, CaseClock, CaseEvent, StaffNotice, SubCase
from cases.service import Request
from cases.succession import follow
from cases.vocabulary import ApprovalKind
from core.database import Database

LATER = NOW + timedelta(hours=1)
Parts = list[tuple[str, str, str]]


async def do(database: Database, change: Callable[..., Awaitable[Any]], *given: Any, **more: Any):
    async with database.unit_of_work() as session:
        return await change(session, *given, now=NOW, **more)


async def merge(database: Database, old: str = "urban", new: str = "power") -> int:
    async with database.unit_of_work() as session:
        return await follow(session, old, new, LATER)


async def rows(database: Database, table: Any, case_id: int) -> list[Any]:
    async with database.unit_of_work() as session:
        query = select(table).where(table.case_id == case_id).order_by(table.id)
        return list(await session.scalars(query))


async def parts_of(database: Database, case_id: int) -> Parts:
    return [(p.unit, p.role, p.state) for p in await rows(database, SubCase, case_id)]


async def version(database: Database, case_id: int) -> int:
    async with database.unit_of_work() as session:
        return (await session.get_one(Case, case_id)).version


async def test_a_part_changes_hands_with_state_clocks_and_requests(
    city: Database, file: Register
) -> None:
    case_id = (await file(lead="urban")).case_id
    await do(city, service.accept, URBAN, case_id, 1)
    wanted = Request(
        ApprovalKind.RETURN, reason="不归我们", basis="三定", proposed_unit="chengdong"
    )
    await do(city, service.ask, URBAN, case_id, 2, wanted)
    clocks = [(c.kind, c.state, c.due_at) for c in await rows(city, CaseClock, case_id)]
    before = await version(city, case_id)
    assert await merge(city) == 1
    assert await parts_of(city, case_id) == [("power", "lead", "in_progress")]
    assert [(c.kind, c.state, c.due_at) for c in await rows(city, CaseClock, case_id)] == clocks
    assert [(a.unit, a.state) for a in await rows(city, Approval, case_id)] == [
        ("power", "pending")
    ]
    events: list[CaseEvent] = await rows(city, CaseEvent, case_id)
    last = events[-1]
    assert (last.action, last.actor_kind, last.reason) == ("succeed", "system", "机构合并")
    assert last.data == {"unit": "power", "from_unit": "urban"}
    assert {e.actor_unit for e in events if e.action == "accept"} == {"urban"}
    # Who looked at the case before the merger is told, and the successor goes on.
    assert await version(city, case_id) == before + 1
    assert await merge(city) == 0


async def test_the_successor_answers(city: Database, file: Register) -> None:
    case_id = (await file(lead="urban")).case_id
    await merge(city)
    await do(city, service.accept, POWER, case_id, await version(city, case_id))
    case = await do(
        city, service.answer, POWER, case_id, await version(city, case_id), "修好了", ""
    )
    assert case.state == "answered"


@pytest.mark.parametrize(
    ("lead", "assist", "expected"),
    [
        (
            "urban",
            "power",
            [("power", "lead", "pending_acceptance"), ("power", "assist", "reassigned")],
        ),
        (
            "power",
            "urban",
            [("power", "lead", "pending_acceptance"), ("urban", "assist", "reassigned")],
        ),
    ],
)
async def test_two_parts_become_one(
    city: Database, file: Register, lead: str, assist: str, expected: Parts
) -> None:
    case_id = (await file(lead=lead)).case_id
    await do(city, service.add_assist, DISPATCHER, case_id, 1, assist)
    assert await merge(city) == 1
    assert await parts_of(city, case_id) == expected
    gone = [p.id for p in await rows(city, SubCase, case_id) if p.state == "reassigned"]
    running = {c.sub_case_id for c in await rows(city, CaseClock, case_id) if c.state == "running"}
    assert not running & set(gone)


async def test_of_two_assisting_parts_the_open_one_goes_on(city: Database, file: Register) -> None:
    case_id = (await file(lead="chengdong")).case_id
    for n, unit in enumerate(("urban", "power"), 1):
        await do(city, service.add_assist, DISPATCHER, case_id, n, unit)
    async with city.unit_of_work() as session:
        await session.execute(update(SubCase).where(SubCase.unit == "power").values(state="closed"))
    await merge(city)
    assert sorted(await parts_of(city, case_id)) == [
        ("chengdong", "lead", "pending_acceptance"),
        ("power", "assist", "pending_acceptance"),
        ("power", "assist", "reassigned"),
    ]


async def test_what_is_over_keeps_its_unit(city: Database, file: Register) -> None:
    case_id = (await file(lead="urban")).case_id
    await do(city, service.accept, URBAN, case_id, 1)
    await do(city, service.answer, URBAN, case_id, 2, "好了", "")
    await do(city, service.pass_check, DISPATCHER, case_id, 3)
    before = await version(city, case_id)
    assert await merge(city) == 0
    assert await parts_of(city, case_id) == [("urban", "lead", "closed")]
    assert await version(city, case_id) == before


async def test_notices_not_yet_read_go_along(city: Database, file: Register) -> None:
    case_id = (await file(lead="urban")).case_id
    async with city.unit_of_work() as session:
        for key, read in (("unread", None), ("read", NOW)):
            session.add(
                StaffNotice(
                    key=key,
                    at=NOW,
                    unit="urban",
                    kind="card",
                    case_id=case_id,
                    text="",
                    read_at=read,
                )
            )
    await merge(city)
    told = {n.key: n.unit for n in await rows(city, StaffNotice, case_id)}
    assert (told["unread"], told["read"]) == ("power", "urban")
