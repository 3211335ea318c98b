"""Cards and recomputing: once, whoever looks and whatever dies, to whom it concerns."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from test_case_clocks import at
from test_timing import act, answer, clocks, decide, handling
from town import DISTRICT, NOW, URBAN, Register

from cases import service, tasks
from cases.models import Case, CaseClock, CaseEvent, StaffNotice
from cases.service import Request
from cases.states import Action
from cases.vocabulary import ApprovalKind, Audience, ClockKind, ClockState, Urgency
from core.database import Database
from units.tree import UnitTree

K, A = ClockKind, Action
CARDS = (A.YELLOW, A.RED, A.ESCALATE, A.SUPERVISE)
# The dates of a complaint dispatched at NOW.
YELLOW, DUE = at("2026-08-11 17:30"), at("2026-08-12 17:30")
RED, ESCALATED = DUE + timedelta(minutes=1), at("2026-08-13 17:30")


async def events(database: Database, case_id: int, *actions: Action) -> list[CaseEvent]:
    async with database.unit_of_work() as session:
        found = await session.scalars(
            select(CaseEvent)
            .where(CaseEvent.case_id == case_id, CaseEvent.action.in_(actions or CARDS))
            .order_by(CaseEvent.id)
        )
        return list(found)


async def cards_of(database: Database, case_id: int) -> list[tuple[str, str]]:
    return [(e.action, e.data.get("kind", "")) for e in await events(database, case_id)]


async def notices(database: Database, *kinds: str) -> list[tuple[str, str, str | None]]:
    async with database.unit_of_work() as session:
        found = await session.scalars(
            select(StaffNotice).where(StaffNotice.kind.in_(kinds)).order_by(StaffNotice.id)
        )
        return [(n.kind, n.unit, n.role) for n in found]


async def contacted(database: Database, file: Register, **changes: Any) -> int:
    """A case in work whose only running clock is the one of handling."""
    id = (await file(lead="urban", **changes)).case_id
    await act(database, service.accept, URBAN, id)
    await act(database, service.contact, URBAN, id, True, "已电话联系")
    return id


# ---- cards


async def test_each_card_goes_out_once_in_its_turn(city: Database, file: Register) -> None:
    id = await contacted(city, file)
    for moment, sent in [
        (YELLOW - timedelta(minutes=1), 0),
        (YELLOW, 1),
        (YELLOW + timedelta(minutes=1), 0),
        (RED, 1),
        (RED + timedelta(minutes=1), 0),
        (ESCALATED, 1),
        (ESCALATED + timedelta(days=3), 0),
    ]:
        assert await tasks.watch(city, moment) == sent, moment
    found = await events(city, id)
    assert [(e.action, e.at, e.actor_kind, e.audience) for e in found] == [
        ("yellow", YELLOW, "system", Audience.STAFF),
        ("red", RED, "system", Audience.STAFF),
        ("escalate", ESCALATED, "system", Audience.STAFF),
        ("supervise", ESCALATED, "system", Audience.STAFF),
    ]
    assert await notices(city, "yellow", "red", "escalate", "supervise") == [
        ("yellow", "urban", None),
        ("red", "urban", None),
        ("red", "", "supervisor"),
        ("escalate", "", "supervisor"),
        ("supervise", "urban", None),
    ]
    async with city.unit_of_work() as session:
        assert (await session.get_one(Case, id)).supervised


async def test_a_unit_inside_a_tree_climbs_to_the_one_that_handed_down(
    city: Database, file: Register
) -> None:
    id = (await file(lead="chengdong")).case_id
    await act(city, service.accept, DISTRICT, id)
    await act(city, service.delegate, DISTRICT, id, "chengdong.wanghu.hubin", task="按履职清单办")
    await tasks.watch(city, at("2026-08-14 09:00"))
    climbed = [n for n in await notices(city, "escalate") if n[1]]
    # The community's clocks climb to the district that handed down, not to the street between.
    assert set(climbed) == {("escalate", "chengdong", None)}


async def test_the_desks_own_delay_goes_to_the_supervisors_and_supervises_nobody(
    city: Database, file: Register
) -> None:
    id = (await file()).case_id
    await tasks.watch(city, NOW + timedelta(minutes=61))
    assert await cards_of(city, id) == [("red", "dispatch"), ("escalate", "dispatch")]
    assert await notices(city, "red", "escalate") == [
        ("red", "", "dispatcher"),
        ("red", "", "supervisor"),
        ("escalate", "", "supervisor"),
    ]
    async with city.unit_of_work() as session:
        assert not (await session.get_one(Case, id)).supervised


async def test_a_request_left_lying_is_a_card_for_whoever_decides(
    city: Database, file: Register
) -> None:
    id = await contacted(city, file)
    await act(city, service.ask, URBAN, id, Request(ApprovalKind.EXTENSION, "等配件", days=3))
    await tasks.watch(city, at("2026-08-06 14:00"))
    assert await notices(city, "yellow") == [("yellow", "", "dispatcher")]
    # Nothing is ever accepted by silence.
    await tasks.watch(city, at("2026-08-07 18:00"))
    assert (await handling(city, id)).extra_days == 0


async def test_urgent_clocks_send_their_cards_at_night(city: Database, file: Register) -> None:
    id = await contacted(city, file, urgency=Urgency.URGENT)
    assert await tasks.watch(city, NOW + timedelta(minutes=90)) == 1
    assert await tasks.watch(city, NOW + timedelta(minutes=121)) == 1
    assert await tasks.watch(city, NOW + timedelta(hours=4)) == 1
    assert await cards_of(city, id) == [
        ("yellow", "handle"),
        ("red", "handle"),
        ("escalate", "handle"),
        ("supervise", ""),
    ]


async def test_who_has_answered_gets_no_more_cards(city: Database, file: Register) -> None:
    id = await contacted(city, file)
    await answer(city, URBAN, id, now=YELLOW - timedelta(hours=1))
    await tasks.watch(city, ESCALATED)
    assert {kind for _, kind in await cards_of(city, id)} == {"check"}


async def test_the_unit_complained_about_hears_nothing(city: Database, file: Register) -> None:
    id = (await file(lead="chengdong")).case_id
    async with city.unit_of_work() as session:
        (await session.get_one(Case, id)).about_unit = "chengdong"
    await tasks.watch(city, at("2026-08-14 09:00"))
    assert {unit for _, unit, _ in await notices(city, "yellow", "red", "escalate")} == {""}


async def test_no_card_names_the_citizen(city: Database, file: Register) -> None:
    await file(lead="urban", confidential=True)
    await tasks.watch(city, at("2026-08-14 09:00"))
    async with city.unit_of_work() as session:
        texts = list(await session.scalars(select(StaffNotice.text)))
    assert texts
    assert not [t for t in texts if "张小明" in t or "13800001234" in t]


# ---- several workers, dying workers


async def test_two_workers_at_the_same_clock_send_one_card(city: Database, file: Register) -> None:
    id = await contacted(city, file)
    async with city.unit_of_work() as first:
        tree = await UnitTree.load(first)
        assert await tasks.send_cards(first, id, tree, RED) == 1
        # The first has not committed yet: the second passes the case over and does not wait.
        assert await asyncio.wait_for(tasks.watch(city, RED), 10) == 0
    assert await tasks.watch(city, RED) == 0
    assert await cards_of(city, id) == [("red", "handle")]
    assert len(await notices(city, "red")) == 2


async def test_many_workers_share_the_cases_and_none_is_told_twice(
    city: Database, file: Register
) -> None:
    ids = [await contacted(city, file, detail=f"第{n}盏路灯坏了") for n in range(6)]
    sent = await asyncio.gather(*(tasks.watch(city, ESCALATED) for _ in range(3)))
    sent.append(await tasks.watch(city, ESCALATED))
    assert sum(sent) == 2 * len(ids)
    for id in ids:
        assert await cards_of(city, id) == [
            ("red", "handle"),
            ("escalate", "handle"),
            ("supervise", ""),
        ]
    assert len(await notices(city, "escalate")) == len(ids)


async def test_a_worker_that_dies_in_an_escalation_leaves_nothing_half_done(
    city: Database, file: Register
) -> None:
    id = await contacted(city, file)
    await tasks.watch(city, RED)
    with pytest.raises(ConnectionError):
        async with city.unit_of_work() as session:
            tree = await UnitTree.load(session)
            assert await tasks.send_cards(session, id, tree, ESCALATED) == 1
            await session.flush()
            connection = await session.connection()
            written = await connection.scalar(
                select(func.count()).where(StaffNotice.kind == "escalate")
            )
            assert written == 1
            raise ConnectionError("the worker is gone")
    assert await notices(city, "escalate") == []
    assert (await handling(city, id)).escalated_at is None
    assert await tasks.watch(city, ESCALATED + timedelta(minutes=1)) == 1
    assert await tasks.watch(city, ESCALATED + timedelta(minutes=2)) == 0
    assert [e.action for e in await events(city, id, A.ESCALATE)] == ["escalate"]
    assert len(await notices(city, "escalate")) == 1


async def test_one_broken_case_does_not_keep_the_others_cards_back(
    city: Database, file: Register
) -> None:
    broken = await contacted(city, file)
    whole = await contacted(city, file, detail="另一盏路灯坏了")
    async with city.unit_of_work() as session:
        for clock in await session.scalars(select(CaseClock).where(CaseClock.case_id == broken)):
            clock.kind = "unheard of" if clock.kind == K.HANDLE else clock.kind
    assert await tasks.watch(city, RED) == 1
    assert await cards_of(city, whole) == [("red", "handle")]


# ---- looking again


async def test_what_was_put_aside_is_taken_up_on_its_day(city: Database, file: Register) -> None:
    id = await contacted(city, file)
    wanted = Request(ApprovalKind.SUSPENSION, "等旧改", until=date(2026, 9, 21))
    await act(city, service.ask, URBAN, id, wanted)
    await decide(city, True)
    assert await tasks.watch(city, at("2026-09-21 08:29")) == 0
    morning = at("2026-09-21 08:31")
    assert await tasks.watch(city, morning) == 1
    assert await tasks.watch(city, morning) == 0
    async with city.unit_of_work() as session:
        case = await session.get_one(Case, id)
        assert (case.state, case.look_again_on) == ("in_progress", None)
    assert (await handling(city, id)).due_at == at("2026-09-28 17:30")
    assert [c.state for c in await clocks(city, id, K.LOOK_AGAIN)] == [ClockState.MET]
    [resumed] = await events(city, id, A.RESUME)
    assert (resumed.actor_kind, resumed.at) == ("system", morning)
    assert await notices(city, "resume", "look_again") == [
        ("resume", "urban", None),
        ("look_again", "", "supervisor"),
    ]
