"""What staff do to a case: one form each, then back to the page so that a reload repeats nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from cases import service
from cases.states import Action
from console.case_page import Problem, show_case, view_of
from console.menu import home_of
from console.render import error_page, link
from console.route import console_router
from console.staff import Posted, PostedForm, database_of, tree_of
from console.unit_picker import find_unit
from core.database import now
from core.errors import Conflict, InvalidInput, NotFound
from units.tree import UnitTree

router = console_router()

_FIELD_NAMES = {
    "unit": "承办单位",
    "reason": "原因",
    "citizen_answer": "给市民的答复",
    "internal_note": "内部说明",
    "text": "补充的情况",
}


@dataclass(frozen=True)
class _Job:
    """One form to be carried out within a transaction."""

    session: AsyncSession
    tree: UnitTree
    form: Posted
    case_id: int

    @property
    def version(self) -> int:
        return self.form.number("version")


@router.post("/cases/{number}/{action}")
async def act(request: Request, number: str, action: Action, form: PostedForm) -> Response:
    """Do ``action`` to the case.

    When the case changed meanwhile, or something is missing, the page comes again with what was
    typed; when the case is out of sight by now, what was typed is shown to be copied.
    """
    perform = _PERFORM.get(action)
    if perform is None:
        raise NotFound("没有这个页面，地址可能输错了。")
    typed = {name: form.text(name) for name in _FIELD_NAMES if form.text(name)}
    try:
        async with database_of(request).unit_of_work() as session:
            case_id = (await view_of(session, form.staff, number)).id
            done = await perform(_Job(session, tree_of(request), form, case_id))
    except (Conflict, InvalidInput) as error:
        problem = Problem(action, error.message, error.fields, typed)
        return await show_case(request, form.staff, number, status=error.status, problem=problem)
    except NotFound as error:
        kept = {_FIELD_NAMES[name]: text for name, text in typed.items()}
        return error_page(request, error.status, error.message, kept=kept)
    leaves = action is Action.RETURN
    target = home_of(form.staff.actor.role) if leaves else f"/console/cases/{number}"
    said = action.value if done else "known"
    return RedirectResponse(link(target, done=said), 303)


async def _dispatch(job: _Job) -> bool:
    unit = find_unit(job.tree, job.form.text("unit")).code
    await service.dispatch(
        job.session,
        job.form.staff.actor,
        job.case_id,
        job.version,
        unit,
        now(),
        reason=job.form.text("reason"),
    )
    return True


async def _reassign(job: _Job) -> bool:
    unit = find_unit(job.tree, job.form.text("unit")).code
    reason = job.form.text("reason")
    actor = job.form.staff.actor
    await service.reassign(job.session, actor, job.case_id, job.version, unit, reason, now())
    return True


async def _accept(job: _Job) -> bool:
    await service.accept(job.session, job.form.staff.actor, job.case_id, job.version, now())
    return True


async def _return(job: _Job) -> bool:
    await service.return_to_dispatcher(
        job.session,
        job.form.staff.actor,
        job.case_id,
        job.version,
        job.form.text("reason"),
        now(),
    )
    return True


async def _answer(job: _Job) -> bool:
    await service.answer(
        job.session,
        job.form.staff.actor,
        job.case_id,
        job.version,
        job.form.text("citizen_answer"),
        job.form.text("internal_note"),
        now(),
    )
    return True


async def _close(job: _Job) -> bool:
    await service.close(job.session, job.form.staff.actor, job.case_id, job.version, now())
    return True


async def _urge(job: _Job) -> bool:
    actor, key = job.form.staff.actor, job.form.text("key")
    return await service.urge(job.session, job.case_id, key, now(), by=actor)


async def _supplement(job: _Job) -> bool:
    actor, key, text = job.form.staff.actor, job.form.text("key"), job.form.text("text")
    return await service.supplement(job.session, job.case_id, key, text, now(), by=actor)


async def _withdraw(job: _Job) -> bool:
    actor, key, reason = job.form.staff.actor, job.form.text("key"), job.form.text("reason")
    return await service.withdraw(job.session, job.case_id, key, now(), reason=reason, by=actor)


_PERFORM: dict[Action, Callable[[_Job], Awaitable[bool]]] = {
    Action.DISPATCH: _dispatch,
    Action.REASSIGN: _reassign,
    Action.ACCEPT: _accept,
    Action.RETURN: _return,
    Action.ANSWER: _answer,
    Action.CLOSE: _close,
    Action.URGE: _urge,
    Action.SUPPLEMENT: _supplement,
    Action.WITHDRAW: _withdraw,
}
