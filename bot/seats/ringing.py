"""Alarms: raised once a kind and talk, ring until a seat answers, climb to the supervisors, are closed
by a person."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.seats.models import Alarm
from bot.seats.repository import SeatRepository
from core.database import now
from core.errors import InvalidInput, NotFound
from core.identity import Role
from core.privacy import decrypt, encrypt
from intake.emergencies import Emergency

_MOST_WORDS = 4000


async def ring(
    session: AsyncSession, conversation_id: uuid.UUID, words: str, found: Emergency
) -> None:
    """Raise an alarm; what is said of the same danger again is added to the one that is open."""
    for alarm in await SeatRepository(session).alarms_of(conversation_id):
        if alarm.kind == found.kind:
            alarm.words = encrypt(f"{decrypt(alarm.words)}\n{words}"[-_MOST_WORDS:])
            return
    session.add(
        Alarm(
            conversation_id=conversation_id,
            kind=found.kind,
            number=found.number,
            hazard=found.hazard,
            words=encrypt(words[:_MOST_WORDS]),
        )
    )
    await session.flush()


def rings_for(
    role: Role, raised_at: datetime, taken: bool, at: datetime, climbs_after: timedelta
) -> bool:
    """Whether an alarm rings at the desk of ``role`` at ``at``: seats at once, supervisors when no
    seat has answered within ``climbs_after``."""
    if taken:
        return False
    if role is Role.SEAT:
        return True
    return role is Role.SUPERVISOR and at - raised_at >= climbs_after


async def close(session: AsyncSession, alarm_id: int, login: str, note: str) -> uuid.UUID:
    """Settle an alarm with what came of it; closing it answers it as well. Returns its talk.

    Raises NotFound or InvalidInput; a closed one keeps its first note.
    """
    if not note:
        raise InvalidInput("请写明处置情况", fields={"note": "请填写"})
    alarm = await SeatRepository(session).alarm(alarm_id)
    if alarm is None:
        raise NotFound("没有找到这条告警。")
    if alarm.closed_at is None:
        at = now()
        if alarm.taken_at is None:
            alarm.taken_by, alarm.taken_at = login, at
        alarm.closed_by, alarm.closed_at, alarm.note = login, at, note[:500]
    return alarm.conversation_id
