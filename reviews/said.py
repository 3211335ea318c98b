"""Reviews of services by their citizens: of a record that is known, or of what was said. Nothing
here commits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.masking import hide_person, tidy
from cases.registration import phone_hash
from core.errors import Conflict, Gone, InvalidInput
from core.privacy import encrypt
from reviews.candidate_repository import CandidateRepository
from reviews.exporting import opened
from reviews.grades import Grade, problems
from reviews.models import Review, ServiceRecord
from reviews.rectifying import linked
from reviews.service import MAX_TEXT

FINISHED = 3
_SOURCE = "line"
_SAID = ("number", "unit", "item", "window", "place", "time")
_MOST_SAID = 200


@dataclass(frozen=True)
class Given:
    """A review as the citizen gives it. ``key`` names it, so that it is stored once.

    ``said`` is what it is about, by the names of `Review.said`; ``channel`` a `Source` or the lower
    name of a `reviews.codes.Channel`; ``phone`` is digits only, None when it is not known.
    """

    key: str
    grade: Grade
    channel: str
    tags: Sequence[str] = ()
    text: str = ""
    said: Mapping[str, str] | None = None
    phone: str | None = None


async def submit_said(session: AsyncSession, given: Given, now: datetime) -> Review:
    """Store a review of what was said: the rules of linking find out what that was.

    Raises InvalidInput for one without the reason of a bad grade, or that says nothing of what it
    is about.
    """
    known = await _stored(session, given.key)
    if known is not None:
        return known
    said = {name: tidy(word)[:_MOST_SAID] for name, word in (given.said or {}).items() if word}
    foreign = said.keys() - set(_SAID)
    if foreign or not (said.keys() - {"time"}):
        raise InvalidInput("请说明评价的是哪件事：办了什么、在哪个单位或窗口、什么时候")
    review = _review(given, None, said, now)
    session.add(review)
    await session.flush()
    return review


async def submit_for_record(
    session: AsyncSession, record: ServiceRecord, given: Given, now: datetime
) -> Review:
    """Store the first review (一评) of a finished service by who was shown to be its citizen.

    Raises Conflict while it is not finished, Gone when it was rated, InvalidInput.
    """
    known = await _stored(session, given.key)
    if known is not None:
        return known
    if not is_finished(record):
        raise Conflict("这个办件还没有办结，办结后才能评价", code="not_finished")
    repository = CandidateRepository(session)
    # Two reviews of one service come one after the other.
    await repository.lock()
    if (record.id, 1) in await repository.taken({record.id}):
        raise Gone("这次办理已经评价过了，每次服务只评价一次", code="already_rated")
    review = _review(given, record, {}, now)
    session.add(review)
    await session.flush()
    await linked(session, review, now)
    return review


async def is_rated(session: AsyncSession, record_id: int) -> bool:
    """Whether the service has its first review."""
    return (record_id, 1) in await CandidateRepository(session).taken({record_id})


def is_finished(record: ServiceRecord) -> bool:
    """Whether there is something to rate."""
    return record.status == FINISHED or record.finished_at is not None


async def _stored(session: AsyncSession, key: str) -> Review | None:
    same = Review.source == _SOURCE, Review.source_id == key
    return (await session.scalars(select(Review).where(*same))).one_or_none()


def _review(
    given: Given, record: ServiceRecord | None, said: dict[str, str], now: datetime
) -> Review:
    tags, text = list(given.tags), tidy(given.text)
    wrong = problems(given.grade, tags, text)
    if len(text) > MAX_TEXT:
        wrong["text"] = f"不超过 {MAX_TEXT} 字"
    if wrong:
        raise InvalidInput("评价还缺少内容或有误", fields=wrong)
    applicant = opened(record.applicant) if record else {}
    phone = given.phone or applicant.get("phone")
    person = {"phone": phone} | ({"name": applicant["name"]} if applicant.get("name") else {})
    return Review(
        service_record_id=record.id if record else None,
        link="exact" if record else "none",
        linked_at=now if record else None,
        round=1,
        grade=given.grade,
        tags=tags,
        # Who reviews is protected from the unit.
        text=hide_person(text, applicant.get("name"), phone, secret=True),
        channel=given.channel,
        created_at=now,
        reviewer=encrypt(json.dumps(person, ensure_ascii=False)) if phone else None,
        reviewer_kind=record.applicant_kind if record else None,
        contact_hash=phone_hash(phone) if phone else None,
        said=said,
        source=_SOURCE,
        source_id=given.key,
    )
