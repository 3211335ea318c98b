"""All SQL of deliveries."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case
from core.database import now
from notices.models import Delivery, SmsChoice
from notices.vocabulary import WAITING, Kind, State

# A message is sent in seconds; whoever has not noted it by now has died.
SENDING = timedelta(minutes=3)
_SENT_AT = func.coalesce(Delivery.sent_at, Delivery.claimed_at)


async def add(session: AsyncSession, rows: list[dict[str, Any]]) -> list[int]:
    """Insert deliveries; those whose key is known are left alone. Returns the new ids."""
    added = await session.scalars(
        insert(Delivery)
        .values(rows)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Delivery.id)
    )
    return list(added)


async def claim(session: AsyncSession, delivery_id: int) -> list[Delivery]:
    """Take one delivery to send it, if it is due and nobody else has."""
    return await _take(session, Delivery.id == delivery_id, Delivery.not_before <= now())


async def claim_due_lines(session: AsyncSession, conversation_id: uuid.UUID) -> list[Delivery]:
    """Take the lines of a conversation up to the last one that is due, oldest first.

    Nothing while a line that the platform put off waits: lines keep their order.
    """
    waiting = await session.execute(
        select(Delivery.id, Delivery.not_before, Delivery.attempts).where(
            *_lines_waiting(conversation_id)
        )
    )
    at, rows = now(), waiting.all()
    if any(attempts and not_before > at for _, not_before, attempts in rows):
        return []
    due = [delivery_id for delivery_id, not_before, _ in rows if not_before <= at]
    if not due:
        return []
    return await _take(session, Delivery.id <= max(due), *_lines_waiting(conversation_id))


async def claim_lines(session: AsyncSession, conversation_id: uuid.UUID) -> list[Delivery]:
    """Take every waiting line of a conversation, due or not, oldest first."""
    return await _take(session, *_lines_waiting(conversation_id))


def _lines_waiting(conversation_id: uuid.UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        Delivery.conversation_id == conversation_id,
        Delivery.kind == Kind.LINE,
        Delivery.state.in_(WAITING),
    )


def _told(address_hash: str, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Delivery.address_hash == address_hash,
        Delivery.state.not_in((*WAITING, State.FAILED)),
        since <= _SENT_AT,
    )


def told_conversations(address_hash: str, since: datetime) -> Select[uuid.UUID | None]:
    """Ids of the conversations in which an address was sent something ``since``, as a query."""
    return select(Delivery.conversation_id).where(
        Delivery.conversation_id.is_not(None), *_told(address_hash, since)
    )


async def told(session: AsyncSession, address_hash: str, since: datetime) -> list[Delivery]:
    """What was sent to an address ``since``, oldest first, ten at most."""
    found = await session.scalars(
        select(Delivery)
        .where(*_told(address_hash, since))
        .order_by(_SENT_AT.desc(), Delivery.id.desc())
        .limit(10)
    )
    return list(found)[::-1]


async def asked_since(session: AsyncSession, address_hash: str, since: datetime) -> bool:
    """Whether an address was asked to rate a service ``since``, or is to be."""
    asked = select(Delivery.id).where(
        Delivery.address_hash == address_hash,
        Delivery.about.startswith("record:"),
        Delivery.created_at >= since,
    )
    return await session.scalar(asked.limit(1)) is not None


async def put_off(session: AsyncSession, address_hash: str) -> list[Delivery]:
    """What was tried at an address and waits for another attempt, locked."""
    found = await session.scalars(
        select(Delivery)
        .where(
            Delivery.address_hash == address_hash,
            Delivery.state == State.QUEUED,
            Delivery.attempts > 0,
            Delivery.not_before > now(),
        )
        .with_for_update(skip_locked=True)
    )
    return list(found)


async def _take(session: AsyncSession, *conditions: ColumnElement[bool]) -> list[Delivery]:
    found = await session.scalars(
        select(Delivery)
        .where(Delivery.state.in_(WAITING), *conditions)
        .order_by(Delivery.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    taken = list(found)
    for one in taken:
        one.state, one.claimed_at, one.attempts = State.SENDING, now(), one.attempts + 1
    return taken


async def being_sent(session: AsyncSession, ids: Sequence[int]) -> list[Delivery]:
    """Those of ``ids`` that are still being sent, locked."""
    found = await session.scalars(
        select(Delivery)
        .where(Delivery.id.in_(ids), Delivery.state == State.SENDING)
        .order_by(Delivery.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(found)


async def give_up_unnoted(session: AsyncSession, at: datetime) -> int:
    """What was being sent when a process died becomes ``unknown``; returns how many."""
    given_up = await session.scalars(
        update(Delivery)
        .where(Delivery.state == State.SENDING, Delivery.claimed_at < at - SENDING)
        .values(state=State.UNKNOWN, error="发送途中程序中断，不知是否送达")
        .returning(Delivery.id)
    )
    return len(given_up.all())


async def due(session: AsyncSession, before: datetime, limit: int = 500) -> list[Delivery]:
    """Waiting deliveries due ``before`` a moment, longest first."""
    found = await session.scalars(
        select(Delivery)
        .where(Delivery.state.in_(WAITING), Delivery.not_before < before)
        .order_by(Delivery.not_before)
        .limit(limit)
    )
    return list(found)


async def note_receipt(
    session: AsyncSession, channel: str, provider_id: str, state: State, error: str | None
) -> bool:
    """Whether a message of that name is known; its state is then the platform's.

    Several lines may be one message; what has arrived stays so.
    """
    found = await session.scalars(
        select(Delivery)
        .where(Delivery.channel == channel, Delivery.provider_id == provider_id)
        .with_for_update()
    )
    known = list(found)
    for one in known:
        if one.state == State.RECEIVED:
            continue
        one.state, one.error = state, (error or "")[:300] or None
        if state is State.RECEIVED:
            one.received_at = now()
    return bool(known)


async def find(session: AsyncSession, delivery_id: int, *, lock: bool = False) -> Delivery | None:
    """One delivery, its row locked when ``lock``."""
    return await session.get(Delivery, delivery_id, with_for_update=lock or None)


async def choose_sms(session: AsyncSession, case_id: int, allowed: bool) -> None:
    """Whether there are to be text messages about a case; the last word counts."""
    values = {"case_id": case_id, "allowed": allowed, "at": now()}
    await session.execute(
        insert(SmsChoice)
        .values(values)
        .on_conflict_do_update(index_elements=["case_id"], set_=values)
    )


async def sms_choice(session: AsyncSession, case_id: int) -> bool | None:
    """What was said about text messages for a case; None when nothing was."""
    choice = await session.get(SmsChoice, case_id)
    return choice.allowed if choice else None


async def case_number(session: AsyncSession, case_id: int | None) -> str | None:
    """Number of the case that a delivery is about."""
    if case_id is None:
        return None
    number: str | None = await session.scalar(select(Case.number).where(Case.id == case_id))
    return number
