"""All SQL of the text-message door."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.models import Conversation, Message, Turn
from core.database import now
from core.privacy import decrypt, keyed_hash
from core.replies import Reply
from integrations.sms.models import TextWish
from integrations.sms.wording import Wish
from notices.messages import address_hash, reply_of
from notices.models import Delivery
from notices.vocabulary import Kind
from reviews.grades import Grade

CHANNEL = "sms"
# The card of what asks for the reason of a grade; no text shows it.
REASON = "reason"


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


async def case_answered(session: AsyncSession, number: str) -> int | None:
    """The case whose answer ``number`` was told by text last, whatever was told since."""
    return await session.scalar(
        select(Delivery.case_id)
        .where(
            Delivery.address_hash == address_hash(CHANNEL, number), Delivery.kind == Kind.ANSWERED
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    )


async def reason_asked(session: AsyncSession, number: str) -> tuple[int, Grade] | None:
    """The case and the grade for which ``number`` was asked the reason; None once the talk went on
    or another answer was told."""
    newest = await session.scalar(
        select(Delivery)
        .where(
            Delivery.address_hash == address_hash(CHANNEL, number),
            Delivery.kind.in_((Kind.LINE, Kind.ANSWERED)),
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    )
    if newest is None or newest.case_id is None:
        return None
    card = reply_of(newest).card or {}
    if card.get("kind") != REASON:
        return None
    return newest.case_id, Grade(int(str(card["grade"])))


async def is_answered(session: AsyncSession, key: str) -> bool:
    """Whether the delivery that answers a text is known."""
    return await session.scalar(select(Delivery.id).where(Delivery.key == key)) is not None


async def is_turn(session: AsyncSession, number: str, message_id: str) -> bool:
    """Whether a text is a turn of a conversation already."""
    found = await session.scalar(
        select(Turn.id)
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .where(
            Conversation.address_hash == address_hash(CHANNEL, number),
            Turn.client_id == message_id,
        )
        .limit(1)
    )
    return found is not None
