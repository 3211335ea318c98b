"""The working-day calendar as staff keep it in the database."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.calendar import WorkCalendar
from core.models import CalendarDay, CalendarYear


async def load_calendar(session: AsyncSession) -> WorkCalendar:
    """All exceptions and announced years; a few dozen rows a year."""
    days = await session.execute(select(CalendarDay.day, CalendarDay.working))
    years = await session.scalars(select(CalendarYear.year).where(CalendarYear.announced))
    return WorkCalendar(dict(days.tuples().all()), frozenset(years))
