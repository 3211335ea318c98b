"""Lock a subject for a while after too many wrong guesses."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import now
from core.errors import TooManyTries
from core.models import FailedTry

MAX_TRIES = 5
WINDOW = timedelta(minutes=15)


async def check_not_locked(session: AsyncSession, subject: str) -> None:
    """Raises TooManyTries when ``subject`` failed five times within the last 15 minutes.

    Takes a lock on the subject until the transaction ends, so guesses cannot race past the count.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(subject, 0))))
    count = await session.scalar(
        select(func.count())
        .select_from(FailedTry)
        .where(FailedTry.subject == subject, FailedTry.at > now() - WINDOW)
    )
    if (count or 0) >= MAX_TRIES:
        minutes = int(WINDOW.total_seconds() // 60)
        raise TooManyTries(f"输错次数过多，请 {minutes} 分钟后再试")


async def record_failure(session: AsyncSession, subject: str) -> None:
    """Count one wrong guess (takes effect when the transaction commits)."""
    session.add(FailedTry(subject=subject))


async def forget_failures(session: AsyncSession, subject: str) -> None:
    """Start counting anew after a right guess."""
    await session.execute(delete(FailedTry).where(FailedTry.subject == subject))
