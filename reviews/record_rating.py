"""The one-time link by which a citizen rates a finished service (办件), and the invitation to it.

Nothing here commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.clocks import review_window
from core.calendar import LOCAL
from core.calendar_store import load_calendar
from core.errors import Conflict, Gone, HotlineError, NotFound
from reviews.models import Review, ServiceRecord
from reviews.said import Given, is_finished, is_rated, submit_for_record
from reviews.signed_links import record_of


@dataclass(frozen=True)
class RatedRecord:
    """What a link is about, and until when it can be rated."""

    record: ServiceRecord
    open_until: datetime


async def rated_record(session: AsyncSession, key: str, now: datetime) -> RatedRecord:
    """What the link's page shows. Raises NotFound for a forged link, Gone for a used or late one,
    Conflict while the service is not finished."""
    return await _check_open(session, await _of_link(session, key), now)


async def submit_by_link(session: AsyncSession, key: str, given: Given, now: datetime) -> Review:
    """Take the review of a link. Raises as `rated_record`, InvalidInput."""
    return await submit_in_time(session, (await _of_link(session, key)).id, given, now)


async def submit_in_time(
    session: AsyncSession, record_id: int, given: Given, now: datetime
) -> Review:
    """The same for a citizen who was invited. Raises as `submit_by_link`."""
    one = await _check_open(session, await session.get_one(ServiceRecord, record_id), now)
    return await submit_for_record(session, one.record, given, now)


async def open_until(
    session: AsyncSession, record: ServiceRecord, now: datetime
) -> datetime | None:
    """Until when the record can be rated by its link; None when it cannot (any more)."""
    try:
        return (await _check_open(session, record, now)).open_until
    except HotlineError:
        return None


async def _of_link(session: AsyncSession, key: str) -> ServiceRecord:
    known = record_of(key)
    record = await session.get(ServiceRecord, known) if known is not None else None
    if record is None:
        raise NotFound("评价链接不对，请检查是否复制完整")
    return record


async def _check_open(session: AsyncSession, record: ServiceRecord, now: datetime) -> RatedRecord:
    if not is_finished(record):
        raise Conflict("这个办件还没有办结，办结后才能评价", code="not_finished")
    if await is_rated(session, record.id):
        raise Gone("这次办理您已经评价过了，每次服务只评价一次", code="already_rated")
    # Some systems say that it is finished and not when: it counts from when they said so.
    finished = record.finished_at or record.updated_at
    until = review_window(await load_calendar(session), finished)
    if now > until:
        raise Gone(
            f"评价时间到 {until.astimezone(LOCAL):%Y年%m月%d日} 为止，已经过了；"
            "如对办理仍有意见，可来电或在线反映",
            code="too_late",
        )
    return RatedRecord(record, until)
