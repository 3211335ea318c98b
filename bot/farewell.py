"""The end of a talk: the citizen's grade for it, and making it unreachable."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from bot.seats.leaving import has_left
from core.errors import Conflict, NotFound
from core.replies import say

LEFT = "市民已结束并清除了这个对话，之后的话不会再有人看到。"


async def rate(session: AsyncSession, conversation: uuid.UUID, grade: int, now: datetime) -> None:
    """Keep the grade (1 worst – 5 best) of a talk: one talk, one grade (话务一次一评).

    The same again changes nothing. Raises Conflict for another, NotFound.
    """
    found = await repository.find_conversation(session, conversation, lock=True)
    if found is None:
        raise NotFound("没有这个对话")
    if found.rating is not None and found.rating != grade:
        raise Conflict("这次服务已经评价过了，谢谢")
    if found.rating is None:
        found.rating, found.rated_at = grade, now


async def close(session: AsyncSession, conversation: uuid.UUID) -> None:
    """Nobody can open the talk with its token from here on; cases filed in it go on."""
    found = await repository.find_conversation(session, conversation, lock=True)
    if found is None:
        return
    found.token_hash = ""
    if found.owner == "person":
        await repository.append(session, conversation, "system", [say(LEFT)])
        await has_left(session, found, "left")
