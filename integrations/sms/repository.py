"""All SQL of the text-message door."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.models import Message
from core.database import now
from core.privacy import decrypt, keyed_hash
from core.replies import Reply
from integrations.sms.models import TextWish
from integrations.sms.wording import Wish
from notices.messages import address_hash
from notices.models import Delivery
from notices.vocabulary import Kind

CHANNEL = "sms"


def _hash(number: str) -> str:
    return keyed_hash("texts", number)


async def note_wish(session: AsyncSession, number: str, message_id: str, wish: Wish) -> None:
    """Keep what the owner of ``number`` wishes; the same message twice counts once."""
    await session.execute(
        insert(TextWish)
        .values(message_id=message_id, number_hash=_hash(number), wish=wish, at=now())
        .on_conflict_do_nothing(index_elements=["message_id"])
    )


async def refuses(session: AsyncSession, number: str) -> bool:
    """Whether the owner of ``number`` wants no texts."""
    newest = await session.scalar(
        select(TextWish.wish)
        .where(TextWish.number_hash == _hash(number))
        .order_by(TextWish.id.desc())
        .limit(1)
    )
    return newest == Wish.STOP


async def last_told(session: AsyncSession, conversation: uuid.UUID) -> Reply | None:
    """What a conversation was told last."""
    content = await session.scalar(
        select(Message.content)
        .where(Message.conversation_id == conversation, Message.speaker != "citizen")
        .order_by(Message.id.desc())
        .limit(1)
    )
    return Reply.model_validate_json(decrypt(content)) if content else None


async def case_to_grade(session: AsyncSession, number: str) -> int | None:
    """The case whose answer ``number`` was told by text, when nothing else was told since."""
    told = Delivery.address_hash == address_hash(CHANNEL, number)
    newest = await session.scalar(
        select(Delivery.case_id).where(told).order_by(Delivery.id.desc()).limit(1)
    )
    if newest is None:
        return None
    answered = select(Delivery.id).where(
        told, Delivery.case_id == newest, Delivery.kind == Kind.ANSWERED
    )
    return newest if await session.scalar(answered.limit(1)) is not None else None
