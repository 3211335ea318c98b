"""What a page of figures shows: cards, rows of units, categories and time, bands. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from cases.measures import (
    BANDS,
    COUNT_NAMES,
    FORMULAS,
    NO_BAND,
    Formula,
    Measure,
    Rate,
    Tally,
    added,
    band,
    piece_mark,
    piece_name,
    pieces,
    roll_up,
    roll_up_categories,
    score,
)
from cases.measures_repository import Categories, Figures
from console.charts import ColumnChart, LineChart, column_chart, line_chart
from console.measures_choice import PATH, Choice
from console.render import link
from core.identity import UNIT_ROLES, Actor
from units.tree import UnitTree

RATES = (
    Measure.RESPONSE,
    Measure.SOLVED,
    Measure.SATISFIED,
    Measure.ON_TIME,
    Measure.FIRST,
    Measure.AUTOMATIC,
)
# Units are compared within their class only (66号: 分档分类评价).
CLASSES = {
    "city": "市级部门和单位",
    "district": "区县及其部门",
    "street": "镇街",
    "community": "社区和村",
}
CASES = f"{PATH}/cases"
Query = Mapping[str, object]


@dataclass(frozen=True)
class Card:
    """One rate of the whole choice; ``missed`` leads to the cases that did not make it."""

    measure: Measure
    formula: Formula
    rate: Rate
    all: str
    missed: str


@dataclass(frozen=True)
class Count:
    name: str
    number: int
    address: str


@dataclass(frozen=True)
class Line:
    """One unit, category or piece of time; ``address`` leads further down, if there is more, and
    ``missed`` to the cases that did not make a rate, where an address can say which."""

    code: str
    name: str
    tally: Tally
    address: str
    missed: Mapping[Measure, str]
    score: float | None
    band: str


@dataclass(frozen=True)
class Class:
    """Units of one class by band, each band in the order of their names, not of their scores."""

    name: str
    bands: list[tuple[str, list[Line]]]


def percent(rate: Rate, counted: str = "件") -> str:
    """``92.3%``, or for small numbers how many of how many, in the measure word ``counted``."""
    if rate.share is not None:
        return f"{rate.share:.1%}"
    return f"{rate.above}/{rate.below} {counted}" if rate.below else "—"


def cards(choice: Choice, total: Tally, direct: Rate | None) -> list[Card]:
    """The rates of everything chosen; ``direct`` is that of the line's contacts, if it is shown."""
    found = [
        Card(
            measure,
            FORMULAS[measure],
            total.rate(measure),
            choice.address(CASES, of=measure.value),
            choice.address(CASES, of=measure.value, which="missed"),
        )
        for measure in RATES
    ]
    if direct is not None:
        found.insert(3, Card(Measure.DIRECT, FORMULAS[Measure.DIRECT], direct, "", ""))
    return found


def counts(choice: Choice, total: Tally) -> list[Count]:
    """What is only counted, with the way to the cases."""
    return [
        Count(name, getattr(total, fact), choice.address(CASES, of=fact))
        for fact, name in COUNT_NAMES.items()
    ]


def _line(
    code: str, name: str, tally: Tally, choice: Choice, address: str, narrowed: Query | None
) -> Line:
    """``narrowed`` is what of the address must change to get exactly these cases; None when no
    address says it."""
    missed = {}
    if narrowed is not None:
        missed = {
            m: link(CASES, **choice.query(of=m.value, which="missed", **narrowed)) for m in RATES
        }
    weighted = score(tally)
    return Line(code, name, tally, address, missed, weighted, band(weighted))


def top(choice: Choice, tree: UnitTree) -> str:
    """The unit whose children are shown; empty when the tree has several roots."""
    if choice.unit:
        return choice.unit
    roots = [u.code for u in tree.units.values() if u.parent not in tree.units and u.active]
    return roots[0] if len(roots) == 1 else ""


def rows(choice: Choice, tree: UnitTree) -> list[str]:
    """Units in rows: those directly below the chosen one, in the order of the tree."""
    highest = top(choice, tree)
    if highest:
        return list(tree.children(highest))
    return [u.code for u in tree.units.values() if u.parent not in tree.units]


def unit_lines(choice: Choice, figures: Figures, tree: UnitTree) -> list[Line]:
    """The chosen unit's own work and, with all below them, the units below it that did any."""
    rolled = roll_up(figures.units, tree)
    below = [code for code in rows(choice, tree) if code in rolled]
    lines = [
        _line(
            code,
            tree.name(code),
            rolled[code],
            choice,
            choice.address(unit=code) if tree.children(code) else "",
            {"unit": code},
        )
        for code in below
    ]
    highest = top(choice, tree)
    own = [t for code, t in figures.units.items() if highest and tree.current(code) == highest]
    if own:
        name, alone = f"{tree.name(highest)}（本级）", None if below else {"unit": highest}
        lines.insert(0, _line("", name, added(own), choice, "", alone))
    return lines


def classes(lines: list[Line], tree: UnitTree) -> list[Class]:
    """The units among ``lines`` by class and band."""
    found = []
    names = [*(name for _, name in BANDS), NO_BAND]
    for level, class_name in CLASSES.items():
        inside = [x for x in lines if x.code and tree.units[x.code].level == level]
        bands = [
            (name, sorted((x for x in inside if x.band == name), key=lambda x: x.name))
            for name in names
        ]
        if inside:
            found.append(Class(class_name, [(name, those) for name, those in bands if those]))
    return found


def category_lines(choice: Choice, figures: Figures, categories: Categories) -> list[Line]:
    """The categories directly below the chosen one, with all below them."""
    parents = {code: parent for code, (_, parent) in categories.items()}
    above, shown = set(parents.values()), choice.category or None
    rolled = roll_up_categories(figures.categories, parents)
    lines = []
    for code in sorted(code for code in rolled if code is not None):
        if parents.get(code) == shown and code != shown:
            name = categories[code][0] if code in categories else code
            address = choice.address(category=code) if code in above else ""
            lines.append(_line(code, name, rolled[code], choice, address, {"category": code}))
    own = figures.categories.get(shown)
    if own:
        known = categories.get(shown or "")
        name = f"{known[0]}（未细分）" if known else shown or "未归类"
        alone = {"category": shown} if shown and not lines else None
        lines.insert(0, _line("", name, own, choice, "", alone))
    return lines


def time_lines(choice: Choice, figures: Figures) -> list[Line]:
    """Every piece of the period, also those in which nothing was closed."""
    span, starts = choice.span, pieces(choice.span, choice.step)
    ends = [start - timedelta(days=1) for start in starts[1:]] + [span.last]
    return [
        _line(
            "",
            piece_name(start, choice.step),
            figures.pieces.get(start, Tally()),
            choice,
            "",
            {"from": max(start, span.first), "to": end},
        )
        for start, end in zip(starts, ends, strict=True)
    ]


def charts(choice: Choice, lines: list[Line]) -> tuple[list[tuple[str, LineChart]], ColumnChart]:
    """Rates over time, one chart each, and how many cases were closed."""
    names = [line.name for line in lines]
    marks = [piece_mark(start, choice.step) for start in pieces(choice.span, choice.step)]
    shown = (Measure.RESPONSE, Measure.SOLVED, Measure.SATISFIED, Measure.ON_TIME)
    rates = [
        (FORMULAS[m].name, line_chart([line.tally.rate(m).share for line in lines], names, marks))
        for m in shown
    ]
    return rates, column_chart([line.tally.finished for line in lines], names, marks)


def unit_path(choice: Choice, tree: UnitTree, actor: Actor) -> list[tuple[str, str]]:
    """The chosen unit and those above it that may be looked at, from the top."""
    if not choice.unit:
        return []
    codes = [*reversed(tree.ancestors(choice.unit)), choice.unit]
    if actor.role in UNIT_ROLES:
        codes = [code for code in codes if code in actor.units]
    return [(tree.short(code), choice.address(unit=code)) for code in codes]


def category_path(choice: Choice, categories: Categories) -> list[tuple[str, str]]:
    """The chosen category and those above it, from the top."""
    path = []
    code: str | None = choice.category
    while code:
        name, parent = categories.get(code, (code, None))
        path.append((name, choice.address(category=code)))
        code = parent
    return path[::-1]


def named(lines: list[Line]) -> list[tuple[str, Tally]]:
    """Only what a spreadsheet needs."""
    return [(line.name, line.tally) for line in lines]
