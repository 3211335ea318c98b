"""Background work of conversations."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.models import Conversation
from cases.models import Contact
from cases.registration import close_contact
from cases.vocabulary import Outcome
from core.database import now
from core.jobs import jobs
from core.outbox import delivery

IDLE = timedelta(hours=24)


@jobs.periodic(cron="23 * * * *")
@jobs.task(name="close_idle_contacts")
async def close_idle_contacts(timestamp: int) -> None:
    """Every hour: a contact that came to nothing for a day counts as invalid."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    async with delivery.database.unit_of_work() as session:
        await close_idle(session, now())


async def close_idle(session: AsyncSession, at: datetime) -> int:
    """Close the open contacts of conversations silent since a day; returns how many.

    A conversation that a person owns is the person's to close.
    """
    idle = await session.scalars(
        select(Contact.id)
        .join(Conversation, Conversation.id == Contact.conversation_id)
        .where(
            Contact.outcome.is_(None),
            Conversation.owner == "assistant",
            Conversation.last_turn_at < at - IDLE,
        )
        .limit(1000)
    )
    contacts = list(idle)
    for contact in contacts:
        await close_contact(session, contact, Outcome.INVALID, at)
    return len(contacts)
