"""Figures of reviews with their formulas, the way down to the reviews, and what grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

import structlog
from fastapi import Request
from starlette.responses import Response

from cases.measures import (
    BANDS,
    NO_BAND,
    SMALL,
    STEP_NAMES,
    Formula,
    Rate,
    codes_below,
    piece_mark,
    piece_name,
    pieces,
)
from console.charts import ColumnChart, LineChart, column_chart, line_chart
from console.excel import Sheet, Value, download, workbook
from console.measures_choice import Choice, choose, spans
from console.measures_lines import percent
from console.paging import PAGE_SIZE, Paging
from console.render import render
from console.reviews_page import review_lines
from console.route import console_router
from console.staff import CurrentStaff, database_of, tree_of
from console.unit_picker import unit_options
from core.errors import NotFound
from core.identity import UNIT_ROLES
from reviews.codes import CHANNEL_NAMES
from reviews.figures import AXIS_NAMES, FORMULAS, Axis, Figure, Tally, growing
from reviews.figures_repository import FigureRepository, Side
from reviews.grades import TAGS
from reviews.narrowing import Wanted
from units.tree import UnitTree

router = console_router()
log = structlog.get_logger(__name__)
PATH = "/console/review-figures"
_TAG_NAMES = {code: name for tags in TAGS.values() for code, name in tags.items()}
_VIEWS = tuple(axis.value for axis in Axis)
_MOST_TAGS = 10


@dataclass(frozen=True)
class Card:
    """A figure with its formula; ``all`` leads to what was counted, ``some`` to those that it is
    about: the bad ones, else those that fall short. ``some_words`` say which and how many."""

    formula: Formula
    rate: Rate
    all: str
    some: str
    some_words: str


@dataclass(frozen=True)
class Line:
    """One row of the table: ``key`` is the value of its axis, ``all`` and ``bad`` lead to its
    reviews."""

    name: str
    tally: Tally
    key: str | None = None
    all: str = ""
    bad: str = ""


@router.get("/review-figures")
async def figures_page(request: Request, staff: CurrentStaff) -> Response:
    """The figures as the address asks for them."""
    choice = choose(request, staff, _VIEWS)
    tree, axis = tree_of(request), Axis(choice.view)
    wanted = _wanted(choice, tree)
    async with database_of(request).unit_of_work() as session:
        repository = FigureRepository(session, staff.actor)
        total = await repository.total(wanted)
        lines = _lines(await repository.by(wanted, axis), axis, tree, choice)
        tags = growing(*await repository.tags(wanted))[:_MOST_TAGS]
        beyond = await repository.beyond_the_guide(wanted)
        over_time = await repository.over_time(wanted, choice.step)
    inside = staff.actor.role in UNIT_ROLES
    return render(
        request,
        "review_figures.html",
        choice=choice,
        cards=[_card(figure, total.rate(figure), choice) for figure in Figure],
        views=[
            (name, choice.address(PATH, view=axis.value), axis.value == choice.view)
            for axis, name in AXIS_NAMES.items()
        ],
        spans=spans(choice, PATH),
        step_names=STEP_NAMES,
        axis=AXIS_NAMES[axis].removeprefix("按"),
        formulas=FORMULAS,
        lines=lines,
        classes=_classes(lines) if axis is Axis.UNIT else [],
        charts=_charts(over_time, choice) if total.every else None,
        few=_few(over_time),
        tags=[(_TAG_NAMES.get(one.code, one.code), one) for one in tags],
        beyond=beyond,
        percent=partial(percent, counted="条"),
        small=SMALL,
        unit_name=tree.name(choice.unit),
        units=unit_options(tree, staff.actor.units if inside else None),
        export=choice.address(f"{PATH}/export"),
    )


@router.get("/review-figures/reviews")
async def reviews_behind(
    request: Request, staff: CurrentStaff, of: str = "", which: str = "all", page: int = 1
) -> Response:
    """The reviews behind one figure, with ``by`` and ``value`` of one row of the table.

    Raises NotFound for a figure or a row that there is not.
    """
    choice, query = choose(request, staff, _VIEWS), request.query_params
    by, value = query.get("by", ""), query.get("value", "").replace("\x00", "")
    if of not in set(Figure) or which not in set(Side) or (by and by not in set(Axis)):
        raise NotFound("没有这个页面，地址可能输错了。")
    figure, side, tree = Figure(of), Side(which), tree_of(request)
    page = min(max(page, 1), 100_000)
    row = (Axis(by), value or None) if by else None
    async with database_of(request).unit_of_work() as session:
        repository = FigureRepository(session, staff.actor)
        found, total = await repository.behind(
            _wanted(choice, tree),
            figure,
            side=side,
            of=row,
            limit=PAGE_SIZE,
            offset=(page - 1) * PAGE_SIZE,
        )
    asked = {"of": of, "which": which, "by": by, "value": value}
    return render(
        request,
        "review_figures_behind.html",
        name=f"{_name(row[1], row[0], tree)}：{_side(figure, side)}"
        if row
        else _side(figure, side),
        choice=choice,
        unit_name=tree.name(choice.unit) if choice.unit else "",
        lines=review_lines(found, tree),
        paging=Paging(page, total),
        back=choice.address(PATH),
        page_address=lambda page: choice.address(f"{PATH}/reviews", **asked, page=page),
    )


@router.get("/review-figures/export")
async def export(request: Request, staff: CurrentStaff) -> Response:
    """The same figures as an Excel file, one sheet an axis."""
    choice = choose(request, staff, _VIEWS)
    tree = tree_of(request)
    wanted = _wanted(choice, tree)
    async with database_of(request).unit_of_work() as session:
        repository = FigureRepository(session, staff.actor)
        total = await repository.total(wanted)
        sheets = [_sheet("合计", "范围", [Line("合计", total)], choice)]
        for axis, name in AXIS_NAMES.items():
            lines = _lines(await repository.by(wanted, axis), axis, tree, choice)
            sheets.append(_sheet(name, name.removeprefix("按"), lines, choice))
    log.info("review_figures_exported", by=staff.actor.login, first=str(choice.span.first))
    return download(workbook(sheets), f"评价统计_{choice.span.first}_{choice.span.last}.xlsx")


def _wanted(choice: Choice, tree: UnitTree) -> Wanted:
    return Wanted(choice.span, codes_below(choice.unit, tree) if choice.unit else None)


def _card(figure: Figure, rate: Rate, choice: Choice) -> Card:
    formula, behind = FORMULAS[figure], f"{PATH}/reviews"
    of_bad = figure is Figure.BAD
    side, many = (Side.ABOVE, rate.above) if of_bad else (Side.MISSED, rate.missed)
    return Card(
        formula,
        rate,
        choice.address(behind, of=figure.value),
        choice.address(behind, of=figure.value, which=side.value) if many else "",
        f"看 {many} 条差评" if of_bad else f"其余 {many} 条",
    )


def _side(figure: Figure, side: Side) -> str:
    formula = FORMULAS[figure]
    if side is Side.ALL:
        return formula.below_words
    if side is Side.ABOVE:
        return formula.above_words
    return f"{formula.below_words}中，除“{formula.above_words}”以外的"


def _charts(over_time: Mapping[date, Tally], choice: Choice) -> tuple[LineChart, ColumnChart]:
    """The share of good reviews and how many were given, over time."""
    starts = pieces(choice.span, choice.step)
    tallies = [over_time.get(start, Tally()) for start in starts]
    names = [piece_name(start, choice.step) for start in starts]
    marks = [piece_mark(start, choice.step) for start in starts]
    return (
        line_chart([tally.rate(Figure.GOOD).share for tally in tallies], names, marks),
        column_chart([tally.given for tally in tallies], names, marks, "条"),
    )


def _few(over_time: Mapping[date, Tally]) -> str:
    """What is said at the chart of spans that have reviews, but too few for a share."""
    some = sum(
        tally.rate(Figure.GOOD).below > 0 and tally.rate(Figure.GOOD).share is None
        for tally in over_time.values()
    )
    return f"有 {some} 段的有效评价不足 {SMALL} 条，不画点" if some else ""


def _lines(
    found: Mapping[str | None, Tally], axis: Axis, tree: UnitTree, choice: Choice
) -> list[Line]:
    def behind(key: str | None, figure: Figure, side: Side) -> str:
        asked = {"of": figure.value, "which": side.value, "by": axis.value, "value": key}
        return choice.address(f"{PATH}/reviews", **asked)

    return [
        Line(
            _name(key, axis, tree),
            tally,
            key,
            behind(key, Figure.GIVEN, Side.ALL),
            behind(key, Figure.BAD, Side.ABOVE),
        )
        for key, tally in found.items()
    ]


def _name(key: str | None, axis: Axis, tree: UnitTree) -> str:
    if key is None:
        return "未注明"
    if axis is Axis.UNIT:
        return tree.name(key)
    return CHANNEL_NAMES.get(key, key) if axis is Axis.CHANNEL else key


def _classes(lines: list[Line]) -> list[tuple[str, list[Line]]]:
    """Units by band, best first; within a band in the order of their names, which is no rank."""
    found = []
    for band in (*(name for _, name in BANDS), NO_BAND):
        those = [line for line in lines if line.key and line.tally.band == band]
        if those:
            found.append((band, sorted(those, key=lambda line: line.name)))
    return found


def _sheet(title: str, first: str, lines: list[Line], choice: Choice) -> Sheet:
    head = [first, "全部评价", "有效评价"]
    for formula in FORMULAS.values():
        head += [f"{formula.name}：分子", f"{formula.name}：分母", formula.name]
    notes = [f"{choice.span.first} 至 {choice.span.last}；分母不足 {SMALL} 的不算比率"]
    notes += [f"{one.name} = {one.above_words} ÷ {one.below_words}" for one in FORMULAS.values()]
    return Sheet(title, head, [_row(line) for line in lines], notes, [28])


def _row(line: Line) -> list[Value]:
    row: list[Value] = [line.name, line.tally.every, line.tally.valid]
    for figure in FORMULAS:
        rate = line.tally.rate(figure)
        row += [rate.above, rate.below, None if rate.share is None else round(rate.share, 4)]
    return row
