"""Reviews of services by their citizens: of a record that is known, or of what was said. Nothing
here commits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.masking import hide_person, tidy
from cases.registration import phone_hash
from core.calendar import LOCAL
from core.errors import Conflict, Gone, InvalidInput
from core.privacy import encrypt, keyed_hash
from reviews.candidate_repository import CandidateRepository
from reviews.exporting import opened
from reviews.grades import Grade, problems
from reviews.models import Review, ServiceRecord
from reviews.rectifying import linked
from reviews.service import MAX_TEXT

FINISHED = 3
# Where reviews come from that are stored here (`Review.source`).
LINE, WINDOW, PAPER = "line", "window", "paper"
# What a review may say that it is about (`Review.said`), and how long each may be.
SAID_LENGTHS = {
    "number": 64,
    "unit": 200,
    "item": 200,
    "window": 100,
    "place": 200,
    "time": 100,
}
_MAX_NAME = 40


@dataclass(frozen=True)
class Given:
    """A review as the citizen gives it. ``key`` names it within its source, so that it is stored
    once however often it is sent.

    ``said`` is what it is about, by the names of `Review.said`; ``channel`` a `Source` or the
    `reviews.codes.Channel.word`; ``phone`` is digits only, empty when it is not known.
    ``named``: the citizen lets the unit know who it is.
    """

    key: str
    grade: Grade
    channel: str
    tags: Sequence[str] = ()
    text: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    phone: str = ""
    named: bool = False


async def submit_said(
    session: AsyncSession, given: Given, at: datetime, source: str = LINE
) -> Review:
    """Store a review of what was said: the rules of linking find out what that was.

    Raises InvalidInput for one without the reason of a bad grade, or with something too long.
    """
    return await _store(session, source, given, at)


async def submit_told(session: AsyncSession, given: Given, now: datetime) -> Review:
    """The same for what is told to the assistant in the talk ``given.key``.

    What was said with the same words on the same day in this talk, or from this telephone, is one
    review: the earlier, which then is older than ``now``. Raises as `submit_said`, InvalidInput
    also when nothing but a time is said.
    """
    said = {name: tidy(word)[: SAID_LENGTHS[name]] for name, word in given.said.items() if word}
    if not said.keys() - {"time"}:
        raise InvalidInput("请说明评价的是哪件事：办了什么、在哪个单位或窗口、什么时候")
    today = now.astimezone(LOCAL).date()
    if given.phone:
        midnight = datetime.combine(today, time(), LOCAL)
        same = select(Review).where(
            Review.source == LINE,
            Review.contact_hash == phone_hash(given.phone),
            Review.created_at >= midnight,
            Review.said == said,
        )
        before = (await session.scalars(same.order_by(Review.id).limit(1))).one_or_none()
        if before is not None:
            return before
    words = json.dumps(said, ensure_ascii=False, sort_keys=True)
    key = keyed_hash("told-review", f"{given.key} {today} {words}")
    return await _store(session, LINE, replace(given, key=key, said=said), now)


async def submit_for_record(
    session: AsyncSession, record: ServiceRecord, given: Given, now: datetime
) -> Review:
    """Store the first review (一评) of a finished service by who was shown to be its citizen.

    Raises Conflict while it is not finished, Gone when it was rated, InvalidInput.
    """
    known = await _stored(session, LINE, given.key)
    if known is not None:
        return known
    if not is_finished(record):
        raise Conflict("这个办件还没有办结，办结后才能评价", code="not_finished")
    # Two reviews of one service come one after the other.
    await CandidateRepository(session).lock()
    if await is_rated(session, record.id):
        raise Gone("这次办理已经评价过了，每次服务只评价一次", code="already_rated")
    review = await _store(session, LINE, replace(given, said={}), now, record)
    await linked(session, review, now)
    return review


async def is_rated(session: AsyncSession, record_id: int) -> bool:
    """Whether the service has its first review."""
    return (record_id, 1) in await CandidateRepository(session).taken({record_id})


def is_finished(record: ServiceRecord) -> bool:
    """Whether there is something to rate."""
    return record.status == FINISHED or record.finished_at is not None


async def _stored(session: AsyncSession, source: str, key: str) -> Review | None:
    same = Review.source == source, Review.source_id == key
    return (await session.scalars(select(Review).where(*same))).one_or_none()


async def _store(
    session: AsyncSession,
    source: str,
    given: Given,
    at: datetime,
    record: ServiceRecord | None = None,
) -> Review:
    applicant = opened(record.applicant) if record else {}
    person = {
        "name": given.name or applicant.get("name") or "",
        "phone": given.phone or applicant.get("phone") or "",
    }
    values = _checked(given, person) | {
        "round": 1,
        "channel": given.channel,
        "created_at": at,
        "is_default": False,
        "reasons": [],
        "reviewer_kind": record.applicant_kind if record else None,
        "service_record_id": record.id if record else None,
        "link": "exact" if record else "none",
        "linked_at": at if record else None,
        "source": source,
        "source_id": given.key,
    }
    fresh = insert(Review).values(values)
    once = fresh.on_conflict_do_nothing(index_elements=["source", "source_id"])
    made = await session.scalar(once.returning(Review.id))
    if made is not None:
        return await session.get_one(Review, made)
    known = await _stored(session, source, given.key)
    assert known is not None
    return known


def _checked(given: Given, person: Mapping[str, str]) -> dict[str, Any]:
    """Columns of what was given. Raises InvalidInput with every field that is wrong."""
    tags, text = list(given.tags), tidy(given.text)
    said = {name: tidy(word) for name, word in given.said.items()}
    wrong = problems(given.grade, tags, text)
    if len(text) > MAX_TEXT:
        wrong["text"] = f"不超过 {MAX_TEXT} 字"
    for name, word in said.items():
        if len(word) > SAID_LENGTHS[name]:
            wrong[name] = f"不超过 {SAID_LENGTHS[name]} 字"
    if len(given.name) > _MAX_NAME:
        wrong["name"] = f"不超过 {_MAX_NAME} 字"
    if wrong:
        raise InvalidInput("评价还缺少内容或有误", fields=wrong)
    who = {key: value for key, value in person.items() if value}
    return {
        "grade": given.grade,
        "tags": tags,
        # Who reviews is protected from the unit.
        "text": hide_person(text, who.get("name"), who.get("phone"), secret=True),
        "reviewer": encrypt(json.dumps(who, ensure_ascii=False)) if who else None,
        "contact_hash": phone_hash(who["phone"]) if who.get("phone") else None,
        "named": given.named,
        "said": {name: word for name, word in said.items() if word},
    }
