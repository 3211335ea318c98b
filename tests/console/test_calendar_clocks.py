"""An edit of the calendar reaches the cases that are running, through the queue."""

from __future__ import annotations

from console_app import Enter
from fastapi import FastAPI
from sqlalchemy import select, text
from town import Register

from cases.models import Case, CaseEvent
from core.calendar import LOCAL
from core.database import Database
from core.jobs import connected
from core.outbox import delivery


async def work_off(database: Database) -> None:
    """Run what is queued, with a real worker, till nothing is left."""
    delivery.database = database
    async with connected(database.url) as jobs:
        await jobs.run_worker_async(wait=False, install_signal_handlers=False)


async def due(database: Database, case_id: int) -> str:
    async with database.unit_of_work() as session:
        case = await session.get_one(Case, case_id)
    return f"{case.due_at.astimezone(LOCAL):%m-%d %H:%M}"


async def test_a_holiday_set_in_the_console_moves_due_dates(
    enter: Enter, file: Register, app: FastAPI
) -> None:
    database: Database = app.state.database
    async with database.unit_of_work() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))
    case_id = (await file(lead="urban")).case_id
    assert await due(database, case_id) == "08-12 17:30"
    admin, page = await enter("admin"), "/console/calendar?year=2026"
    days = {"day": "2026-08-10", "until": "2026-08-11", "kind": "holiday", "note": "台风停工"}
    await admin.send(page, "/console/calendar/days", **days)
    await work_off(database)
    assert await due(database, case_id) == "08-14 17:30"
    await admin.send(page, "/console/calendar/days/2026-08-10/remove")
    await work_off(database)
    assert await due(database, case_id) == "08-13 17:30"
    await admin.send(page, "/console/calendar/2026/announced", announced="no")
    await work_off(database)
    async with database.unit_of_work() as session:
        assert (await session.get_one(Case, case_id)).due_provisional
        told = await session.scalars(
            select(CaseEvent.audience).where(
                CaseEvent.case_id == case_id, CaseEvent.action == "recompute"
            )
        )
        assert list(told).count("citizen") == 2
