"""What owners must look after: entries that end soon, and answers given from one that was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound
from core.identity import Actor
from kb.desk_repository import AnswersWanted, DeskRepository
from kb.models import Entry, GivenAnswer
from kb.permissions import units_seen
from kb.states import AHEAD


async def ending_soon(
    session: AsyncSession, actor: Actor, today: date, days: int = AHEAD
) -> Sequence[Entry]:
    """Published entries the actor may see that end within ``days``, the soonest first.

    Notices are meant to end and are left out; of policies the day counts on which they lapse.
    """
    return await DeskRepository(session, units_seen(actor)).ending(today, days)


async def answers_given(
    session: AsyncSession,
    actor: Actor,
    code: str,
    wanted: AnswersWanted = AnswersWanted(),  # noqa: B008  (frozen)
    *,
    limit: int = 50,
    offset: int = 0,
) -> tuple[Sequence[GivenAnswer], int]:
    """Answers given from an entry, newest first, and how many there are.

    Raises NotFound, also for another unit's entry.
    """
    repository = DeskRepository(session, units_seen(actor))
    if await repository.entry(code) is None:
        raise NotFound("没有这个条目")
    total = await repository.answer_count(code, wanted)
    return await repository.answers(code, wanted, limit=limit, offset=offset), total
