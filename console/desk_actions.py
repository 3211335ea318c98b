"""Several cases at once from the dispatch desk: dispatch, reassign, and take a slip back."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from cases import service
from cases.models import Case
from cases.numbers import tidy_number
from cases.repository import CaseRepository
from console.render import link, render
from console.route import console_router
from console.staff import Posted, PostedForm, database_of, tree_of
from console.unit_picker import find_unit
from core.database import now
from core.errors import HotlineError, InvalidInput
from core.identity import Role

router = console_router()
_MOST = 50
_BACK = ("/console/dispatch", "/console/supervision")


@dataclass(frozen=True)
class Failed:
    """A case that was left as it was, and why."""

    number: str
    title: str
    problem: str


@router.post("/dispatch/move")
async def move(request: Request, form: PostedForm) -> Response:
    """Give the chosen cases to one unit; each goes through or stays on its own.

    When some stayed, a page says which and why; else the desk comes again, with a way to undo.
    """
    actor = form.staff.actor
    actor.require(Role.DISPATCHER, Role.SUPERVISOR)
    chosen = _chosen(form)
    try:
        unit = find_unit(tree_of(request), form.text("unit")).code
        if not chosen:
            raise InvalidInput("没有选中工单", fields={"cases": "请先在列表里勾选工单"})
    except InvalidInput as error:
        return _report(request, form, [], [], next(iter(error.fields.values())))
    async with database_of(request).unit_of_work() as session:
        moved = await service.reassign_many(
            session, actor, chosen, unit, form.text("reason"), now()
        )
        cases = await session.scalars(select(Case).where(Case.id.in_(chosen)))
        names = {case.id: (case.number, case.title) for case in cases}
    done = [names[m.case_id][0] for m in moved if not m.problem and m.case_id in names]
    failed = [Failed(*names.get(m.case_id, ("", "")), m.problem) for m in moved if m.problem]
    if failed:
        return _report(request, form, done, failed, "")
    return RedirectResponse(_with(_back(form), done="dispatch", undo=",".join(done)), 303)


@router.post("/dispatch/undo")
async def undo(request: Request, form: PostedForm) -> Response:
    """Take back what was just dispatched, as far as nobody has signed for it."""
    actor = form.staff.actor
    actor.require(Role.DISPATCHER, Role.SUPERVISOR)
    numbers = [n for n in form.text("numbers").split(",") if tidy_number(n)][:_MOST]
    failed: list[Failed] = []
    async with database_of(request).unit_of_work() as session:
        for number in numbers:
            case = await CaseRepository(session, actor).by_number(number)
            if case is None:
                continue
            title = case.title
            try:
                async with session.begin_nested():
                    await service.recall(session, actor, case.id, now())
            except HotlineError as error:
                failed.append(Failed(number, title, error.message))
    if failed:
        return _report(request, form, [], failed, "")
    return RedirectResponse(_with(_back(form), done="recall"), 303)


def _chosen(form: Posted) -> dict[int, int]:
    """Ids and versions of the ticked cases; each box says ``id:version``."""
    chosen: dict[int, int] = {}
    for value in form.form.getlist("cases")[:_MOST]:
        id, _, version = str(value).partition(":")
        if id.isdigit() and version.isdigit() and len(id) < 18 and len(version) < 10:
            chosen[int(id)] = int(version)
    return chosen


def _report(
    request: Request, form: Posted, done: list[str], failed: list[Failed], problem: str
) -> Response:
    return render(
        request,
        "moved.html",
        422,
        done=done,
        failed=failed,
        problem=problem,
        back=_back(form),
    )


def _back(form: Posted) -> str:
    """The desk as it was: only pages of our own."""
    back = form.text("back")
    return back if back.startswith(_BACK) and "//" not in back else "/console/dispatch"


def _with(address: str, **query: str) -> str:
    joint = "&" if "?" in address else "?"
    return address + joint + link("", **query).removeprefix("?")
