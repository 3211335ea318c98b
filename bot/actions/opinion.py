"""“没有帮助” after an answer: the reason is asked once and goes to the owning unit as a task."""

from __future__ import annotations

import uuid

from bot.actions.talk import Replies, Talk
from core.database import now
from core.replies import say
from kb.feedback import record_feedback
from kb.feedback_repository import FeedbackRepository

_REASONS = {
    "wrong": "内容不对",
    "unclear": "没说清楚",
    "matter": "不是我问的事",
    "useless": "办不成，不顶用",
}
_GONE = "这条答复已经找不到了，请把问题再说一遍。"


def unhelpful(turn: uuid.UUID) -> tuple[str, str]:
    """The quick reply that says so of the answer given in ``turn``."""
    return "没有帮助", f"feedback:{turn}"


async def choose(talk: Talk, chosen: str) -> Replies:
    """``<turn>`` asks for the reason, ``<turn>:<reason>`` records it; said once an answer."""
    turn, _, reason = chosen.partition(":")
    try:
        answer = await FeedbackRepository(talk.session, None).given_in(
            talk.conversation.id, uuid.UUID(turn)
        )
    except ValueError:
        answer = None
    if answer is None:
        return [say(_GONE)]
    if reason not in _REASONS:
        offered = [(title, f"feedback:{turn}:{key}") for key, title in _REASONS.items()]
        return [say("抱歉没帮上您。是哪里不合适？", *offered)]
    feedback = await record_feedback(talk.session, answer.id, False, _REASONS[reason], now())
    talk.remember(question=answer.question)
    unit = talk.line.city.tree.name(feedback.unit)
    return [
        say(
            f"谢谢，已记下“{feedback.reason}”，转给{unit}核对更正。",
            ("留下咨询，由单位答复", "case:consult"),
            ("转人工", "handoff"),
        )
    ]
