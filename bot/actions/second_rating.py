"""Rating how a bad review was put right (二评) in the talk: by button, key or word, once."""

from __future__ import annotations

from bot.actions.review_words import grade_of
from bot.actions.talk import HELP_CHOICES, Replies, Talk
from core.database import now
from core.replies import say
from notices.invitations import second_invitation
from reviews.grades import BAD, GRADE_NAMES, Grade
from reviews.models import Rectification
from reviews.second import of_rated, second_until, submit_in_time

AWAITING = "second_grade"


async def ask(talk: Talk, *, case_id: int | None = None, record_id: int | None = None) -> Replies:
    """The question for the second review of a case or service that is shown to be the citizen's;
    nothing when there is none to give."""
    one = await of_rated(talk.session, case_id=case_id, record_id=record_id)
    if one is None or await second_until(talk.session, one, now()) is None:
        return []
    talk.remember(awaiting=AWAITING, second=one.id)
    return [second_invitation(one)]


async def go_on(talk: Talk) -> Replies | None:
    """A grade in words answers the question; None for a turn about something else."""
    grade = grade_of(talk.text)
    talk.remember(awaiting=None)
    return await _submit(talk, grade) if grade is not None else None


async def choose(talk: Talk, value: str) -> Replies:
    """A quick reply: the grade, 1-5."""
    if value not in {str(int(grade)) for grade in Grade}:
        return [say("请选一个等级。", *HELP_CHOICES)]
    return await _submit(talk, Grade(int(value)))


async def _submit(talk: Talk, grade: Grade) -> Replies:
    asked = talk.context.get("second")
    one = await talk.session.get(Rectification, int(asked)) if asked else None
    if one is None:
        return [say("请先查到评价过的工单或办件。", ("查进度", "case:progress"))]
    await submit_in_time(talk.session, one.id, grade, "", now())
    talk.remember(awaiting=None, second=None, failures=None)
    after = (
        "已转为督办，由督办员盯着单位继续办理，办完再回访您。"
        if grade in BAD
        else "这件事的整改到此结束。"
    )
    return [say(f"已记录您对整改情况的评价“{GRADE_NAMES[grade]}”，{after}", *HELP_CHOICES[:2])]
