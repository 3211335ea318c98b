"""Finds places in Chinese text. Pure once built: names in, spans out, no database, no model.

Names of the city's territory are found by the longest match. A name that the territory does not
know ("金色小区3栋") is found by its ending and comes back with no code. Which place of a message
the matter is at, `units.location` decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from sqlalchemy.ext.asyncio import AsyncSession

from units.addresses import Section, house_number, named_section, section_of
from units.place_context import Context
from units.place_info import AREAS, Area, Found, PlaceInfo
from units.place_patterns import (
    BUILDING,
    NUMERALS,
    Span,
    crosses,
    ends_like_a_place,
    followed_by_a_longer_word,
    generic_names,
    is_road_ending,
    means_around,
    stem_of,
    tail_end,
)
from units.repository import UnitRepository

__all__ = ["AREAS", "Area", "Gazetteer", "PlaceInfo", "PlaceMatch", "Section"]

# 城东区18号 is no address; 沙洲村3组 is one.
_NUMBERED = ("community", "road", "estate", "village", "landmark")


@dataclass(frozen=True)
class PlaceMatch:
    """A place named in a text.

    ``text`` is exactly ``source[start:end]`` with house number, building or gate. ``code`` is
    None for a name the territory does not know; ``kind`` is then ``unknown`` or, for a bare
    "3栋2单元", ``building``. ``street`` and ``district`` are unit codes, None where not certain;
    ``lies_in`` holds every possibility of a place that crosses streets or districts. An ambiguous
    name gives several matches of the same span. ``crossing`` marks roads named with a crossing.
    """

    text: str
    code: str | None
    name: str
    kind: str
    start: int
    end: int
    street: str | None = None
    district: str | None = None
    lies_in: tuple[Area, ...] = ()
    name_end: int = 0
    crossing: bool = False


@dataclass(frozen=True)
class Gazetteer:
    """Every place of the city by its names."""

    places: Mapping[str, PlaceInfo]
    _by_name: Mapping[str, tuple[PlaceInfo, ...]] = field(repr=False)
    _by_first: Mapping[str, tuple[str, ...]] = field(repr=False)
    _by_stem: Mapping[str, PlaceInfo] = field(repr=False)
    city_name: str = ""

    @property
    def names(self) -> Collection[str]:
        """Every name and alias of the territory."""
        return self._by_name.keys()

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
            _stems(known, by_name),
            city_name,
        )

    @classmethod
    async def load(cls, session: AsyncSession, kinds: Collection[str] = ()) -> Gazetteer:
        """The gazetteer as it stands in the database, only places of ``kinds`` when given."""
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
                for row in await repository.places(kinds=kinds)
            ),
            city.name.removesuffix("人民政府") if city else "",
        )

    def find(self, text: str) -> list[PlaceMatch]:
        """The places named in ``text``, in reading order.

        Candidates of an ambiguous name stand side by side, the fitting ones only when another
        name in the same text tells them apart.
        """
        found, unknown = self._spans(text)
        context = Context(self, text, found)
        crossings = self._crossings(text, found)
        matches: list[PlaceMatch] = []
        for here in found:
            shared = crossings.get(here.start)
            places = context.fitting(here)
            if shared:
                places = tuple(p for p in places if shared & self._streets(p)) or places
            matches += [self._match(text, here, place, context, shared) for place in places]
        matches += [
            PlaceMatch(
                text[s.start : s.end], None, s.name, s.kind, s.start, s.end, name_end=s.name_end
            )
            for s in unknown
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

    def label(self, area: Area) -> str:
        """An area as people say it: 城东区望湖街道; empty when nothing is known."""
        return "".join(p.name for p in reversed(self.lineage(area.street or area.district or "")))

    def areas(self, code: str) -> frozenset[str]:
        """Codes of everything a place lies in, itself included; a road lies in its sections."""
        place = self.places.get(code)
        parents = [code, *(s.parent for s in place.sections)] if place else [code]
        return frozenset(above.code for parent in parents for above in self.lineage(parent))

    def _spans(self, text: str) -> tuple[list[Found], list[Span]]:
        generic = generic_names(text)
        found: list[Found] = []
        position = 0
        while position < len(text):
            name = self._longest(text, position, generic)
            if name is None:
                nearby = self._nearby(text, position)
                if nearby is not None:
                    found.append(Found(position, nearby[0], nearby[0], (nearby[1],)))
                position = nearby[0] if nearby else position + 1
                continue
            name_end = position + len(name)
            places = self._by_name[name]
            end = tail_end(text, name_end, numbers=places[0].kind in _NUMBERED)
            end = max([end, *(_section_end(text, name_end, place) for place in places)])
            found.append(Found(position, name_end, end, places))
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
            longer = {
                text[end : s.name_end] for s in generic if s.start <= position and s.name_end > end
            }
            if longer and not ends_like_a_place(name) and self._is_longer_name(name, longer):
                continue
            return name
        return None

    def _is_longer_name(self, name: str, rests: set[str]) -> bool:
        """Whether ``name`` with one of ``rests`` after it is another place: 望湖|小学, 上湾|路."""
        if rests & self._by_name.keys():
            # 茶溪龙泉村 is both names.
            return False
        if all(place.kind in AREAS for place in self._by_name[name]):
            return True
        # 渔舟埠征地修路, 火车站广场: the village and the station are meant.
        return any(is_road_ending(rest) for rest in rests)

    def _nearby(self, text: str, position: int) -> tuple[int, PlaceInfo] | None:
        """江湾那边: what several names of one street have in common, said of the neighbourhood."""
        for length in (4, 3, 2):
            street = self._by_stem.get(text[position : position + length])
            after = position + length
            if street is not None and (means_around(text, after) or self._named_after(text, after)):
                return after, street
        return None

    def _named_after(self, text: str, position: int) -> bool:
        """Whether 的 and a name follow: 北关的阳光花园."""
        following = self._by_first.get(text[position + 1 : position + 2], ())
        return text[position : position + 1] == "的" and any(
            text.startswith(name, position + 1) for name in following
        )

    def _crossings(self, text: str, found: list[Found]) -> dict[int, frozenset[str]]:
        """Start of each road that is named with a crossing → streets that both roads touch."""
        shared: dict[int, frozenset[str]] = {}
        for first, second in pairwise(found):
            roads = all(here.places[0].kind == "road" for here in (first, second))
            if roads and crosses(text, first.end, second.start, second.name_end):
                touched = [
                    frozenset().union(*(self._streets(place) for place in here.places))
                    for here in (first, second)
                ]
                both = touched[0] & touched[1]
                shared[first.start] = shared[second.start] = both
        return shared

    def _streets(self, place: PlaceInfo) -> frozenset[str]:
        return frozenset(area.street for area in self._possible(place) if area.street)

    def _possible(self, place: PlaceInfo) -> list[Area]:
        """Every area that a place may lie in: one, or those of its sections."""
        return [self._area(s.parent) for s in place.sections] or [self._area(place.code)]

    def _area(self, code: str) -> Area:
        above = self.lineage(code)
        return Area(
            next((p.unit or p.code for p in above if p.kind == "street"), None),
            next((p.unit or p.code for p in above if p.kind == "district"), None),
        )

    def _match(
        self,
        text: str,
        here: Found,
        place: PlaceInfo,
        context: Context,
        shared: frozenset[str] | None,
    ) -> PlaceMatch:
        areas = self._narrowed(text[here.name_end :], place, context, shared)
        areas = list(dict.fromkeys(areas))
        streets, districts = {a.street for a in areas}, {a.district for a in areas}
        return PlaceMatch(
            text=text[here.start : here.end],
            code=place.code,
            name=place.name,
            kind=place.kind,
            start=here.start,
            end=here.end,
            street=streets.pop() if len(streets) == 1 else None,
            district=districts.pop() if len(districts) == 1 else None,
            lies_in=tuple(areas),
            name_end=here.name_end,
            crossing=shared is not None,
        )

    def _narrowed(
        self, following: str, place: PlaceInfo, context: Context, shared: frozenset[str] | None
    ) -> list[Area]:
        """The areas of a place that section, house number, crossing and context leave over."""
        named = named_section(following, place.sections)
        if named is not None:
            return [self._area(named[0].parent)]
        number = house_number(following) if place.sections else None
        section = section_of(number, place.sections) if number is not None else None
        if section is not None:
            return [self._area(section.parent)]
        areas = self._possible(place)
        if shared:
            areas = [area for area in areas if area.street in shared] or areas
        return context.narrow(areas) if len(areas) > 1 else areas


def _stems(
    places: Mapping[str, PlaceInfo], by_name: Mapping[str, Mapping[str, PlaceInfo]]
) -> dict[str, PlaceInfo]:
    """What names have before their ending → the one street where they all lie."""
    streets: dict[str, set[str]] = {}
    for name, named in by_name.items():
        stem = stem_of(name)
        if stem is None or stem in by_name:
            continue
        for place in named.values():
            for parent in [s.parent for s in place.sections] or [place.code]:
                streets.setdefault(stem, set()).add(_street_of(places, parent))
    return {
        stem: places[street]
        for stem, found in streets.items()
        if len(found) == 1 and (street := next(iter(found)))
    }


def _street_of(places: Mapping[str, PlaceInfo], code: str) -> str:
    seen: set[str] = set()
    place = places.get(code)
    while place is not None and place.kind != "street" and place.code not in seen:
        seen.add(place.code)
        place = places.get(place.parent or "")
    return place.code if place is not None and place.kind == "street" else ""


def _section_end(text: str, name_end: int, place: PlaceInfo) -> int:
    named = named_section(text[name_end:], place.sections)
    return tail_end(text, name_end + named[1], numbers=True) if named else name_end


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
