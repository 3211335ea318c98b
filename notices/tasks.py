"""Background work of deliveries: each is claimed (commit), sent, and noted (commit).

A job may run twice or die anywhere: only what waits is claimed, and what was being sent when a
process died is given up as unknown, never sent again by itself.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database, now
from core.jobs import defer_at, jobs
from core.outbox import delivery, publish
from core.privacy import decrypt
from notices import repository
from notices.channels import Outgoing, Refused, TryLater, sender
from notices.messages import merged, reply_of
from notices.models import Delivery
from notices.vocabulary import Kind, State

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 8
# Between two attempts: half a minute, doubled each time, an hour at most.
BACKOFF = timedelta(seconds=30)
LONGEST = timedelta(hours=1)
# Topic of the outbox: a platform will never take a notice; payload {delivery_id}.
NOTICE_REFUSED = "notice_refused"
# Whatever is due so long has lost its job.
OVERDUE = timedelta(minutes=5)


@jobs.task(name="send_delivery", queue="deliveries")
async def send_delivery(delivery_id: int) -> None:
    """Send one message, if it is due and nobody else has."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    async with delivery.database.unit_of_work() as session:
        taken = await repository.claim(session, delivery_id)
    await _send(delivery.database, taken)


@jobs.task(name="send_lines", queue="deliveries")
async def send_lines(conversation_id: str) -> None:
    """Send the due lines of a conversation as one message."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    async with delivery.database.unit_of_work() as session:
        taken = await repository.claim_due_lines(session, uuid.UUID(conversation_id))
    await _send(delivery.database, taken)


@jobs.task(name="note_late_receipt", queue="deliveries")
async def note_late_receipt(channel: str, provider_id: str, state: str, error: str | None) -> None:
    """Note a receipt that came before its message was noted as sent."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    async with delivery.database.unit_of_work() as session:
        await repository.note_receipt(session, channel, provider_id, State(state), error)


@jobs.periodic(cron="* * * * *")
@jobs.task(name="look_after_deliveries", queueing_lock="look_after_deliveries")
async def look_after_deliveries(timestamp: int) -> None:
    """Every minute: give up what died while being sent, queue anew what has lost its job."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    async with delivery.database.unit_of_work() as session:
        await look_after(session, now())


async def look_after(session: AsyncSession, at: datetime) -> None:
    """The same for one transaction."""
    given_up = await repository.give_up_unnoted(session, at)
    if given_up:
        log.warning("deliveries_unknown", count=given_up)
    for one in await repository.due(session, at - OVERDUE):
        await queue_sending(session, one)


async def queue_sending(session: AsyncSession, one: Delivery) -> None:
    """Queue the job that sends a waiting delivery once it is due."""
    if one.kind == Kind.LINE and one.conversation_id is not None:
        await send_lines_at(session, one.conversation_id, one.not_before)
    else:
        await defer_at(session, send_delivery, one.not_before, delivery_id=one.id)


async def send_lines_at(
    session: AsyncSession, conversation_id: uuid.UUID, not_before: datetime | None
) -> None:
    """Queue the job that sends the due lines of a conversation."""
    await defer_at(
        session,
        send_lines,
        not_before,
        one_at_a_time=f"lines:{conversation_id}",
        conversation_id=str(conversation_id),
    )


async def _send(database: Database, taken: list[Delivery]) -> None:
    """Send what was claimed together, and note what came of it."""
    if not taken:
        return
    async with database.unit_of_work() as session:
        message = await _outgoing(session, taken)
    channel = sender(message.channel)
    state, provider_id, error, later = State.SENT, None, None, None
    try:
        if channel is None:
            raise TryLater("这个渠道没有接通")
        provider_id = await channel.send(message)
    except Refused as refused:
        state, error = State.FAILED, str(refused)
    except TryLater as put_off:
        state, error, later = State.QUEUED, str(put_off), put_off.retry_after
    except Exception as problem:
        # It may have been sent or not; a person decides whether it is sent again.
        log.error("delivery_unknown", exc_info=problem)
        state, error = State.UNKNOWN, f"发送时出错（{type(problem).__name__}），不知是否送达"
    async with database.unit_of_work() as session:
        rows = await repository.being_sent(session, [one.id for one in taken])
        if state is State.QUEUED:
            await _put_off(session, rows, error or "", later)
        else:
            _note(rows, state, provider_id, error)
        if state is State.FAILED:
            await _publish_refusal(session, rows)


async def _publish_refusal(session: AsyncSession, rows: list[Delivery]) -> None:
    for one in rows:
        if one.case_id is not None or one.about is not None:
            key = f"{NOTICE_REFUSED}:{one.id}"
            await publish(session, NOTICE_REFUSED, key, {"delivery_id": one.id})


async def _outgoing(session: AsyncSession, taken: list[Delivery]) -> Outgoing:
    last = taken[-1]
    reply = merged([reply_of(one) for one in taken])
    return Outgoing(
        delivery_id=last.id,
        channel=last.channel,
        address=decrypt(last.address),
        kind=last.kind,
        text=reply.text,
        choices=reply.choices,
        card=reply.card,
        case_number=await repository.case_number(session, last.case_id),
    )


def _note(rows: list[Delivery], state: State, provider_id: str | None, error: str | None) -> None:
    for one in rows:
        one.state, one.provider_id, one.error = state, provider_id, (error or "")[:300] or None
        if state is State.SENT:
            one.sent_at = now()


async def _put_off(
    session: AsyncSession, rows: list[Delivery], reason: str, seconds: float | None
) -> None:
    """Try again later, or give up after the last attempt."""
    if not rows:
        return
    attempts = max(one.attempts for one in rows)
    if attempts >= MAX_ATTEMPTS:
        _note(rows, State.FAILED, None, f"试了 {attempts} 次没有发出：{reason}")
        return
    wait = min(BACKOFF * 2 ** (attempts - 1), LONGEST)
    if seconds is not None:
        wait = timedelta(seconds=seconds)
    not_before = now() + wait
    for one in rows:
        one.state, one.not_before, one.error = State.QUEUED, not_before, reason[:300]
    await queue_sending(session, rows[0])
