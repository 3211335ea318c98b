"""Reviews that say themselves what they are about: from the code at a window, or typed in from paper.

The rules of linking tie them to their service or case. Nothing here commits.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.masking import hide_person, tidy
from cases.registration import phone_hash
from core.calendar import LOCAL
from core.errors import Conflict, InvalidInput, NotFound
from core.identity import UNIT_ROLES, Actor, Role
from core.privacy import encrypt
from reviews.codes import Channel
from reviews.grades import Grade, problems
from reviews.models import Review, ReviewLink
from reviews.service import MAX_TEXT
from reviews.tying import note_step

WINDOW, PAPER = "window", "paper"
# Who types paper forms in: the line's desks, and the staff of the windows.
PAPER_ROLES = frozenset({Role.DISPATCHER, Role.CALLBACK_CLERK, Role.SUPERVISOR}) | UNIT_ROLES
_LENGTHS = {"number": 64, "unit": 200, "item": 200, "window": 100, "place": 200, "name": 40}
SHOWN = 20


@dataclass(frozen=True)
class Collected:
    """A review as given. ``key`` makes it one however often it is sent.

    ``said`` has what it says that it is about, by the names of `Review.said`; ``phone`` is a number
    that was checked. ``named``: the citizen lets the unit know who it is.
    """

    key: str
    grade: Grade
    tags: Sequence[str]
    text: str
    said: dict[str, str] = field(default_factory=dict)
    name: str = ""
    phone: str = ""
    named: bool = False


async def from_window(session: AsyncSession, one: Collected, now: datetime) -> Review:
    """Take what a citizen gave at the page of a window. Raises InvalidInput."""
    return await _store(session, one, WINDOW, Channel.QR, now)


async def from_paper(
    session: AsyncSession, actor: Actor, one: Collected, given_on: date, now: datetime
) -> Review:
    """Take what ``actor`` types in from paper of the day ``given_on``. Raises NotAllowed,
    InvalidInput also for a day to come."""
    actor.require(*PAPER_ROLES)
    if given_on > now.astimezone(LOCAL).date():
        raise InvalidInput("评价日期不对", fields={"given_on": "不能晚于今天"})
    # No hour stands on paper: whatever was done that day came before it.
    end = datetime.combine(given_on, time(23, 59), LOCAL)
    review = await _store(session, one, PAPER, Channel.HALL, min(end, now))
    if await _entered_by(session, review.id) is None:
        session.add(ReviewLink(review_id=review.id, at=now, by=actor.login, action="entered"))
    return review


async def entered(session: AsyncSession, actor: Actor) -> Sequence[Review]:
    """The latest that ``actor`` typed in, newest first. Raises NotAllowed."""
    actor.require(*PAPER_ROLES)
    mine = select(ReviewLink.review_id).where(
        ReviewLink.action == "entered", ReviewLink.by == actor.login
    )
    query = select(Review).where(Review.id.in_(mine)).order_by(Review.id.desc()).limit(SHOWN)
    return (await session.scalars(query)).all()


async def take_back(session: AsyncSession, actor: Actor, review_id: int, now: datetime) -> Review:
    """Void a review that ``actor`` typed in by mistake; it stays, and counts nowhere.

    Raises NotAllowed, NotFound for another's (a supervisor takes back anybody's), Conflict once it
    is tied to what it is about.
    """
    actor.require(*PAPER_ROLES)
    review = await session.get(Review, review_id, with_for_update=True, populate_existing=True)
    by = await _entered_by(session, review_id)
    if review is None or by is None or (by != actor.login and actor.role is not Role.SUPERVISOR):
        raise NotFound("没有这条评价")
    if review.link not in ("none", "desk"):
        raise Conflict("这条评价已经关联或撤回，不能再撤回；关联错了请先解除关联。")
    note_step(session, review, "void", actor.login, now)
    return review


async def _entered_by(session: AsyncSession, review_id: int) -> str | None:
    found: str | None = await session.scalar(
        select(ReviewLink.by).where(
            ReviewLink.review_id == review_id, ReviewLink.action == "entered"
        )
    )
    return found


async def _store(
    session: AsyncSession, one: Collected, source: str, channel: Channel, at: datetime
) -> Review:
    text, said = tidy(one.text), {name: tidy(value) for name, value in one.said.items()}
    wrong = problems(one.grade, list(one.tags), text)
    if len(text) > MAX_TEXT:
        wrong["text"] = f"不超过 {MAX_TEXT} 字"
    for name, value in (said | {"name": one.name}).items():
        if name in _LENGTHS and len(value) > _LENGTHS[name]:
            wrong[name] = f"不超过 {_LENGTHS[name]} 字"
    if wrong:
        raise InvalidInput("评价还缺少内容或有误", fields=wrong)
    who = {key: value for key, value in (("name", one.name), ("phone", one.phone)) if value}
    made = await session.scalar(
        insert(Review)
        .values(
            round=1,
            grade=one.grade,
            tags=list(one.tags),
            text=hide_person(text, one.name, one.phone, secret=True),
            channel=channel.name.lower(),
            created_at=at,
            is_default=False,
            reviewer=encrypt(json.dumps(who, ensure_ascii=False)) if who else None,
            contact_hash=phone_hash(one.phone) if one.phone else None,
            named=one.named,
            said={name: value for name, value in said.items() if value},
            source=source,
            source_id=one.key,
            link="none",
            reasons=[],
        )
        .on_conflict_do_nothing(index_elements=["source", "source_id"])
        .returning(Review.id)
    )
    if made is None:
        known: Review = (
            await session.scalars(
                select(Review).where(Review.source == source, Review.source_id == one.key)
            )
        ).one()
        return known
    return await session.get_one(Review, made)
