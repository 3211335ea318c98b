"""Who is gone before a seat has taken the talk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from bot.calls.models import Call
from bot.models import Conversation
from bot.seats import callbacks
from bot.seats.plan import Priority
from bot.seats.queueing import known_phone, release
from core.replies import say

_DANGER = "会有人跟进。情况没有解除请马上拨打 110、119 或 120，也可以随时再说。"


def waits(conversation: Conversation) -> bool:
    """Whether the talk waits for a seat."""
    return conversation.owner == "person" and conversation.seat is None


async def has_left(session: AsyncSession, conversation: Conversation, reason: str) -> None:
    """The citizen of a waiting talk is gone (``left``), hung up (``missed_call``) or wants to be
    called (``asked``): listed to be called back, an emergency as the first, and marked as gone. A
    talk that does not wait stays as it is."""
    if not waits(conversation):
        return
    emergency = conversation.priority == Priority.EMERGENCY
    await callbacks.add(
        session,
        f"{reason}:{conversation.id}:{conversation.handed_over_at}",
        channel=conversation.channel,
        reason=callbacks.EMERGENCY if emergency else reason,
        phone=await known_phone(session, conversation),
        conversation_id=conversation.id,
        queue=conversation.queue,
    )
    release(conversation)
    told = _DANGER if emergency else "会有人联系您。也可以随时再转人工。"
    line = say(f"您离开时话务员还没有接入，已记下，{told}")
    await repository.append(session, conversation.id, "system", [line])


async def left_alone(
    session: AsyncSession, before: datetime, in_danger: datetime
) -> Sequence[Conversation]:
    """Talks on the web page that wait while their page was last open before ``before``, or of
    an emergency before ``in_danger``; locked."""
    seen = func.greatest(
        func.coalesce(Conversation.seen_at, Conversation.last_turn_at),
        Conversation.last_turn_at,
    )
    rows = await session.scalars(
        select(Conversation)
        .where(
            Conversation.owner == "person",
            Conversation.seat.is_(None),
            Conversation.channel == "web",
            seen < case((Conversation.priority == Priority.EMERGENCY, in_danger), else_=before),
        )
        .limit(500)
        .with_for_update(skip_locked=True)
    )
    return rows.all()


async def hung_up(session: AsyncSession) -> Sequence[Conversation]:
    """Talks by telephone that wait although the call is over, as after a crash; locked."""
    calls = select(Call.id).where(Call.conversation_id == Conversation.id)
    rows = await session.scalars(
        select(Conversation)
        .where(
            Conversation.owner == "person",
            Conversation.seat.is_(None),
            Conversation.channel == "phone",
            calls.exists(),
            ~calls.where(Call.ended_at.is_(None)).exists(),
        )
        .limit(500)
        .with_for_update(skip_locked=True)
    )
    return rows.all()
