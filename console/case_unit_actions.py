"""The forms of a unit: sign for, contact, hand down, ask, answer, have the answer signed."""

from __future__ import annotations

from dataclasses import replace

from cases import service
from cases.service import Request
from cases.states import Action
from cases.vocabulary import ApprovalKind, Result
from console.case_desk_actions import Perform
from console.case_form import Job
from console.unit_picker import find_unit
from core.errors import InvalidInput


async def _accept(job: Job) -> bool:
    await service.accept(job.session, job.actor, job.case_id, job.version, job.at)
    return True


async def _contact(job: Job) -> bool:
    reached = job.text("reached")
    if reached not in ("yes", "no"):
        raise InvalidInput("请选择是否联系上", fields={"reached": "请选择"})
    note = job.text("note")
    await job.store_pictures("先行联系")
    await service.contact(
        job.session, job.actor, job.case_id, job.version, reached == "yes", note, job.at
    )
    return True


async def _interim(job: Job) -> bool:
    text = job.text("text")
    await service.interim(job.session, job.actor, job.case_id, job.version, text, job.at)
    return True


async def _delegate(job: Job) -> bool:
    own = job.view.own
    among = job.tree.below(own.unit) - {own.unit} if own else frozenset()
    unit = find_unit(job.tree, job.text("unit"), among).code
    task = job.text("task")
    await service.delegate(
        job.session, job.actor, job.case_id, job.version, unit, job.at, task=task
    )
    return True


async def _redo(job: Job) -> bool:
    part, reason = job.form.number("part"), job.text("reason")
    await service.redo(job.session, job.actor, job.case_id, job.version, part, reason, job.at)
    return True


async def _ask(job: Job, wanted: Request) -> bool:
    asked = replace(wanted, reason=job.text("reason"), basis=job.text("basis"))
    await service.ask(job.session, job.actor, job.case_id, job.version, asked, job.at)
    return True


async def _return(job: Job) -> bool:
    proposed = job.unit("proposed_unit")
    return await _ask(job, Request(ApprovalKind.RETURN, "", proposed_unit=proposed))


async def _extend(job: Job) -> bool:
    return await _ask(job, Request(ApprovalKind.EXTENSION, "", days=job.days("days")))


async def _suspend(job: Job) -> bool:
    return await _ask(job, Request(ApprovalKind.SUSPENSION, "", until=job.day("until")))


async def _claim_unreasonable(job: Job) -> bool:
    return await _ask(job, Request(ApprovalKind.UNREASONABLE, ""))


async def _exclude(job: Job) -> bool:
    return await _ask(job, Request(ApprovalKind.EXCLUSION, ""))


async def _attach(job: Job) -> bool:
    if not await job.store_pictures(job.text("text")):
        raise InvalidInput("还没有选图片", fields={"pictures": "请选择图片"})
    return True


async def _answer(job: Job) -> bool:
    result = job.text("result")
    if result not in tuple(Result):
        raise InvalidInput("请选择办理结果", fields={"result": "请选择"})
    await job.store_pictures("随答复上传")
    await service.answer(
        job.session,
        job.actor,
        job.case_id,
        job.version,
        job.text("citizen_answer"),
        job.text("internal_note"),
        job.at,
        result=Result(result),
        result_reason=job.text("result_reason"),
        public_answer=job.text("public_answer"),
    )
    return True


async def _sign(job: Job) -> bool:
    await service.sign(job.session, job.actor, job.case_id, job.version, job.at)
    return True


async def _send_back(job: Job) -> bool:
    reason = job.text("reason")
    await service.send_back(job.session, job.actor, job.case_id, job.version, reason, job.at)
    return True


async def _resume(job: Job) -> bool:
    await service.resume(job.session, job.actor, job.case_id, job.version, job.at)
    return True


UNIT_ACTIONS: dict[Action, Perform] = {
    Action.ACCEPT: _accept,
    Action.CONTACT: _contact,
    Action.INTERIM: _interim,
    Action.DELEGATE: _delegate,
    Action.REDO: _redo,
    Action.RETURN: _return,
    Action.EXTEND: _extend,
    Action.SUSPEND: _suspend,
    Action.CLAIM_UNREASONABLE: _claim_unreasonable,
    Action.EXCLUDE: _exclude,
    Action.ATTACH: _attach,
    Action.ANSWER: _answer,
    Action.SIGN: _sign,
    Action.SEND_BACK: _send_back,
    Action.RESUME: _resume,
}
