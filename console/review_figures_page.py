"""Figures of reviews with their formulas, the way down to the reviews, and what grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from fastapi import Request
from starlette.responses import Response

from cases.measures import BANDS, NO_BAND, SMALL, codes_below
from console.charts import column_chart, line_chart
from console.excel import Sheet, Value, download, workbook
from console.measures_choice import Choice, choose
from console.measures_lines import percent
from console.paging import PAGE_SIZE, Paging
from console.render import render
from console.route import console_router
from console.staff import CurrentStaff, database_of, tree_of
from console.unit_picker import unit_options
from core.errors import NotFound
from core.identity import UNIT_ROLES
from reviews.figures import AXIS_NAMES, FORMULAS, Axis, Figure, Tally, growing
from reviews.figures_repository import FigureRepository, Wanted
from reviews.grades import GRADE_NAMES, TAGS, Grade
from units.tree import UnitTree

router = console_router()
log = structlog.get_logger(__name__)
PATH = "/console/review-figures"
_TAG_NAMES = {code: name for tags in TAGS.values() for code, name in tags.items()}
_CHANNELS = {"web": "网页", "wechat": "微信", "sms": "短信", "phone": "电话", "window": "窗口"}
_VIEWS = tuple(axis.value for axis in Axis)
_MOST_TAGS = 10


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    name: str
    tally: Tally


@router.get("/review-figures")
async def figures_page(request: Request, staff: CurrentStaff) -> Response:
    """The figures as the address asks for them."""
    choice = choose(request, staff, _VIEWS)
    tree, wanted = tree_of(request), _wanted(choice, tree_of(request))
    async with database_of(request).unit_of_work() as session:
        repository = FigureRepository(session, staff.actor)
        total = await repository.total(wanted)
        lines = _lines(await repository.by(wanted, Axis(choice.view)), Axis(choice.view), tree)
        tags = growing(*await repository.tags(wanted))[:_MOST_TAGS]
        beyond = await repository.beyond_the_guide(wanted)
        months = _lines(await repository.by(wanted, Axis.MONTH), Axis.MONTH, tree)
    inside = staff.actor.role in UNIT_ROLES
    names = [line.name for line in months]
    return render(
        request,
        "review_figures.html",
        choice=choice,
        cards=[
            (
                formula,
                total.rate(figure),
                choice.address(f"{PATH}/reviews", of=figure.value),
                choice.address(f"{PATH}/reviews", of=figure.value, which="missed"),
            )
            for figure, formula in FORMULAS.items()
        ],
        views=[
            (name, choice.address(PATH, view=axis.value), axis.value == choice.view)
            for axis, name in AXIS_NAMES.items()
        ],
        axis=AXIS_NAMES[Axis(choice.view)].removeprefix("按"),
        formulas=FORMULAS,
        lines=lines,
        classes=_classes(lines) if choice.view == Axis.UNIT else [],
        good=line_chart([one.tally.rate(Figure.GOOD).share for one in months], names, names),
        many=column_chart([one.tally.given for one in months], names, names),
        tags=[(_TAG_NAMES.get(one.code, one.code), one) for one in tags],
        beyond=beyond,
        percent=percent,
        small=SMALL,
        unit_name=tree.name(choice.unit),
        units=unit_options(tree, staff.actor.units if inside else None),
        export=choice.address(f"{PATH}/export"),
    )


@router.get("/review-figures/reviews")
async def reviews_behind(
    request: Request, staff: CurrentStaff, of: str = "", which: str = "all", page: int = 1
) -> Response:
    """The reviews behind one figure. Raises NotFound for a figure that there is not."""
    choice = choose(request, staff, _VIEWS)
    if of not in set(Figure) or which not in ("all", "missed"):
        raise NotFound("没有这个页面，地址可能输错了。")
    figure, missed = Figure(of), which == "missed"
    page, tree = min(max(page, 1), 100_000), tree_of(request)
    async with database_of(request).unit_of_work() as session:
        repository = FigureRepository(session, staff.actor)
        found, total = await repository.behind(
            _wanted(choice, tree),
            figure,
            missed=missed,
            limit=PAGE_SIZE,
            offset=(page - 1) * PAGE_SIZE,
        )
    formula = FORMULAS[figure]
    words = "没有达到的" if missed else formula.below_words
    return render(
        request,
        "review_figures_behind.html",
        name=f"{formula.name}：{words}",
        choice=choice,
        lines=[(one, GRADE_NAMES[Grade(one.grade)], tree.name(one.unit or "")) for one in found],
        paging=Paging(page, total),
        back=choice.address(PATH),
        page_address=lambda page: choice.address(f"{PATH}/reviews", of=of, which=which, page=page),
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
            lines = _lines(await repository.by(wanted, axis), axis, tree)
            sheets.append(_sheet(name, name.removeprefix("按"), lines, choice))
    log.info("review_figures_exported", by=staff.actor.login, first=str(choice.span.first))
    return download(workbook(sheets), f"评价统计_{choice.span.first}_{choice.span.last}.xlsx")


def _wanted(choice: Choice, tree: UnitTree) -> Wanted:
    return Wanted(choice.span, codes_below(choice.unit, tree) if choice.unit else None)


def _lines(found: Mapping[str | None, Tally], axis: Axis, tree: UnitTree) -> list[Line]:
    return [Line(_name(key, axis, tree), tally) for key, tally in found.items()]


def _name(key: str | None, axis: Axis, tree: UnitTree) -> str:
    if key is None:
        return "未注明"
    if axis is Axis.UNIT:
        return tree.name(key)
    return _CHANNELS.get(key, key) if axis is Axis.CHANNEL else key


def _classes(lines: list[Line]) -> list[tuple[str, list[Line]]]:
    """Units by band, best first; within a band in the order of their names, which is no rank."""
    found = []
    for band in (*(name for _, name in BANDS), NO_BAND):
        those = [line for line in lines if line.tally.band == band]
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
