"""Reviews on paper: typed in by staff, taken back if wrong. The rules of linking tie them.

Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.calendar import LOCAL
from core.errors import Conflict, InvalidInput, NotFound
from core.identity import UNIT_ROLES, Actor, Role
from reviews.dates import FIRST_REVIEW
from reviews.models import Review, ReviewLink
from reviews.said import PAPER, Given, submit_said
from reviews.tying import note_step

# Who types paper forms in: the line's desks, and the staff of the windows.
PAPER_ROLES = frozenset({Role.DISPATCHER, Role.CALLBACK_CLERK, Role.SUPERVISOR}) | UNIT_ROLES
SHOWN = 20


async def from_paper(
    session: AsyncSession, actor: Actor, given: Given, given_on: date, now: datetime
) -> Review:
    """Take what ``actor`` types in from paper of the day ``given_on``. Raises NotAllowed,
    InvalidInput also for a day to come or before there were reviews."""
    actor.require(*PAPER_ROLES)
    if given_on > now.astimezone(LOCAL).date():
        raise InvalidInput("评价日期不对", fields={"given_on": "不能晚于今天"})
    if given_on < FIRST_REVIEW:
        fields = {"given_on": f"不能早于 {FIRST_REVIEW.year} 年"}
        raise InvalidInput("评价日期不对", fields=fields)
    # No hour stands on paper: whatever was done that day came before it.
    end = datetime.combine(given_on, time(23, 59), LOCAL)
    review = await submit_said(session, given, min(end, now), PAPER)
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
