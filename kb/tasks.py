"""Background work of the knowledge base: changes that were planned for a day."""

from __future__ import annotations

import structlog

from core.database import now
from core.jobs import jobs
from core.outbox import delivery
from kb.drafts import publish_due

log = structlog.get_logger(__name__)


@jobs.periodic(cron="*/5 * * * *")
@jobs.task(name="publish_planned_entries", queueing_lock="publish_planned_entries")
async def publish_planned_entries(timestamp: int) -> None:
    """Every five minutes: publish approved changes whose day has come."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    async with delivery.database.unit_of_work() as session:
        codes = await publish_due(session, now())
    if codes:
        log.info("entries_published_as_planned", changed=len(codes))
