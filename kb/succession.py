"""What a merger of units (机构合并) means for service items: the successor offers them."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kb.loading import fingerprint
from kb.models import Item
from kb.repository import ItemRepository, to_record
from kb.schemas import ItemContent, Status
from units.models import Unit


async def count(session: AsyncSession, unit: str) -> int:
    """How many published items a unit offers."""
    query = select(func.count()).select_from(Item)
    return await session.scalar(query.where(Item.unit == unit, Item.status == "published")) or 0


async def follow(session: AsyncSession, old: str, new: str) -> int:
    """Give every item of ``old`` to ``new``, published ones in a new version; returns how many.

    Windows and phone numbers stay as they are: whether they move with the merger, the editors of
    the knowledge base must find out.
    """
    repository = ItemRepository(session)
    await repository.lock()
    successor = await session.get_one(Unit, new)
    moved = [row for row in await repository.rows() if row.unit == old]
    for row in moved:
        row.unit = new
        if row.status == Status.PUBLISHED:
            record = to_record(row, successor.name, successor.phone).model_dump()
            content = {name: record[name] for name in ItemContent.model_fields}
            row.version += 1
            row.fingerprint = fingerprint(ItemContent.model_validate(content))
    await session.flush()
    if moved:
        await repository.announce()
    return len(moved)
