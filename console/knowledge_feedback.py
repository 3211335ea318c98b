"""Answers that did not help: tasks of the owning unit with a clock, done with what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from console.clock import Clock, clock
from console.knowledge_page import PATH, aspect_names, tidy
from console.knowledge_words import author_name
from console.list_tabs import ListTab
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, PostedForm, Staff, database_of, tree_of
from core.database import now
from core.errors import InvalidInput
from kb.desk_repository import DeskRepository
from kb.feedback import Outcome, settle_feedback
from kb.feedback_repository import FeedbackRepository
from kb.models import Feedback, GivenAnswer
from kb.permissions import units_seen

router = console_router()
log = structlog.get_logger(__name__)
FEEDBACK = f"{PATH}/feedback"
OUTCOMES = {
    Outcome.CORRECTED: "已更正条目",
    Outcome.EXPLAINED: "已补充说明",
    Outcome.NO_CHANGE: "不用改",
}
_TABS = {"open": "待处理", "late": "已超期", "done": "已处理"}


@dataclass(frozen=True)
class TaskLine:
    """One unhelpful answer with its clock, and what came of it."""

    feedback: Feedback
    answer: GivenAnswer
    aspects: str
    name: str
    unit: str
    clock: Clock | None
    outcome: str
    by: str


@router.get("/knowledge/feedback")
async def feedback_page(
    request: Request,
    staff: CurrentStaff,
    tab: str = "open",
    code: str = "",
    page: int = 1,
    done: str = "",
) -> Response:
    """Tasks of the reader's units, the most pressing first; ``code`` only those of one entry."""
    tab = tab if tab in _TABS else "open"
    said = "已处理。" if done == "settled" else ""
    return await _show(request, staff, tab, tidy(code), page, done=said)


@router.post("/knowledge/feedback/{feedback_id}")
async def settle(request: Request, feedback_id: int, form: PostedForm) -> Response:
    """Close a task with its outcome."""
    tab, code = form.text("tab"), form.text("code")
    try:
        async with database_of(request).unit_of_work() as session:
            await settle_feedback(
                session,
                form.staff.actor,
                feedback_id,
                form.text("outcome"),
                form.text("note"),
                now(),
            )
    except InvalidInput as error:
        tab = tab if tab in _TABS else "open"
        return await _show(request, form.staff, tab, tidy(code), 1, problem=error, of=feedback_id)
    log.info("knowledge_feedback_settled", by=form.staff.actor.login, feedback=feedback_id)
    return RedirectResponse(link(FEEDBACK, tab=tab, code=code, done="settled"), 303)


async def _show(
    request: Request,
    staff: Staff,
    tab: str,
    code: str,
    page: int,
    *,
    done: str = "",
    problem: InvalidInput | None = None,
    of: int = 0,
) -> Response:
    moment, tree = now(), tree_of(request)
    wanted: dict[str, tuple[str, datetime | None]] = {
        "open": ("open", None),
        "late": ("open", moment),
        "done": ("done", None),
    }
    state, due_before = wanted[tab]
    async with database_of(request).unit_of_work() as session:
        repository = FeedbackRepository(session, units_seen(staff.actor))
        counts = {
            key: await repository.count(one, code=code, due_before=due)
            for key, (one, due) in wanted.items()
        }
        paging = Paging(page, counts[tab])
        found = await repository.tasks(
            state, code=code, due_before=due_before, limit=PAGE_SIZE, offset=paging.offset
        )
        names = await DeskRepository(session, None).names({task.code for task, _ in found})
        people = await ConsoleRepository(session, staff.actor).staff_names(
            {task.handled_by for task, _ in found if task.handled_by}
        )
    return render(
        request,
        "knowledge_feedback.html",
        problem.status if problem else 200,
        lines=[
            TaskLine(
                task,
                answer,
                aspect_names(answer),
                names.get(task.code, task.code),
                tree.name(task.unit),
                _clock(task, moment),
                OUTCOMES[Outcome(task.outcome)] if task.outcome else "",
                author_name(task.handled_by, people),
            )
            for task, answer in found
        ],
        outcomes=OUTCOMES,
        tab=tab,
        code=code,
        tabs=[
            ListTab(name, counts[key], link(FEEDBACK, tab=key, code=code), key == tab)
            for key, name in _TABS.items()
        ],
        paging=paging,
        page_address=lambda number: link(FEEDBACK, tab=tab, code=code, page=number),
        of=of,
        problems=problem.fields if problem else {},
        done=done,
    )


def _clock(task: Feedback, moment: datetime) -> Clock | None:
    if task.due_at is None:
        return None
    return clock(task.due_at, moment, stopped=task.state == "done", closed_at=task.done_at)
