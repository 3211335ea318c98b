"""What staff do to a case: one form each, then back to the page so that a reload repeats nothing."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from cases import service
from cases.identity import open_identity
from cases.states import Action
from console.case_advice import intake_of
from console.case_desk_actions import DESK_ACTIONS, Perform
from console.case_form import MOST_PICTURES, Job
from console.case_page import Problem, Shown, show_case, view_of
from console.case_unit_actions import UNIT_ACTIONS
from console.render import error_page, link
from console.route import console_router
from console.staff import CurrentStaff, Posted, PostedForm, database_of
from core.database import now
from core.errors import Conflict, Gone, InvalidInput, NotAllowed, NotFound

router = console_router()

# What is kept when a form does not go through, and what it is called where it can be copied.
_FIELD_NAMES = {
    "unit": "承办单位",
    "reason": "原因",
    "basis": "依据",
    "proposed_unit": "建议承办单位",
    "days": "天数",
    "until": "日期",
    "task": "办理要求",
    "note": "联系情况",
    "reached": "是否联系上",
    "citizen_answer": "给市民的答复",
    "internal_note": "内部说明",
    "public_answer": "公开答复",
    "result": "办理结果",
    "result_reason": "理由",
    "remark": "审核意见",
    "decision": "审批意见",
    "text": "内容",
    "type": "诉求类型",
    "category": "类别",
    "urgency": "紧急程度",
    "complex": "复杂事项",
    "place_text": "地点",
    "street": "街道",
    "about_unit": "被反映单位",
    "approval": "申请",
    "part": "下级单位",
}
# Codes and ticks that nobody would copy.
_NOT_WORDS = frozenset({"approval", "part", "reached", "complex", "result", "type", "urgency"})


async def posted_with_pictures(request: Request, staff: CurrentStaff) -> Posted:
    """Raises NotAllowed when the form does not carry the session's token."""
    form = await request.form(max_files=MOST_PICTURES + 1)
    given = form.get("csrf")
    if not isinstance(given, str) or not hmac.compare_digest(
        given.encode(), staff.csrf_token.encode()
    ):
        raise NotAllowed("这个表单已失效，请返回上一页刷新后再提交。", code="csrf")
    return Posted(staff, form)


PostedPictures = Annotated[Posted, Depends(posted_with_pictures)]


@router.post("/cases/{number}/open_identity")
async def open_citizen(request: Request, number: str, form: PostedForm) -> Response:
    """Show who speaks in a secret case, on this page only and on the record."""
    try:
        async with database_of(request).unit_of_work() as session:
            case_id = (await view_of(session, form.staff, number)).id
            found = await open_identity(
                session, form.staff.actor, case_id, form.text("reason"), now()
            )
    except (Conflict, InvalidInput) as error:
        problem = Problem(
            Action.OPEN_IDENTITY, error.message, error.fields, {"reason": form.text("reason")}
        )
        return await show_case(request, form.staff, number, Shown(error.status, problem=problem))
    return await show_case(request, form.staff, number, Shown(opened=found))


def _route(action: Action, perform: Perform) -> None:
    """Serve the form of ``action``: each has its own address, so that other pages may have theirs."""

    @router.post(f"/cases/{{number}}/{action.value}", name=action.value)
    async def act(request: Request, number: str, form: PostedPictures) -> Response:
        return await _act(request, number, action, perform, form)


async def _act(
    request: Request, number: str, action: Action, perform: Perform, form: Posted
) -> Response:
    """Do ``action`` to the case.

    When the case changed meanwhile, or something is missing, the page comes again with what was
    typed; when the case is out of sight by now, what was typed is shown to be copied.
    """
    typed = {name: form.text(name) for name in _FIELD_NAMES if form.text(name)}
    try:
        async with database_of(request).unit_of_work() as session:
            view = await view_of(session, form.staff, number)
            job = Job(session, intake_of(request), form, view, now(), form.number("version"))
            done = await perform(job)
    except (Conflict, Gone, InvalidInput) as error:
        problem = Problem(action, error.message, error.fields, typed)
        return await show_case(request, form.staff, number, Shown(error.status, problem=problem))
    except NotFound as error:
        kept = {_FIELD_NAMES[n]: text for n, text in typed.items() if n not in _NOT_WORDS}
        return error_page(request, error.status, error.message, kept=kept)
    said = action.value if done else "known"
    return RedirectResponse(link(f"/console/cases/{number}", done=said), 303)


async def _urge(job: Job) -> bool:
    key = job.text("key")
    return await service.urge(job.session, job.case_id, key, job.at, by=job.actor)


async def _supplement(job: Job) -> bool:
    key, text = job.text("key"), job.text("text")
    return await service.supplement(job.session, job.case_id, key, text, job.at, by=job.actor)


async def _withdraw(job: Job) -> bool:
    key, reason = job.text("key"), job.text("reason")
    return await service.withdraw(
        job.session, job.case_id, key, job.at, reason=reason, by=job.actor
    )


async def _reopen(job: Job) -> bool:
    key, reason = job.text("key"), job.text("reason")
    return await service.reopen(job.session, job.case_id, key, reason, job.at, by=job.actor)


# Every form of the page, by what it does.
PERFORM: dict[Action, Perform] = {
    **DESK_ACTIONS,
    **UNIT_ACTIONS,
    Action.URGE: _urge,
    Action.SUPPLEMENT: _supplement,
    Action.WITHDRAW: _withdraw,
    Action.REOPEN: _reopen,
}
for _action, _perform in PERFORM.items():
    _route(_action, _perform)
