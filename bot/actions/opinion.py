"""“没有帮助” after an answer: the reason is asked once and goes to the owning unit as a task."""

from __future__ import annotations

import re
import uuid

from bot.actions.dialogue import looks_like_question
from bot.actions.talk import Replies, Talk
from core.database import now
from core.replies import say
from intake.case_types import tells_trouble
from kb.feedback import record_feedback
from kb.feedback_repository import FeedbackRepository
from kb.models import GivenAnswer

_REASONS = {
    "wrong": "内容不对",
    "unclear": "没说清楚",
    "matter": "不是我问的事",
    "useless": "办不成，不顶用",
}
# The same reasons in the citizen's own words.
_SAID = {
    "wrong": re.compile(r"不对|错(?:了|的)|过期|过时|不准"),
    "unclear": re.compile(r"没(?:有)?(?:说|讲|写)(?:清|明白)|看不懂|听不懂|太笼统|不清楚|说不清"),
    "matter": re.compile(r"答非所问|不是我(?:要)?问|问的不是|牛头不对|没回答"),
    "useless": re.compile(r"办不成|办不了|行不通|不顶用|不管用|没法办"),
}
_UNHELPFUL = re.compile(
    r"^(?:这|你|回答|答复|说的|还是|根本|完全|一点|都|也|的|得|太)*(?:(?:没(?:有|得)?|莫得|冇)(?:什么|啥子?|任何|多大|一点)?(?:帮助|用处?|帮上忙)(?:啊|的|呀|嘛|了)*(?:$|[，,。；;：:!！\s]+(?P<why>.*))|不管用|不顶用|没(?:有)?(?:说|讲|写)(?:清|明白)|看不懂|听不懂|答非所问|不是我(?:要)?问的|没回答)"
)
# Characters: an opinion in a few words, and what is kept of a reason.
_SHORT = 20
_LEAST = 4
_LONGEST = 200
_GONE = "这条答复已经找不到了，请把问题再说一遍。"


def unhelpful(turn: uuid.UUID) -> tuple[str, str]:
    """The quick reply that says so of the answer given in ``turn``."""
    return "没有帮助", f"feedback:{turn}"


async def given(talk: Talk) -> Replies | None:
    """An opinion in the citizen's own words: 没有帮助 after an answer, or the reason once asked.

    None when the words are about something else.
    """
    asked_of = talk.context.get("opinion_of")
    if asked_of is not None:
        talk.remember(opinion_of=None)
        if talk.act == "handoff" or looks_like_question(talk.text) or tells_trouble(talk.text):
            return None
        return await _record(talk, str(asked_of), _reason_in(talk.text) or talk.text[:_LONGEST])
    answered, found = talk.context.get("answered"), _UNHELPFUL.search(talk.text)
    if answered is None or found is None:
        return None
    why = (found["why"] or "").strip()
    if (len(talk.text) > _SHORT and not why) or looks_like_question(why) or tells_trouble(why):
        return None
    reason = _reason_in(talk.text) or (why[:_LONGEST] if len(why) >= _LEAST else None)
    return await (_record(talk, str(answered), reason) if reason else choose(talk, str(answered)))


def _reason_in(text: str) -> str | None:
    return next((_REASONS[key] for key, words in _SAID.items() if words.search(text)), None)


async def choose(talk: Talk, chosen: str) -> Replies:
    """``<turn>`` asks for the reason, ``<turn>:<reason>`` records it; said once an answer."""
    turn, _, reason = chosen.partition(":")
    if await _answer_in(talk, turn) is None:
        return [say(_GONE)]
    if reason not in _REASONS:
        talk.remember(opinion_of=turn)
        offered = [(title, f"feedback:{turn}:{key}") for key, title in _REASONS.items()]
        return [say("抱歉没帮上您。是哪里不合适？可以直接说。", *offered)]
    return await _record(talk, turn, _REASONS[reason])


async def _answer_in(talk: Talk, turn: str) -> GivenAnswer | None:
    try:
        repository = FeedbackRepository(talk.session, None)
        return await repository.given_in(talk.conversation.id, uuid.UUID(turn))
    except ValueError:
        return None


async def _record(talk: Talk, turn: str, reason: str) -> Replies:
    answer = await _answer_in(talk, turn)
    if answer is None:
        return [say(_GONE)]
    feedback = await record_feedback(talk.session, answer.id, False, reason, now())
    talk.remember(question=answer.question, answered=None, opinion_of=None)
    unit = talk.line.city.tree.name(feedback.unit)
    return [
        say(
            f"谢谢，已记下“{feedback.reason}”，转给{unit}核对更正。",
            ("留下咨询，由单位答复", "case:consult"),
            ("转人工", "handoff"),
        )
    ]
