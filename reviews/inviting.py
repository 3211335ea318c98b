"""Finished services whose citizen is invited to rate them: each once, and none that is over.

The invitation itself goes through the outbox (`notices.telling`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cases.clocks import REVIEW_WINDOW_DAYS, review_window
from core.calendar import subtract_working_days
from core.calendar_store import load_calendar
from core.database import now
from core.jobs import jobs
from core.outbox import delivery, publish
from reviews.models import Review, ServiceRecord

# Topic of the outbox: a service is finished and can be rated; payload {record_id}.
RECORD_FINISHED = "record_finished"
# So many a minute: what a city finishes in a day goes out by day, what a file brings in an hour.
MOST = 200


@jobs.periodic(cron="* * * * *")
@jobs.task(name="invite_to_rate", queueing_lock="invite_to_rate")
async def invite_to_rate(timestamp: int) -> None:
    """Every minute: invite who was served and left a number."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    async with delivery.database.unit_of_work() as session:
        await invite(session, now())


async def invite(session: AsyncSession, now: datetime) -> int:
    """Publish `RECORD_FINISHED` for the next records that can be rated now; returns how many."""
    calendar = await load_calendar(session)
    # A day more than the window may be; each is looked at by itself.
    since = subtract_working_days(calendar, now, REVIEW_WINDOW_DAYS) - timedelta(days=1)
    rated = exists().where(Review.service_record_id == ServiceRecord.id, Review.round == 1)
    waiting = (
        select(ServiceRecord)
        .where(
            ServiceRecord.invited_at.is_(None),
            ServiceRecord.phone_hash.is_not(None),
            ServiceRecord.finished_at.between(since, now),
            ~rated,
        )
        .order_by(ServiceRecord.finished_at)
        .limit(MOST)
        .with_for_update(skip_locked=True)
    )
    invited = 0
    for record in (await session.scalars(waiting)).all():
        record.invited_at = now
        if record.finished_at and now <= review_window(calendar, record.finished_at):
            key = f"{RECORD_FINISHED}:{record.id}"
            await publish(session, RECORD_FINISHED, key, {"record_id": record.id})
            invited += 1
    return invited


async def invite_nobody_yet(session: AsyncSession, now: datetime) -> None:
    """What is stored by now was no service to a citizen of this line: nobody is invited."""
    old = update(ServiceRecord).where(ServiceRecord.invited_at.is_(None))
    await session.execute(old.values(invited_at=now))
