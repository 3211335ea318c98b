"""What a place must be before it is saved. Pure: the territory as it stands goes in, words come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from units.addresses import Section
from units.gazetteer import AREAS, Gazetteer, PlaceInfo

KIND_NAMES = {
    "district": "区县",
    "street": "街道乡镇",
    "community": "社区村",
    "road": "道路",
    "estate": "小区",
    "village": "自然村",
    "landmark": "地标",
}
EDITABLE = ("road", "estate", "village", "landmark")
"""Kinds that staff add; areas have units and come with the city's data, only their names change."""
MAX_NAME, MAX_ALIASES, MAX_SECTIONS = 60, 12, 8


@dataclass(frozen=True)
class PlaceEntry:
    """A place as somebody wants it; ``parent`` None is only for what lies in several areas."""

    name: str
    kind: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()


def problems(entry: PlaceEntry, gazetteer: Gazetteer, code: str | None = None) -> dict[str, str]:
    """What is wrong with ``entry``, by field (name, kind, parent, aliases, sections).

    ``code`` is the place it replaces, None for a new one. Areas keep kind and parent.
    """
    found: dict[str, str] = {}
    before = gazetteer.places.get(code or "")
    if not 2 <= len(entry.name) <= MAX_NAME:
        found["name"] = f"名称须有 2 至 {MAX_NAME} 个字"
    if before is not None and before.kind in AREAS:
        if (entry.kind, entry.parent) != (before.kind, before.parent):
            found["kind"] = "区县、街道和社区的类型与上级随单位名录，不能在这里改"
    elif entry.kind not in EDITABLE:
        found["kind"] = "请选择道路、小区、自然村或地标"
    found |= _parent(entry, gazetteer.places, code)
    found |= _aliases(entry)
    found |= _sections(entry, gazetteer.places)
    return found


def same_names(entry: PlaceEntry, gazetteer: Gazetteer, code: str | None = None) -> list[PlaceInfo]:
    """Other places that share a name or alias with ``entry``: allowed, citizens are then asked."""
    names = {entry.name, *entry.aliases}
    return [
        place
        for place in gazetteer.places.values()
        if place.code != code and names & {place.name, *place.aliases}
    ]


def _parent(entry: PlaceEntry, places: Mapping[str, PlaceInfo], code: str | None) -> dict[str, str]:
    if entry.parent is None:
        # A district stands at the top; a boundary road lies in its sections.
        if entry.kind == "district" or len({s.parent for s in entry.sections}) > 1:
            return {}
        return {"parent": "请选择所在地；只有跨区的地点可以不填，改填各段所在街道"}
    above = places.get(entry.parent)
    if above is None:
        return {"parent": "没有这个所在地，请从列表中选择"}
    if above.kind not in AREAS:
        return {"parent": "所在地须是区县、街道乡镇或社区村"}
    seen = {code}
    while above is not None:
        if above.code in seen:
            return {"parent": "所在地不能是它自己或它的下级"}
        seen.add(above.code)
        above = places.get(above.parent or "")
    return {}


def _aliases(entry: PlaceEntry) -> dict[str, str]:
    if len(entry.aliases) > MAX_ALIASES:
        return {"aliases": f"别名不超过 {MAX_ALIASES} 个"}
    for alias in entry.aliases:
        if not 2 <= len(alias) <= MAX_NAME:
            return {"aliases": f"别名“{alias[:20]}”须有 2 至 {MAX_NAME} 个字"}
    if len({entry.name, *entry.aliases}) <= len(entry.aliases):
        return {"aliases": "别名之间、别名与名称不能重复"}
    return {}


def _sections(entry: PlaceEntry, places: Mapping[str, PlaceInfo]) -> dict[str, str]:
    problem = _section_problem(entry.sections, places)
    if problem is None and entry.sections and entry.kind not in ("road", "estate"):
        problem = "只有道路和小区可以分段"
    return {"sections": problem} if problem else {}


def _section_problem(sections: Sequence[Section], places: Mapping[str, PlaceInfo]) -> str | None:
    if len(sections) > MAX_SECTIONS:
        return f"不超过 {MAX_SECTIONS} 段"
    if len({section.name for section in sections}) < len(sections):
        return "各段的名称不能重复"
    for section in sections:
        where = places.get(section.parent)
        if not section.name:
            return "请写明每一段的名称，如“北段”“东侧”“一期”"
        if where is None or where.kind not in ("street", "community"):
            return f"“{section.name}”的所在地须是街道乡镇或社区村，请从列表中选择"
        if section.first and section.last and section.first > section.last:
            return f"“{section.name}”的起始门牌号大于结束门牌号"
    for one, other in combinations(sections, 2):
        if one.parent != other.parent and _overlap(one, other):
            return f"“{one.name}”与“{other.name}”的门牌号重叠"
    return None


def _overlap(one: Section, other: Section) -> bool:
    numbers = [(s.first, s.last, s.side) for s in (one, other)]
    if (None, None, None) in numbers:
        return False
    if one.side and other.side and one.side != other.side:
        return False
    last = [s.last if s.last is not None else 10**6 for s in (one, other)]
    return (one.first or 0) <= last[1] and (other.first or 0) <= last[0]
