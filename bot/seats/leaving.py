"""Who is gone before a seat has taken the talk."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from bot.models import Conversation
from bot.seats import callbacks
from bot.seats.plan import Priority
from bot.seats.queueing import known_phone, release
from core.replies import say


def waits(conversation: Conversation) -> bool:
    """Whether the talk waits for a seat."""
    return conversation.owner == "person" and conversation.seat is None


async def has_left(session: AsyncSession, conversation: Conversation, reason: str) -> None:
    """The citizen of a waiting talk is gone (``left``), hung up (``missed_call``) or wants to be
    called (``asked``): listed to be called back. A talk that does not wait stays as it is, and so
    does an emergency whose page was closed; one whose call has ended is listed as the first."""
    emergency = conversation.priority == Priority.EMERGENCY
    if not waits(conversation) or (emergency and reason == "left"):
        return
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
    await repository.append(
        session,
        conversation.id,
        "system",
        [say("您离开时话务员还没有接入，已记下，会有人联系您。也可以随时再转人工。")],
    )
