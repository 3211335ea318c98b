"""Service records (办件) as their applicants may see them, once it is shown whose they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.calendar import LOCAL
from core.privacy import keyed_hash
from core.throttle import check_not_locked, forget_failures, record_failure
from language.times import resolve
from reviews.exporting import opened
from reviews.linking import item_likeness, same_window
from reviews.models import ServiceRecord
from reviews.said import FINISHED, is_finished

NOT_FOUND = "编号或手机号后四位不对，请核对受理回执"
STATUS_NAMES = {1: "待受理", 2: "办理中", 3: "已办结"}
# Letters and digits of a platform; never a telephone number or the number of a case (13 digits).
_NUMBER = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]|\d{15})[A-Za-z]{0,6}\d{8,30}(?![A-Za-z0-9])")


def find_number(text: str) -> str | None:
    """The number of a service record (办件编号) in ``text``, in capitals."""
    found = _NUMBER.search(text)
    return found[0].upper() if found else None


# An item as said and that of a record are the same from here on (0-1).
_SAME_ITEM = 0.7


def of_several(records: Sequence[ServiceRecord]) -> bool:
    """Whether the records of one telephone are of more than one applicant: a family, an office."""
    return len({opened(record.applicant).get("name") for record in records}) > 1


def fitting(
    records: Sequence[ServiceRecord],
    said: Mapping[str, str],
    now: datetime,
    names: Mapping[str, tuple[str, ...]],
) -> list[ServiceRecord]:
    """The finished ones of ``records`` that nothing of ``said`` (as `Review.said`) speaks against.

    ``names`` are the everyday names of items by their proper ones.
    """
    return [one for one in records if is_finished(one) and _fits(one, said, now, names)]


def _fits(
    record: ServiceRecord,
    said: Mapping[str, str],
    now: datetime,
    names: Mapping[str, tuple[str, ...]],
) -> bool:
    number, item, window = said.get("number"), said.get("item"), said.get("window")
    if number and number.upper() != record.project_no.upper():
        return False
    known = (record.item_name, *names.get(record.item_name, ()))
    if item and item_likeness(item, known) < _SAME_ITEM:
        return False
    if window and record.window and not same_window(window, record.window):
        return False
    days = resolve(said["time"], now.astimezone(LOCAL)) if said.get("time") else None
    moments = (record.accepted_at, record.finished_at)
    dates = [at.astimezone(LOCAL).date() for at in moments if at is not None]
    return days is None or any(days.first <= day <= days.last for day in dates)


async def look_up(session: AsyncSession, number: str, tail: str) -> ServiceRecord | None:
    """The latest service of ``number`` when ``tail`` are the last four digits of its telephone.

    None when they do not fit: the failure is counted in this transaction, so commit it, and then
    say `NOT_FOUND`, whether or not there is such a record. Raises TooManyTries while the number is
    locked after five wrong tries.
    """
    subject = f"record:{keyed_hash('record', number)[:40]}"
    await check_not_locked(session, subject)
    record = await _latest(session, number)
    phone = str(opened(record.applicant).get("phone") or "") if record else ""
    if record is None or len(phone) < 4 or phone[-4:] != tail:
        await record_failure(session, subject)
        return None
    await forget_failures(session, subject)
    return record


async def of_phone(session: AsyncSession, phone_hash: str, limit: int) -> Sequence[ServiceRecord]:
    """Records of a number that the caller has shown to hold: running ones, then the latest."""
    query = select(ServiceRecord).where(ServiceRecord.phone_hash == phone_hash)
    order = (ServiceRecord.status == FINISHED).asc(), ServiceRecord.accepted_at.desc()
    return (await session.scalars(query.order_by(*order).limit(limit))).all()


async def proved(session: AsyncSession, record_id: int) -> ServiceRecord | None:
    """The record that the conversation was shown before."""
    return await session.get(ServiceRecord, record_id, populate_existing=True)


async def _latest(session: AsyncSession, number: str) -> ServiceRecord | None:
    query = select(ServiceRecord).where(ServiceRecord.project_no == number)
    query = query.order_by(ServiceRecord.service_number.desc()).limit(1)
    return (await session.scalars(query)).one_or_none()
