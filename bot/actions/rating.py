"""Rating a closed case in the talk: a grade by digit, word or button; a bad one with its reason."""

from __future__ import annotations

import re

from bot.actions import naming
from bot.actions.progress import show
from bot.actions.review_words import DIGIT, NO_REASON, gives_no_reason, grade_of
from bot.actions.talk import HELP_CHOICES, Replies, Talk
from cases.progress import public_case
from cases.repository import CaseRepository
from cases.vocabulary import Source
from core.database import now
from core.replies import say
from reviews.grades import BAD, GRADE_NAMES, Grade
from reviews.models import Review
from reviews.service import submit_for_case

_BARE = re.compile(
    r"^(?:我)?(?:对.{0,12})?(?:要|想|给)?(?:个|评价|打)*(?:非常|很|太|基本|特别)?(?:不(?:太)?)?(?:满意|差评|好评|一般|还行)[。！!了吧]*$"
)


async def rating(talk: Talk) -> Replies:
    """A review in the citizen's own words, or the reason for a bad one."""
    grade = talk.context.get("grade")
    if talk.context.get("awaiting") == "review_reason" and grade is not None:
        none = gives_no_reason(talk.text)
        return await _submit(talk, Grade(int(grade)), NO_REASON if none else talk.text)
    found = grade_of(talk.text)
    if found is None:
        return await _no_grade(talk)
    reason = "" if DIGIT.match(talk.text) or _BARE.match(talk.text) else talk.text
    return await _submit(talk, found, reason)


async def choose(talk: Talk, value: str) -> Replies:
    """A grade was chosen by button."""
    digit = DIGIT.match(value)
    return await _submit(talk, Grade(int(digit[1])), "") if digit else await _no_grade(talk)


async def _no_grade(talk: Talk) -> Replies:
    if talk.context.get("case"):
        return [
            say(
                "请选一个等级：",
                *[(GRADE_NAMES[g], f"review:{int(g)}") for g in sorted(Grade, reverse=True)],
            )
        ]
    return [
        say(
            "请用答复时给您的评价链接评价，或者告诉我工单编号和 6 位查询码。",
            ("查进度", "case:progress"),
        )
    ]


async def _submit(talk: Talk, grade: Grade, reason: str) -> Replies:
    number = talk.context.get("case")
    case = await CaseRepository(talk.session, None).by_number(str(number)) if number else None
    if case is None:
        return await _no_grade(talk)
    if case.told_at is None:
        shown = await public_case(talk.session, case.id, talk.line.city.tree, now())
        reply = show(shown)
        return [reply.model_copy(update={"text": "有了办理结果才能评价。\n" + reply.text})]
    if grade in BAD and not reason.strip():
        talk.remember(awaiting="review_reason", grade=int(grade))
        return [say(f"记为“{GRADE_NAMES[grade]}”。请说说哪里不满意，我们会督促改进。")]
    source = Source(talk.conversation.channel)
    done = await submit_for_case(talk.session, case.id, grade, [], reason, source, now())
    talk.remember(awaiting=None, grade=None)
    thanks = "已记录您的评价，会交由承办单位核实整改。" if grade in BAD else "感谢您的评价。"
    again = [("没解决，重新办理", "case:reopen")] if grade in BAD else []
    told = say(f"{thanks}（{GRADE_NAMES[grade]}）", *again, *HELP_CHOICES[:2])
    return [await naming.asked(talk, await talk.session.get_one(Review, done.id), told)]
