"""People to be called back: who asked for it, hung up, or left while waiting."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.seats.models import SeatCallback, SeatCallbackTry
from bot.seats.plan import GENERAL
from core.database import now
from core.errors import Conflict, InvalidInput, NotFound
from core.privacy import decrypt, encrypt

EMERGENCY = "emergency"
REASONS = {
    EMERGENCY: "紧急求助",
    "asked": "请求回电",
    "missed_call": "未接来电",
    "left": "等候中离开",
}
RESULTS = {
    "reached": "已接通",
    "no_answer": "无人接听",
    "busy": "占线",
    "wrong_number": "号码有误",
    "written": "已在对话里答复",
}
# A try that reached nobody is repeated after so long.
TRY_AGAIN = timedelta(minutes=30)
ENOUGH_TRIES = 3


async def add(
    session: AsyncSession,
    key: str,
    *,
    channel: str,
    reason: str,
    phone: str | None,
    conversation_id: uuid.UUID | None = None,
    queue: str = GENERAL,
    not_before: datetime | None = None,
) -> None:
    """List somebody to be called back; the same ``key`` (at most 120 characters) again does nothing.

    ``reason`` is one of `REASONS`; without ``phone`` the answer goes into the conversation.
    """
    await session.execute(
        insert(SeatCallback)
        .values(
            key=key,
            channel=channel,
            reason=reason,
            phone=encrypt(phone) if phone else None,
            conversation_id=conversation_id,
            queue=queue,
            state="waiting",
            asked_at=now(),
            not_before=not_before,
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )


async def listed(
    session: AsyncSession,
    *,
    done: bool,
    skills: Collection[str] | None,
    limit: int,
    offset: int,
) -> tuple[Sequence[SeatCallback], int]:
    """Who is to be called back, emergencies and then due first, or with ``done`` who was, newest
    first; and how many.

    ``skills``: only of queues that a seat with these serves, and every emergency.
    """
    wanted: list[ColumnElement[bool]] = [
        SeatCallback.state == "done" if done else SeatCallback.state != "done"
    ]
    if skills is not None:
        served = SeatCallback.queue.in_([GENERAL, *skills])
        wanted.append(or_(served, SeatCallback.reason == EMERGENCY))
    due = func.coalesce(SeatCallback.not_before, SeatCallback.asked_at)
    order = [SeatCallback.closed_at.desc()] if done else [SeatCallback.reason != EMERGENCY, due]
    rows = await session.scalars(
        select(SeatCallback).where(*wanted).order_by(*order).limit(limit).offset(offset)
    )
    total = await session.scalar(select(func.count()).select_from(SeatCallback).where(*wanted))
    return rows.all(), total or 0


async def due(session: AsyncSession, at: datetime) -> int:
    """How many wait to be called now."""
    count = await session.scalar(
        select(func.count())
        .select_from(SeatCallback)
        .where(
            SeatCallback.state == "waiting",
            or_(SeatCallback.not_before.is_(None), SeatCallback.not_before <= at),
        )
    )
    return count or 0


async def left_in_danger(
    session: AsyncSession, conversations: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    """Which of these talks told of an emergency and ended before a seat answered, and still have
    nobody who has called back."""
    found = await session.scalars(
        select(SeatCallback.conversation_id).where(
            SeatCallback.conversation_id.in_(conversations),
            SeatCallback.reason == EMERGENCY,
            SeatCallback.state != "done",
        )
    )
    return {one for one in found if one is not None}


async def number_left(session: AsyncSession, conversation_id: uuid.UUID) -> str | None:
    """The number that was left last in a talk to be called at."""
    found = await session.scalar(
        select(SeatCallback.phone)
        .where(
            SeatCallback.conversation_id == conversation_id,
            SeatCallback.reason == "asked",
            SeatCallback.phone.is_not(None),
        )
        .order_by(SeatCallback.id.desc())
        .limit(1)
    )
    return decrypt(found) if found else None


async def find(session: AsyncSession, callback_id: int) -> SeatCallback:
    """The entry, its row locked. Raises NotFound."""
    found = await session.get(SeatCallback, callback_id, with_for_update=True)
    if found is None:
        raise NotFound("没有找到这条回拨记录。")
    return found


async def tries_of(
    session: AsyncSession, callbacks: Collection[int]
) -> dict[int, list[SeatCallbackTry]]:
    """Every try of these entries, oldest first."""
    rows = await session.scalars(
        select(SeatCallbackTry)
        .where(SeatCallbackTry.callback_id.in_(callbacks))
        .order_by(SeatCallbackTry.id)
    )
    found: dict[int, list[SeatCallbackTry]] = {one: [] for one in callbacks}
    for row in rows:
        found[row.callback_id].append(row)
    return found


async def take(session: AsyncSession, callback_id: int, login: str) -> None:
    """The seat calls: exactly one gets it. Raises NotFound or Conflict."""
    entry = await find(session, callback_id)
    if entry.state == "done":
        raise Conflict("这条已经办结。")
    if entry.state == "taken" and entry.taken_by != login:
        raise Conflict("这条已由其他座席领取。")
    entry.state, entry.taken_by, entry.taken_at = "taken", login, now()


async def note_try(
    session: AsyncSession, callback_id: int, login: str, result: str, note: str
) -> None:
    """What came of a call. Reached, or answered in writing: done. Otherwise it waits again, until
    the seat closes it. Raises NotFound, Conflict, or InvalidInput for an unknown result."""
    if result not in RESULTS:
        raise InvalidInput("请选择通话结果", fields={"result": "请选择"})
    entry = await _mine(session, callback_id, login)
    tries = await tries_of(session, [entry.id])
    session.add(
        SeatCallbackTry(
            callback_id=entry.id,
            by=login,
            result=result,
            note=note[:500],
            number=len(tries[entry.id]) + 1,
        )
    )
    if result in ("reached", "written"):
        _close(entry, login)
    else:
        entry.state, entry.taken_by, entry.taken_at = "waiting", None, None
        entry.not_before = now() + TRY_AGAIN


async def close(session: AsyncSession, callback_id: int, login: str, note: str) -> None:
    """A person gives up calling, and says why. Raises NotFound, Conflict or InvalidInput."""
    if not note:
        raise InvalidInput("请写明不再回拨的原因", fields={"note": "请填写"})
    entry = await _mine(session, callback_id, login)
    tries = await tries_of(session, [entry.id])
    session.add(
        SeatCallbackTry(
            callback_id=entry.id,
            by=login,
            result="closed",
            note=note[:500],
            number=len(tries[entry.id]) + 1,
        )
    )
    _close(entry, login)


async def _mine(session: AsyncSession, callback_id: int, login: str) -> SeatCallback:
    entry = await find(session, callback_id)
    if entry.state != "taken" or entry.taken_by != login:
        raise Conflict("请先领取这条回拨。")
    return entry


def _close(entry: SeatCallback, login: str) -> None:
    entry.state, entry.closed_by, entry.closed_at = "done", login, now()
