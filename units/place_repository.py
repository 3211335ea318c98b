"""All SQL of the territory as staff edit it: lists, edits, suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, String, cast, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from units.models import Place, PlaceEdit, PlaceSuggestion


class PlaceRepository:
    """Places, their history, and what corrected cases suggest. Public among staff."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def search(
        self,
        text: str = "",
        area: str | None = None,
        kind: str | None = None,
        *,
        active: bool = True,
        limit: int,
        offset: int,
    ) -> tuple[Sequence[Place], int]:
        """Places by a part of name or alias, in ``area`` (also with one section), and how many."""
        query = select(Place).where(Place.active.is_(active))
        if text:
            like = f"%{text.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
            query = query.where(
                or_(
                    Place.name.like(like, escape="!"),
                    cast(Place.aliases, String).like(like, escape="!"),
                    Place.code == text,
                )
            )
        if kind:
            query = query.where(Place.kind == kind)
        if area:
            query = query.where(_lies_in(area))
        total = await self.session.scalar(select(func.count()).select_from(query.subquery()))
        rows = query.order_by(Place.name, Place.code).limit(limit).offset(offset)
        return (await self.session.scalars(rows)).all(), total or 0

    async def locked(self, code: str) -> Place | None:
        """The place, locked until the transaction ends; also when it is retired."""
        return await self.session.get(Place, code, with_for_update=True)

    async def below(self, code: str) -> Sequence[str]:
        """Names of active places that lie directly in ``code``."""
        query = select(Place.name).where(Place.parent == code, Place.active).order_by(Place.name)
        return (await self.session.scalars(query)).all()

    async def edits(self, code: str, limit: int = 30) -> Sequence[PlaceEdit]:
        """Changes of a place, newest first."""
        query = select(PlaceEdit).where(PlaceEdit.place == code)
        query = query.order_by(PlaceEdit.at.desc(), PlaceEdit.id.desc()).limit(limit)
        return (await self.session.scalars(query)).all()

    async def suggestions(
        self, state: str, *, limit: int, offset: int
    ) -> tuple[Sequence[PlaceSuggestion], int]:
        """Suggestions in a state, the most frequent first, and how many there are."""
        query = select(PlaceSuggestion).where(PlaceSuggestion.state == state)
        total = await self.session.scalar(select(func.count()).select_from(query.subquery()))
        rows = query.order_by(PlaceSuggestion.count.desc(), PlaceSuggestion.id)
        return (await self.session.scalars(rows.limit(limit).offset(offset))).all(), total or 0

    async def suggestion(self, suggestion_id: int) -> PlaceSuggestion | None:
        """One suggestion, locked until the transaction ends."""
        return await self.session.get(PlaceSuggestion, suggestion_id, with_for_update=True)


def _lies_in(area: str) -> Any:
    """Places in ``area`` or below it, itself included, also with only a section."""
    below = select(Place.code).where(Place.code == area).cte("below", recursive=True)
    child = select(Place.code).join(below, Place.parent == below.c.code)
    codes: Select[tuple[str]] = select(below.union(child).c.code)
    section = func.jsonb_array_elements(Place.sections).table_valued("value").lateral("section")
    in_section = (
        select(literal(1))
        .select_from(section)
        .where(section.c.value.op("->>")("parent").in_(codes))
    )
    return or_(Place.code.in_(codes), in_section.exists())
