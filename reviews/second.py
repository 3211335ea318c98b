"""The link by which a citizen rates how a bad review was put right (二评). Nothing here commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.clocks import review_window
from core.calendar_store import load_calendar
from core.errors import Conflict, Gone, NotFound
from reviews.grades import Grade
from reviews.models import Rectification
from reviews.rectification import State, refusal, second
from reviews.rectification_repository import RectificationRepository
from reviews.rectifying import facts, second_review
from reviews.second_link import rectification_of


async def second_thing(session: AsyncSession, key: str, now: datetime) -> Rectification:
    """What the link is about. Raises NotFound for a forged link, Gone for a used or late one,
    Conflict while nothing has been put right."""
    one = await _of_link(session, key)
    if one.second_grade is not None:
        raise Gone("这次整改您已经评价过了，每次整改只评价一次", code="already_rated")
    if one.finished_at is None or refusal(
        second(Grade.SATISFIED), State(one.state), facts(one, now)
    ):
        raise Conflict("整改还没有完成，完成后才能评价", code="not_finished")
    if now > review_window(await load_calendar(session), one.finished_at):
        raise Gone("评价时间已经过了；如仍有意见，可再次来电或在线反映", code="too_late")
    return one


async def submit_second(
    session: AsyncSession, key: str, grade: Grade, text: str, now: datetime
) -> Rectification:
    """Take the second review of a link. Raises as `second_thing`."""
    one = await second_thing(session, key, now)
    return await second_review(session, one.id, grade, text, now)


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
