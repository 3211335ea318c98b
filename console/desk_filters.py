"""What the address of a desk asks for, and what can be asked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from cases.queues import COUNTED, MARK_NAMES, CaseFilter, Mark
from cases.vocabulary import SOURCE_NAMES, TYPE_NAMES, URGENCY_NAMES, CaseType, Source, Urgency
from console.staff import Staff, tree_of
from console.unit_picker import find_unit
from core.errors import InvalidInput
from core.identity import UNIT_ROLES
from routing.service import CategoryFacts
from units.tree import UnitTree


@dataclass(frozen=True)
class Choice:
    """What the address asks for, as typed; codes that nobody knows are dropped."""

    tab: str = ""
    q: str = ""
    unit: str = ""
    type: str = ""
    urgency: str = ""
    source: str = ""
    category: str = ""
    area: str = ""
    mark: str = ""
    page: int = 1

    @property
    def filters(self) -> dict[str, str]:
        """Everything but tab and page, for links that keep it."""
        names = ("q", "unit", "type", "urgency", "source", "category", "area", "mark")
        return {name: getattr(self, name) for name in names}


def _asked(
    tab: str = "",
    q: str = "",
    unit: str = "",
    type: str = "",
    urgency: str = "",
    source: str = "",
    category: str = "",
    area: str = "",
    mark: str = "",
    page: int = 1,
) -> Choice:
    def tidy(words: str) -> str:
        return words.replace("\x00", "").strip()[:100]

    return Choice(
        tab=tidy(tab),
        q=tidy(q),
        unit=tidy(unit),
        type=type if type in set(CaseType) else "",
        urgency=urgency if urgency in set(Urgency) else "",
        source=source if source in set(Source) else "",
        category=tidy(category)[:16],
        area=tidy(area),
        mark=mark if mark in set(Mark) else "",
        page=min(max(page, 1), COUNTED),
    )


Asked = Annotated[Choice, Depends(_asked)]


def filter_of(request: Request, staff: Staff, choice: Choice) -> tuple[CaseFilter, str]:
    """The filter that the address asks for, and what is wrong with the unit in it."""
    tree = tree_of(request)
    among = staff.actor.units if staff.actor.role in UNIT_ROLES else None
    units, problem = _units(tree, choice.unit, among)
    return (
        CaseFilter(
            units=units,
            text=choice.q,
            type=CaseType(choice.type) if choice.type else None,
            urgency=Urgency(choice.urgency) if choice.urgency else None,
            source=Source(choice.source) if choice.source else None,
            category=choice.category,
            area=choice.area,
            marks=(Mark(choice.mark),) if choice.mark else (),
        ),
        problem,
    )


def _units(tree: UnitTree, typed: str, among: Collection[str] | None) -> tuple[frozenset[str], str]:
    """Codes of the typed unit and all below it, or what is wrong with what was typed."""
    if not typed:
        return frozenset(), ""
    try:
        return tree.below(find_unit(tree, typed, among, loose=True).code), ""
    except InvalidInput as error:
        return frozenset(), error.fields["unit"]


@dataclass(frozen=True)
class Facet:
    """One list of the filter: name of the field, what it is called, and what can be chosen."""

    name: str
    label: str
    options: list[tuple[str, str]]


def facets(request: Request) -> list[Facet]:
    """The lists of the filter, from the city as it stands now."""
    tree = tree_of(request)
    categories: dict[str, CategoryFacts] = request.app.state.city.router.categories
    upper = sorted(
        ((c.code, c.path) for c in categories.values() if c.path.count("/") < 2),
        key=lambda one: one[0],
    )
    streets = tree.by_level("street")
    above = (tree.get(code) for code in dict.fromkeys(s.parent for s in streets))
    districts = [district for district in above if district is not None]
    areas = [
        (u.code, u.short if u in districts else f"　{u.short}")
        for district in districts
        for u in (district, *(s for s in streets if s.parent == district.code))
    ]
    return [
        Facet("type", "类型", [(t.value, TYPE_NAMES[t]) for t in CaseType]),
        Facet("urgency", "紧急程度", [(u.value, URGENCY_NAMES[u]) for u in Urgency]),
        Facet("category", "类别", upper),
        Facet("area", "辖区", areas),
        Facet("source", "来源", [(s.value, SOURCE_NAMES[s]) for s in Source]),
        Facet("mark", "标记", [(m.value, MARK_NAMES[m]) for m in Mark]),
    ]
