"""All SQL of drafts. ``units`` limits them to drafts of those units; None: all of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kb.models import EntryDraft

OPEN_STATES = ("draft", "submitted", "approved")


class DraftRepository:
    """Reads drafts."""

    def __init__(self, session: AsyncSession, units: Collection[str] | None) -> None:
        self.session = session
        self.units = units

    async def draft(self, draft_id: int, *, lock: bool = False) -> EntryDraft | None:
        """The draft, whatever its state."""
        query = select(EntryDraft).where(EntryDraft.id == draft_id, *self._seen())
        found: EntryDraft | None = await self.session.scalar(
            query.with_for_update() if lock else query
        )
        return found

    async def open_one(self, code: str) -> EntryDraft | None:
        """The unfinished draft of an entry; there is at most one."""
        found: EntryDraft | None = await self.session.scalar(
            select(EntryDraft).where(EntryDraft.code == code, EntryDraft.state.in_(OPEN_STATES))
        )
        return found

    async def codes(self, beginning: str) -> set[str]:
        """Codes that begin so and that any draft ever had."""
        query = select(EntryDraft.code).where(
            EntryDraft.code.startswith(beginning, autoescape=True)
        )
        return set(await self.session.scalars(query))

    async def listed(
        self,
        states: Collection[str],
        *,
        author: str | None = None,
        not_author: str | None = None,
        newest: bool = False,
        limit: int = 1000,
        offset: int = 0,
    ) -> Sequence[EntryDraft]:
        """Drafts in ``states``, the one that waits longest first, or the ``newest``."""
        at = EntryDraft.updated_at.desc() if newest else EntryDraft.updated_at
        query = select(EntryDraft).where(*self._wanted(states, author, not_author))
        query = query.order_by(at, EntryDraft.id).limit(limit).offset(offset)
        return (await self.session.scalars(query)).all()

    async def count(
        self, states: Collection[str], *, author: str | None = None, not_author: str | None = None
    ) -> int:
        """How many these are."""
        query = select(func.count()).select_from(EntryDraft)
        query = query.where(*self._wanted(states, author, not_author))
        return await self.session.scalar(query) or 0

    async def due(self, today: date) -> Sequence[EntryDraft]:
        """Approved drafts planned for ``today`` or before, locked; other workers skip them."""
        query = (
            select(EntryDraft)
            .where(EntryDraft.state == "approved", EntryDraft.publish_on <= today)
            .order_by(EntryDraft.id)
            .with_for_update(skip_locked=True)
        )
        return (await self.session.scalars(query)).all()

    def _seen(self) -> list[ColumnElement[bool]]:
        return [] if self.units is None else [EntryDraft.unit.in_(self.units)]

    def _wanted(
        self, states: Collection[str], author: str | None, not_author: str | None
    ) -> list[ColumnElement[bool]]:
        conditions = [*self._seen(), EntryDraft.state.in_(states)]
        if author is not None:
            conditions.append(EntryDraft.author == author)
        if not_author is not None:
            conditions.append(EntryDraft.author != not_author)
        return conditions
