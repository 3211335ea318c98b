"""Every conversation is a contact, and ends as one."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contacts import settle_contact
from bot.models import Conversation
from bot.tasks import close_idle
from cases.models import Contact
from cases.registration import open_contact
from cases.vocabulary import CaseType, Outcome, Source
from core.database import Database, now


async def conversation(session: AsyncSession, silent: timedelta, owner: str) -> uuid.UUID:
    """A conversation whose last turn was ``silent`` ago, with its open contact."""
    opened = Conversation(
        id=uuid.uuid4(),
        channel="web",
        token_hash="x",
        owner=owner,
        context={},
        last_turn_at=now() - silent,
    )
    session.add(opened)
    await session.flush()
    await open_contact(session, Source.WEB, opened.id, now())
    return opened.id


async def outcomes(database: Database, of: uuid.UUID) -> list[str | None]:
    async with database.unit_of_work() as session:
        rows = await session.scalars(
            select(Contact.outcome).where(Contact.conversation_id == of).order_by(Contact.id)
        )
        return list(rows)


async def test_each_matter_of_a_conversation_is_a_contact(database: Database) -> None:
    async with database.unit_of_work() as session:
        id = await conversation(session, timedelta(), "assistant")
        for outcome in (Outcome.ANSWERED, Outcome.REFERRED):
            await settle_contact(session, id, "web", outcome, type=CaseType.CONSULTATION)
    assert await outcomes(database, id) == [Outcome.ANSWERED, Outcome.REFERRED]


async def test_only_silent_conversations_of_the_assistant_are_closed(database: Database) -> None:
    async with database.unit_of_work() as session:
        silent = await conversation(session, timedelta(hours=25), "assistant")
        fresh = await conversation(session, timedelta(hours=23), "assistant")
        person = await conversation(session, timedelta(hours=25), "person")
    async with database.unit_of_work() as session:
        assert await close_idle(session, now()) == 1
    assert await outcomes(database, silent) == [Outcome.INVALID]
    assert await outcomes(database, fresh) == [None]
    assert await outcomes(database, person) == [None]
