"""Citizens say that more was asked of them than a guide says (tags 108, 109): a task of its unit.

One open task an item; it is written anew while the reviews go on. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.calendar import add_working_days
from core.calendar_store import load_calendar
from core.errors import Conflict, InvalidInput, NotFound
from core.identity import Actor
from core.privacy import mask_text
from kb.feedback import LOOKED_AT_WITHIN, Outcome
from kb.models import Entry, GuideComplaint
from kb.permissions import units_seen


@dataclass(frozen=True)
class Complained:
    """What reviews say of the guide of one item since it was last looked at; ``samples`` are words
    of some, without who said them."""

    code: str
    count: int
    first_on: date
    last_on: date
    samples: list[str]


async def report(session: AsyncSession, found: Complained, now: datetime) -> bool:
    """Open the task of an item, or bring the open one up to date. False for an unknown item."""
    entry = await session.get(Entry, found.code, with_for_update=True)
    if entry is None:
        return False
    task = await session.scalar(
        select(GuideComplaint).where(
            GuideComplaint.code == found.code, GuideComplaint.state == "open"
        )
    )
    if task is None:
        calendar = await load_calendar(session)
        task = GuideComplaint(
            code=found.code,
            at=now,
            due_at=add_working_days(calendar, now, LOOKED_AT_WITHIN).at,
            state="open",
        )
        session.add(task)
    task.unit, task.count = entry.unit, found.count
    task.first_on, task.last_on = found.first_on, found.last_on
    task.samples = [mask_text(words) for words in found.samples]
    await session.flush()
    return True


async def last_settled(session: AsyncSession) -> dict[str, datetime]:
    """When the task of each item was last closed: what was said before is dealt with."""
    rows = await session.execute(
        select(GuideComplaint.code, func.max(GuideComplaint.done_at))
        .where(GuideComplaint.state == "done")
        .group_by(GuideComplaint.code)
    )
    return {code: at for code, at in rows.tuples() if at is not None}


async def complaints(
    session: AsyncSession, actor: Actor, state: str, limit: int, offset: int = 0
) -> Sequence[tuple[GuideComplaint, str]]:
    """Tasks of the actor's units with the name of the item: open ones the most pressing first, done
    ones the newest first. Raises NotAllowed."""
    order = GuideComplaint.done_at.desc() if state == "done" else GuideComplaint.due_at
    query = (
        select(GuideComplaint, Entry.name)
        .join(Entry, Entry.code == GuideComplaint.code)
        .where(*_seen(units_seen(actor)), GuideComplaint.state == state)
        .order_by(order, GuideComplaint.id)
    )
    return (await session.execute(query.limit(limit).offset(offset))).tuples().all()


async def count_complaints(
    session: AsyncSession, actor: Actor, state: str, due_before: datetime | None = None
) -> int:
    """How many these are, of those due before a moment if given."""
    query = select(func.count()).select_from(GuideComplaint)
    query = query.where(*_seen(units_seen(actor)), GuideComplaint.state == state)
    if due_before is not None:
        query = query.where(GuideComplaint.due_at < due_before)
    return await session.scalar(query) or 0


async def settle_complaint(
    session: AsyncSession, actor: Actor, task_id: int, outcome: str, note: str, now: datetime
) -> GuideComplaint:
    """Close a task with what looking at the guide came to.

    Raises NotAllowed, NotFound (also for another unit's), Conflict when it is done, InvalidInput
    for an unknown outcome or when nothing changes and nobody says why.
    """
    seen = _seen(units_seen(actor))
    task = await session.scalar(
        select(GuideComplaint).where(GuideComplaint.id == task_id, *seen).with_for_update()
    )
    if task is None:
        raise NotFound("没有这条任务")
    if task.state != "open":
        raise Conflict("这条任务已经处理")
    if outcome not in set(Outcome):
        raise InvalidInput("请选择处理结果", fields={"outcome": "请选择处理结果"})
    if outcome == Outcome.NO_CHANGE and not note.strip():
        raise InvalidInput("请写明不改的理由", fields={"note": "请写明不改的理由"})
    task.state, task.outcome, task.note = "done", outcome, note.strip()
    task.handled_by, task.done_at = actor.login, now
    return task


def _seen(units: Collection[str] | None) -> list[ColumnElement[bool]]:
    return [] if units is None else [GuideComplaint.unit.in_(units)]
