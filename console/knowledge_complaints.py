"""Guides that citizens complain of in their reviews: tasks of the owning unit with a clock."""

from __future__ import annotations

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from console.clock import clock
from console.knowledge_feedback import OUTCOMES
from console.knowledge_page import PATH
from console.knowledge_words import author_name
from console.list_tabs import ListTab
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, PostedForm, Staff, database_of, tree_of
from core.database import now
from core.errors import InvalidInput
from kb.complaints import complaints, count_complaints, settle_complaint
from kb.feedback import Outcome

router = console_router()
log = structlog.get_logger(__name__)
COMPLAINTS = f"{PATH}/complaints"
_TABS = {"open": "待处理", "done": "已处理"}


@router.get("/knowledge/complaints")
async def complaints_page(
    request: Request, staff: CurrentStaff, tab: str = "open", page: int = 1, done: str = ""
) -> Response:
    """Tasks of the reader's units, the most pressing first. Raises NotAllowed."""
    said = "已处理。" if done == "settled" else ""
    return await _show(request, staff, tab if tab in _TABS else "open", page, done=said)


@router.post("/knowledge/complaints/{task_id}")
async def settle(request: Request, task_id: int, form: PostedForm) -> Response:
    """Close a task with its outcome."""
    staff, given = form.staff, (form.text("outcome"), form.text("note")[:500])
    try:
        async with database_of(request).unit_of_work() as session:
            await settle_complaint(session, staff.actor, task_id, *given, now())
    except InvalidInput as error:
        return await _show(request, staff, "open", 1, problem=error, of=task_id)
    log.info("guide_complaint_settled", by=staff.actor.login, number=task_id)
    return RedirectResponse(link(COMPLAINTS, done="settled"), 303)


async def _show(
    request: Request,
    staff: Staff,
    tab: str,
    page: int,
    *,
    done: str = "",
    problem: InvalidInput | None = None,
    of: int = 0,
) -> Response:
    tree, at = tree_of(request), now()
    async with database_of(request).unit_of_work() as session:
        counts = {key: await count_complaints(session, staff.actor, key) for key in _TABS}
        paging = Paging(page, counts[tab])
        found = await complaints(session, staff.actor, tab, PAGE_SIZE, paging.offset)
        people = await ConsoleRepository(session, staff.actor).staff_names(
            {task.handled_by for task, _ in found if task.handled_by}
        )
    return render(
        request,
        "knowledge_complaints.html",
        problem.status if problem else 200,
        lines=[
            (
                task,
                name,
                tree.name(task.unit),
                clock(task.due_at, at, stopped=tab == "done", closed_at=task.done_at),
                OUTCOMES[Outcome(task.outcome)] if task.outcome else "",
                author_name(task.handled_by, people),
            )
            for task, name in found
        ],
        outcomes=OUTCOMES,
        tab=tab,
        tabs=[
            ListTab(name, counts[key], link(COMPLAINTS, tab=key), key == tab)
            for key, name in _TABS.items()
        ],
        paging=paging,
        page_address=lambda number: link(COMPLAINTS, tab=tab, page=number),
        of=of,
        problems=problem.fields if problem else {},
        done=done,
    )
