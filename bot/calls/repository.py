"""All SQL of calls."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls.models import Call, CallRecording
from core.database import now
from core.privacy import decrypt, encrypt

ENDED = "ended"


def number_of(call: Call) -> str | None:
    """The caller's number as it is dialled here; None when it was withheld."""
    return decrypt(call.caller) if call.caller else None


async def find(
    session: AsyncSession, carrier: str, call_id: str, *, lock: bool = False
) -> Call | None:
    """The call that the exchange names so, its row locked when ``lock``."""
    query = select(Call).where(Call.carrier == carrier, Call.call_id == call_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def in_room(session: AsyncSession, carrier: str, room: str) -> Call | None:
    """The call that was put into ``room`` last, its row locked."""
    query = select(Call).where(Call.carrier == carrier, Call.room == room)
    return (await session.scalars(query.with_for_update())).one_or_none()


async def store(session: AsyncSession, call: Call) -> Call:
    """Store a new call once; returns the one that is stored."""
    values = {
        "carrier": call.carrier,
        "call_id": call.call_id,
        "conversation_id": call.conversation_id,
        "caller": call.caller,
        "caller_hash": call.caller_hash,
        "verified": call.verified,
        "memory": call.memory,
        "answer": call.answer,
        "started_at": now(),
        "state": "assistant",
        "step": 1,
    }
    await session.execute(
        insert(Call).values(values).on_conflict_do_nothing(index_elements=["carrier", "call_id"])
    )
    stored = await find(session, call.carrier, call.call_id)
    assert stored is not None
    return stored


async def of_conversation(session: AsyncSession, conversation_id: uuid.UUID) -> Call | None:
    """The newest call of a conversation."""
    query = select(Call).where(Call.conversation_id == conversation_id)
    return (await session.scalars(query.order_by(Call.id.desc()).limit(1))).one_or_none()


async def going_on(session: AsyncSession, limit: int = 200) -> list[Call]:
    """Calls that have not ended, the longest first."""
    query = select(Call).where(Call.ended_at.is_(None)).order_by(Call.started_at).limit(limit)
    return list(await session.scalars(query))


async def missed(session: AsyncSession, limit: int = 200) -> list[Call]:
    """Calls to be returned: hung up while waiting, or asked for; the oldest first."""
    query = (
        select(Call)
        .where(
            Call.called_back_at.is_(None),
            or_(Call.missed_at.is_not(None), Call.callback_wanted_at.is_not(None)),
        )
        .order_by(Call.id)
        .limit(limit)
    )
    return list(await session.scalars(query))


async def dropped_before(
    session: AsyncSession, caller_hash: str, within: timedelta, at: datetime
) -> Call | None:
    """The last call of a verified number, if it ended within the time given before ``at``."""
    query = (
        select(Call)
        .where(Call.caller_hash == caller_hash, Call.verified, Call.ended_at > at - within)
        .order_by(Call.ended_at.desc())
        .limit(1)
    )
    return (await session.scalars(query)).one_or_none()


async def store_recording(
    session: AsyncSession, call: Call, provider_id: str, address: str, seconds: int
) -> None:
    """Keep where a recording lies; told twice, kept once."""
    await session.execute(
        insert(CallRecording)
        .values(
            provider_id=provider_id,
            call=call.id,
            address=encrypt(address),
            seconds=seconds,
            at=now(),
        )
        .on_conflict_do_nothing(index_elements=["provider_id"])
    )


async def recordings(session: AsyncSession, call: int) -> list[CallRecording]:
    """The recordings of a call, oldest first."""
    query = select(CallRecording).where(CallRecording.call == call).order_by(CallRecording.at)
    return list(await session.scalars(query))
