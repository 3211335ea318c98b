"""What the reader's unit, or role, must know: new cases, cards, urgings, decisions, and what waits
at the knowledge desk."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from cases.notice_board import mark_read, notices_for, unread
from console.knowledge_tasks import waiting_for
from console.menu import KNOWLEDGE_ROLES, NOTICE_ROLES
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.route import console_router
from console.staff import CurrentStaff, PostedForm, database_of
from core.database import now

router = console_router()


@router.get("/notices")
async def notices_page(
    request: Request, staff: CurrentStaff, show: str = "new", page: int = 1
) -> Response:
    """Unread notices first; ``show=all`` has those read as well."""
    staff.actor.require(*NOTICE_ROLES)
    every = show == "all"
    async with database_of(request).unit_of_work() as session:
        waiting = await unread(session, staff.actor)
        total = await unread(session, staff.actor, every=True) if every else waiting
        paging = Paging(page, total)
        lines = await notices_for(
            session, staff.actor, every=every, limit=PAGE_SIZE, offset=paging.offset
        )
        keeps = staff.actor.role in KNOWLEDGE_ROLES
        piles = await waiting_for(session, staff.actor, now()) if keeps else []
    template = "_notices.html" if request.headers.get("X-Part") == "queue" else "notices.html"
    return render(
        request,
        template,
        lines=lines,
        every=every,
        waiting=waiting,
        waiting_knowledge=piles,
        paging=paging,
        page_address=lambda n: link("/console/notices", show="all" if every else "", page=n),
    )


@router.post("/notices/read")
async def read(request: Request, form: PostedForm) -> Response:
    """Mark one notice, or all that the page showed, as read."""
    form.staff.actor.require(*NOTICE_ROLES)
    until = form.number("until")
    only = form.text("only")
    async with database_of(request).unit_of_work() as session:
        await mark_read(
            session,
            form.staff.actor,
            until,
            now(),
            only=int(only) if only.isdigit() and len(only) < 18 else None,
        )
    return RedirectResponse("/console/notices", 303)
