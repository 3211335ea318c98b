"""A conversation's contact: opened with it, settled when a matter found its outcome."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from cases.registration import close_contact, open_contact
from cases.repository import CaseRepository
from cases.vocabulary import CaseType, Outcome, Source
from core.database import now


async def settle_contact(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    channel: str,
    outcome: Outcome,
    *,
    type: CaseType | None = None,
    category: str | None = None,
    subject: str = "",
) -> None:
    """Record how a matter of the conversation ended; the next one is a contact of its own."""
    contact = await open_contact(session, Source(channel), conversation_id, now())
    await close_contact(
        session, contact, outcome, now(), type=type, category=category, subject=subject
    )


async def settle_open_contact(
    session: AsyncSession, conversation_id: uuid.UUID, outcome: Outcome
) -> None:
    """Record the outcome of the matter under way, if there is one."""
    contact = await CaseRepository(session, None).open_contact(conversation_id)
    if contact is not None:
        await close_contact(session, contact.id, outcome, now())
