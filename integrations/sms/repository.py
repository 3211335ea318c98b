"""All SQL of the text-message door."""

from __future__ import annotations

import uuid

from sqlalchemy import ColumnElement, select
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
from notices.news import Asked, Question, question_of
from notices.vocabulary import Kind, State
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


async def question_open(session: AsyncSession, number: str) -> Question | None:
    """What ``number`` was asked by text to rate, when nothing else was told since."""
    newest = await _newest(session, number)
    question = question_of(newest) if newest is not None else None
    if question is None or question.kind is not Asked.CASE:
        return question
    asked = select(Delivery.id).where(
        _to(number), Delivery.case_id == question.id, Delivery.kind == Kind.ANSWERED
    )
    return question if await session.scalar(asked.limit(1)) is not None else None


async def question_told(session: AsyncSession, number: str) -> Question | None:
    """What ``number`` was asked by text to rate last, whatever was told since."""
    newest = await _newest(session, number, Kind.ANSWERED, Kind.RATE)
    return question_of(newest) if newest is not None else None


async def reason_asked(session: AsyncSession, number: str) -> tuple[Question, Grade] | None:
    """The question and the grade for which ``number`` was asked the reason; None once the talk went
    on or something else was asked."""
    newest = await _newest(session, number, Kind.LINE, Kind.ANSWERED, Kind.RATE)
    question = question_of(newest) if newest is not None else None
    if newest is None or question is None:
        return None
    card = reply_of(newest).card or {}
    if card.get("kind") != REASON:
        return None
    return question, Grade(int(str(card["grade"])))


def _to(number: str) -> ColumnElement[bool]:
    return Delivery.address_hash == address_hash(CHANNEL, number)


async def _newest(session: AsyncSession, number: str, *kinds: Kind) -> Delivery | None:
    """The newest of ``kinds`` (of any when none is named); what waits for the morning was not read."""
    unread = (State.HELD, State.FAILED)
    told = select(Delivery).where(_to(number), Delivery.state.not_in(unread))
    if kinds:
        told = told.where(Delivery.kind.in_(kinds))
    found: Delivery | None = await session.scalar(told.order_by(Delivery.id.desc()).limit(1))
    return found


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
