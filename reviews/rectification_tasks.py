"""The clocks of rectifications in the background. Any number of workers may watch at once."""

from __future__ import annotations

from datetime import datetime

from core.database import Database, now
from core.jobs import jobs
from core.outbox import delivery
from reviews.rectification_history import warn
from reviews.rectification_repository import RectificationRepository

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
