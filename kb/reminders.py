"""What owners must look after: entries that end soon, and answers given from one that was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound
from core.identity import Actor
from kb.feedback import units_seen
from kb.models import GivenAnswer
from kb.repository import KnowledgeRepository
from kb.schemas import NoticeRecord, PolicyRecord

# Days before its end on which an entry is listed to its owner [D].
AHEAD = 30


@dataclass(frozen=True)
class Ending:
    """A published entry and the last day on which it holds."""

    code: str
    name: str
    unit: str
    last_day: date


async def ending_soon(
    session: AsyncSession, actor: Actor, today: date, days: int = AHEAD
) -> list[Ending]:
    """Published entries the actor may see that end within ``days``, the soonest first.

    Notices are meant to end and are left out; of policies the day counts on which they lapse.
    """
    units = units_seen(actor)
    endings = []
    for record in await KnowledgeRepository(session).published():
        if isinstance(record, NoticeRecord) or (units is not None and record.unit not in units):
            continue
        last = record.ends_on if isinstance(record, PolicyRecord) else record.valid_to
        if last is not None and today <= last <= today + timedelta(days=days):
            endings.append(Ending(record.code, record.name, record.unit, last))
    return sorted(endings, key=lambda ending: (ending.last_day, ending.code))


async def answers_given(
    session: AsyncSession, actor: Actor, code: str, *, limit: int = 50, offset: int = 0
) -> tuple[Sequence[GivenAnswer], int]:
    """Answers given from an entry, newest first, and how many there are.

    Raises NotFound, also for another unit's entry.
    """
    units = units_seen(actor)
    row = await KnowledgeRepository(session).entry(code)
    if row is None or (units is not None and row.unit not in units):
        raise NotFound("没有这个条目")
    total = await session.scalar(select(func.count()).where(GivenAnswer.code == code))
    query = select(GivenAnswer).where(GivenAnswer.code == code)
    query = query.order_by(GivenAnswer.at.desc(), GivenAnswer.id.desc())
    return (await session.scalars(query.limit(limit).offset(offset))).all(), total or 0
