"""All SQL about categories, the dispatch catalogue and past cases. Staff may read all of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Conflict
from routing.catalogue import CatalogueEntry, settle
from routing.models import (
    CatalogueDraft,
    CatalogueRow,
    CategoryChange,
    CategoryRow,
    PastCase,
    Publication,
)


class CatalogueRepository:
    """Reads and writes the catalogue, and announces changes."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def versions(self) -> list[CatalogueEntry]:
        """Every version as stored, by code and version."""
        query = select(CatalogueRow).order_by(CatalogueRow.code, CatalogueRow.version)
        return [entry_of(row) for row in await self.session.scalars(query)]

    async def entries(self) -> list[CatalogueEntry]:
        """Every version with the days it is really in force: what rules match against."""
        return settle(await self.versions())

    async def rows(self, code: str) -> Sequence[CatalogueRow]:
        """The versions of one entry, newest first."""
        query = select(CatalogueRow).where(CatalogueRow.code == code)
        return (await self.session.scalars(query.order_by(CatalogueRow.version.desc()))).all()

    async def of_publication(self, publication: int) -> Sequence[CatalogueRow]:
        """The versions that a publication put in force, by code and version."""
        query = select(CatalogueRow).where(CatalogueRow.publication == publication)
        query = query.order_by(CatalogueRow.code, CatalogueRow.version)
        return (await self.session.scalars(query)).all()

    async def edited_codes(self) -> frozenset[str]:
        """Entries that staff have published a version of."""
        query = select(CatalogueRow.code).where(CatalogueRow.publication.is_not(None))
        return frozenset(await self.session.scalars(query))

    async def drafts(self) -> Sequence[CatalogueDraft]:
        """Every draft, by code."""
        query = select(CatalogueDraft).order_by(CatalogueDraft.code)
        return (await self.session.scalars(query)).all()

    async def draft(self, code: str) -> CatalogueDraft | None:
        return await self.session.get(CatalogueDraft, code)

    async def publications(self, *, limit: int, offset: int = 0) -> Sequence[Publication]:
        """Publications, newest first."""
        query = select(Publication).order_by(Publication.id.desc()).limit(limit).offset(offset)
        return (await self.session.scalars(query)).all()

    async def publication_count(self) -> int:
        return await self.session.scalar(select(func.count()).select_from(Publication)) or 0

    async def publications_by_id(self, ids: Collection[int]) -> dict[int, Publication]:
        query = select(Publication).where(Publication.id.in_(ids))
        return {row.id: row for row in await self.session.scalars(query)}

    async def past_cases(self, limit: int) -> Sequence[PastCase]:
        """The latest closed cases that have a category, newest first."""
        query = select(PastCase).where(PastCase.category.is_not(None))
        query = query.order_by(PastCase.closed_on.desc(), PastCase.id.desc()).limit(limit)
        return (await self.session.scalars(query)).all()

    async def lock(self) -> None:
        """Let one editor at a time decide, until the transaction ends."""
        key = func.hashtext("routing.catalogue")
        await self.session.execute(select(func.pg_advisory_xact_lock(key)))

    async def announce(self) -> None:
        """Tell every process, at commit, that categories or catalogue changed."""
        await self.session.execute(select(func.pg_notify("catalogue_changed", "")))


class CategoryRepository:
    """Reads and writes the category tree."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def rows(self) -> Sequence[CategoryRow]:
        """Every category, also retired ones, by code."""
        return (await self.session.scalars(select(CategoryRow).order_by(CategoryRow.code))).all()

    async def locked(self, code: str, version: int) -> CategoryRow:
        """The category for an edit. Raises Conflict when it is no longer at ``version``."""
        row = await self.session.get(CategoryRow, code, with_for_update=True)
        if row is None or row.version != version:
            raise Conflict("这个类别刚被别人改过，请看过现在的内容再改。")
        return row

    async def changes(self, code: str) -> Sequence[CategoryChange]:
        """The history of a category, newest first."""
        query = select(CategoryChange).where(CategoryChange.code == code)
        return (await self.session.scalars(query.order_by(CategoryChange.id.desc()))).all()

    async def leaves(self) -> frozenset[str]:
        """Codes of the level-3 categories in use."""
        return frozenset(leaves(await self.rows()))


def leaves(rows: Collection[CategoryRow]) -> list[str]:
    """Codes of the categories of level 3 that are in use, in the order given."""
    by_code = {row.code: row for row in rows}
    return [row.code for row in rows if not row.retired and level_of(row, by_code) == 3]


def level_of(row: CategoryRow, by_code: dict[str, CategoryRow]) -> int:
    """1, 2 or 3: how deep the category lies."""
    depth = 1
    while row.parent is not None and depth < 3:
        row, depth = by_code[row.parent], depth + 1
    return depth


def entry_of(row: CatalogueRow) -> CatalogueEntry:
    """The version as rules see it."""
    condition = row.condition or {}
    return CatalogueEntry(
        code=row.code,
        category=row.category,
        lead=row.lead,
        basis=row.basis,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        territory=row.territory,
        words=tuple(condition.get("words", ())),
        assists=tuple(row.assist),
        version=row.version,
        not_words=tuple(condition.get("not_words", ())),
    )


def values_of(entry: CatalogueEntry) -> dict[str, Any]:
    """The columns of a `CatalogueRow` that ``entry`` fills."""
    days = {"valid_from": entry.valid_from, "valid_to": entry.valid_to}
    return {**entry.to_row(), **days}
