"""What must reach the outside is stored with the change that causes it, then delivered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import procrastinate
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database, now
from core.jobs import defer, jobs
from core.models import OutboxMessage

Handler = Callable[[AsyncSession, dict[str, Any]], Awaitable[None]]


class Delivery:
    """Where messages go: set once by the process that runs the worker."""

    database: Database | None = None
    handlers: dict[str, Handler]

    def __init__(self) -> None:
        self.handlers = {}


delivery = Delivery()


async def publish(session: AsyncSession, topic: str, key: str, payload: dict[str, Any]) -> None:
    """Write a message into the outbox and queue its delivery, both in this transaction.

    ``key`` names the happening; the same key a second time is ignored.
    """
    message_id = await session.scalar(
        insert(OutboxMessage)
        .values(topic=topic, key=key, payload=payload)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(OutboxMessage.id)
    )
    if message_id is not None:
        await defer(session, deliver, message_id=message_id)


@jobs.task(
    name="deliver",
    queue="outbox",
    retry=procrastinate.RetryStrategy(max_attempts=12, exponential_wait=3),
)
async def deliver(message_id: int) -> None:
    """Hand one message to its topic's handler, in one transaction with the handler's changes."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    async with delivery.database.unit_of_work() as session:
        message = await session.get(OutboxMessage, message_id, with_for_update=True)
        if message is None or message.done_at is not None:
            return
        await delivery.handlers[message.topic](session, message.payload)
        message.done_at = now()
