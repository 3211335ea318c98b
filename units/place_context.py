"""What the other names of a text say about where a name lies. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from units.place_info import AREAS, Area, Found, PlaceInfo
from units.place_patterns import is_denied, stands_before


class Territory(Protocol):
    """What is asked of the gazetteer."""

    def lineage(self, code: str) -> tuple[PlaceInfo, ...]: ...

    def areas(self, code: str) -> frozenset[str]: ...


class Context:
    """The names of one text together."""

    def __init__(self, gazetteer: Territory, text: str, found: list[Found]) -> None:
        self._gazetteer = gazetteer
        self._text = text
        self._found = [here for here in found if not is_denied(text, here.start)]
        sure = [here.places[0] for here in self._found if len(here.places) == 1]
        self._areas = self._all_of(p for p in sure if p.kind in AREAS)
        self._near = self._all_of(p for p in sure if p.kind not in AREAS)

    def fitting(self, here: Found) -> tuple[PlaceInfo, ...]:
        """The candidates of a name that fit best; the nearer the shared area, the better."""
        if len(here.places) == 1:
            return here.places
        # 青石县文昌路: the area written right before a name counts most, whatever else is named.
        before = self._all_of(
            f.places[0]
            for f in self._found
            if f.places[0].kind in AREAS and stands_before(self._text, f.end, here.start)
        )
        # Two names that are each ambiguous tell each other apart: 建设路 and 阳光花园.
        unsure = self._all_of(
            place
            for other in self._found
            if len(other.places) > 1 and other.places != here.places
            for place in other.places
        )
        fits = [
            tuple(
                len(known & self._gazetteer.areas(place.code))
                for known in (before, self._areas, self._near, unsure)
            )
            for place in here.places
        ]
        return tuple(p for p, fit in zip(here.places, fits, strict=True) if fit == max(fits))

    def narrow(self, areas: list[Area]) -> list[Area]:
        """Those of several areas that the named areas, else the other names, speak for."""
        for known in (self._areas, self._near):
            fits = [(a.district in known) + (a.street in known) for a in areas]
            if max(fits) > min(fits):
                return [a for a, fit in zip(areas, fits, strict=True) if fit == max(fits)]
        return areas

    def _all_of(self, places: Iterable[PlaceInfo]) -> frozenset[str]:
        """The places and what they lie in; of a road with sections only what holds for all."""
        return frozenset(
            above.code for place in places for above in self._gazetteer.lineage(place.code)
        )
