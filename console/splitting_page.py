"""Splitting a case that holds several matters (拆单), and undoing it."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from cases import splitting
from cases.models import Case
from cases.states import UNANSWERED, MainState
from cases.views import CaseView
from console.case_advice import intake_of
from console.joining_form import ROLES, carry_out, case_of, typed
from console.render import link, render
from console.route import console_router
from console.staff import CurrentStaff, Posted, PostedForm, Staff, database_of
from core.database import now
from core.errors import HotlineError
from units.location import locate

router = console_router()
_DONE = {
    "split": "已拆单，新工单等待派单；新编号和查询码已告知诉求人。",
    "unsplit": "已撤销拆单，工单恢复原来的内容。",
}


@router.get("/cases/{number}/split")
async def split_page(
    request: Request, number: str, staff: CurrentStaff, done: str = ""
) -> Response:
    """A form with the matters of the case; after a split, what came of it and how to undo it."""
    return await _show_split(request, staff, number, done=done)


@router.post("/cases/{number}/split")
async def split(request: Request, number: str, form: PostedForm) -> Response:
    """Leave the first matter with the case and file the others."""

    async def change(session: AsyncSession, view: CaseView) -> str:
        pieces = [_piece(request, one) for one in _typed_pieces(form)]
        version, reason = form.number("version"), form.text("reason")
        await splitting.split(session, form.staff.actor, view.id, version, pieces, reason, now())
        return link(f"/console/cases/{number}/split", done="split")

    async def again(error: HotlineError) -> Response:
        return await _show_split(request, form.staff, number, problem=error, form=form)

    return await carry_out(request, form, number, change, again)


@router.post("/cases/{number}/unsplit")
async def unsplit(request: Request, number: str, form: PostedForm) -> Response:
    """Undo the last split."""

    async def change(session: AsyncSession, view: CaseView) -> str:
        version, reason = form.number("version"), form.text("reason")
        await splitting.unsplit(session, form.staff.actor, view.id, version, reason, now())
        return link(f"/console/cases/{number}/split", done="unsplit")

    async def again(error: HotlineError) -> Response:
        return await _show_split(request, form.staff, number, problem=error, form=form)

    return await carry_out(request, form, number, change, again)


async def _show_split(
    request: Request,
    staff: Staff,
    number: str,
    *,
    done: str = "",
    problem: HotlineError | None = None,
    form: Posted | None = None,
) -> Response:
    staff.actor.require(*ROLES)
    async with database_of(request).unit_of_work() as session:
        view, case = await case_of(session, staff, number)
        made = [link.from_case_id for link in await splitting.split_links(session, case.id)]
        rows = await session.scalars(select(Case).where(Case.id.in_(made)).order_by(Case.id))
        pieces = [(one.number, one.title, MainState(one.state)) for one in rows]
    given = _typed_pieces(form) if form else []
    blank = {"title": "", "detail": "", "category": "", "place": ""}
    first = {
        "title": view.title,
        "detail": view.detail,
        "category": view.category or "",
        "place": view.place_text,
    }
    shown = given or [first]
    shown += [blank] * (splitting.MOST_MATTERS - len(shown))
    categories = request.app.state.city.router.categories
    return render(
        request,
        "split.html",
        problem.status if problem else 200,
        view=view,
        words=view.detail,
        pieces=shown,
        made=pieces,
        undoable=view.state in UNANSWERED
        and bool(pieces)
        and all(state is MainState.PENDING_DISPATCH for _, _, state in pieces),
        categories=sorted((c.code, c.path) for c in categories.values() if c.path.count("/") == 2),
        done=_DONE.get(done, ""),
        problem=problem,
        typed=typed(form, "reason"),
    )


def _typed_pieces(form: Posted) -> list[dict[str, str]]:
    """The matters that have a title or words, in order."""
    names = ("title", "detail", "category", "place")
    given = [
        {name: form.text(f"{name}{number}") for name in names}
        for number in range(1, splitting.MOST_MATTERS + 1)
    ]
    return [one for one in given if one["title"] or one["detail"]]


def _piece(request: Request, given: dict[str, str]) -> splitting.Piece:
    """One matter with its place found in the territory; an unknown category is left out."""
    code = given["category"].split(" ")[0].upper()
    known = code if code in request.app.state.city.router.categories else None
    return splitting.Piece(
        given["title"], given["detail"], known, **_place(request, given["place"])
    )


def _place(request: Request, text: str) -> dict[str, Any]:
    """``place_text`` with its codes, as far as they are certain; nothing for an empty one."""
    if not text:
        return {}
    located = locate(intake_of(request).gazetteer, text)
    only = located.candidates[0] if located and len(located.candidates) == 1 else None
    return {
        "place_text": text,
        "place_code": only.code if only else None,
        "street": located.street if located else None,
        "district": located.district if located else None,
    }
