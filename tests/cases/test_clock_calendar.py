"""A changed calendar reaches what runs: dates, cards that went out too early, units below."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import delete
from test_case_clocks import at
from test_clock_tasks import DUE, RED, YELLOW, cards_of, contacted, events, notices
from test_timing import act, answer, clocks, dates, decide, handling
from town import DISPATCHER, DISTRICT, NOW, URBAN, Register

from cases import service, tasks
from cases.models import Case
from cases.service import Request
from cases.states import Action
from cases.vocabulary import ApprovalKind, Audience, ClockKind
from core.database import Database
from core.models import CalendarDay, CalendarYear

K, A = ClockKind, Action


async def holiday(database: Database, *days: date) -> None:
    async with database.unit_of_work() as session:
        session.add_all(CalendarDay(day=day, working=False, note="台风停工") for day in days)


async def test_a_holiday_announced_late_moves_what_runs_and_tells_the_citizen(
    city: Database, file: Register
) -> None:
    id = await contacted(city, file)
    await holiday(city, date(2026, 8, 10))
    assert await tasks.recompute(city, NOW) == 1
    assert await dates(city, id) == (at("2026-08-13 17:30"), at("2026-08-13 17:30"))
    [moved] = await events(city, id, A.RECOMPUTE)
    assert moved.audience == Audience.CITIZEN
    assert moved.data["from"] == DUE.astimezone(moved.at.tzinfo).isoformat()
    assert datetime.fromisoformat(moved.data["due"]) == at("2026-08-13 17:30")
    # A second time, or after a kill, nothing is left to do.
    assert await tasks.recompute(city, NOW) == 0
    assert len(await events(city, id, A.RECOMPUTE)) == 1
    # Taken back, the date is the old one.
    async with city.unit_of_work() as session:
        await session.execute(delete(CalendarDay))
    assert await tasks.recompute(city, NOW) == 1
    assert (await dates(city, id))[0] == DUE


async def test_what_has_ended_keeps_its_dates(city: Database, file: Register) -> None:
    id = await contacted(city, file)
    await answer(city, URBAN, id)
    await act(city, service.pass_check, DISPATCHER, id)
    before = [(c.kind, c.due_at) for c in await clocks(city, id) if c.kind != K.CALLBACK]
    await holiday(city, date(2026, 8, 10))
    await tasks.recompute(city, NOW)
    assert [(c.kind, c.due_at) for c in await clocks(city, id) if c.kind != K.CALLBACK] == before


@pytest.mark.parametrize(
    ("sent_at", "off", "again_at", "card"),
    [
        # warned on a day that turns out to be off: warned anew a day later
        (YELLOW, date(2026, 8, 11), at("2026-08-12 17:30"), "yellow"),
        # red, then that day was off: it was not late after all, and may be late again
        (RED, date(2026, 8, 12), at("2026-08-13 17:31"), "red"),
    ],
)
async def test_a_calendar_corrected_after_a_card_sends_it_anew(
    city: Database,
    file: Register,
    sent_at: datetime,
    off: date,
    again_at: datetime,
    card: str,
) -> None:
    id = await contacted(city, file)
    assert await tasks.watch(city, sent_at) == 1
    corrected_at = sent_at + timedelta(hours=1)
    await holiday(city, off)
    assert await tasks.recompute(city, corrected_at) == 1
    assert (await handling(city, id)).due_at == at("2026-08-13 17:30")
    assert await tasks.watch(city, corrected_at) == 0
    assert await tasks.watch(city, again_at) == 1
    assert [k for k, _ in await cards_of(city, id)] == [card, card]
    units = [n for n in await notices(city, card) if n[1] == "urban"]
    assert units == [(card, "urban", None)] * 2


async def test_a_warning_whose_moment_has_passed_is_not_repeated(
    city: Database, file: Register
) -> None:
    id = await contacted(city, file)
    assert await tasks.watch(city, YELLOW) == 1
    # A day off that begins after both the old and the new warning.
    await holiday(city, date(2026, 8, 6))
    late = at("2026-08-12 18:00")
    await tasks.recompute(city, late)
    clock = await handling(city, id)
    assert (clock.yellow_at, clock.yellow_sent_at) == (at("2026-08-12 17:30"), YELLOW)
    assert await tasks.watch(city, late) == 0


async def test_a_day_worked_after_all_brings_the_date_forward(
    city: Database, file: Register
) -> None:
    id = await contacted(city, file)
    async with city.unit_of_work() as session:
        session.add(CalendarDay(day=date(2026, 8, 8), working=True, note="调休上班"))
    await tasks.recompute(city, NOW)
    assert (await handling(city, id)).due_at == at("2026-08-11 17:30")
    assert await tasks.watch(city, at("2026-08-10 17:30")) == 1


async def test_units_below_follow_the_unit_above_over_a_holiday(
    city: Database, file: Register
) -> None:
    id = (await file(lead="chengdong")).case_id
    await act(city, service.accept, DISTRICT, id)
    await act(city, service.delegate, DISTRICT, id, "chengdong.wanghu", task="按履职清单巡查")
    await holiday(city, date(2026, 8, 11))
    await tasks.recompute(city, NOW)
    assert (await handling(city, id, "chengdong")).due_at == at("2026-08-13 17:30")
    street = await handling(city, id, "chengdong.wanghu")
    assert street.due_at == street.not_after == at("2026-08-12 17:30")
    assert await dates(city, id, "chengdong.wanghu") == (
        at("2026-08-13 17:30"),
        at("2026-08-12 17:30"),
    )


async def test_an_extension_is_kept_when_the_calendar_changes(
    city: Database, file: Register
) -> None:
    id = await contacted(city, file)
    await act(city, service.ask, URBAN, id, Request(ApprovalKind.EXTENSION, "等配件", days=2))
    await decide(city, True)
    await holiday(city, date(2026, 8, 13))
    await tasks.recompute(city, NOW)
    assert (await handling(city, id)).due_at == at("2026-08-17 17:30")


async def test_an_announced_year_makes_a_provisional_date_final(
    city: Database, file: Register
) -> None:
    async with city.unit_of_work() as session:
        (await session.get_one(CalendarYear, 2026)).announced = False
    id = await contacted(city, file)
    assert (await handling(city, id)).provisional
    async with city.unit_of_work() as session:
        (await session.get_one(CalendarYear, 2026)).announced = True
    assert await tasks.recompute(city, NOW) == 0
    async with city.unit_of_work() as session:
        assert not (await session.get_one(Case, id)).due_provisional
    assert await events(city, id, A.RECOMPUTE) == []


async def test_recomputing_goes_on_after_a_kill_between_batches(
    city: Database, file: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "BATCH", 2)
    ids = [await contacted(city, file, detail=f"第{n}盏路灯坏了") for n in range(5)]
    await holiday(city, date(2026, 8, 10))
    with pytest.raises(ConnectionError):
        async with city.unit_of_work() as session:
            await tasks.recompute_batch(session, 0, NOW)
            raise ConnectionError("killed in the first batch")
    async with city.unit_of_work() as session:
        moved, last = await tasks.recompute_batch(session, 0, NOW)
    assert (moved, last) == (2, ids[1])
    # Killed after the first batch: the task begins anew.
    assert await tasks.recompute(city, NOW) == 3
    for id in ids:
        assert (await dates(city, id))[0] == at("2026-08-13 17:30")
        assert len(await events(city, id, A.RECOMPUTE)) == 1
