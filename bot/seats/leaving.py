"""Who is gone before a seat has taken the talk."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
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
