"""The forms of the line's own desks: dispatch, put right, check, decide, call to order, end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cases import service
from cases.desk import Correction
from cases.states import Action
from cases.vocabulary import CaseType, Urgency
from console.case_form import Job
from core.errors import InvalidInput
from units.location import locate

Perform = Callable[[Job], Awaitable[bool]]


async def _dispatch(job: Job) -> bool:
    await service.dispatch(
        job.session,
        job.actor,
        job.case_id,
        job.version,
        job.unit(),
        job.at,
        reason=job.text("reason"),
    )
    return True


async def _recall(job: Job) -> bool:
    await service.recall(job.session, job.actor, job.case_id, job.at)
    return True


async def _designate(job: Job) -> bool:
    unit, reason = job.unit(), job.text("reason")
    await service.designate(job.session, job.actor, job.case_id, job.version, unit, reason, job.at)
    return True


async def _reassign(job: Job) -> bool:
    unit, reason, assists = job.unit(), job.text("reason"), job.text("assists")
    await service.reassign(
        job.session,
        job.actor,
        job.case_id,
        job.version,
        unit,
        reason,
        job.at,
        keep_assists={"keep": True, "drop": False}.get(assists),
    )
    return True


async def _add_assist(job: Job) -> bool:
    await service.add_assist(
        job.session,
        job.actor,
        job.case_id,
        job.version,
        job.unit(),
        job.at,
        task=job.text("task"),
    )
    return True


async def _correct(job: Job) -> bool:
    reason = job.text("reason")
    await service.correct(
        job.session, job.actor, job.case_id, job.version, _wanted(job), job.at, reason=reason
    )
    return True


def _wanted(job: Job) -> Correction:
    type, urgency = job.text("type"), job.text("urgency")
    if type not in tuple(CaseType) or urgency not in tuple(Urgency):
        raise InvalidInput("更正内容不完整", fields={"type": "请选择"})
    place_text, place_code, street, district = _place(job)
    return Correction(
        type=CaseType(type),
        category=_category(job),
        urgency=Urgency(urgency),
        complex=job.text("complex") == "yes",
        place_text=place_text,
        place_code=place_code,
        street=street,
        district=district,
        about_unit=job.unit("about_unit") if job.text("about_unit") else "",
    )


def _category(job: Job) -> str | None:
    """Code of the category that the field names: ``A0312 路灯``, the code or the name alone."""
    typed = job.text("category")
    if not typed:
        return None
    known = job.intake.router.categories
    code = typed.split()[0]
    named = [c for c, facts in known.items() if facts.name == typed]
    if code in known:
        return code
    if len(named) == 1:
        return named[0]
    raise InvalidInput("没有这个类别", fields={"category": "请从列表中选择"})


def _place(job: Job) -> tuple[str | None, str | None, str | None, str | None]:
    """Place, its code, street and district as they should be; None where they stay.

    A street that was named anew counts; otherwise a changed place is looked up in the territory.
    """
    text, view = job.text("place_text"), job.view
    moved = text != view.place_text
    located = locate(job.intake.gazetteer, text) if moved and text else None
    only = located.candidates[0] if located and len(located.candidates) == 1 else None
    code = (only.code if only else None) or ""
    named = job.unit("street") if job.text("street") else ""
    if named and named != (view.street or view.district):
        street, district = _area(job, named)
        return text, code if moved else None, street, district
    if not moved:
        return None, None, None, None
    if located is None or located.district is None:
        # Nothing is known of the new place; where it lies is better kept than lost.
        return text, code, None, None
    return text, code, located.street or "", located.district


def _area(job: Job, unit: str) -> tuple[str, str]:
    """Street and district of what was named as street: a street, or only a district."""
    known = job.tree.get(unit)
    assert known is not None
    above = [job.tree.get(code) for code in (unit, *job.tree.ancestors(unit))]
    street = next((u.code for u in above if u and u.level == "street"), "")
    district = next((u.code for u in above if u and u.level == "district"), "")
    if not district:
        raise InvalidInput("不是街道或区县", fields={"street": "请选择街道、乡镇或区县"})
    return street, district


async def _pass(job: Job) -> bool:
    remark = job.text("remark")
    await service.pass_check(
        job.session, job.actor, job.case_id, job.version, job.at, remark=remark
    )
    return True


async def _reject(job: Job) -> bool:
    reason = job.text("reason")
    await service.reject_check(job.session, job.actor, job.case_id, job.version, reason, job.at)
    return True


async def _approve(job: Job) -> bool:
    return await _decide(job, True)


async def _refuse(job: Job) -> bool:
    return await _decide(job, False)


async def _decide(job: Job, approve: bool) -> bool:
    approval = job.form.number("approval")
    if approval not in {one.id for one in job.view.approvals}:
        raise InvalidInput("没有找到这项申请，请刷新后再试")
    unit = job.unit() if approve and job.text("unit") else ""
    decision = job.text("decision")
    await service.decide(
        job.session, job.actor, approval, job.version, approve, decision, job.at, unit=unit
    )
    return True


async def _supervise(job: Job) -> bool:
    reason = job.text("reason")
    await service.supervise(job.session, job.actor, job.case_id, job.version, reason, job.at)
    return True


async def _close(job: Job) -> bool:
    reason = job.text("reason")
    await service.close_by_hand(job.session, job.actor, job.case_id, job.version, reason, job.at)
    return True


async def _rework(job: Job) -> bool:
    reason = job.text("reason")
    await service.rework_by_hand(job.session, job.actor, job.case_id, job.version, reason, job.at)
    return True


DESK_ACTIONS: dict[Action, Perform] = {
    Action.DISPATCH: _dispatch,
    Action.RECALL: _recall,
    Action.DESIGNATE: _designate,
    Action.REASSIGN: _reassign,
    Action.ADD_ASSIST: _add_assist,
    Action.CORRECT: _correct,
    Action.PASS: _pass,
    Action.REJECT: _reject,
    Action.APPROVE: _approve,
    Action.REFUSE: _refuse,
    Action.SUPERVISE: _supervise,
    Action.CLOSE: _close,
    Action.REWORK: _rework,
}
