"""The dispatch desk and the unit desk: queues of cases with tabs, search and a filter by unit.

Everything chosen stands in the address, so that a page can be kept, sent and gone back to.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from cases.numbers import tidy_number
from cases.repository import CaseFilter, CaseRepository, CaseRow
from cases.states import OPEN, MainState, SubState
from console.clock import SOON, Clock, clock
from console.menu import DISPATCH_ROLES, menu_of
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.route import console_router
from console.staff import CurrentStaff, Staff, database_of, tree_of
from console.unit_picker import find_unit, unit_options
from console.wording import DONE
from core.database import now
from core.errors import InvalidInput
from core.identity import UNIT_ROLES, Role
from units.tree import UnitTree

router = console_router()


@dataclass(frozen=True)
class Tab:
    """One view of a queue; ``late`` and ``soon`` are about the clock of the case."""

    key: str
    name: str
    states: tuple[MainState, ...] = ()
    part_states: tuple[SubState, ...] = ()
    late: bool = False
    soon: bool = False

    def narrow(self, wanted: CaseFilter, at: datetime) -> CaseFilter:
        """``wanted``, for this tab only."""
        if self.late:
            wanted = replace(wanted, overdue_at=at)
        if self.soon:
            wanted = replace(wanted, overdue_at=at + SOON, due_from=at)
        return replace(wanted, states=self.states, part_states=self.part_states)


DISPATCH_TABS = (
    Tab("pending", "待派单", (MainState.PENDING_DISPATCH,)),
    Tab("dispatched", "待签收", (MainState.DISPATCHED,)),
    Tab("in_progress", "办理中", (MainState.IN_PROGRESS,)),
    Tab("answered", "已答复", (MainState.ANSWERED,)),
    Tab("closed", "已办结", (MainState.CLOSED,)),
    Tab("all", "全部"),
    Tab("late", "超期", late=True),
)
UNIT_TABS = (
    Tab("pending", "待签收", part_states=(SubState.PENDING_ACCEPTANCE,)),
    Tab("in_progress", "办理中", part_states=(SubState.IN_PROGRESS,)),
    Tab("answered", "已答复", part_states=(SubState.ANSWERED,)),
    Tab("soon", "即将到期", soon=True),
    Tab("late", "超期", late=True),
    Tab("closed", "已办结", part_states=(SubState.CLOSED, SubState.ENDED)),
    Tab("all", "全部"),
)


@dataclass(frozen=True)
class Line:
    """One case of the queue, ready to be shown."""

    row: CaseRow
    category: str
    place: str
    lead: str
    clock: Clock


@dataclass(frozen=True)
class TabLink:
    name: str
    count: int
    address: str
    current: bool


@dataclass(frozen=True)
class Choice:
    """What the address asks for."""

    tab: Tab
    text: str
    unit: str
    page: int


@router.get("/dispatch")
async def dispatch_desk(
    request: Request,
    staff: CurrentStaff,
    tab: str = "",
    q: str = "",
    unit: str = "",
    page: int = 1,
    done: str = "",
) -> Response:
    """Cases of the whole line; dispatchers start with what waits for them, others with all."""
    staff.actor.require(*DISPATCH_ROLES)
    first = "pending" if staff.actor.role is Role.DISPATCHER else "all"
    choice = _choice(DISPATCH_TABS, tab or first, q, unit, page)
    heading = dict(menu_of(staff.actor.role))[request.url.path]
    return await _desk(request, staff, heading, DISPATCH_TABS, choice, done)


@router.get("/unit")
async def unit_desk(
    request: Request,
    staff: CurrentStaff,
    tab: str = "",
    q: str = "",
    unit: str = "",
    page: int = 1,
    done: str = "",
) -> Response:
    """Cases in which the own unit, or one below it, has a part."""
    staff.actor.require(*UNIT_ROLES)
    choice = _choice(UNIT_TABS, tab or "pending", q, unit, page)
    heading = tree_of(request).name(staff.actor.unit)
    return await _desk(request, staff, heading, UNIT_TABS, choice, done)


def _choice(tabs: tuple[Tab, ...], tab: str, text: str, unit: str, page: int) -> Choice:
    chosen = next((t for t in tabs if t.key == tab), tabs[0])
    text, unit = (words.replace("\x00", "").strip()[:100] for words in (text, unit))
    return Choice(chosen, text, unit, min(max(page, 1), 100_000))


async def _desk(
    request: Request,
    staff: Staff,
    heading: str,
    tabs: tuple[Tab, ...],
    choice: Choice,
    done: str,
) -> Response:
    tree, at = tree_of(request), now()
    among = staff.actor.units if staff.actor.role in UNIT_ROLES else None
    units, problem = _units(tree, choice.unit, among)
    wanted = CaseFilter(units=units, text=choice.text)
    async with database_of(request).unit_of_work() as session:
        repository = CaseRepository(session, staff.actor)
        number = tidy_number(choice.text)
        if number and await repository.by_number(number):
            return RedirectResponse(f"/console/cases/{number}", 303)
        counts = await _counts(session, staff, tabs, wanted, at)
        paging = Paging(choice.page, counts[choice.tab.key])
        found = await repository.queue(
            choice.tab.narrow(wanted, at), limit=PAGE_SIZE, offset=paging.offset
        )
    categories = request.app.state.city.router.categories
    lines = [
        Line(
            row,
            categories[row.category].name if row.category in categories else "未归类",
            _place(tree, row),
            tree.short(row.lead) or "未派单",
            clock(row.due_at, at, stopped=row.state not in OPEN),
        )
        for row in found.rows
    ]
    here = {"q": choice.text, "unit": choice.unit}
    path = request.url.path
    return render(
        request,
        "desk.html",
        heading=heading,
        tabs=[
            TabLink(t.name, counts[t.key], link(path, tab=t.key, **here), t is choice.tab)
            for t in tabs
        ],
        choice=choice,
        problem=problem,
        lines=lines,
        paging=paging,
        page_address=lambda page: link(path, tab=choice.tab.key, **here, page=page),
        units=unit_options(tree, among),
        done=DONE.get(done, ""),
    )


async def _counts(
    session: AsyncSession, staff: Staff, tabs: tuple[Tab, ...], wanted: CaseFilter, at: datetime
) -> dict[str, int]:
    repository = CaseRepository(session, staff.actor)
    return {
        tab.key: (await repository.queue(tab.narrow(wanted, at), limit=0)).total for tab in tabs
    }


def _units(tree: UnitTree, typed: str, among: Collection[str] | None) -> tuple[frozenset[str], str]:
    """Codes of the typed unit and all below it, or what is wrong with what was typed."""
    if not typed:
        return frozenset(), ""
    try:
        return tree.below(find_unit(tree, typed, among, loose=True).code), ""
    except InvalidInput as error:
        return frozenset(), error.fields["unit"]


def _place(tree: UnitTree, row: CaseRow) -> str:
    return row.place_text or tree.short(row.street or row.district) or "地点不详"
