"""All SQL about units and places. Both are public: everyone may read them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from units.models import Place, Unit, UnitSuccession


class UnitRepository:
    """Reads units and places, and announces changes."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def units(self) -> Sequence[Unit]:
        """Every unit, also inactive ones, by code."""
        return (await self.session.scalars(select(Unit).order_by(Unit.code))).all()

    async def facts(self) -> Sequence[Row[Any]]:
        """The same as plain rows, which are far quicker to read than entities to edit."""
        return (await self.session.execute(select(*Unit.__table__.c).order_by(Unit.code))).all()

    async def places(
        self, *, active_only: bool = True, kinds: Collection[str] = ()
    ) -> Sequence[Place]:
        """Every place, or those of ``kinds``, by code."""
        query = select(Place).order_by(Place.code)
        if kinds:
            query = query.where(Place.kind.in_(kinds))
        if active_only:
            query = query.where(Place.active)
        return (await self.session.scalars(query)).all()

    async def successors(self) -> dict[str, str]:
        """Merged units and the units that took over, one step each."""
        rows = await self.session.execute(
            select(UnitSuccession.old, UnitSuccession.new).where(
                UnitSuccession.done_at.is_not(None)
            )
        )
        return dict(rows.tuples().all())

    async def lock(self) -> None:
        """Let one loader in at a time, until the transaction ends."""
        await self.session.execute(select(func.pg_advisory_xact_lock(func.hashtext("units.load"))))

    async def announce(self) -> None:
        """Tell every process, at commit, that units or places changed."""
        await self.session.execute(select(func.pg_notify("units_changed", "")))
