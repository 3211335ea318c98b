"""The tree of units as rules see it: a frozen snapshot, no database behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlalchemy.ext.asyncio import AsyncSession

from units.repository import UnitRepository


@dataclass(frozen=True)
class FormerName:
    """A name a unit once had; ``until`` is its last day (ISO date)."""

    name: str
    until: str


@dataclass(frozen=True)
class UnitInfo:
    """One unit of the tree; see units.models.Unit for the fields."""

    code: str
    name: str
    short: str
    kind: str
    level: str
    parent: str | None
    aliases: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    hours: str = ""
    phone: str = ""
    duty_phone: str | None = None
    address: str = ""
    former_names: tuple[FormerName, ...] = ()
    active: bool = True
    successor: str | None = None
    """The unit that took its work over; it may have been followed itself, see `current`."""


@dataclass(frozen=True)
class UnitTree:
    """Every unit, also those no longer active (their names still stand in history)."""

    units: Mapping[str, UnitInfo]
    _children: Mapping[str, tuple[str, ...]] = field(repr=False)

    @classmethod
    def of(cls, units: Iterable[UnitInfo]) -> UnitTree:
        """A tree of ``units``; a parent that is not among them counts as none."""
        known = {unit.code: unit for unit in units}
        children: dict[str, list[str]] = {}
        for unit in known.values():
            if unit.parent in known:
                children.setdefault(str(unit.parent), []).append(unit.code)
        return cls(
            MappingProxyType(known),
            MappingProxyType({code: tuple(below) for code, below in children.items()}),
        )

    @classmethod
    async def load(cls, session: AsyncSession) -> UnitTree:
        """The tree as it stands in the database."""
        repository = UnitRepository(session)
        rows = await repository.facts()
        successors = await repository.successors()
        return cls.of(
            UnitInfo(
                code=row.code,
                name=row.name,
                short=row.short,
                kind=row.kind,
                level=row.level,
                parent=row.parent,
                aliases=tuple(row.aliases),
                duties=tuple(row.duties),
                hours=row.hours,
                phone=row.phone,
                duty_phone=row.duty_phone,
                address=row.address,
                former_names=tuple(FormerName(**former) for former in row.former_names),
                active=row.active,
                successor=successors.get(row.code),
            )
            for row in rows
        )

    def get(self, code: str | None) -> UnitInfo | None:
        """The unit, or None when there is none of that code."""
        return self.units.get(code) if code is not None else None

    def current(self, code: str) -> str:
        """``code``, or after mergers the unit that does its work today."""
        seen = {code}
        unit = self.get(code)
        while unit and unit.successor and unit.successor not in seen:
            seen.add(unit.successor)
            unit = self.get(unit.successor)
        return unit.code if unit else code

    def name(self, code: str | None) -> str:
        """The full name, or the code itself when the unit is unknown ("" for None)."""
        unit = self.get(code)
        return unit.name if unit else code or ""

    def short(self, code: str | None) -> str:
        """The short name, or the code itself when the unit is unknown ("" for None)."""
        unit = self.get(code)
        return unit.short if unit else code or ""

    def children(self, code: str) -> tuple[str, ...]:
        """Codes of the units directly below ``code``."""
        return self._children.get(code, ())

    def below(self, code: str) -> frozenset[str]:
        """``code`` itself and every unit below it; empty when the unit is unknown."""
        found: set[str] = set()
        waiting = [code] if code in self.units else []
        while waiting:
            here = waiting.pop()
            if here not in found:
                found.add(here)
                waiting.extend(self.children(here))
        return frozenset(found)

    def ancestors(self, code: str) -> tuple[str, ...]:
        """Codes above ``code``, nearest first, without itself."""
        found: list[str] = []
        unit = self.get(code)
        while unit and unit.parent in self.units and unit.parent not in found:
            found.append(str(unit.parent))
            unit = self.units[str(unit.parent)]
        return tuple(found)

    def by_level(self, level: str) -> tuple[UnitInfo, ...]:
        """The active units of one level (city, district, street, community)."""
        return tuple(u for u in self.units.values() if u.level == level and u.active)
