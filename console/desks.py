"""The desks: queues of cases with tabs, search and filters, for the line, a unit and supervisors.

Everything chosen stands in the address, so that a page can be kept, sent and gone back to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from cases.numbers import tidy_number
from cases.queues import COUNTED, CaseRow
from cases.repository import CaseRepository
from cases.states import MAIN_STATE_NAMES, OPEN, MainState
from cases.vocabulary import TYPE_NAMES, URGENCY_NAMES
from console.clock import Clock, clock
from console.desk_filters import Asked, Choice, facets, filter_of
from console.desk_tabs import DISPATCH_TABS, SUPERVISION_TABS, UNIT_TABS, Tab, landing, tab_of
from console.excel import Sheet, download, workbook
from console.menu import DISPATCH_ROLES, SUPERVISION_ROLES, menu_of
from console.paging import PAGE_SIZE, Paging
from console.render import link, local_time, render
from console.route import console_router
from console.staff import CurrentStaff, Staff, database_of, tree_of
from console.unit_picker import unit_options
from console.wording import DONE
from core.database import now
from core.identity import UNIT_ROLES, Role
from routing.service import CategoryFacts
from units.tree import UnitTree

router = console_router()
# From this score on a proposal is worth a button of its own.
_PROPOSED_FROM = 0.3


@dataclass(frozen=True)
class Proposed:
    """A unit for one click: name, certainty in percent, entry of the catalogue."""

    unit: str
    percent: int
    entry: str


@dataclass(frozen=True)
class Line:
    """One case of the queue, ready to be shown."""

    row: CaseRow
    category: str
    place: str
    lead: str
    clock: Clock
    badges: tuple[str, ...]
    proposed: Proposed | None


@dataclass(frozen=True)
class TabLink:
    name: str
    count: str
    address: str
    current: bool


@router.get("/dispatch")
async def dispatch_desk(
    request: Request, staff: CurrentStaff, choice: Asked, done: str = "", undo: str = ""
) -> Response:
    """Cases of the whole line; dispatchers start with what waits for them, others with all. A desk
    opens on the first tab from there on that has something in it."""
    staff.actor.require(*DISPATCH_ROLES)
    first = "pending" if staff.actor.role is Role.DISPATCHER else "all"
    heading = dict(menu_of(staff.actor.role))["/console/dispatch"]
    return await _desk(request, staff, heading, DISPATCH_TABS, choice, first, done, undo)


@router.get("/unit")
async def unit_desk(
    request: Request, staff: CurrentStaff, choice: Asked, done: str = ""
) -> Response:
    """Cases in which the own unit, or one below it, has a part."""
    staff.actor.require(*UNIT_ROLES)
    heading = tree_of(request).name(staff.actor.unit)
    return await _desk(request, staff, heading, UNIT_TABS, choice, "pending", done)


@router.get("/supervision")
async def supervision_desk(
    request: Request, staff: CurrentStaff, choice: Asked, done: str = ""
) -> Response:
    """What went wrong or is about to: late, bounced, done again, wrongly dispatched by itself."""
    staff.actor.require(*SUPERVISION_ROLES)
    return await _desk(request, staff, "督办台", SUPERVISION_TABS, choice, "late", done)


@router.get("/dispatch/export")
@router.get("/unit/export")
@router.get("/supervision/export")
async def export(request: Request, staff: CurrentStaff, choice: Asked) -> Response:
    """The queue of a desk as Excel, at most `COUNTED` lines; nothing in it tells who speaks."""
    tabs, roles = _DESKS[request.url.path.split("/")[2]]
    staff.actor.require(*roles)
    tab = tab_of(tabs, choice.tab)
    wanted, _ = filter_of(request, staff, choice)
    at = now()
    async with database_of(request).unit_of_work() as session:
        repository = CaseRepository(session, staff.actor)
        rows = await repository.rows(tab.narrow(wanted, staff.actor.login, at), limit=COUNTED)
    lines = _lines(request, rows, at)
    sheet = Sheet(
        title=tab.name,
        head=[*_HEAD],
        rows=[_cells(line) for line in lines],
        notes=[f"{tab.name}，导出于 {local_time(at)}，最多 {COUNTED} 件"],
        widths=[16, 8, 8, 36, 16, 24, 18, 10, 18, 18, 14, 24],
    )
    return download(workbook([sheet]), f"工单-{tab.name}-{local_time(at, '%Y%m%d')}.xlsx")


_DESKS: dict[str, tuple[tuple[Tab, ...], frozenset[Role]]] = {
    "dispatch": (DISPATCH_TABS, DISPATCH_ROLES),
    "unit": (UNIT_TABS, UNIT_ROLES),
    "supervision": (SUPERVISION_TABS, SUPERVISION_ROLES),
}
_HEAD = (
    "编号",
    "类型",
    "紧急程度",
    "标题",
    "类别",
    "地点",
    "主办单位",
    "状态",
    "登记时间",
    "到期时间",
    "时限",
    "标记",
)


def _cells(line: Line) -> list[str]:
    row = line.row
    return [
        row.number,
        TYPE_NAMES[row.type],
        URGENCY_NAMES[row.urgency],
        row.title,
        line.category,
        line.place,
        line.lead,
        MAIN_STATE_NAMES[row.state],
        local_time(row.created_at),
        local_time(row.due_at),
        line.clock.text,
        "、".join(line.badges),
    ]


async def _desk(
    request: Request,
    staff: Staff,
    heading: str,
    tabs: tuple[Tab, ...],
    choice: Choice,
    first: str,
    done: str,
    undo: str = "",
) -> Response:
    at, login = now(), staff.actor.login
    wanted, problem = filter_of(request, staff, choice)
    async with database_of(request).unit_of_work() as session:
        repository = CaseRepository(session, staff.actor)
        number = tidy_number(choice.q)
        if number and await repository.by_number(number):
            return RedirectResponse(f"/console/cases/{number}", 303)
        totals = await repository.totals([t.narrow(wanted, login, at) for t in tabs])
        counts = {t.key: total for t, total in zip(tabs, totals, strict=True)}
        tab = tab_of(tabs, choice.tab or landing(tabs, counts, first))
        paging = Paging(choice.page, min(counts[tab.key], COUNTED))
        rows = await repository.rows(
            tab.narrow(wanted, login, at), limit=PAGE_SIZE, offset=paging.offset
        )
        approvals = await repository.count_approvals()
    path, kept = request.url.path, choice.filters
    template = "_queue.html" if request.headers.get("X-Part") == "queue" else "desk.html"
    among = staff.actor.units if staff.actor.role in UNIT_ROLES else None
    return render(
        request,
        template,
        heading=heading,
        tabs=[
            TabLink(t.name, _many(counts[t.key]), link(path, tab=t.key, **kept), t is tab)
            for t in tabs
        ],
        tab=tab,
        choice=choice,
        filtered=any(kept.values()),
        chosen=[name for name, value in kept.items() if value],
        problem=problem,
        lines=_lines(request, rows, at),
        paging=paging,
        total=_many(counts[tab.key]),
        page_address=lambda page: link(path, tab=tab.key, **kept, page=page),
        here=link(path, tab=tab.key, **kept, page=choice.page if choice.page > 1 else ""),
        export=link(f"{path}/export", tab=tab.key, **kept),
        may_dispatch=staff.actor.role in (Role.DISPATCHER, Role.SUPERVISOR),
        units=unit_options(tree_of(request), among),
        facets=facets(request),
        approvals=approvals,
        undo=[n for n in undo.split(",") if tidy_number(n)][:50],
        done=DONE.get(done, ""),
    )


def _many(count: int) -> str:
    return f"{COUNTED}+" if count > COUNTED else str(count)


def _lines(request: Request, rows: Sequence[CaseRow], at: datetime) -> list[Line]:
    tree = tree_of(request)
    categories: dict[str, CategoryFacts] = request.app.state.city.router.categories
    return [
        Line(
            row,
            categories[row.category].name if row.category in categories else "未归类",
            row.place_text or tree.short(row.street or row.district) or "地点不详",
            tree.short(row.lead) or "未派单",
            clock(row.due_at, at, stopped=row.state not in OPEN),
            _badges(row),
            _proposed(tree, row),
        )
        for row in rows
    ]


def _badges(row: CaseRow) -> tuple[str, ...]:
    marks = (
        (row.supervised, "督办"),
        (row.is_group, "同类诉求"),
        (row.secret, "保密"),
        (row.urges > 0, f"催办 {row.urges}"),
        (row.returns > 0, f"退单 {row.returns}"),
        (row.reworks + row.reopens > 0, "重办"),
        (row.extended, "已延期"),
        (
            row.look_again_on is not None,
            f"{row.look_again_on:%m-%d} 复查" if row.look_again_on else "",
        ),
    )
    return tuple(text for there, text in marks if there)


def _proposed(tree: UnitTree, row: CaseRow) -> Proposed | None:
    best = row.proposals[0] if row.proposals else None
    if best is None or best.score < _PROPOSED_FROM or row.state is not MainState.PENDING_DISPATCH:
        return None
    unit = tree.get(best.unit)
    if unit is None or not unit.active:
        return None
    return Proposed(unit.name, round(best.score * 100), best.entry)
