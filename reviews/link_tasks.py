"""Linking in the background. Any number of workers may run it: what one has tied another skips."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.database import Database, now
from core.jobs import jobs
from core.outbox import delivery
from reviews.link_service import find
from reviews.tying import apply

# Records of other systems come a day or a week late; after two months none is expected any more.
LATE_RECORDS = timedelta(days=60)


@jobs.periodic(cron="*/5 * * * *")
@jobs.task(name="link_new_reviews", queueing_lock="link_new_reviews")
async def link_new_reviews(timestamp: int) -> None:
    """Every five minutes: the reviews that the rules have not seen."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    await link_again(delivery.database, now(), fresh=True)


@jobs.periodic(cron="41 2 * * *")
@jobs.task(name="link_late_records", queueing_lock="link_late_records")
async def link_late_records(timestamp: int) -> None:
    """Every night: also those whose service or case may have come in since."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    await link_again(delivery.database, now(), fresh=False)


async def link_again(database: Database, at: datetime, *, fresh: bool) -> int:
    """Link what waits; what people decided stays. Returns how many reviews were looked at."""
    async with database.unit_of_work() as session:
        outcomes = await find(session, _silent, at - LATE_RECORDS, fresh=fresh)
        await apply(session, outcomes, at)
    return len(outcomes)


async def _silent(rows: int) -> None:
    del rows
