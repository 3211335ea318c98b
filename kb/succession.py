"""What a merger of units (机构合并) means for the knowledge base: the successor answers for it."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kb.loading import fingerprint
from kb.models import Entry, EntryDraft
from kb.repository import KnowledgeRepository, content_of
from kb.schemas import Status

BY_MERGER = "merger"
_OPEN_DRAFTS = ("draft", "submitted", "approved")


async def count(session: AsyncSession, unit: str) -> int:
    """How many published entries a unit answers for."""
    query = select(func.count()).select_from(Entry)
    return await session.scalar(query.where(Entry.unit == unit, Entry.status == "published")) or 0


async def follow(session: AsyncSession, old: str, new: str) -> int:
    """Give every entry of ``old`` to ``new``, published ones in a new version; returns how many.

    Windows and phone numbers stay as they are: whether they move with the merger, the editors of
    the knowledge base must find out. Drafts follow.
    """
    repository = KnowledgeRepository(session)
    await repository.lock()
    moved = [row for row in await repository.entries() if row.unit == old]
    for row in moved:
        content = content_of(row).model_copy(update={"unit": new})
        if row.status == Status.PUBLISHED:
            await repository.store(
                content,
                Status.PUBLISHED,
                row.version + 1,
                fingerprint=fingerprint(content),
                author=BY_MERGER,
                reason="机构合并",
            )
        row.unit = new
    drafts = select(EntryDraft).where(EntryDraft.unit == old, EntryDraft.state.in_(_OPEN_DRAFTS))
    for draft in await session.scalars(drafts):
        draft.unit, draft.content = new, {**draft.content, "unit": new}
    await session.flush()
    if moved:
        await repository.announce()
    return len(moved)
