"""Unit mergers (单位变更): choose two units and a day, see what follows, confirm."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from console.catalogue_page import names_of, subject_name, today
from console.catalogue_words import find_day
from console.menu import SUCCESSION_ROLES
from console.merging import Preview, cancel, decide, preview
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, PostedForm, Staff, database_of
from console.unit_picker import find_unit, unit_options
from core.database import now
from core.errors import Conflict, InvalidInput
from units.succession import SuccessionRepository
from units.tree import UnitInfo, UnitTree

router = console_router()
log = structlog.get_logger(__name__)
PATH = "/console/succession"
_MAX_REASON = 500
_DONE = {
    "merged": "合并已生效：未办结的工单、目录、事项和账号已转到承接单位，历史仍用原名。",
    "planned": "已安排，到那天自动生效；在那之前可以取消。",
    "cancelled": "已取消，两个单位都没有变化。",
}


@router.get("/succession")
async def succession_page(
    request: Request,
    staff: CurrentStaff,
    old: str = "",
    new: str = "",
    day: str = "",
    reason: str = "",
    done: str = "",
) -> Response:
    """The form; with two units and a day also what would follow, to be confirmed."""
    staff.actor.require(*SUCCESSION_ROLES)
    typed = {"old": old, "new": new, "day": day, "reason": reason[:_MAX_REASON]}
    return await _show(request, staff, typed, done=done)


@router.post("/succession")
async def merge(request: Request, form: PostedForm) -> Response:
    """Merge two units, or plan it when the day is still to come."""
    form.staff.actor.require(*SUCCESSION_ROLES)
    typed = {name: form.text(name) for name in ("old", "new", "day", "reason")}
    try:
        async with database_of(request).unit_of_work() as session:
            tree = await UnitTree.load(session)
            old, new, from_day = _read(tree, typed)
            reason = typed["reason"][:_MAX_REASON]
            merger = await decide(
                session, form.staff.actor, old.code, new.code, from_day, reason, now()
            )
    except (Conflict, InvalidInput) as error:
        return await _show(request, form.staff, typed, problem=error)
    said = "merged" if merger.done_at else "planned"
    log.info("merger_decided", by=form.staff.actor.login, old=merger.old, new=merger.new, how=said)
    return RedirectResponse(link(PATH, done=said), 303)


@router.post("/succession/{old}/cancel")
async def cancel_plan(request: Request, old: str, form: PostedForm) -> Response:
    """Drop a planned merger."""
    async with database_of(request).unit_of_work() as session:
        await cancel(session, form.staff.actor, old)
    return RedirectResponse(link(PATH, done="cancelled"), 303)


async def _show(
    request: Request,
    staff: Staff,
    typed: dict[str, str],
    *,
    done: str = "",
    problem: Conflict | InvalidInput | None = None,
) -> Response:
    found: Preview | None = None
    chosen: tuple[UnitInfo, UnitInfo, date] | None = None
    async with database_of(request).unit_of_work() as session:
        tree = await UnitTree.load(session)
        names = await names_of(session)
        mergers = await SuccessionRepository(session).all()
        people = await ConsoleRepository(session, staff.actor).staff_names(
            {merger.by for merger in mergers}
        )
        if typed["old"] or typed["new"]:
            try:
                chosen = _read(tree, typed)
                old, new, day = chosen
                found = await preview(session, tree, old.code, new.code, day, today())
            except InvalidInput as error:
                problem = problem or error
    return render(
        request,
        "succession.html",
        problem.status if problem else 200,
        typed=typed,
        chosen=chosen,
        found=found,
        name_of=subject_name(names),
        names=names,
        units=unit_options(tree),
        mergers=[(m, tree.name(m.old), tree.name(m.new), people.get(m.by, m.by)) for m in mergers],
        today=today(),
        done=_DONE.get(done, ""),
        message=problem.message if problem else "",
        problems=problem.fields if problem else {},
    )


def _read(tree: UnitTree, typed: Mapping[str, str]) -> tuple[UnitInfo, UnitInfo, date]:
    """Old unit, successor and day as typed. Raises InvalidInput that names each wrong field."""
    problems: dict[str, str] = {}
    units = []
    for name in ("old", "new"):
        try:
            units.append(find_unit(tree, typed[name]))
        except InvalidInput as error:
            problems[name] = error.fields["unit"]
    try:
        day = find_day(typed["day"], "day")
    except InvalidInput as error:
        problems |= error.fields
    if problems:
        raise InvalidInput("有几处需要修改", fields=problems)
    return units[0], units[1], day
