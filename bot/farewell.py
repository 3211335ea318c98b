"""The end of a talk: the citizen's grade for it, why it was bad, and making it unreachable."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from bot.models import Conversation
from bot.seats.leaving import has_left
from core.errors import Conflict, NotFound
from core.replies import say

LEFT = "市民已结束并清除了这个对话，之后的话不会再有人看到。"
# The grades 不满意 and 非常不满意 are asked for a reason.
MOST_BAD = 2
MAX_WORDS = 500
# Where the talk's ``context`` keeps the codes.
DISPLEASED = "displeased"


class Reason(StrEnum):
    """Why somebody was not content with a talk: one question, several answers."""

    NOT_UNDERSTOOD = "not_understood"
    WRONG_ANSWER = "wrong_answer"
    SLOW = "slow"
    MANNER = "manner"
    UNSOLVED = "unsolved"


REASONS = {
    Reason.NOT_UNDERSTOOD: "没听懂我的意思",
    Reason.WRONG_ANSWER: "答得不对或没有用",
    Reason.SLOW: "等得太久",
    Reason.MANNER: "态度不好",
    Reason.UNSOLVED: "事情没有解决",
}


async def rate(session: AsyncSession, conversation: uuid.UUID, grade: int, now: datetime) -> None:
    """Keep the grade (1 worst – 5 best) of a talk: one talk, one grade (话务一次一评).

    The same again changes nothing. Raises Conflict for another, NotFound.
    """
    found = await _locked(session, conversation)
    if found.rating is not None and found.rating != grade:
        raise Conflict("这次服务已经评价过了，谢谢")
    if found.rating is None:
        found.rating, found.rated_at = grade, now


async def explain(
    session: AsyncSession, conversation: uuid.UUID, reasons: Sequence[Reason], words: str
) -> None:
    """Keep why the talk was graded badly: ``reasons``, and with ``words`` (up to `MAX_WORDS`) as a
    line of the talk.

    Once: a second time changes nothing. Raises Conflict when the grade was not a bad one, NotFound.
    """
    found = await _locked(session, conversation)
    if found.rating is None or found.rating > MOST_BAD:
        raise Conflict("不满意的才需要说明原因")
    if DISPLEASED in found.context:
        return
    kept = [code for code in REASONS if code in reasons]
    found.context = {**found.context, DISPLEASED: [code.value for code in kept]}
    told = "；".join([*(REASONS[code] for code in kept), *filter(None, [words.strip()])])
    await repository.append(session, conversation, "citizen", [say(f"不满意的原因：{told}")])


async def close(session: AsyncSession, conversation: uuid.UUID) -> None:
    """Nobody can open the talk with its token from here on; cases filed in it go on."""
    found = await repository.find_conversation(session, conversation, lock=True)
    if found is None:
        return
    found.token_hash = ""
    if found.owner == "person":
        await repository.append(session, conversation, "system", [say(LEFT)])
        await has_left(session, found, "left")


async def _locked(session: AsyncSession, conversation: uuid.UUID) -> Conversation:
    found = await repository.find_conversation(session, conversation, lock=True)
    if found is None:
        raise NotFound("没有这个对话")
    return found
