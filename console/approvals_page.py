"""What waits for the reader's decision: returns, extensions and the rest, longest waiting first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from starlette.responses import Response

from cases.repository import CaseRepository
from cases.vocabulary import APPROVAL_NAMES, ApprovalKind
from console.clock import duration
from console.menu import APPROVAL_ROLES
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.route import console_router
from console.staff import CurrentStaff, database_of, tree_of
from core.database import now

router = console_router()


@dataclass(frozen=True)
class Asked:
    """One request: what for, by whom, why, and how long it has been waiting."""

    kind: str
    number: str
    title: str
    unit: str
    reason: str
    detail: str
    asked_at: datetime
    waiting: str
    due_at: datetime


@router.get("/approvals")
async def approvals_page(request: Request, staff: CurrentStaff, page: int = 1) -> Response:
    """The queue; a request is decided on the page of its case."""
    staff.actor.require(*APPROVAL_ROLES)
    tree, at = tree_of(request), now()
    async with database_of(request).unit_of_work() as session:
        repository = CaseRepository(session, staff.actor)
        paging = Paging(page, await repository.count_approvals())
        found = await repository.waiting_approvals(limit=PAGE_SIZE, offset=paging.offset)
    lines = [
        Asked(
            APPROVAL_NAMES[ApprovalKind(asked.kind)],
            case.number,
            case.title,
            tree.name(asked.unit),
            asked.reason,
            _detail(asked.days, asked.until, tree.name(asked.proposed_unit)),
            asked.asked_at,
            duration(at - asked.asked_at),
            case.due_at,
        )
        for asked, case in found
    ]
    return render(
        request,
        "approvals.html",
        lines=lines,
        paging=paging,
        page_address=lambda number: link("/console/approvals", page=number),
    )


def _detail(days: int | None, until: object, unit: str) -> str:
    if days:
        return f"延长 {days} 个工作日"
    if until:
        return f"挂账到 {until}"
    return f"建议由{unit}承办" if unit else ""
