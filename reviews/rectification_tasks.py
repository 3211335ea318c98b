"""The clocks of rectifications in the background. Any number of workers may watch at once."""

from __future__ import annotations

from datetime import datetime

import procrastinate

from core.database import Database, now
from core.jobs import jobs
from core.outbox import delivery
from reviews.rectification_clocks import remeasure
from reviews.rectification_history import warn
from reviews.rectification_repository import RectificationRepository
from reviews.rectifying import linked

BATCH = 100


@jobs.periodic(cron="* * * * *")
@jobs.task(name="watch_rectifications", queueing_lock="watch_rectifications")
async def watch_rectifications(timestamp: int) -> None:
    """Every minute: warn of rectifications that end soon, or should have ended."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    await watch(delivery.database, now())


async def watch(database: Database, at: datetime) -> int:
    """Send every card due at ``at``, a batch a transaction; returns how many."""
    done = 0
    while True:
        async with database.unit_of_work() as session:
            waiting = await RectificationRepository(session, None).waiting(at, BATCH)
            for one in waiting:
                await warn(session, one, at)
        done += len(waiting)
        if not waiting:
            return done


@jobs.periodic(cron="*/5 * * * *")
@jobs.task(name="open_rectifications", queueing_lock="open_rectifications")
async def open_rectifications(timestamp: int) -> None:
    """Every five minutes: open those of bad reviews whose unit became known."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    await open_late(delivery.database, now())


async def open_late(database: Database, at: datetime) -> int:
    """Open them, a batch a transaction; returns how many."""
    done = 0
    while True:
        async with database.unit_of_work() as session:
            waiting = await RectificationRepository(session, None).without_one(BATCH)
            opened = [await linked(session, review, at) for review in waiting]
        done += sum(one is not None for one in opened)
        if not any(opened):
            return done


@jobs.task(
    name="recompute_rectifications",
    retry=procrastinate.RetryStrategy(max_attempts=8, exponential_wait=3),
)
async def recompute_rectifications() -> None:
    """Apply a changed calendar to the running limits; deferred with the change itself."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    await recompute(delivery.database, now())


async def recompute(database: Database, at: datetime) -> int:
    """Measure every open rectification anew, a batch a transaction; returns how many moved."""
    moved, last = 0, 0
    while True:
        async with database.unit_of_work() as session:
            found = await RectificationRepository(session, None).running(last, BATCH)
            for one in found:
                moved += await remeasure(session, one, at)
                last = one.id
        if not found:
            return moved
