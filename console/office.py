"""Lists to look things up in: items, and staff with what the seats among them serve."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from bot.seats.plan import load_plan
from console.menu import STAFF_ROLES
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, PostedForm, database_of, tree_of
from console.wording import DONE
from core.calendar import LOCAL
from core.database import now
from core.identity import ROLE_NAMES, Role
from kb.models import Entry
from kb.repository import KnowledgeRepository
from kb.schemas import Kind
from units.tree import UnitTree

router = console_router()


@dataclass(frozen=True)
class ItemLine:
    """An item as its editors look for it; ``state`` says whether citizens get it as an answer."""

    item: Entry
    unit: str
    state: str
    good: bool


@router.get("/items")
async def items_page(request: Request, staff: CurrentStaff, q: str = "", page: int = 1) -> Response:
    """Items by name or code, also those that citizens no longer get."""
    text = q.replace("\x00", "").strip()[:100]
    async with database_of(request).unit_of_work() as session:
        repository = KnowledgeRepository(session)
        _, total = await repository.found(text, kinds=[Kind.ITEM], limit=0)
        paging = Paging(page, total)
        found, _ = await repository.found(
            text, kinds=[Kind.ITEM], limit=PAGE_SIZE, offset=paging.offset
        )
    tree = tree_of(request)
    return render(
        request,
        "items.html",
        text=text,
        lines=[_item_line(tree, item) for item in found],
        paging=paging,
        page_address=lambda page: link(request.url.path, q=text, page=page),
    )


@router.get("/staff")
async def staff_page(request: Request, staff: CurrentStaff, done: str = "") -> Response:
    """Every account with its role and unit."""
    staff.actor.require(*STAFF_ROLES)
    async with database_of(request).unit_of_work() as session:
        accounts = await ConsoleRepository(session, staff.actor).staff()
    tree = tree_of(request)
    lines = [(a, ROLE_NAMES[Role(a.role)], tree.name(a.unit)) for a in accounts]
    return render(
        request,
        "staff.html",
        lines=lines,
        queues=load_plan().special,
        at_queues={Role.SEAT.value, Role.SUPERVISOR.value},
        done=DONE.get(done, ""),
    )


@router.post("/staff/{login}/skills")
async def set_skills(request: Request, login: str, form: PostedForm) -> Response:
    """Which special queues a member of staff serves (技能)."""
    form.staff.actor.require(*STAFF_ROLES)
    chosen = [q.code for q in load_plan().special if form.text(f"queue-{q.code}")]
    async with database_of(request).unit_of_work() as session:
        await ConsoleRepository(session, form.staff.actor).set_skills(login, chosen)
    return RedirectResponse(link("/console/staff", done="skills"), 303)


def _item_line(tree: UnitTree, item: Entry) -> ItemLine:
    today = now().astimezone(LOCAL).date()
    if item.status != "published":
        state, good = "已下架", False
    elif today < item.valid_from:
        state, good = "未生效", False
    elif item.valid_to is not None and item.valid_to < today:
        state, good = "已失效", False
    else:
        state, good = "有效", True
    return ItemLine(item, tree.name(item.unit), state, good)
