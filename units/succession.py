"""One unit follows another (机构合并): rules, and the part of it that units and places play.

The old unit becomes inactive, history keeps its name. The successor takes over its former names
with its own, its duties, the units below it and the places it governs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Conflict, InvalidInput
from units.models import Place, Unit, UnitSuccession
from units.repository import UnitRepository
from units.tree import UnitTree

if TYPE_CHECKING:
    from units.loading import PlaceData, UnitData

EARLIEST = timedelta(days=366)
"""How far back a merger may be dated: documents are often older than the day they take effect."""


def refusal(tree: UnitTree, old: str, new: str) -> str | None:
    """Why ``old`` cannot be followed by ``new``, in Chinese; None when it can. Pure."""
    before, after = tree.get(old), tree.get(new)
    if before is None or after is None:
        return "没有这个单位"
    if not before.active:
        return f"{before.name}已经停用"
    if not after.active:
        return f"{after.name}已经停用，不能承接"
    if old == new:
        return "原单位和承接单位是同一个"
    if before.parent is None:
        return f"{before.name}是最上级，不能并入别的单位"
    if new in tree.below(old):
        return f"{after.name}是{before.name}的下级，不能承接上级"
    return None


def names_after(
    own: Sequence[Mapping[str, Any]], name: str, names: Sequence[Mapping[str, Any]], day: date
) -> list[dict[str, Any]]:
    """Former names of the successor: its own, those of the old unit, and its last one. Pure.

    ``day`` is the first day of the merger, so that the old name ends the day before.
    """
    last = {"name": name, "until": (day - timedelta(days=1)).isoformat()}
    by_name = {former["name"]: dict(former) for former in (last, *names, *own)}
    order = [former["name"] for former in (*own, *names, last)]
    return [by_name[known] for known in dict.fromkeys(order)]


def carried_over(
    units: Sequence[UnitData],
    places: Sequence[PlaceData],
    rows: Mapping[str, Unit],
    done: Sequence[UnitSuccession],
) -> tuple[list[UnitData], list[PlaceData]]:
    """City data as it reads after the mergers, so that loading the files again undoes none. Pure.

    ``rows`` are the stored units, ``done`` the mergers in the order they were carried out.
    """
    by_code = {unit.code: unit for unit in units}
    for merger in done:
        old, new = rows[merger.old], by_code.get(merger.new)
        by_code.pop(merger.old, None)
        if new is None:
            continue
        plain = new.model_dump(mode="json")
        names = names_after(plain["former_names"], old.name, old.former_names, merger.from_day)
        duties = list(dict.fromkeys((*new.duties, *old.duties)))
        by_code[new.code] = new.model_validate({**plain, "former_names": names, "duties": duties})
    after = {merger.old: merger.new for merger in done}

    def current(code: str | None) -> str | None:
        while code in after:
            code = after[code]
        return code

    return (
        [u.model_copy(update={"parent": current(u.parent)}) for u in by_code.values()],
        [p.model_copy(update={"unit": current(p.unit)}) for p in places],
    )


class SuccessionRepository:
    """Reads and writes mergers and what of them concerns units and places."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def all(self) -> Sequence[UnitSuccession]:
        """Every merger, the latest first."""
        query = select(UnitSuccession).order_by(
            UnitSuccession.from_day.desc(), UnitSuccession.decided_at.desc()
        )
        return (await self.session.scalars(query)).all()

    async def done(self) -> Sequence[UnitSuccession]:
        """Those carried out, in that order."""
        query = select(UnitSuccession).where(UnitSuccession.done_at.is_not(None))
        return (await self.session.scalars(query.order_by(UnitSuccession.done_at))).all()

    async def due(self, today: date) -> Sequence[UnitSuccession]:
        """Planned ones whose day has come, locked; what another worker holds is passed over."""
        query = select(UnitSuccession).where(
            UnitSuccession.done_at.is_(None), UnitSuccession.from_day <= today
        )
        query = query.order_by(UnitSuccession.from_day, UnitSuccession.decided_at)
        return (await self.session.scalars(query.with_for_update(skip_locked=True))).all()

    async def plan(self, merger: UnitSuccession, today: date) -> None:
        """Keep a decision. Raises InvalidInput when it cannot be, Conflict when there is one."""
        await UnitRepository(self.session).lock()
        tree = await UnitTree.load(self.session)
        if problem := refusal(tree, merger.old, merger.new):
            raise InvalidInput(problem, fields={"new": problem})
        if merger.from_day < today - EARLIEST:
            raise InvalidInput("日期不对", fields={"day": "最多追溯一年"})
        if await self.session.get(UnitSuccession, merger.old):
            raise Conflict(f"{tree.name(merger.old)}已经安排过合并，请先取消原来的安排。")
        self.session.add(merger)
        await self.session.flush()

    async def cancel(self, old: str) -> None:
        """Drop a plan. Raises Conflict when it was carried out or is not there any more."""
        merger = await self.session.get(UnitSuccession, old, with_for_update=True)
        if merger is None or merger.done_at is not None:
            raise Conflict("这项合并已经生效或已取消，不能再取消。")
        await self.session.delete(merger)

    async def governed(self, code: str) -> int:
        """How many active places a unit governs by name."""
        query = select(func.count()).select_from(Place).where(Place.unit == code, Place.active)
        return await self.session.scalar(query) or 0

    async def merge(self, merger: UnitSuccession) -> None:
        """The units' and places' part. Raises InvalidInput when it can no longer be."""
        repository = UnitRepository(self.session)
        await repository.lock()
        problem = refusal(await UnitTree.load(self.session), merger.old, merger.new)
        if problem:
            raise InvalidInput(problem)
        old = await self.session.get_one(Unit, merger.old)
        new = await self.session.get_one(Unit, merger.new)
        new.former_names = names_after(
            new.former_names, old.name, old.former_names, merger.from_day
        )
        new.duties = list(dict.fromkeys((*new.duties, *old.duties)))
        old.active = False
        for column, table in ((Unit.parent, Unit), (Place.unit, Place)):
            await self.session.execute(
                update(table).where(column == old.code).values({column: new.code})
            )
        await repository.announce()
