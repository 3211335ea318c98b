"""The one-time link by which a citizen rates a finished service (办件), and the invitation to it.

Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.clocks import review_window
from cases.masking import tidy
from core.calendar import LOCAL
from core.calendar_store import load_calendar
from core.errors import Conflict, Gone, HotlineError, NotFound
from core.identity import UNIT_ROLES, Actor
from reviews.models import Review, ServiceRecord
from reviews.said import Given, is_finished, is_rated, submit_for_record
from reviews.signed_links import record_of
from reviews.windows import WINDOW_ROLES

_MOST_SERVICES = 20


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


async def records_for(session: AsyncSession, actor: Actor, number: str) -> Sequence[ServiceRecord]:
    """The services of a transaction (办件编号) whose links ``actor`` may hand out, latest first: a
    unit's own, a supervisor's all. Raises NotAllowed, NotFound."""
    actor.require(*WINDOW_ROLES)
    wanted = select(ServiceRecord).where(ServiceRecord.project_no == tidy(number).upper())
    if actor.role in UNIT_ROLES:
        wanted = wanted.where(ServiceRecord.unit.in_(actor.units))
    order = ServiceRecord.service_number.desc()
    found = (await session.scalars(wanted.order_by(order).limit(_MOST_SERVICES))).all()
    if not found:
        raise NotFound("没有这个办件，或者不是您单位办理的，请核对编号")
    return found


async def _of_link(session: AsyncSession, key: str) -> ServiceRecord:
    known = record_of(key)
    record = await session.get(ServiceRecord, known) if known is not None else None
    if record is None:
        raise NotFound("评价链接不对，请检查是否复制完整")
    return record


async def window_end(session: AsyncSession, record: ServiceRecord) -> datetime | None:
    """Until when the service may be rated, whether or not it was; None while it is not finished."""
    if not is_finished(record):
        return None
    # Some systems say that it is finished and not when: it counts from when they said so.
    finished = record.finished_at or record.updated_at
    return review_window(await load_calendar(session), finished)


async def _check_open(session: AsyncSession, record: ServiceRecord, now: datetime) -> RatedRecord:
    until = await window_end(session, record)
    if until is None:
        raise Conflict("这个办件还没有办结，办结后才能评价", code="not_finished")
    if await is_rated(session, record.id):
        raise Gone("这次办理您已经评价过了，每次服务只评价一次", code="already_rated")
    if now > until:
        raise Gone(
            f"评价时间到 {until.astimezone(LOCAL):%Y年%m月%d日} 为止，已经过了；"
            "如对办理仍有意见，可来电或在线反映",
            code="too_late",
        )
    return RatedRecord(record, until)
