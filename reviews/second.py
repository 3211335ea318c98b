"""The link by which a citizen rates how a bad review was put right (二评). Nothing here commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.clocks import review_window
from core.calendar_store import load_calendar
from core.errors import Conflict, Gone, NotFound
from reviews.grades import Grade
from reviews.models import Rectification, Review
from reviews.rectification import State, refusal, second
from reviews.rectification_repository import RectificationRepository
from reviews.rectifying import facts, second_review
from reviews.signed_links import rectification_of


async def second_thing(session: AsyncSession, key: str, now: datetime) -> Rectification:
    """What the link is about. Raises NotFound for a forged link, Gone for a used or late one,
    Conflict while nothing has been put right or its calling back has not ended."""
    one = await _of_link(session, key)
    await _check_open(session, one, now)
    return one


async def submit_second(
    session: AsyncSession, key: str, grade: Grade, text: str, now: datetime
) -> Rectification:
    """Take the second review of a link. Raises as `second_thing`."""
    return await submit_in_time(session, (await _of_link(session, key)).id, grade, text, now)


async def submit_in_time(
    session: AsyncSession, rectification_id: int, grade: Grade, text: str, now: datetime
) -> Rectification:
    """The same of a citizen who was asked for it. Raises as `second_thing`."""
    row = await RectificationRepository(session, None).get(rectification_id, lock=True)
    await _check_open(session, row.rectification, now)
    return await second_review(session, rectification_id, grade, text, now)


async def second_until(session: AsyncSession, one: Rectification, now: datetime) -> datetime | None:
    """Until when a rectification can be rated; None when it cannot, or was."""
    try:
        return await _check_open(session, one, now)
    except (Conflict, Gone):
        return None


async def of_rated(
    session: AsyncSession, *, case_id: int | None = None, record_id: int | None = None
) -> Rectification | None:
    """The latest rectification of a case or of a service."""
    about = Review.case_id == case_id if case_id else Review.service_record_id == record_id
    query = select(Rectification).join(Review, Review.id == Rectification.review_id).where(about)
    found: Rectification | None = await session.scalar(
        query.order_by(Rectification.id.desc()).limit(1)
    )
    return found


async def answer_of(session: AsyncSession, key: str) -> str:
    """What the unit says it did, for whoever holds the link; empty before it was put right.

    Raises NotFound for a forged link.
    """
    one = await _of_link(session, key)
    return one.done if one.finished_at is not None else ""


async def _of_link(session: AsyncSession, key: str) -> Rectification:
    known = rectification_of(key)
    if known is None:
        raise NotFound("评价链接不对，请检查是否复制完整")
    return (await RectificationRepository(session, None).get(known)).rectification


async def _check_open(session: AsyncSession, one: Rectification, now: datetime) -> datetime:
    if one.second_grade is not None:
        raise Gone("这次整改您已经评价过了，每次整改只评价一次", code="already_rated")
    if one.state == State.CALLBACK:
        raise Conflict("整改已经报来，热线先回访您，回访以后就可以评价", code="not_called_back")
    if one.finished_at is None or refusal(
        second(Grade.SATISFIED), State(one.state), facts(one, now)
    ):
        raise Conflict("整改还没有完成，完成后才能评价", code="not_finished")
    # Who was called back has as long from then on.
    until = review_window(await load_calendar(session), one.closed_at or one.finished_at)
    if now > until:
        raise Gone("评价时间已经过了；如仍有意见，可再次来电或在线反映", code="too_late")
    return until
