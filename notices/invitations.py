"""Invitations to rate what is no case: a finished service (办件), and what was put right (二评)."""

from __future__ import annotations

import json
import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case
from cases.views import is_secret
from cases.vocabulary import Source
from core.calendar import LOCAL
from core.privacy import decrypt
from core.replies import Reply, say
from notices.doors import Person
from notices.news import Asked, News, Question
from notices.templates import templates
from notices.vocabulary import Kind
from reviews.exporting import opened
from reviews.grades import GRADE_NAMES, Grade
from reviews.models import Rectification, Review, ServiceRecord
from reviews.record_rating import open_until
from reviews.second import second_until
from reviews.signed_links import record_link, second_link
from units.models import Unit

# So much of a number tells two transactions of one person apart, and nothing to anybody else.
_TAIL = 6
# The telephone was left for this very transaction.
_WANTED = True


async def news_of(
    session: AsyncSession, question: Question, now: datetime
) -> tuple[News, uuid.UUID | None] | None:
    """What is told, and the conversation that it belongs to; None when there is nothing to rate."""
    if question.kind is Asked.RECORD:
        return await _of_record(session, question, now)
    return await _of_rectification(session, question, now)


async def _of_record(
    session: AsyncSession, question: Question, now: datetime
) -> tuple[News, uuid.UUID | None] | None:
    record = await session.get(ServiceRecord, question.id)
    until = await open_until(session, record, now) if record is not None else None
    if record is None or until is None:
        return None
    unit = await session.get(Unit, record.unit) if record.unit else None
    done = (record.finished_at or record.updated_at).astimezone(LOCAL)
    text = templates().rate_record(
        day=f"{done.month}月{done.day}日",
        unit=unit.name if unit else record.dept_name,
        tail=record.project_no[-_TAIL:],
    )
    line = say(
        f"您办理的“{record.item_name}”已经办结，请评价这次办理。",
        ("评价这次办理", f"rate:record:{record.id}"),
        card={"kind": "link", "title": "去评价", "url": record_link(record.id)},
    )
    phone = opened(record.applicant).get("phone")
    person = Person(Source.PHONE, str(phone) if phone else None, _WANTED)
    news = News(
        f"rate:{question.word}", Kind.RATE, line, text, about=question, person=person, until=until
    )
    return news, record.followed_in


async def _of_rectification(
    session: AsyncSession, question: Question, now: datetime
) -> tuple[News, uuid.UUID | None] | None:
    one = await session.get(Rectification, question.id)
    until = await second_until(session, one, now) if one is not None else None
    if one is None or until is None:
        return None
    review = await session.get_one(Review, one.review_id)
    case = await session.get(Case, review.case_id) if review.case_id else None
    if case is not None and is_secret(case):
        return None
    record = (
        await session.get(ServiceRecord, review.service_record_id)
        if review.service_record_id
        else None
    )
    key = f"rate:{question.word}:{one.version}"
    reviewer = json.loads(decrypt(review.reviewer)) if review.reviewer else {}
    news = News(
        key,
        Kind.RATE,
        second_invitation(one),
        templates().rate_second(number=case.number if case else ""),
        case=case,
        about=question,
        person=Person(Source.PHONE, reviewer.get("phone") or None, _WANTED),
        until=until,
    )
    return news, record.followed_in if record else None


def second_invitation(one: Rectification) -> Reply:
    """What was put right and how to rate it, as a chat shows them; on keys a grade is its digit."""
    return say(
        f"您的差评已经整改：{one.done}\n请对整改情况作个评价。",
        *[(GRADE_NAMES[g], f"second:{int(g)}") for g in sorted(Grade, reverse=True)],
        card={"kind": "review", "title": "评价整改情况", "url": second_link(one.id)},
    )
