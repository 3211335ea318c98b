"""Rectifications that follow what changes beside them: a unit becomes known, the calendar changes."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select, update
from town import CALLER, NOW, SUPERVISOR, URBAN

from core.database import Database
from core.models import CalendarDay
from reviews.models import Rectification, RectificationEvent, Review, ServiceRecord
from reviews.rectification import Action
from reviews.rectification_tasks import open_late, recompute
from reviews.rectifying import Given, act


async def bad_review(city: Database, unit: str | None) -> None:
    async with city.unit_of_work() as session:
        record = ServiceRecord(
            project_no="SL1",
            item_name="占道许可",
            unit=unit,
            channel=5,
            status=3,
            accepted_at=NOW,
            finished_at=NOW,
            source="hall",
        )
        session.add(record)
        await session.flush()
        session.add(
            Review(
                round=1,
                grade=1,
                tags=["115"],
                channel="hall",
                created_at=NOW,
                link="auto",
                service_record_id=record.id,
            )
        )


async def only(city: Database) -> Rectification:
    async with city.unit_of_work() as session:
        return (await session.scalars(select(Rectification))).one()


async def test_opened_when_the_unit_becomes_known(city: Database) -> None:
    await bad_review(city, None)
    assert await open_late(city, NOW) == 0
    async with city.unit_of_work() as session:
        await session.execute(update(ServiceRecord).values(unit="urban"))
    assert await open_late(city, NOW + timedelta(days=1)) == 1
    assert (await only(city)).unit == "urban"
    assert await open_late(city, NOW + timedelta(days=2)) == 0


async def test_a_changed_calendar_moves_what_runs(city: Database) -> None:
    await bad_review(city, "urban")
    await open_late(city, NOW)
    before = await only(city)
    async with city.unit_of_work() as session:
        one = await act(session, URBAN, before.id, 1, Action.VERIFY, Given("已核实"), NOW)
        asked = Given("材料多", days=2)
        await act(session, URBAN, one.id, 2, Action.ASK_EXTENSION, asked, NOW)
        await act(session, SUPERVISOR, one.id, 3, Action.GRANT_EXTENSION, Given("同意"), NOW)
    granted = await only(city)
    assert await recompute(city, NOW) == 0
    async with city.unit_of_work() as session:
        session.add(CalendarDay(day=date(2026, 8, 6), working=False, note="示例假日"))
    assert await recompute(city, NOW) == 1
    moved = await only(city)
    assert moved.due_at > granted.due_at > before.due_at
    assert await recompute(city, NOW) == 0
    async with city.unit_of_work() as session:
        last = select(RectificationEvent).order_by(RectificationEvent.id.desc()).limit(1)
        assert (await session.scalars(last)).one().action == Action.RECOMPUTE
        # Calling back has a limit of its own; what was done on time stays done.
        done = Given("改好了")
        await act(session, URBAN, moved.id, moved.version, Action.FINISH, done, NOW)
    finished = await only(city)
    async with city.unit_of_work() as session:
        session.add(CalendarDay(day=date(2026, 8, 7), working=False, note="示例假日"))
    assert await recompute(city, NOW) == 1
    after = await only(city)
    assert after.due_at == finished.due_at
    assert after.step_due_at is not None and finished.step_due_at is not None
    assert after.step_due_at > finished.step_due_at
    async with city.unit_of_work() as session:
        unsolved = Given("还是不行")
        await act(session, CALLER, after.id, after.version, Action.UNSOLVED, unsolved, NOW)
    assert await recompute(city, NOW) == 0
