"""The form of a place: from fields to an entry and back, and what a change was. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from console.staff import Posted
from console.unit_picker import UnitOption
from core.errors import InvalidInput
from units.addresses import Section, Side
from units.gazetteer import AREAS, Gazetteer, PlaceInfo
from units.models import Place
from units.place_rules import KIND_NAMES, MAX_SECTIONS, PlaceEntry, same_names

_SIDES: dict[Side, str] = {"odd": "单号", "even": "双号"}
_FIELD_NAMES = {"name": "名称", "kind": "类型", "parent": "所在地", "aliases": "别名"}
_BETWEEN = re.compile(r"[\s、，,；;]+")


class Areas:
    """Districts, streets and communities by the way people write them: 城东区望湖街道."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self._labels = {
            place.code: self.label(place.code)
            for place in gazetteer.places.values()
            if place.kind in AREAS
        }

    def label(self, code: str | None) -> str:
        """The whole name of an area or place; its code when it is unknown."""
        names = [place.name for place in reversed(self.gazetteer.lineage(code or ""))]
        return "".join(names) or code or ""

    def options(self) -> list[UnitOption]:
        """What the field of an area offers."""
        return [UnitOption(label, code) for code, label in sorted(self._labels.items())]

    def find(self, typed: str) -> str | None:
        """The code of the area that was typed or chosen; None when none or several fit."""
        for fits in (
            [code for code, label in self._labels.items() if typed in (label, code)],
            [c for c in self._labels if self.gazetteer.places[c].name == typed],
        ):
            if len(fits) == 1:
                return fits[0]
        return None

    def inside(self, place: PlaceInfo) -> str:
        """Where a place lies; every part of one that lies in several."""
        parts: list[str | None] = [section.parent for section in place.sections]
        parts = parts or [place.parent]
        return "、".join(dict.fromkeys(self.label(part) for part in parts if part))

    def where(self, row: Place) -> str:
        """As `inside`, for a row of the list."""
        parts: list[str | None] = [section["parent"] for section in row.sections]
        parts = parts or [row.parent]
        return "、".join(dict.fromkeys(self.label(part) for part in parts if part))

    def known_as(self, name: str) -> str:
        """Places that bear a name already, with where they lie; empty when there is none."""
        known = same_names(PlaceEntry(name, "road"), self.gazetteer)
        return "、".join(self._named(place) for place in known)

    def place_options(self, streets: Collection[str]) -> list[UnitOption]:
        """Places that lie in one of ``streets``, to choose as what a name stands for."""
        return [
            UnitOption(self._named(place), place.code)
            for place in self.gazetteer.places.values()
            if place.kind not in AREAS and self.gazetteer.areas(place.code) & set(streets)
        ]

    def place_named(self, typed: str) -> str:
        """The code of the place as `place_options` names it. Raises InvalidInput (``place``)."""
        fits = [p.code for p in self.gazetteer.places.values() if typed in (self._named(p), p.code)]
        if len(fits) != 1:
            raise InvalidInput("请从列表中选择地点", fields={"place": "请从列表中选择"})
        return fits[0]

    def _named(self, place: PlaceInfo) -> str:
        return f"{place.name}（{self.inside(place)}）"


@dataclass(frozen=True)
class TypedSection:
    """A line of the form's sections, as typed; ``side`` is "", odd or even."""

    name: str = ""
    parent: str = ""
    first: str = ""
    last: str = ""
    side: str = ""

    @property
    def empty(self) -> bool:
        return not (self.name or self.parent or self.first or self.last or self.side)


@dataclass(frozen=True)
class Typed:
    """The form as typed."""

    name: str = ""
    kind: str = "road"
    parent: str = ""
    aliases: str = ""
    sections: tuple[TypedSection, ...] = ()

    @classmethod
    def of(cls, form: Posted) -> Typed:
        lines = [
            TypedSection(*(form.text(f"section-{n}-{part}") for part in _PARTS))
            for n in range(MAX_SECTIONS)
        ]
        return cls(
            form.text("name"), form.text("kind"), form.text("parent"), form.text("aliases"),
            tuple(line for line in lines if not line.empty),
        )  # fmt: skip

    @classmethod
    def from_entry(cls, entry: PlaceEntry, areas: Areas) -> Typed:
        sections = (
            TypedSection(
                s.name, areas.label(s.parent), str(s.first or ""), str(s.last or ""), s.side or ""
            )
            for s in entry.sections
        )
        parent = areas.label(entry.parent) if entry.parent else ""
        return cls(entry.name, entry.kind, parent, "、".join(entry.aliases), tuple(sections))

    @property
    def lines(self) -> list[TypedSection]:
        """The sections with blank lines to fill in."""
        wanted = min(MAX_SECTIONS, max(4, len(self.sections) + 2))
        return [*self.sections, *[TypedSection()] * (wanted - len(self.sections))]


_PARTS = ("name", "parent", "first", "last", "side")
BLANK = Typed()


def read_entry(typed: Typed, areas: Areas) -> PlaceEntry:
    """What was typed as an entry. Raises InvalidInput for what cannot be read at all."""
    problems: dict[str, str] = {}
    parent = areas.find(typed.parent) if typed.parent else None
    if typed.parent and parent is None:
        problems["parent"] = "请从列表中选择区县、街道或社区"
    sections: list[Section] = []
    for line in typed.sections:
        where = areas.find(line.parent)
        if where is None:
            problems["sections"] = f"“{line.name}”的所在地请从列表中选择"
        first, last = _number(line.first), _number(line.last)
        if -1 in (first, last):
            problems["sections"] = f"“{line.name}”的门牌号请填 1 至 9999 的数字"
        sections.append(Section(line.name[:20], where or "", first, last, _side(line.side)))
    if problems:
        raise InvalidInput("请改正标出的内容", fields=problems)
    aliases = tuple(alias for alias in _BETWEEN.split(typed.aliases) if alias)
    return PlaceEntry(typed.name, typed.kind, parent, aliases, tuple(sections))


def changed_words(before: Mapping[str, Any] | None, after: Mapping[str, Any], areas: Areas) -> str:
    """What a change was, for the history: 名称 甲→乙；停用."""
    if before is None:
        return "添加"
    words = [
        f"{name}：{_shown(field, before, areas)} → {_shown(field, after, areas)}"
        for field, name in _FIELD_NAMES.items()
        if before.get(field) != after.get(field)
    ]
    if before.get("sections") != after.get("sections"):
        words.append(f"分段：{_sections(before, areas)} → {_sections(after, areas)}")
    if before.get("active") != after.get("active"):
        words.append("恢复使用" if after.get("active") else "停用")
    return "；".join(words)


def _shown(field: str, values: Mapping[str, Any], areas: Areas) -> str:
    value = values.get(field)
    if field == "parent":
        return areas.label(value) if value else "无"
    if field == "kind":
        return KIND_NAMES.get(str(value), str(value))
    return ("、".join(value) if isinstance(value, list) else str(value)) or "无"


def _sections(values: Mapping[str, Any], areas: Areas) -> str:
    words = []
    for section in values.get("sections") or []:
        first, last = section.get("first"), section.get("last")
        numbers = f"{first or ''}–{last or ''}号" if first or last else ""
        side = _SIDES[section["side"]] if section.get("side") in _SIDES else ""
        words.append(f"{section['name']}（{areas.label(section['parent'])}{numbers}{side}）")
    return "、".join(words) or "无"


def _number(text: str) -> int | None:
    """The number, None for nothing, -1 for what is none."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:5]) <= 9999 else -1


def _side(text: str) -> Side | None:
    return "odd" if text == "odd" else "even" if text == "even" else None
