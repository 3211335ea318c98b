"""The city's own ready answers into their table, while there are none."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.seats.models import ReadyAnswer
from bot.seats.plan import load_plan


async def load_ready_answers(session: AsyncSession) -> None:
    """Afterwards they belong to the staff who edit them."""
    if await session.scalar(select(func.count()).select_from(ReadyAnswer)):
        return
    for title, text in load_plan().answers:
        session.add(ReadyAnswer(title=title, text=text, by="city"))
