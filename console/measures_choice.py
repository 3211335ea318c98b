"""What a page of figures is asked for: its period, unit and category, all in the address."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta

from fastapi import Request

from cases.measures import LONGEST, Span, Step, codes_below, usual_spans
from cases.measures_repository import Categories, Wanted
from console.menu import MEASURE_ROLES
from console.render import link
from console.staff import Staff, tree_of
from console.unit_picker import find_unit
from core.calendar import LOCAL
from core.database import now
from core.errors import InvalidInput
from core.identity import UNIT_ROLES
from units.tree import UnitTree

PATH = "/console/measures"


@dataclass(frozen=True)
class Choice:
    """``unit`` and ``category`` are codes, empty for all; ``problems`` say what of the address was
    not understood and left out."""

    span: Span
    step: Step
    unit: str
    category: str
    view: str
    problems: list[str] = field(default_factory=list)

    def query(self, **changes: object) -> dict[str, object]:
        """The address's words for the same choice, with ``changes``."""
        return {
            "from": self.span.first,
            "to": self.span.last,
            "step": self.step.value,
            "unit": self.unit,
            "category": self.category,
            "view": self.view,
        } | changes

    def address(self, path: str = PATH, **changes: object) -> str:
        return link(path, **self.query(**changes))

    def wanted(self, tree: UnitTree, categories: Categories) -> Wanted:
        units = codes_below(self.unit, tree) if self.unit else None
        return Wanted(self.span, units, _below(self.category, categories))


def choose(request: Request, staff: Staff, views: Collection[str]) -> Choice:
    """Read the address. A unit's leader starts with the own unit and cannot ask beyond its tree.

    Raises NotAllowed for roles that have no figures.
    """
    staff.actor.require(*MEASURE_ROLES)
    query, tree = request.query_params, tree_of(request)
    problems: list[str] = []
    today = now().astimezone(LOCAL).date()
    span = _span(query.get("from", ""), query.get("to", ""), today, problems)
    step = query.get("step", "")
    view = query.get("view", "")
    category = query.get("category", "").replace("\x00", "").strip()[:16]
    return Choice(
        span,
        Step(step) if step in tuple(Step) else _fitting(span),
        _unit(query.get("unit", ""), staff, tree, problems),
        category,
        view if view in views else next(iter(views)),
        problems,
    )


def spans(choice: Choice, path: str = PATH) -> list[tuple[str, str, bool]]:
    """Periods asked for most: name, address, whether it is the present one."""
    today = now().astimezone(LOCAL).date()
    return [
        (
            name,
            choice.address(path, **{"from": span.first, "to": span.last, "step": ""}),
            span == choice.span,
        )
        for name, span in usual_spans(today)
    ]


def _span(first: str, last: str, today: date, problems: list[str]) -> Span:
    usual = Span(today - timedelta(days=29), today)
    if not first and not last:
        return usual
    try:
        span = Span(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        problems.append("日期没有填完整，下面是近 30 天的数据。")
        return usual
    if not 0 < span.days <= LONGEST or not 2000 <= span.first.year <= 2100:
        problems.append(f"结束日期不能早于开始日期，最长 {LONGEST} 天；下面是近 30 天的数据。")
        return usual
    return span


def _fitting(span: Span) -> Step:
    """Pieces that are neither too many nor too few to look at."""
    if span.days <= 14:
        return Step.DAY
    return Step.WEEK if span.days <= 100 else Step.MONTH


def _unit(typed: str, staff: Staff, tree: UnitTree, problems: list[str]) -> str:
    typed = typed.replace("\x00", "").strip()[:100]
    inside = staff.actor.role in UNIT_ROLES
    usual = staff.actor.unit if inside else ""
    if not typed:
        return usual
    among = staff.actor.units if inside else None
    # A unit merged into another is still asked for by links to older figures.
    if typed in tree.units and (among is None or typed in among):
        return tree.current(typed)
    try:
        return find_unit(tree, typed, among, loose=True).code
    except InvalidInput as error:
        problems.append(f"单位“{typed}”：{error.fields['unit']}。下面没有按它筛选。")
        return usual


def _below(category: str, categories: Categories) -> frozenset[str] | None:
    if not category:
        return None
    found = {category}
    grown = True
    while grown:
        more = {code for code, (_, parent) in categories.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return frozenset(found)
