"""The outbox to citizens: what is told later has a delivery. Nothing here commits.

Sending is background work (`notices.tasks`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from core.database import now
from core.errors import Conflict, NotFound
from core.jobs import defer_at
from core.replies import Reply
from notices import repository, tasks
from notices.listing import may_repeat
from notices.messages import Message, address_hash, reply_of, row
from notices.vocabulary import Kind, State

# So long the answer to a turn waits for the door to take it along in its own response.
PASSIVE = timedelta(seconds=6)
# A receipt may overtake the note of what was sent.
OVERTAKEN = timedelta(seconds=15)


async def enqueue(session: AsyncSession, message: Message) -> int | None:
    """Store a message and queue its sending in this transaction; None when the key is known."""
    added = await repository.add(session, [row(message)])
    if not added:
        return None
    await defer_at(session, tasks.send_delivery, message.not_before, delivery_id=added[0])
    return added[0]


async def enqueue_lines(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    channel: str,
    address: str,
    lines: list[tuple[int, Reply]],
    *,
    answers_turn: bool,
) -> None:
    """Store lines of a transcript (``(message id, reply)``) to be sent to the citizen.

    Lines that answer a turn become due six seconds later, so that the door can take them along
    in its response (`claim_lines`); others are due at once.
    """
    not_before = now() + PASSIVE if answers_turn else None
    rows = [
        row(
            Message(
                key=f"line:{message_id}",
                channel=channel,
                address=address,
                kind=Kind.LINE,
                reply=reply,
                conversation_id=conversation_id,
                message_id=message_id,
                not_before=not_before,
            )
        )
        for message_id, reply in lines
    ]
    if await repository.add(session, rows):
        await tasks.send_lines_at(session, conversation_id, not_before)


async def claim_lines(session: AsyncSession, conversation_id: uuid.UUID) -> list[Reply]:
    """The lines of a conversation that wait to be sent, due or not, oldest first.

    They count as sent by the caller, who commits before it answers the platform with them.
    """
    taken = await repository.claim_lines(session, conversation_id)
    for one in taken:
        one.state, one.sent_at = State.SENT, now()
    return [reply_of(one) for one in taken]


@dataclass(frozen=True)
class Told:
    """A message that was sent, and the conversation that it belongs to."""

    conversation_id: uuid.UUID | None
    reply: Reply


async def send_again(session: AsyncSession, delivery_id: int) -> None:
    """Send once more what failed, or of which nobody knows, because a person says so.

    Raises NotFound, or Conflict when it is not to be repeated (any more).
    """
    one = await repository.find(session, delivery_id, lock=True)
    if one is None:
        raise NotFound("没有这条通知")
    if not may_repeat(one):
        raise Conflict("这条通知现在不能重发，请刷新后再看")
    one.state, one.error, one.provider_id = State.QUEUED, None, None
    one.attempts, one.not_before = 0, now()
    await tasks.queue_sending(session, one)


async def told(session: AsyncSession, channel: str, address: str, since: datetime) -> list[Told]:
    """What a citizen was sent ``since``, oldest first: what a digit that comes back may mean."""
    found = await repository.told(session, address_hash(channel, address), since)
    return [Told(one.conversation_id, reply_of(one)) for one in found]


async def reachable_again(session: AsyncSession, channel: str, address: str) -> None:
    """A citizen whom the platform kept us from writing to has written: what was put off is sent.

    Lines wait the little while in which the door may take them along (`claim_lines`).
    """
    for one in await repository.put_off(session, address_hash(channel, address)):
        one.not_before = now() + (PASSIVE if one.kind == Kind.LINE else timedelta(0))
        await tasks.queue_sending(session, one)


async def choose_sms(session: AsyncSession, case_id: int, allowed: bool) -> None:
    """Whether the citizen wants text messages about a case; the last word counts."""
    await repository.choose_sms(session, case_id, allowed)


async def receipt(
    session: AsyncSession, channel: str, provider_id: str, state: State, error: str | None = None
) -> None:
    """Note what the platform says became of a message: `State.RECEIVED` or `State.FAILED`.

    Receipts may come twice, out of order, or before the sending is noted; one of a message that
    is not ours changes nothing.
    """
    if not await repository.note_receipt(session, channel, provider_id, state, error):
        await defer_at(
            session,
            tasks.note_late_receipt,
            now() + OVERTAKEN,
            channel=channel,
            provider_id=provider_id,
            state=state,
            error=error,
        )
