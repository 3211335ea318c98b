"""Clocks as rows: what starts, stops, lengthens and follows with the life of a case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from test_case_clocks import at
from town import DISPATCHER, DISTRICT, NOW, STREET, SUPERVISOR, URBAN, Register, matter

from cases import loading, service, timing
from cases.models import Approval, Case, CaseClock, ClockRule, SubCase
from cases.service import Request
from cases.timing import Timing
from cases.vocabulary import ApprovalKind, CaseType, ClockKind, ClockState, Result, Urgency
from core.calendar import LOCAL
from core.database import Database
from core.models import CalendarDay

CITY = Path(__file__).parents[2] / "city"
K, S = ClockKind, ClockState


async def act(
    database: Database,
    change: Callable[..., Awaitable[Any]],
    actor: Any,
    case_id: int,
    *given: Any,
    now: datetime = NOW,
    **more: Any,
) -> Any:
    """One action in a transaction of its own, on the case as it stands."""
    async with database.unit_of_work() as session:
        version = (await session.get_one(Case, case_id)).version
        return await change(session, actor, case_id, version, *given, now=now, **more)


async def decide(database: Database, approve: bool, now: datetime = NOW) -> Case:
    """The supervisor decides what waits."""
    async with database.unit_of_work() as session:
        approval = (
            await session.scalars(select(Approval).where(Approval.state == "pending"))
        ).one()
        version = (await session.get_one(Case, approval.case_id)).version
        return await service.decide(
            session, SUPERVISOR, approval.id, version, approve, "已核实", now=now
        )


async def answer(database: Database, actor: Any, case_id: int, now: datetime = NOW) -> Case:
    return await act(
        database,
        service.answer,
        actor,
        case_id,
        "修好了",
        "换灯泡",
        now=now,
        result=Result.SOLVED,
    )


async def clocks(database: Database, case_id: int, *kinds: ClockKind) -> list[CaseClock]:
    async with database.unit_of_work() as session:
        found = select(CaseClock).where(CaseClock.case_id == case_id).order_by(CaseClock.id)
        if kinds:
            found = found.where(CaseClock.kind.in_(kinds))
        return list(await session.scalars(found))


async def states(database: Database, case_id: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for clock in await clocks(database, case_id):
        found.setdefault(clock.kind, []).append(clock.state)
    return found


async def handling(database: Database, case_id: int, unit: str = "urban") -> CaseClock:
    """The last handling clock of a unit."""
    async with database.unit_of_work() as session:
        found = await session.scalars(
            select(CaseClock)
            .join(SubCase, SubCase.id == CaseClock.sub_case_id)
            .where(
                CaseClock.case_id == case_id,
                CaseClock.kind == K.HANDLE,
                SubCase.unit == unit,
            )
            .order_by(CaseClock.id.desc())
            .limit(1)
        )
        return found.one()


async def dates(database: Database, case_id: int, unit: str = "urban") -> tuple[datetime, datetime]:
    """When the case is due, and when the unit's part is."""
    async with database.unit_of_work() as session:
        case = await session.get_one(Case, case_id)
        part = await session.scalar(
            select(SubCase).where(SubCase.case_id == case_id, SubCase.unit == unit)
        )
        assert part is not None
        return case.due_at, part.due_at


async def test_a_case_at_the_desk_runs_against_the_desks_clock(
    city: Database, file: Register
) -> None:
    id = (await file()).case_id
    [clock] = await clocks(city, id)
    assert (clock.kind, clock.state, clock.name) == (K.DISPATCH, S.RUNNING, "派单")
    assert clock.due_at == NOW + timedelta(minutes=30)
    await act(city, service.dispatch, DISPATCHER, id, "urban", now=NOW + timedelta(minutes=31))
    assert await states(city, id) == {
        "dispatch": [S.MISSED],
        "sign": [S.RUNNING],
        "contact": [S.RUNNING],
        "handle": [S.RUNNING],
    }


async def test_handling_gives_the_unit_and_the_citizen_one_date(
    city: Database, file: Register
) -> None:
    done = await file(lead="urban")
    case_due, part_due = await dates(city, done.case_id)
    assert case_due == part_due == done.due.at == at("2026-08-12 17:30")
    clock = await handling(city, done.case_id)
    assert (clock.rule, clock.amount, clock.measure) == ("handle.complaint", 5, "working_days")
    assert (clock.yellow_at, clock.escalate_at) == (at("2026-08-11 17:30"), at("2026-08-13 17:30"))


async def test_starting_twice_gives_the_running_clock(city: Database, file: Register) -> None:
    id = (await file(lead="urban")).case_id
    async with city.unit_of_work() as session:
        case = await session.get_one(Case, id)
        part = (await session.scalars(select(SubCase).where(SubCase.case_id == id))).one()
        times = await Timing.load(session)
        for kind in (K.HANDLE, K.SIGN):
            again = await timing.start(
                session, times, case, kind, NOW + timedelta(days=1), part=part
            )
            assert again.started_at == NOW
        await timing.start_statutory(session, times, case, NOW)
    assert all(len(found) == 1 for found in (await states(city, id)).values())


@pytest.mark.parametrize(
    ("now", "state"),
    [("2026-08-06 17:30", S.MET), ("2026-08-06 17:31", S.MISSED)],
)
async def test_signing_meets_its_clock_up_to_the_last_minute(
    city: Database, file: Register, now: str, state: ClockState
) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.accept, URBAN, id, now=at(now))
    [sign] = await clocks(city, id, K.SIGN)
    assert (sign.state, sign.stopped_at) == (state, at(now))


async def test_whoever_has_answered_is_not_late_while_the_answer_is_checked(
    city: Database, file: Register
) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.accept, URBAN, id)
    await answer(city, URBAN, id, now=at("2026-08-12 17:00"))
    assert (await handling(city, id)).state == S.MET
    await act(city, service.pass_check, DISPATCHER, id, now=at("2026-08-13 10:00"))
    found = await states(city, id)
    assert (found["handle"], found["check"]) == ([S.MET], [S.MET])
    assert S.RUNNING not in {state for kind in found if kind != "callback" for state in found[kind]}


async def test_a_rejected_answer_lets_the_same_clock_run_on(city: Database, file: Register) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.accept, URBAN, id)
    await answer(city, URBAN, id, now=at("2026-08-12 17:00"))
    later = at("2026-08-13 10:00")
    await act(city, service.reject_check, DISPATCHER, id, "没有回应诉求", now=later)
    clock = await handling(city, id)
    assert (clock.state, clock.stopped_at) == (S.RUNNING, None)
    assert clock.due_at == at("2026-08-12 17:30")
    await answer(city, URBAN, id, now=at("2026-08-13 11:00"))
    assert (await handling(city, id)).state == S.MISSED


async def test_an_extension_moves_every_date_once_it_is_granted(
    city: Database, file: Register
) -> None:
    id = (await file(lead="urban", assists=["power"])).case_id
    await act(city, service.accept, URBAN, id)
    wanted = Request(ApprovalKind.EXTENSION, "要等配件", days=4)
    await act(city, service.ask, URBAN, id, wanted, now=at("2026-08-12 09:00"))
    assert await dates(city, id) == (at("2026-08-12 17:30"), at("2026-08-12 17:30"))
    await decide(city, True, now=at("2026-08-12 16:00"))
    assert await dates(city, id) == (at("2026-08-18 17:30"), at("2026-08-18 17:30"))
    assert (await dates(city, id, "power"))[1] == at("2026-08-18 17:30")
    clock = await handling(city, id)
    assert (clock.extra_days, clock.yellow_at) == (4, at("2026-08-17 17:30"))
    assert [c.state for c in await clocks(city, id, K.APPROVAL)] == [S.MET]


async def test_an_extension_of_an_urgent_case_counts_working_days_from_its_end(
    city: Database, file: Register
) -> None:
    id = (await file(lead="urban", urgency=Urgency.URGENT)).case_id
    assert (await handling(city, id)).due_at == NOW + timedelta(hours=2)
    await act(city, service.accept, URBAN, id)
    await act(city, service.ask, URBAN, id, Request(ApprovalKind.EXTENSION, "挖断了", days=1))
    await decide(city, True)
    assert (await handling(city, id)).due_at == at("2026-08-06 17:30")


async def test_a_unit_below_ends_earlier_and_follows_an_extension_of_the_unit_above(
    city: Database, file: Register
) -> None:
    id = (await file(lead="chengdong")).case_id
    await act(city, service.accept, DISTRICT, id)
    await act(city, service.delegate, DISTRICT, id, "chengdong.wanghu", task="按履职清单巡查")
    street = await handling(city, id, "chengdong.wanghu")
    assert street.due_at == street.not_after == at("2026-08-11 17:30")
    await act(city, service.accept, STREET, id)
    await act(city, service.delegate, STREET, id, "chengdong.wanghu.hubin", task="按履职清单巡查")
    below = await handling(city, id, "chengdong.wanghu.hubin")
    assert below.due_at == at("2026-08-10 17:30")
    assert await dates(city, id, "chengdong.wanghu") == (
        at("2026-08-12 17:30"),
        at("2026-08-11 17:30"),
    )

    # Four days more for the district: the units below get up to their own five.
    await act(city, service.ask, DISTRICT, id, Request(ApprovalKind.EXTENSION, "要施工", days=4))
    await decide(city, True)
    assert (await handling(city, id, "chengdong")).due_at == at("2026-08-18 17:30")
    assert (await handling(city, id, "chengdong.wanghu")).due_at == at("2026-08-12 17:30")
    assert (await handling(city, id, "chengdong.wanghu.hubin")).due_at == at("2026-08-11 17:30")
    assert (await dates(city, id, "chengdong.wanghu"))[0] == at("2026-08-18 17:30")


async def test_a_unit_below_asks_for_more_and_gets_what_the_unit_above_has(
    city: Database, file: Register
) -> None:
    id = (await file(lead="chengdong")).case_id
    await act(city, service.accept, DISTRICT, id)
    await act(city, service.delegate, DISTRICT, id, "chengdong.wanghu", task="按履职清单巡查")
    async with city.unit_of_work() as session:
        part = await session.scalar(select(SubCase).where(SubCase.unit == "chengdong.wanghu"))
        assert part is not None
        await timing.extend(session, await Timing.load(session), part, 10, NOW)
    assert (await handling(city, id, "chengdong.wanghu")).due_at == at("2026-08-11 17:30")


async def test_a_reworked_case_has_five_days_whatever_it_had_before(
    city: Database, file: Register
) -> None:
    id = (await file(lead="urban", type=CaseType.CONSULTATION)).case_id
    first = await handling(city, id)
    assert first.rule == "handle.consultation"
    async with city.unit_of_work() as session:
        case = await session.get_one(Case, id)
        part = (await session.scalars(select(SubCase).where(SubCase.case_id == id))).one()
        times = await Timing.load(session)
        start = at("2026-08-14 09:00")
        await timing.restart(session, times, case, part, start, rework=True)
    found = await clocks(city, id, K.HANDLE)
    assert [(c.rule, c.state) for c in found] == [
        ("handle.consultation", S.CANCELLED),
        ("rework", S.RUNNING),
    ]
    assert await dates(city, id) == (at("2026-08-21 17:30"), at("2026-08-21 17:30"))


async def test_what_is_put_aside_waits_for_its_day_and_not_for_its_due_date(
    city: Database, file: Register
) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.accept, URBAN, id)
    wanted = Request(ApprovalKind.SUSPENSION, "等旧改", until=date(2026, 9, 20))
    await act(city, service.ask, URBAN, id, wanted)
    await decide(city, True)
    assert (await handling(city, id)).state == S.CANCELLED
    [look] = await clocks(city, id, K.LOOK_AGAIN)
    assert (look.state, look.due_at) == (S.RUNNING, at("2026-09-20 08:30"))
    assert (look.yellow_at, look.escalate_at) == (look.due_at, None)
    await act(city, service.resume, URBAN, id, now=at("2026-09-01 09:00"))
    assert (await handling(city, id)).due_at == at("2026-09-08 17:30")
    assert (await clocks(city, id, K.LOOK_AGAIN))[0].state == S.MET


async def test_a_due_date_in_an_unannounced_year_is_provisional(city: Database) -> None:
    async with city.unit_of_work() as session:
        now = at("2026-12-30 09:00")
        done = await service.register(session, matter(lead="urban"), now)
    assert done.due.provisional
    assert (await handling(city, done.case_id)).provisional
    async with city.unit_of_work() as session:
        assert (await session.get_one(Case, done.case_id)).due_provisional


async def test_statutory_clocks_run_beside_the_lines_own_till_the_answer_is_out(
    city: Database,
) -> None:
    async with city.unit_of_work() as session:
        await loading.load(session, CITY)
        done = await service.register(session, matter(lead="urban", category="F0102"), NOW)
    found = await clocks(city, done.case_id, K.STATUTORY)
    assert [(c.name, c.due_at.astimezone(LOCAL).date()) for c in found] == [
        ("市场监管投诉受理决定", date(2026, 8, 14)),
        # without any holiday in the scratch calendar, 45 working days are nine weeks
        ("市场监管投诉调解", date(2026, 10, 7)),
    ]
    assert all("第20号" in c.basis and c.sub_case_id is None for c in found)
    assert (await dates(city, done.case_id))[0] == at("2026-08-12 17:30")


async def test_the_citys_own_limits_load_again_and_again(city: Database) -> None:
    for _ in range(2):
        async with city.unit_of_work() as session:
            session.add(
                ClockRule(
                    code="gone",
                    kind="handle",
                    name="办理",
                    amount=1,
                    measure="hours",
                    yellow=0.25,
                )
            )
            await session.flush()
            await loading.load(session, CITY)
    async with city.unit_of_work() as session:
        codes = set(await session.scalars(select(ClockRule.code)))
        times = await Timing.load(session)
    assert "gone" not in codes
    assert "statutory.market.file.F02" in codes
    assert {"handle.complaint", *codes} <= {rule.code for rule in times.rules}


async def test_the_calendar_of_the_staff_counts(city: Database, file: Register) -> None:
    async with city.unit_of_work() as session:
        session.add(CalendarDay(day=date(2026, 8, 6), working=False, note="台风停工"))
    assert (await file(lead="urban")).due.at == at("2026-08-13 17:30")
