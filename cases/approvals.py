"""What a unit asks for and somebody else decides: return, extension, putting aside, and the rest.

The clock runs while a request waits, and nothing is ever approved by silence: a request that is
late only rings louder. Source: domain 2.2, points 4, 6 and 8; 国办函〔2025〕66号(五) (派单异议审核).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases import timing
from cases.acting import STALE, begin, below, end_open_parts, move, need, note, own
from cases.closing import end_as_unreasonable
from cases.desk import give_lead, wait_for_dispatch
from cases.masking import tidy
from cases.models import Approval, Case, SubCase
from cases.notices import tell_role, tell_unit
from cases.repository import CaseRepository
from cases.states import DECIDES, OPEN, OPEN_PARTS, Action, MainState, SubState
from cases.telling import tell_citizen
from cases.timing import Timing
from cases.vocabulary import (
    APPROVAL_NAMES,
    ApprovalKind,
    ApprovalState,
    Audience,
    ClockKind,
    Part,
)
from core.calendar import LOCAL
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.identity import UNIT_ROLES, Actor, Role
from units.tree import UnitTree

# [D] domain 2.2, points 4 and 6; national caps were not found.
RETURNS_BEFORE_CONSULTATION = 2
MOST_EXTENSION_DAYS = 10
# [D] A matter put aside is looked at again within half a year.
MOST_SUSPENSION_DAYS = 183

_ACTIONS = {
    ApprovalKind.RETURN: Action.RETURN,
    ApprovalKind.EXTENSION: Action.EXTEND,
    ApprovalKind.SUSPENSION: Action.SUSPEND,
    ApprovalKind.UNREASONABLE: Action.CLAIM_UNREASONABLE,
    ApprovalKind.EXCLUSION: Action.EXCLUDE,
}


@dataclass(frozen=True)
class Request:
    """What is asked for. ``days`` (working days) goes with an extension, ``until`` with putting
    aside, ``proposed_unit`` (a code) with a return."""

    kind: ApprovalKind
    reason: str
    basis: str = ""
    proposed_unit: str = ""
    days: int | None = None
    until: date | None = None


async def ask(
    session: AsyncSession, actor: Actor, case_id: int, version: int, wanted: Request, now: datetime
) -> Approval:
    """Put a request of the actor's unit to whoever decides it.

    A return inside a unit's own tree goes to the unit above, everything else to the line. Raises
    Conflict for a return that comes too late or after the third dispatch, for a second extension
    and for a request that waits already.
    """
    action = _ACTIONS[wanted.kind]
    case, parts = await begin(session, actor, case_id, version, action)
    need(
        action,
        reason=wanted.reason,
        basis=wanted.basis,
        proposed_unit=wanted.proposed_unit,
        days=str(wanted.days or ""),
        until=wanted.until.isoformat() if wanted.until else "",
    )
    part = own(actor, parts)
    times = await Timing.load(session)
    await _check(session, times, case, part, wanted, now)
    above = next((p.unit for p in parts if p.id == part.parent_id), None)
    inside = above if wanted.kind in (ApprovalKind.RETURN, ApprovalKind.EXTENSION) else None
    approval = Approval(
        case_id=case.id,
        sub_case_id=part.id,
        kind=wanted.kind,
        state=ApprovalState.PENDING,
        unit=part.unit,
        decided_by_unit=inside,
        asked_by=actor.login,
        asked_at=now,
        reason=tidy(wanted.reason),
        basis=tidy(wanted.basis),
        proposed_unit=wanted.proposed_unit or None,
        days=wanted.days,
        until=wanted.until,
    )
    session.add(approval)
    await session.flush()
    await timing.start(session, times, case, ClockKind.APPROVAL, now, approval=approval)
    data = {"approval": approval.id, "basis": approval.basis, "proposed_unit": wanted.proposed_unit}
    note(session, actor, case, part, action, now, reason=wanted.reason, data=data)
    key, name = f"approval:{approval.id}", APPROVAL_NAMES[wanted.kind]
    if inside:
        await tell_unit(session, case, inside, "approval", key, now, text=name)
    else:
        role = Role.DISPATCHER if Role.DISPATCHER in DECIDES[wanted.kind] else Role.SUPERVISOR
        await tell_role(session, case, role, "approval", key, now, text=name)
    return approval


async def decide(
    session: AsyncSession,
    actor: Actor,
    approval_id: int,
    version: int,
    approve: bool,
    decision: str,
    now: datetime,
    *,
    unit: str = "",
) -> Case:
    """Approve or refuse a request; ``version`` is that of its case. ``decision`` says why.

    ``unit``: with an approved return, the unit that gets the case at once instead of the desk.
    Raises Conflict when it has been decided or has lapsed meanwhile.
    """
    approval = await session.get(Approval, approval_id)
    if approval is None:
        raise NotFound("没有找到这项申请")
    repository = CaseRepository(session, actor)
    case = await repository.get(approval.case_id, lock=True)
    await session.refresh(approval)
    _check_decider(actor, approval)
    if case.version != version:
        raise Conflict(STALE, code="stale")
    if approval.state != ApprovalState.PENDING:
        raise Conflict("这项申请已经处理过了")
    if not tidy(decision):
        raise InvalidInput("请写明审批意见", fields={"decision": "必须填写"})
    approval.state = ApprovalState.APPROVED if approve else ApprovalState.REFUSED
    approval.decided_by, approval.decided_at = actor.login, now
    approval.decision = tidy(decision)
    await timing.stop(session, case.id, now, approval_id=approval.id)
    parts = await repository.parts(case.id)
    part = next(p for p in parts if p.id == approval.sub_case_id)
    action = Action.APPROVE if approve else Action.REFUSE
    data = {"approval": approval.id, "kind": approval.kind}
    note(session, actor, case, part, action, now, reason=decision, data=data)
    await tell_unit(
        session, case, part.unit, "decision", f"decided:{approval.id}", now, text=decision
    )
    if approve:
        await _carry_out(session, actor, case, parts, part, approval, unit, now)
    return case


async def cancel_pending(session: AsyncSession, case: Case, part_id: int, now: datetime) -> None:
    """Let the requests of a part lapse, because it was answered or taken away."""
    waiting = await session.scalars(
        select(Approval).where(
            Approval.sub_case_id == part_id, Approval.state == ApprovalState.PENDING
        )
    )
    for approval in waiting:
        approval.state = ApprovalState.CANCELLED
        await timing.stop(session, case.id, now, approval_id=approval.id, cancel=True)


async def _check(
    session: AsyncSession,
    times: Timing,
    case: Case,
    part: SubCase,
    wanted: Request,
    now: datetime,
) -> None:
    waiting = await session.scalar(
        select(Approval.id).where(
            Approval.sub_case_id == part.id,
            Approval.kind == wanted.kind,
            Approval.state == ApprovalState.PENDING,
        )
    )
    if waiting is not None:
        raise Conflict(f"{APPROVAL_NAMES[wanted.kind]}申请正在审批，不用重复提交")
    today = now.astimezone(LOCAL).date()
    match wanted.kind:
        case ApprovalKind.RETURN:
            await _check_return(session, times, case, part, wanted, now)
        case ApprovalKind.EXTENSION:
            if part.role == Part.ASSIST:
                raise Conflict("延期由主办单位申请")
            if part.role == Part.LEAD and case.extended:
                raise Conflict("这张工单已经延期过一次，不能再延")
            if now > part.due_at:
                raise Conflict("已经超过办理期限，延期须在到期前申请")
            if not 0 < (wanted.days or 0) <= MOST_EXTENSION_DAYS:
                limit = f"请填 1 至 {MOST_EXTENSION_DAYS} 个工作日"
                raise InvalidInput("延期天数不对", fields={"days": limit})
        case ApprovalKind.SUSPENSION | ApprovalKind.UNREASONABLE:
            if part.role != Part.LEAD:
                raise Conflict(f"{APPROVAL_NAMES[wanted.kind]}由主办单位申请")
            if wanted.until and not 0 < (wanted.until - today).days <= MOST_SUSPENSION_DAYS:
                raise InvalidInput(
                    "复查日期不对", fields={"until": "须在明天以后、半年以内，到期须再看一次"}
                )
        case ApprovalKind.EXCLUSION:
            if case.excluded:
                raise Conflict("这张工单已经剔除，不用再申诉")


async def _check_return(
    session: AsyncSession,
    times: Timing,
    case: Case,
    part: SubCase,
    wanted: Request,
    now: datetime,
) -> None:
    if part.final:
        raise Conflict("这张工单是指定办理的，不能再退单；确有困难请申请延期或挂账")
    until = times.due(ClockKind.RETURN, case, part.created_at).at
    if now > until:
        raise Conflict(
            f"退单期限到 {until.astimezone(LOCAL):%m月%d日 %H:%M} 为止，已经过了，须由本单位办理"
        )
    proposed = (await UnitTree.load(session)).get(wanted.proposed_unit)
    if proposed is None or not proposed.active or proposed.code == part.unit:
        raise InvalidInput(
            "没有这个建议单位", fields={"proposed_unit": "请从单位名录中选择应当承办的单位"}
        )


def _check_decider(actor: Actor, approval: Approval) -> None:
    kind = ApprovalKind(approval.kind)
    if approval.decided_by_unit is None:
        actor.require(*DECIDES[kind])
    elif actor.role not in UNIT_ROLES or actor.unit != approval.decided_by_unit:
        raise NotAllowed(f"这项{APPROVAL_NAMES[kind]}申请由上级承办单位审批")


async def _carry_out(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    parts: Sequence[SubCase],
    part: SubCase,
    approval: Approval,
    unit: str,
    now: datetime,
) -> None:
    """Do what was approved. Raises Conflict when the case has moved on so that it cannot be."""
    match ApprovalKind(approval.kind):
        case ApprovalKind.RETURN:
            await _take_back(session, actor, case, parts, part, unit, approval.decision, now)
        case ApprovalKind.EXTENSION:
            await _lengthen(session, actor, case, parts, part, approval, now)
        case ApprovalKind.SUSPENSION:
            await _put_aside(session, actor, case, parts, part, approval, now)
        case ApprovalKind.UNREASONABLE:
            if case.state not in OPEN:
                raise Conflict("工单已经结束，不能再认定")
            await end_as_unreasonable(session, actor, case, parts, approval.decision, now)
        case ApprovalKind.EXCLUSION:
            case.excluded = True


async def _take_back(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    parts: Sequence[SubCase],
    part: SubCase,
    unit: str,
    decision: str,
    now: datetime,
) -> None:
    for one in (part, *below(part, parts)):
        await timing.stop(session, case.id, now, part_id=one.id, cancel=True)
        if one is not part:
            await cancel_pending(session, case, one.id, now)
    end_open_parts(session, case, below(part, parts), Action.RETURN, SubState.ENDED, now)
    leads = part.role == Part.LEAD
    move(session, actor, case, parts, part, Action.RETURN, SubState.RETURNED, now)
    if not leads:
        return
    case.returns += 1
    if case.returns >= RETURNS_BEFORE_CONSULTATION:
        case.state = MainState.CONSULTATION
        times = await Timing.load(session)
        await timing.start(session, times, case, ClockKind.CONSULTATION, now)
        await tell_role(session, case, Role.DISPATCHER, "consultation", f"consult:{case.id}", now)
    elif unit:
        fresh = await CaseRepository(session, actor).parts(case.id)
        # What the decision rests on also answers for a dispatch to a street (66号).
        why = f"退单后改派：{decision}"
        await give_lead(session, actor, case, fresh, Action.DISPATCH, unit, why, now)
    else:
        await wait_for_dispatch(session, case, now)


async def _lengthen(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    parts: Sequence[SubCase],
    part: SubCase,
    approval: Approval,
    now: datetime,
) -> None:
    assert approval.days is not None
    times = await Timing.load(session)
    if part.role == Part.DELEGATE:
        await timing.extend(session, times, part, approval.days, now)
        return
    case.extended = True
    for one in parts:
        if one.role != Part.DELEGATE and SubState(one.state) in OPEN_PARTS:
            await timing.extend(session, times, one, approval.days, now)
    told = f"{case.due_at.astimezone(LOCAL):%Y-%m-%d %H:%M}"
    until = told + ("（暂定）" if case.due_provisional else "")
    note(
        session,
        actor,
        case,
        None,
        Action.EXTEND,
        now,
        reason=approval.reason,
        data={"due": case.due_at.isoformat()},
        audience=Audience.CITIZEN,
    )
    await tell_citizen(
        session,
        case,
        f"extended:{approval.id}",
        f"因情况复杂，办理期限延长到 {until}。原因：{approval.reason}",
    )


async def _put_aside(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    parts: Sequence[SubCase],
    part: SubCase,
    approval: Approval,
    now: datetime,
) -> None:
    if part.state != SubState.IN_PROGRESS:
        raise Conflict("工单已经不在办理中，不能挂账")
    assert approval.until is not None
    await timing.stop(session, case.id, now, kinds={ClockKind.HANDLE}, cancel=True)
    times = await Timing.load(session)
    case.look_again_on = approval.until
    await timing.start(session, times, case, ClockKind.LOOK_AGAIN, now, part=part)
    move(
        session,
        actor,
        case,
        parts,
        part,
        Action.SUSPEND,
        SubState.SUSPENDED,
        now,
        reason=approval.reason,
        data={"until": approval.until.isoformat()},
    )
    await tell_citizen(
        session,
        case,
        f"suspended:{approval.id}",
        f"这件事目前还不具备解决条件，已挂账，{approval.until:%Y年%m月%d日}前会再办理。"
        f"原因：{approval.reason}",
    )
