"""Figures of the line and its units: rates with their formulas, and the way down to the cases."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import Request
from starlette.responses import Response

from cases.measures import (
    BANDS,
    COUNT_NAMES,
    FORMULAS,
    NO_BAND,
    SMALL,
    STEP_NAMES,
    WEIGHTS,
    Measure,
    upward,
)
from cases.measures_repository import MeasuresRepository, Promise, Wanted
from cases.vocabulary import APPROVAL_NAMES, APPROVAL_STATE_NAMES
from console.excel import download, workbook
from console.measures_choice import PATH, Choice, choose, spans
from console.measures_export import Gathered, sheets
from console.measures_lines import (
    CASES,
    RATES,
    cards,
    category_lines,
    category_path,
    charts,
    classes,
    counts,
    named,
    percent,
    rows,
    time_lines,
    top,
    unit_lines,
    unit_path,
)
from console.paging import PAGE_SIZE, Paging
from console.render import render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, database_of, tree_of
from console.unit_picker import unit_options
from core.errors import NotFound
from core.identity import UNIT_ROLES
from units.tree import UnitTree

router = console_router()
log = structlog.get_logger(__name__)
VIEWS = {
    "units": "按单位",
    "categories": "按类别",
    "time": "趋势",
    "promise": "承诺与实际",
    "excluded": "剔除与申诉",
}


@router.get("/measures")
async def measures_page(request: Request, staff: CurrentStaff) -> Response:
    """The figures as the address asks for them."""
    choice = choose(request, staff, VIEWS)
    tree, actor = tree_of(request), staff.actor
    inside = actor.role in UNIT_ROLES
    async with database_of(request).unit_of_work() as session:
        repository = MeasuresRepository(session, actor)
        categories = await repository.categories()
        wanted = choice.wanted(tree, categories)
        figures = await repository.figures(wanted, choice.step)
        direct = None if inside or choice.unit else await repository.contacts(wanted)
        shown: dict[str, Any] = {}
        match choice.view:
            case "units":
                shown["lines"] = unit_lines(choice, figures, tree)
                shown["classes"] = classes(shown["lines"], tree)
            case "categories":
                shown["lines"] = category_lines(choice, figures, categories)
            case "time":
                shown["lines"] = time_lines(choice, figures)
                shown["charts"], shown["columns"] = charts(choice, shown["lines"])
            case "promise":
                shown["promises"] = await _promises(repository, choice, wanted, tree)
            case "excluded":
                shown["excluded"] = found = await repository.exclusions(wanted)
                logins = [one.decided_by for one in found if one.decided_by]
                shown["names"] = await ConsoleRepository(session, actor).staff_names(logins)
    return render(
        request,
        "measures.html",
        choice=choice,
        step_names={step.value: name for step, name in STEP_NAMES.items()},
        views=[(name, choice.address(view=key), key == choice.view) for key, name in VIEWS.items()],
        spans=spans(choice),
        cards=cards(choice, figures.total, direct),
        counts=counts(choice, figures.total),
        empty=not (figures.total.finished or figures.total.excluded),
        rates=RATES,
        formulas=FORMULAS,
        weights=[(FORMULAS[m].name, weight) for m, weight in WEIGHTS.items()],
        bands=BANDS,
        no_band=NO_BAND,
        small=SMALL,
        unit_path=unit_path(choice, tree, actor),
        category_path=category_path(choice, categories),
        unit_name=tree.name(choice.unit),
        units=unit_options(tree, actor.units if inside else None),
        export=choice.address(f"{PATH}/export"),
        approval_names=APPROVAL_NAMES,
        approval_state_names=APPROVAL_STATE_NAMES,
        name_of=tree.name,
        percent=percent,
        **shown,
    )


@router.get("/measures/cases")
async def cases_behind(
    request: Request, staff: CurrentStaff, of: str = "", which: str = "all", page: int = 1
) -> Response:
    """The cases behind one figure, for whoever may read them."""
    choice = choose(request, staff, VIEWS)
    name, counted, but_not = _behind(of, which)
    tree = tree_of(request)
    async with database_of(request).unit_of_work() as session:
        repository = MeasuresRepository(session, staff.actor)
        categories = await repository.categories()
        wanted = choice.wanted(tree, categories)
        total = await repository.how_many(wanted, counted, but_not)
        paging = Paging(min(max(page, 1), 100_000), total)
        found = await repository.behind(
            wanted, counted, but_not, limit=PAGE_SIZE, offset=paging.offset
        )
    return render(
        request,
        "measures_cases.html",
        name=name,
        choice=choice,
        unit_name=tree.name(choice.unit),
        category_path=category_path(choice, categories),
        lines=[(row, tree.short(row.unit)) for row in found],
        paging=paging,
        back=choice.address(),
        page_address=lambda page: choice.address(CASES, of=of, which=which, page=page),
    )


@router.get("/measures/export")
async def export(request: Request, staff: CurrentStaff) -> Response:
    """The same figures as an Excel file, one sheet a view."""
    choice = choose(request, staff, VIEWS)
    tree = tree_of(request)
    async with database_of(request).unit_of_work() as session:
        repository = MeasuresRepository(session, staff.actor)
        categories = await repository.categories()
        wanted = choice.wanted(tree, categories)
        figures = await repository.figures(wanted, choice.step)
        gathered = Gathered(
            span=choice.span,
            unit=tree.name(choice.unit) or "全部",
            category=categories.get(choice.category, ("全部", None))[0],
            total=figures.total,
            units=named(unit_lines(choice, figures, tree)),
            categories=named(category_lines(choice, figures, categories)),
            pieces=named(time_lines(choice, figures)),
            promises=await _promises(repository, choice, wanted, tree),
            exclusions=await repository.exclusions(wanted),
            unit_names={code: unit.name for code, unit in tree.units.items()},
        )
    log.info("measures_exported", by=staff.actor.login, first=str(choice.span.first))
    name = f"统计_{choice.span.first}_{choice.span.last}.xlsx"
    return download(workbook(sheets(gathered)), name)


async def _promises(
    repository: MeasuresRepository, choice: Choice, wanted: Wanted, tree: UnitTree
) -> list[tuple[str, Promise]]:
    """By unit in rows, the chosen one as a whole first."""
    highest, below = top(choice, tree), rows(choice, tree)
    shown = {highest, *below} - {""}
    above = {
        code: kept for code in tree.units if (kept := [u for u in upward(code, tree) if u in shown])
    }
    found = await repository.promises(wanted, above)
    names = {highest: f"{tree.name(highest)}（合计）"} if highest else {}
    names |= {code: tree.name(code) for code in below}
    return [(name, found[code]) for code, name in names.items() if code in found]


def _behind(of: str, which: str) -> tuple[str, str, str | None]:
    """Name, fact and excluded fact of a list. Raises NotFound for what has no list."""
    if of in COUNT_NAMES:
        return f"{COUNT_NAMES[of]}的工单", of, None
    if of in RATES:
        formula = FORMULAS[Measure(of)]
        match which:
            case "all":
                return f"{formula.name}：{formula.below_words}", formula.below, None
            case "missed":
                return f"{formula.name}：没有达到的", formula.below, formula.above
    raise NotFound("没有这个页面，地址可能输错了。")
