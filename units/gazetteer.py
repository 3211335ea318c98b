"""Finds places in Chinese text. Pure once built: names in, spans out, no database, no model.

Names of the city's territory are found by the longest match. A name that the territory does not
know ("金色小区3栋") is found by its ending and comes back with no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from units.place_patterns import (
    BUILDING,
    NUMERALS,
    Span,
    ends_like_a_place,
    followed_by_a_longer_word,
    generic_names,
    tail_end,
)
from units.repository import UnitRepository

AREAS = ("district", "street", "community")
# 城东区18号 is no address; 沙洲村3组 is one.
_NUMBERED = ("community", "road", "estate", "village", "landmark")


@dataclass(frozen=True)
class Section:
    """A stretch of a road; ``parent`` is the street it lies in."""

    name: str
    parent: str


@dataclass(frozen=True)
class PlaceInfo:
    """A place of the territory; see units.models.Place."""

    code: str
    name: str
    kind: str
    parent: str | None = None
    unit: str | None = None
    aliases: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True)
class PlaceMatch:
    """A place named in a text.

    ``text`` is exactly ``source[start:end]`` with house number, building or gate. ``code`` is
    None for a name the territory does not know; ``kind`` is then ``unknown`` or, for a bare
    "3栋2单元", ``building``. ``street`` and ``district`` are unit codes. An ambiguous name gives
    several matches of the same span.
    """

    text: str
    code: str | None
    name: str
    kind: str
    start: int
    end: int
    street: str | None = None
    district: str | None = None


@dataclass(frozen=True)
class _Found:
    start: int
    name_end: int
    end: int
    places: tuple[PlaceInfo, ...]


@dataclass(frozen=True)
class Gazetteer:
    """Every place of the city by its names."""

    places: Mapping[str, PlaceInfo]
    _by_name: Mapping[str, tuple[PlaceInfo, ...]] = field(repr=False)
    _by_first: Mapping[str, tuple[str, ...]] = field(repr=False)

    @classmethod
    def of(cls, places: Iterable[PlaceInfo], city_name: str = "") -> Gazetteer:
        """Build from ``places``; names that begin with ``city_name`` are also known without it."""
        known = {place.code: place for place in places}
        by_name: dict[str, dict[str, PlaceInfo]] = {}
        for place in known.values():
            short = place.name.removeprefix(city_name) if city_name else place.name
            for name in (place.name, short, *place.aliases):
                if len(name) >= 2:
                    by_name.setdefault(name, {})[place.code] = place
        by_first: dict[str, list[str]] = {}
        for name in sorted(by_name, key=len, reverse=True):
            by_first.setdefault(name[0], []).append(name)
        return cls(
            known,
            {name: tuple(candidates.values()) for name, candidates in by_name.items()},
            {first: tuple(names) for first, names in by_first.items()},
        )

    @classmethod
    async def load(cls, session: AsyncSession) -> Gazetteer:
        """The gazetteer as it stands in the database."""
        repository = UnitRepository(session)
        city = next((u for u in await repository.units() if u.parent is None), None)
        return cls.of(
            (
                PlaceInfo(
                    code=row.code,
                    name=row.name,
                    kind=row.kind,
                    parent=row.parent,
                    unit=row.unit,
                    aliases=tuple(row.aliases),
                    sections=tuple(Section(**section) for section in row.sections),
                )
                for row in await repository.places()
            ),
            city.name.removesuffix("人民政府") if city else "",
        )

    def find(self, text: str) -> list[PlaceMatch]:
        """The places named in ``text``, in reading order.

        Candidates of an ambiguous name stand side by side, the fitting ones only when another
        name in the same text tells them apart.
        """
        found, unknown = self._spans(text)
        whole = self._context(found)
        matches: list[PlaceMatch] = []
        for here in found:
            # 青石县文昌路: the area written right before a name counts, whatever else is named.
            before = [f for f in found if f.end == here.start and f.places[0].kind in AREAS]
            context = self._context(before) or whole
            matches += [
                self._match(text, here, place, context)
                for place in self._fitting(here.places, context)
            ]
        matches += [
            PlaceMatch(text[s.start : s.end], None, s.name, s.kind, s.start, s.end) for s in unknown
        ]
        return sorted(matches, key=lambda match: match.start)

    def lineage(self, code: str) -> tuple[PlaceInfo, ...]:
        """The place and everything it lies in, nearest first; empty for an unknown code."""
        found: list[PlaceInfo] = []
        place = self.places.get(code)
        while place is not None and place not in found:
            found.append(place)
            place = self.places.get(place.parent or "")
        return tuple(found)

    def _spans(self, text: str) -> tuple[list[_Found], list[Span]]:
        generic = generic_names(text)
        found: list[_Found] = []
        position = 0
        while position < len(text):
            name = self._longest(text, position, generic)
            if name is None:
                position += 1
                continue
            name_end = position + len(name)
            places = self._by_name[name]
            end = tail_end(text, name_end, numbers=places[0].kind in _NUMBERED)
            end = max([end, *(self._section_end(text, name_end, place) for place in places)])
            found.append(_Found(position, name_end, end, places))
            position = end
        taken = [(here.start, here.end) for here in found]
        unknown = [
            span
            for span in generic_names(text, taken) + _bare_buildings(text)
            if not any(start < span.end and span.start < end for start, end in taken)
        ]
        return found, _without_overlaps(unknown)

    def _longest(self, text: str, position: int, generic: list[Span]) -> str | None:
        """The longest name at ``position`` that is not the beginning of a longer word."""
        for name in self._by_first.get(text[position], ()):
            if not text.startswith(name, position):
                continue
            end = position + len(name)
            if followed_by_a_longer_word(text, end, name):
                continue
            if name[0] in NUMERALS and position and text[position - 1] in f"{NUMERALS}第":
                continue
            if not ends_like_a_place(name) and any(
                s.start <= position and s.name_end > end for s in generic
            ):
                continue
            return name
        return None

    def _section_end(self, text: str, name_end: int, place: PlaceInfo) -> int:
        section = _section(text[name_end:], place)
        if section is None:
            return name_end
        end = text.index(section.name, name_end) + len(section.name)
        if text[name_end] in "（(" and text[end : end + 1] in ("）", ")"):
            end += 1
        return tail_end(text, end, numbers=True)

    def _context(self, found: list[_Found]) -> frozenset[str]:
        """Codes of areas that the text names beyond doubt, and of everything they lie in."""
        sure = [here.places[0] for here in found if len(here.places) == 1]
        areas = [place for place in sure if place.kind in AREAS] or sure
        return frozenset(above.code for place in areas for above in self.lineage(place.code))

    def _fitting(
        self, places: tuple[PlaceInfo, ...], context: frozenset[str]
    ) -> tuple[PlaceInfo, ...]:
        if len(places) == 1:
            return places
        # The nearer the shared area, the better the fit: a street outweighs a district.
        shared = [len(context & self._areas_of(place)) for place in places]
        return tuple(p for p, n in zip(places, shared, strict=True) if n == max(shared))

    def _areas_of(self, place: PlaceInfo) -> frozenset[str]:
        """The areas a place lies in; a road also lies where its sections lie."""
        parents = [place.code, *(section.parent for section in place.sections)]
        return frozenset(above.code for code in parents for above in self.lineage(code))

    def _match(
        self, text: str, here: _Found, place: PlaceInfo, context: frozenset[str]
    ) -> PlaceMatch:
        inside = [place.code]
        section = _section(text[here.name_end : here.end], place)
        if section is not None:
            inside.append(section.parent)
        elif place.sections:
            named = [s.parent for s in place.sections if s.parent in context]
            inside += named if len(named) == 1 else []
        areas = [above for code in inside for above in self.lineage(code)]
        return PlaceMatch(
            text=text[here.start : here.end],
            code=place.code,
            name=place.name,
            kind=place.kind,
            start=here.start,
            end=here.end,
            street=next((a.unit or a.code for a in areas if a.kind == "street"), None),
            district=next((a.unit or a.code for a in areas if a.kind == "district"), None),
        )


def _section(following: str, place: PlaceInfo) -> Section | None:
    for section in place.sections:
        if re.match(rf"[的（(]?{re.escape(section.name)}", following):
            return section
    return None


def _bare_buildings(text: str) -> list[Span]:
    return [
        Span(m.start(), m.end(), m.end(), m.group(), "building") for m in BUILDING.finditer(text)
    ]


def _without_overlaps(spans: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept
