"""Which unit of the city a register means by a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from units.tree import UnitInfo


class UnitNames:
    """Codes of units by code, name, short name, other and former names.

    A name that several units share means none of them, unless it is one's full name.
    """

    def __init__(
        self, units: Iterable[UnitInfo] = (), also: Mapping[str, str] | None = None
    ) -> None:
        self._codes: dict[str, str] = {}
        others: dict[str, set[str]] = defaultdict(set)
        for unit in units:
            self._codes[unit.name] = unit.code
            self._codes[unit.code] = unit.code
            former = [old.name for old in unit.former_names]
            for name in (unit.short, *unit.aliases, *former):
                others[name].add(unit.code)
        for name, codes in others.items():
            if len(codes) == 1:
                self._codes.setdefault(name, next(iter(codes)))
        self._codes.update(also or {})

    def code(self, name: str) -> str | None:
        """The unit's code, or None."""
        return self._codes.get(name.strip())
