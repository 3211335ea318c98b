"""The catalogue in words a clerk reads and types: units, categories, places, changes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from console.unit_picker import UnitOption, find_unit, unit_options
from core.errors import InvalidInput
from routing.catalogue import DISTRICT, STREET, CatalogueEntry
from routing.models import CategoryRow
from units.models import Place
from units.tree import UnitTree

LOCAL_STREET = "属地镇街"
_LOCAL = "属地·"
_BETWEEN_WORDS = re.compile(r"[\s、，,；;/]+")
MAX_WORDS = 30
MAX_WORD = 20


@dataclass(frozen=True)
class Names:
    """What codes of the catalogue are called, and what may be chosen."""

    tree: UnitTree
    categories: Mapping[str, CategoryRow]
    places: Mapping[str, str]
    """Districts and streets an entry may be limited to: code → 城东区望湖街道."""
    bureaus: Collection[str]
    """Bureaus that districts have: `@district.` and one of them is a unit of the place."""

    @classmethod
    def of(
        cls, tree: UnitTree, categories: Sequence[CategoryRow], places: Sequence[Place]
    ) -> Names:
        areas = {p.code: p for p in places if p.kind in ("district", "street")}
        named = {
            code: (areas[p.parent].name if p.parent in areas else "") + p.name
            for code, p in areas.items()
        }
        districts = [p.code for p in areas.values() if p.kind == "district"]
        bureaus = {
            unit.code.removeprefix(f"{district}.")
            for district in districts
            for unit in tree.units.values()
            if unit.active and unit.level == "district" and unit.code.startswith(f"{district}.")
        }
        return cls(tree, {row.code: row for row in categories}, named, sorted(bureaus))

    def unit(self, code: str) -> str:
        """城市管理局, 属地镇街 or 属地·城管局; the code itself when nobody has it."""
        if code == STREET:
            return LOCAL_STREET
        if code.startswith(DISTRICT):
            return _LOCAL + self.tree.short(code.removeprefix(DISTRICT))
        return self.tree.name(code)

    def short(self, code: str) -> str:
        """As `unit`, with the short name."""
        return self.unit(code) if code.startswith("@") else self.tree.short(code)

    def category(self, code: str) -> str:
        """A0312 路灯."""
        row = self.categories.get(code)
        return f"{code} {row.name}" if row else code

    def path(self, code: str) -> str:
        """城乡建设 / 市政管理 / 路灯."""
        names: list[str] = []
        row = self.categories.get(code)
        while row is not None and len(names) < 3:
            names.append(row.name)
            row = self.categories.get(row.parent) if row.parent else None
        return " / ".join(reversed(names))

    def place(self, code: str | None) -> str:
        return self.places.get(code, code) if code else "全市"

    def leaves(self) -> list[CategoryRow]:
        """Categories of level 3 in use, by code."""
        parents = {row.code: row.parent for row in self.categories.values()}
        return [
            row
            for row in self.categories.values()
            if not row.retired and row.parent and parents.get(row.parent)
        ]

    def unit_options(self) -> list[UnitOption]:
        """What the field of a unit offers: the place's own first."""
        local = [UnitOption(LOCAL_STREET, "诉求所在的街道、镇、乡")]
        local += [
            UnitOption(self.unit(DISTRICT + bureau), "诉求所在区县的部门，区县没有的由市里办")
            for bureau in self.bureaus
        ]
        return local + unit_options(self.tree)

    def category_options(self) -> list[UnitOption]:
        return [UnitOption(self.category(r.code), self.path(r.code)) for r in self.leaves()]

    def place_options(self) -> list[UnitOption]:
        return [UnitOption(name, code) for code, name in self.places.items()]

    def find_unit(self, typed: str) -> str:
        """The code for what was typed or chosen. Raises InvalidInput (field ``unit``)."""
        if typed == LOCAL_STREET:
            return STREET
        for bureau in self.bureaus:
            if typed == self.unit(DISTRICT + bureau):
                return DISTRICT + bureau
        return find_unit(self.tree, typed).code

    def find_category(self, typed: str) -> str:
        """The code of a category of level 3 in use. Raises InvalidInput (field ``category``)."""
        code = typed.split(" ")[0].upper()
        leaves = self.leaves()
        found = [r.code for r in leaves if r.code == code] or [
            r.code for r in leaves if r.name == typed
        ]
        if len(found) == 1:
            return found[0]
        problem = "有几个同名类别，请从列表中选" if found else "请从列表中选择在用的三级类别"
        raise InvalidInput("没有这个类别", fields={"category": problem})

    def find_place(self, typed: str) -> str | None:
        """The code of a district or street, None for all. Raises InvalidInput (``territory``)."""
        if not typed or typed == "全市":
            return None
        found = [c for c, name in self.places.items() if typed in (name, c)]
        found = found or [c for c, name in self.places.items() if name.endswith(typed)]
        if len(found) == 1:
            return found[0]
        problem = "请从列表中选择区县或镇街，不填为全市"
        raise InvalidInput("没有这个地区", fields={"territory": problem})


def find_words(typed: str, field: str) -> tuple[str, ...]:
    """Words as typed, separated by blanks or punctuation. Raises InvalidInput (``field``)."""
    words = tuple(dict.fromkeys(word for word in _BETWEEN_WORDS.split(typed) if word))
    if len(words) > MAX_WORDS or any(len(word) > MAX_WORD for word in words):
        problem = f"最多 {MAX_WORDS} 个词，每个不超过 {MAX_WORD} 字"
        raise InvalidInput("适用情形不对", fields={field: problem})
    return words


def find_day(typed: str, field: str) -> date:
    """An ISO date. Raises InvalidInput (``field``)."""
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise InvalidInput("日期不对", fields={field: "请选择日期"}) from error


def condition(entry: CatalogueEntry) -> str:
    """含“工地、施工” · 不含“小区”; empty without condition."""
    parts = []
    if entry.words:
        parts.append(f"含“{'、'.join(entry.words)}”")
    if entry.not_words:
        parts.append(f"不含“{'、'.join(entry.not_words)}”")
    return " · ".join(parts)


def period(entry: CatalogueEntry) -> str:
    """From when to when an entry holds."""
    if entry.ends_entry:
        return f"{entry.valid_from} 起停用"
    return f"{entry.valid_from} 至 {entry.valid_to or '长期'}"


def differences(
    names: Names, before: CatalogueEntry | None, after: CatalogueEntry
) -> list[tuple[str, str, str]]:
    """(what, was, will be) for everything that changes; "" for was in a new entry."""
    if after.ends_entry:
        return [("有效期", period(before) if before else "", period(after))]
    shown: list[tuple[str, Callable[[CatalogueEntry], str]]] = [
        ("类别", lambda e: names.category(e.category)),
        ("适用地区", lambda e: names.place(e.territory)),
        ("适用情形", lambda e: condition(e) or "不限"),
        ("主办", lambda e: names.unit(e.lead)),
        ("协办", lambda e: "、".join(names.unit(u) for u in e.assists) or "无"),
        ("依据", lambda e: e.basis),
        ("有效期", period),
    ]
    lines = [(what, show(before) if before else "", show(after)) for what, show in shown]
    return [line for line in lines if line[1] != line[2]]
