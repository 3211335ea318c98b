"""Putting cases together: merging (并单) and groups (成组), and taking them apart again.

Each page shows first what may belong together and why, then asks for a reason; what was done can be
undone on the same page until the answer is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from cases import grouping, joining
from cases.likeness import coarse_place
from cases.models import Case
from cases.repository import CaseRepository
from cases.similar import GROUP_HOURS, GROUP_SIZE
from cases.states import UNANSWERED, Action, MainState
from cases.views import CaseView
from console.joining_form import (
    ROLES,
    candidate,
    candidates,
    carry_out,
    case_of,
    chosen,
    typed,
)
from console.render import link, render
from console.route import console_router
from console.staff import CurrentStaff, Posted, PostedForm, Staff, database_of
from core.database import now
from core.errors import Conflict, HotlineError, InvalidInput, NotFound

router = console_router()


@dataclass(frozen=True)
class Member:
    """One case of a group, as far as it is shown."""

    number: str
    created_at: datetime
    place: str
    state: MainState


@router.get("/cases/{number}/merge")
async def merge_page(
    request: Request, number: str, staff: CurrentStaff, q: str = "", done: str = ""
) -> Response:
    """What the case may be put into; for a merged one, how to take it out again."""
    return await _show_merge(request, staff, number, q=q, done=done)


@router.post("/cases/{number}/merge")
async def merge(request: Request, number: str, form: PostedForm) -> Response:
    """Put the case into the chosen one, then show that one."""

    async def change(session: AsyncSession, view: CaseView) -> str:
        repository = CaseRepository(session, form.staff.actor)
        chosen = form.text("target")
        target = await repository.by_number(chosen) if chosen else None
        if target is None:
            raise InvalidInput(
                "没有选好目标工单", fields={"target": "请选择一张工单，或输入编号查找"}
            )
        await joining.merge(
            session,
            form.staff.actor,
            view.id,
            form.number("version"),
            target.id,
            form.text("reason"),
            now(),
        )
        return link(f"/console/cases/{number}/merge", done="merged")

    async def again(error: HotlineError) -> Response:
        return await _show_merge(
            request, form.staff, number, q=form.text("q"), problem=error, form=form
        )

    return await carry_out(request, form, number, change, again)


@router.post("/cases/{number}/unmerge")
async def unmerge(request: Request, number: str, form: PostedForm) -> Response:
    """Take the case out again."""

    async def change(session: AsyncSession, view: CaseView) -> str:
        await joining.unmerge(
            session,
            form.staff.actor,
            view.id,
            form.number("version"),
            form.text("reason"),
            now(),
        )
        return link(f"/console/cases/{number}/merge", done="unmerged")

    async def again(error: HotlineError) -> Response:
        return await _show_merge(request, form.staff, number, problem=error, form=form)

    return await carry_out(request, form, number, change, again)


@router.get("/cases/{number}/group")
async def group_page(
    request: Request, number: str, staff: CurrentStaff, q: str = "", done: str = ""
) -> Response:
    """Which cases make a group with this one; for a group, who is in it and how to undo it."""
    return await _show_group(request, staff, number, q=q, done=done)


@router.post("/cases/{number}/group")
async def group(request: Request, number: str, form: PostedForm) -> Response:
    """Make a group of the case and the chosen ones, or let it join the chosen group."""

    async def change(session: AsyncSession, view: CaseView) -> str:
        actor, reason, at = form.staff.actor, form.text("reason"), now()
        versions = {view.id: form.number("version")}
        parent = form.text("parent")
        if parent:
            target = await CaseRepository(session, actor).by_number(parent)
            if target is None:
                raise NotFound("没有找到这件同类诉求")
            made = await grouping.add(session, actor, versions, target.id, at, reason=reason)
        else:
            versions |= chosen(form)
            title = form.text("title")
            made = await grouping.group(session, actor, versions, at, title=title, reason=reason)
        return link(f"/console/cases/{made.number}/group", done="grouped")

    async def again(error: HotlineError) -> Response:
        return await _show_group(
            request, form.staff, number, q=form.text("q"), problem=error, form=form
        )

    return await carry_out(request, form, number, change, again)


@router.post("/cases/{number}/ungroup")
async def ungroup(request: Request, number: str, form: PostedForm) -> Response:
    """Take a group apart."""

    async def change(session: AsyncSession, view: CaseView) -> str:
        await grouping.ungroup(
            session,
            form.staff.actor,
            view.id,
            form.number("version"),
            form.text("reason"),
            now(),
        )
        return link(f"/console/cases/{number}/group", done="ungrouped")

    async def again(error: HotlineError) -> Response:
        return await _show_group(request, form.staff, number, problem=error, form=form)

    return await carry_out(request, form, number, change, again)


@router.post("/dispatch/join")
async def join_chosen(request: Request, form: PostedForm) -> Response:
    """Several cases ticked on the desk: first shown side by side, then merged or grouped.

    ``step`` is ``merge`` (into ``target``) or ``group``; without it the page only asks.
    """
    actor = form.staff.actor
    actor.require(*ROLES)
    ticked, step = chosen(form), form.text("step")
    problem: HotlineError | None = None
    if step in ("merge", "group"):
        try:
            async with database_of(request).unit_of_work() as session:
                made = await _join(session, form, ticked, step)
            page = "group" if step == "group" else "merge"
            return RedirectResponse(link(f"/console/cases/{made.number}/{page}", done=step), 303)
        except (Conflict, InvalidInput) as error:
            problem = error
    async with database_of(request).unit_of_work() as session:
        readable = CaseRepository(session, actor).readable().where(Case.id.in_(ticked))
        cases = (await session.scalars(readable.order_by(Case.created_at))).all()
        shown = [await candidate(request, session, case) for case in cases]
    return render(
        request,
        "join_chosen.html",
        problem.status if problem else 200,
        cases=shown,
        chosen=ticked,
        problem=problem,
        typed={name: form.text(name) for name in ("target", "title", "reason")},
    )


async def _join(session: AsyncSession, form: Posted, ticked: dict[int, int], step: str) -> Case:
    actor, reason, at = form.staff.actor, form.text("reason"), now()
    if step == "group":
        title = form.text("title")
        return await grouping.group(session, actor, ticked, at, title=title, reason=reason)
    target = await CaseRepository(session, actor).by_number(form.text("target"))
    if target is None:
        raise InvalidInput("请选择并入哪一张", fields={"target": "请选择一张工单"})
    rest = {one: version for one, version in ticked.items() if one != target.id}
    return await joining.merge_many(session, actor, rest, target.id, reason, at)


async def _show_merge(
    request: Request,
    staff: Staff,
    number: str,
    *,
    q: str = "",
    done: str = "",
    problem: HotlineError | None = None,
    form: Posted | None = None,
) -> Response:
    staff.actor.require(*ROLES)
    async with database_of(request).unit_of_work() as session:
        view, case = await case_of(session, staff, number)
        offered = Action.MERGE in view.actions
        found = await candidates(request, session, staff, case, q) if offered else []
    return render(
        request,
        "merge.html",
        problem.status if problem else 200,
        view=view,
        words=view.detail,
        candidates=found,
        q=q,
        done=_DONE.get(done, ""),
        problem=problem,
        typed=typed(form, "target", "reason"),
    )


async def _show_group(
    request: Request,
    staff: Staff,
    number: str,
    *,
    q: str = "",
    done: str = "",
    problem: HotlineError | None = None,
    form: Posted | None = None,
) -> Response:
    staff.actor.require(*ROLES)
    async with database_of(request).unit_of_work() as session:
        view, case = await case_of(session, staff, number)
        members = await _members(session, case) if view.is_group else []
        offered = Action.MERGE in view.actions and not view.is_group and not view.secret
        found = await candidates(request, session, staff, case, q) if offered else []
        hint = await grouping.suggestion(session, case) if offered else None
        if hint is not None and hint.parent and hint.parent not in {one.id for one in found}:
            parent = await CaseRepository(session, staff.actor).get(hint.parent)
            found.append(await candidate(request, session, parent))
    return render(
        request,
        "group.html",
        problem.status if problem else 200,
        view=view,
        members=members,
        offered=offered,
        groups=[one for one in found if one.is_group],
        candidates=[one for one in found if not one.is_group],
        hint=hint,
        rule=f"{GROUP_HOURS} 小时内同一地点、同一事由有 {GROUP_SIZE} 人以上反映",
        chosen=chosen(form) if form else {},
        open=view.state in UNANSWERED,
        q=q,
        done=_DONE.get(done, ""),
        problem=problem,
        typed=typed(form, "title", "reason"),
    )


_DONE = {
    "merged": "已并单。答复后两张工单的诉求人都会收到，彼此不知道对方。",
    "merge": "已并单。答复后各张工单的诉求人都会收到，彼此不知道对方。",
    "unmerged": "已撤销并单，工单恢复到并单前的状态，原来的期限照常计算。",
    "grouped": "已成组。承办单位只看到这张主单，答复后每位诉求人都会收到。",
    "group": "已成组。承办单位只看到这张主单，答复后每位诉求人都会收到。",
    "ungrouped": "已撤销成组，各张工单恢复到成组前的状态。",
}


async def _members(session: AsyncSession, parent: Case) -> list[Member]:
    rows = await session.scalars(
        select(Case).where(Case.merged_into == parent.id).order_by(Case.created_at, Case.id)
    )
    return [
        Member(
            one.number,
            one.created_at,
            coarse_place(one.place_text) or "地点不详",
            MainState(one.state),
        )
        for one in rows
    ]
