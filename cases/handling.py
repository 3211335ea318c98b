"""What a unit does with its part: sign, contact, hand down, answer, have the answer signed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases import timing
from cases.acting import begin, below, lead_of, move, need, note, own
from cases.approvals import cancel_pending
from cases.closing import answered_by_lead
from cases.desk import duty_list_problem, is_about, start_part
from cases.identity import person_of
from cases.masking import hide_person, tidy
from cases.models import Case, SubCase
from cases.notices import tell_unit
from cases.states import GONE, OPEN_PARTS, Action, SubState
from cases.telling import tell_citizen
from cases.timing import Timing
from cases.views import is_secret, own_part
from cases.vocabulary import (
    ADOPTION,
    NEEDS_REASON,
    ActorKind,
    Audience,
    CaseType,
    ClockKind,
    Part,
    Result,
)
from core.calendar import working_days_between
from core.errors import Conflict, InvalidInput, NotFound
from core.identity import Actor, Role
from units.models import Unit
from units.tree import UnitTree


async def accept(
    session: AsyncSession, actor: Actor, case_id: int, version: int, now: datetime
) -> Case:
    """The actor's unit takes on its part (签收)."""
    case, parts = await begin(session, actor, case_id, version, Action.ACCEPT)
    part = own(actor, parts)
    part.accepted_at, part.handler = now, actor.login
    await timing.stop(session, case.id, now, kinds={ClockKind.SIGN}, part_id=part.id)
    move(session, actor, case, parts, part, Action.ACCEPT, SubState.IN_PROGRESS, now)
    return case


async def contact(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    reached: bool,
    what: str,
    now: datetime,
) -> Case:
    """Note the first contact with the citizen (先行联系), or that nobody was reached.

    Only a contact that reached somebody stops the clock.
    """
    case, parts = await begin(session, actor, case_id, version, Action.CONTACT)
    need(Action.CONTACT, note=what)
    part = own(actor, parts)
    if reached:
        part.contacted_at = part.contacted_at or now
        await timing.stop(session, case.id, now, kinds={ClockKind.CONTACT})
    note(session, actor, case, part, Action.CONTACT, now, reason=what, data={"reached": reached})
    return case


async def interim(
    session: AsyncSession, actor: Actor, case_id: int, version: int, text: str, now: datetime
) -> Case:
    """Tell the citizen how things stand (阶段答复); the case goes on and so does its clock."""
    case, parts = await begin(session, actor, case_id, version, Action.INTERIM)
    need(Action.INTERIM, text=text)
    part = own(actor, parts)
    if part.role != Part.LEAD:
        raise Conflict("阶段答复由主办单位统一告知市民，请把情况写进本单位的答复")
    note(
        session,
        actor,
        case,
        part,
        Action.INTERIM,
        now,
        data={"text": tidy(text)},
        audience=Audience.CITIZEN,
    )
    await tell_citizen(session, case, f"interim:{case.version}", f"阶段答复：{tidy(text)}")
    return case


async def delegate(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    unit: str,
    now: datetime,
    *,
    task: str = "",
) -> Case:
    """Hand work down inside the unit's own tree (下派), under a clock within the unit's own.

    The unit stays responsible: the answer comes back to it, and so does a return.
    """
    case, parts = await begin(session, actor, case_id, version, Action.DELEGATE)
    need(Action.DELEGATE, unit=unit)
    part = own(actor, parts)
    tree = await UnitTree.load(session)
    known = tree.get(unit)
    if known is None or not known.active or unit == part.unit or unit not in tree.below(part.unit):
        raise InvalidInput("只能下派给本单位的下级", fields={"unit": "请从下级单位中选择"})
    if is_about(case, unit, tree):
        raise InvalidInput("反映的是该单位，不能交其自办", fields={"unit": "请选择别的单位"})
    if any(p.unit == unit and SubState(p.state) not in GONE for p in parts):
        raise InvalidInput("该单位已在这张工单里", fields={"unit": "请选择别的单位"})
    if problem := duty_list_problem(known.level, case, unit, task):
        raise InvalidInput("派往镇街须有依据", fields={"task": problem})
    times = await Timing.load(session)
    child = await start_part(
        session, times, case, unit, Part.DELEGATE, now, parent=part, task=tidy(task)
    )
    note(
        session,
        actor,
        case,
        child,
        Action.DELEGATE,
        now,
        reason=task,
        data={"from_unit": part.unit},
    )
    await tell_unit(session, case, unit, "dispatch", f"part:{child.id}", now)
    return case


async def redo(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    part_id: int,
    reason: str,
    now: datetime,
) -> Case:
    """Give the answer of a unit below back to it (退回下级重办)."""
    case, parts = await begin(session, actor, case_id, version, Action.REDO)
    need(Action.REDO, reason=reason)
    child = next((p for p in below(own(actor, parts), parts) if p.id == part_id), None)
    if child is None:
        raise NotFound("没有找到这个下级单位的办理")
    if child.state != SubState.ANSWERED:
        raise Conflict("下级单位还没有答复，不能退回重办")
    await timing.run_on(session, await Timing.load(session), case, child, now)
    move(session, actor, case, parts, child, Action.REDO, SubState.IN_PROGRESS, now, reason=reason)
    await tell_unit(session, case, child.unit, "redo", f"redo:{child.id}:{case.version}", now)
    return case


async def attach(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    attachments: Sequence[uuid.UUID],
    text: str,
    now: datetime,
) -> Case:
    """Add stored pictures to the history, for whoever reads that line; ``text`` says what of."""
    case, parts = await begin(session, actor, case_id, version, Action.ATTACH)
    ids = [str(one) for one in attachments]
    need(Action.ATTACH, attachments=" ".join(ids))
    part = own_part(actor, parts)
    note(session, actor, case, part, Action.ATTACH, now, reason=text, data={"attachments": ids})
    return case


async def answer(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    citizen_answer: str,
    internal_note: str,
    now: datetime,
    *,
    result: Result = Result.SOLVED,
    result_reason: str = "",
    public_answer: str = "",
) -> Case:
    """Write the unit's answer; until it is checked it may be written again.

    ``citizen_answer`` is what the citizen reads once the answer has passed the check,
    ``internal_note`` is for staff, ``public_answer`` may be published; the last two may be empty.
    Where the unit's answers need a leader's signature a clerk's answer waits for it.
    """
    case, parts = await begin(session, actor, case_id, version, Action.ANSWER)
    need(Action.ANSWER, citizen_answer=citizen_answer)
    _check_result(CaseType(case.type), result, result_reason)
    part = own(actor, parts)
    name, phone = await person_of(session, case.id)
    # What the unit writes is read by others than the citizen; what is public by everybody.
    secret = is_secret(case) or case.anonymous
    part.citizen_answer = hide_person(tidy(citizen_answer), name, phone, secret=secret)
    part.internal_note = hide_person(tidy(internal_note), name, phone, secret=secret) or None
    part.public_answer = hide_person(tidy(public_answer), name, phone, secret=True) or None
    part.result, part.result_reason = result, tidy(result_reason)
    part.answered_at = now
    waits = actor.role is Role.UNIT_CLERK and await _is_signed(session, part.unit)
    to = SubState.PENDING_SIGNATURE if waits else SubState.ANSWERED
    move(session, actor, case, parts, part, Action.ANSWER, to, now, data={"result": result})
    if not waits:
        await _answered(session, case, parts, part, now)
    return case


async def sign(
    session: AsyncSession, actor: Actor, case_id: int, version: int, now: datetime
) -> Case:
    """The unit's leader signs the answer (签发)."""
    case, parts = await begin(session, actor, case_id, version, Action.SIGN)
    part = own(actor, parts)
    move(session, actor, case, parts, part, Action.SIGN, SubState.ANSWERED, now)
    await _answered(session, case, parts, part, now)
    return case


async def send_back(
    session: AsyncSession, actor: Actor, case_id: int, version: int, reason: str, now: datetime
) -> Case:
    """The unit's leader wants the answer changed (退回修改)."""
    case, parts = await begin(session, actor, case_id, version, Action.SEND_BACK)
    need(Action.SEND_BACK, reason=reason)
    part = own(actor, parts)
    move(
        session,
        actor,
        case,
        parts,
        part,
        Action.SEND_BACK,
        SubState.IN_PROGRESS,
        now,
        reason=reason,
        audience=Audience.STAFF,
    )
    return case


async def resume(
    session: AsyncSession, actor: Actor, case_id: int, version: int, now: datetime
) -> Case:
    """Go on with a case that was put aside (挂账), before its date."""
    case, parts = await begin(session, actor, case_id, version, Action.RESUME)
    await wake_up(session, actor, case, parts, now)
    return case


async def wake_up(
    session: AsyncSession,
    actor: Actor | ActorKind,
    case: Case,
    parts: Sequence[SubCase],
    now: datetime,
) -> None:
    """Put a locked, suspended case back to work, with a new handling clock."""
    case.look_again_on = None
    await timing.stop(session, case.id, now, kinds={ClockKind.LOOK_AGAIN})
    times, lead = await Timing.load(session), lead_of(parts)
    granted = case.due_at
    for part in parts:
        if part is lead or SubState(part.state) in OPEN_PARTS:
            clock = await timing.restart(session, times, case, part, now)
            # What was granted before the case was put aside is not taken away.
            missing = working_days_between(times.calendar, clock.due_at, granted)
            if part.role != Part.DELEGATE and missing:
                await timing.extend(session, times, part, missing, now)
    move(session, actor, case, parts, lead, Action.RESUME, SubState.IN_PROGRESS, now)
    await tell_unit(session, case, lead.unit, "resume", f"resume:{case.id}:{case.version}", now)


async def _answered(
    session: AsyncSession, case: Case, parts: Sequence[SubCase], part: SubCase, now: datetime
) -> None:
    """What follows an answer that stands: requests of the unit lapse, whoever waits is told."""
    await cancel_pending(session, case, part.id, now)
    # Whoever has answered is not late because others still have to read it.
    await timing.stop(session, case.id, now, kinds={ClockKind.HANDLE}, part_id=part.id)
    if part.role == Part.DELEGATE:
        above = next(p for p in parts if p.id == part.parent_id)
        await timing.stop(session, case.id, now, part_id=part.id)
        await tell_unit(
            session, case, above.unit, "answered_below", f"answer:{part.id}:{case.version}", now
        )
    elif part.role == Part.LEAD:
        await answered_by_lead(session, case, parts, now)


def _check_result(type: CaseType, result: Result, reason: str) -> None:
    """A suggestion ends as adopted, partly or not (采纳), anything else as solved or not."""
    if (result in ADOPTION) != (type is CaseType.SUGGESTION):
        wanted = "采纳、部分采纳或不采纳" if type is CaseType.SUGGESTION else "是否解决"
        raise InvalidInput("办理结果不对", fields={"result": f"请选择{wanted}"})
    if result in NEEDS_REASON and not tidy(reason):
        raise InvalidInput("还要说明理由", fields={"result_reason": "请写明理由"})


async def _is_signed(session: AsyncSession, unit: str) -> bool:
    found = await session.get(Unit, unit)
    return found is not None and found.answers_signed
