"""Background work of the seats: who left while waiting, and places in the queue told anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from bot.seats.leaving import has_left, hung_up, left_alone
from bot.seats.queueing import position_text
from bot.seats.repository import SeatRepository
from core.database import now
from core.jobs import jobs
from core.outbox import delivery
from core.replies import say

# A waiting page that has been closed for so long counts as gone.
LEFT_AFTER = timedelta(minutes=5)
# Of an emergency sooner: somebody has to ring, whether or not the page opens again.
LEFT_IN_DANGER_AFTER = timedelta(seconds=90)
_MOST_TOLD = 500


@jobs.periodic(cron="* * * * *")
@jobs.task(name="tend_queue", queueing_lock="tend_queue")
async def tend_queue(timestamp: int) -> None:
    """Every minute: list who left while waiting, and tell the others where they stand."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    async with delivery.database.unit_of_work() as session:
        await list_left(session, now())
    async with delivery.database.unit_of_work() as session:
        await tell_positions(session)


async def list_left(session: AsyncSession, at: datetime) -> int:
    """Put whoever left the page or hung up while waiting on the list of callbacks; returns how many.

    An emergency is the first on it, and its alarm rings on until a seat answers.
    """
    gone = await left_alone(session, at - LEFT_AFTER, at - LEFT_IN_DANGER_AFTER)
    for conversation in gone:
        await has_left(session, conversation, "left")
    ended = await hung_up(session)
    for conversation in ended:
        await has_left(session, conversation, "missed_call")
    return len(gone) + len(ended)


async def tell_positions(session: AsyncSession) -> int:
    """Tell whoever waits at a page that the queue has moved; returns how many were told."""
    queue = SeatRepository(session)
    waiting, _ = await queue.waiting(None, limit=_MOST_TOLD)
    told = 0
    for conversation in waiting:
        if conversation.channel != "web" or conversation.priority == 0:
            continue
        ahead, before = await queue.ahead_of(conversation), conversation.context.get("ahead")
        if ahead == before:
            continue
        conversation.context = {**conversation.context, "ahead": ahead}
        if before is not None:
            line = say(f"排队有进展：{position_text(ahead)}。")
            await repository.append(session, conversation.id, "system", [line])
            told += 1
    return told
