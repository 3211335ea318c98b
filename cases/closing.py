"""From a unit's answer to the end of a case: check, tell, call back, close, or do it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases import timing
from cases.acting import begin, end_open_parts, lead_of, move, need, note
from cases.apart import stand_alone
from cases.history import record
from cases.identity import has_phone
from cases.masking import tidy
from cases.models import Callback, Case, SubCase
from cases.notices import tell_role, tell_unit
from cases.repository import CaseRepository
from cases.similar import same_person
from cases.states import GONE, Action, MainState, SubState
from cases.telling import tell_answer, tell_citizen
from cases.timing import Timing
from cases.views import is_secret
from cases.vocabulary import (
    ActorKind,
    Audience,
    CallbackState,
    CaseType,
    ClockKind,
)
from core.calendar import LOCAL
from core.identity import Actor, Role
from routing.examples import Example, remember
from units.tree import UnitTree

# Answered on paper alone: the line does not check what is information or thanks.
_UNCHECKED = frozenset({CaseType.CONSULTATION, CaseType.PRAISE})
# [D] domain 2.2, point 9 of the flow: once more by the same unit, then under supervision.
MOST_REWORKS = 1


async def answered_by_lead(
    session: AsyncSession, case: Case, parts: Sequence[SubCase], now: datetime
) -> None:
    """The leading unit's answer stands: have it checked, or let it through where none is needed."""
    await timing.stop(session, case.id, now, kinds={ClockKind.CONTACT}, cancel=True)
    if CaseType(case.type) in _UNCHECKED:
        await _let_through(session, ActorKind.SYSTEM, case, parts, "", now)
        return
    await timing.start(session, await Timing.load(session), case, ClockKind.CHECK, now)


async def pass_check(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    now: datetime,
    *,
    remark: str = "",
) -> Case:
    """The answer is complete and to the point (办结审核通过): the citizen gets it.

    Parts still open end with it. The case then waits for its callback, or is closed at once when
    there is nobody to call.
    """
    case, parts = await begin(session, actor, case_id, version, Action.PASS)
    await _let_through(session, actor, case, parts, remark, now)
    return case


async def reject_check(
    session: AsyncSession, actor: Actor, case_id: int, version: int, reason: str, now: datetime
) -> Case:
    """The answer will not do (审核退回): the leading unit works on, under the clock it has."""
    case, parts = await begin(session, actor, case_id, version, Action.REJECT)
    need(Action.REJECT, reason=reason)
    part = lead_of(parts)
    await timing.stop(session, case.id, now, kinds={ClockKind.CHECK})
    await timing.run_on(session, await Timing.load(session), case, part, now)
    move(
        session,
        actor,
        case,
        parts,
        part,
        Action.REJECT,
        SubState.IN_PROGRESS,
        now,
        reason=reason,
        audience=Audience.STAFF,
    )
    await tell_unit(session, case, part.unit, "rejected", f"reject:{case.id}:{case.version}", now)
    return case


async def close_case(
    session: AsyncSession, actor: Actor | None, case: Case, now: datetime, *, reason: str = ""
) -> None:
    """Close a locked case that waited for its callback (结案). Nobody is told: the answer was."""
    before, case.state = case.state, MainState.CLOSED
    case.closed_at = now
    case.version += 1
    await timing.stop(session, case.id, now, kinds={ClockKind.CALLBACK})
    record(
        session,
        case,
        Action.CLOSE,
        now,
        actor or ActorKind.SYSTEM,
        before=before,
        reason=tidy(reason),
        audience=Audience.CITIZEN,
    )
    await _learn(session, case, now)


async def rework(
    session: AsyncSession, actor: Actor | None, case: Case, reason: str, now: datetime
) -> None:
    """Have the unit do a locked, answered case again (重办), once; a further time it is also put
    under supervision. Another round begins: told, rated and called back about anew."""
    need(Action.REWORK, reason=reason)
    if case.reworks >= MOST_REWORKS:
        await put_under_supervision(session, actor, case, reason, now)
    case.reworks += 1
    await _begin_round(session, actor or ActorKind.SYSTEM, case, Action.REWORK, reason, now)


async def send_back_to_work(
    session: AsyncSession,
    actor: Actor | ActorKind,
    case: Case,
    reason: str,
    now: datetime,
    *,
    key: str | None = None,
) -> None:
    """The citizen is not done with an answered case (重新办理): another round begins."""
    case.reopens += 1
    await _begin_round(session, actor, case, Action.REOPEN, reason, now, key=key)
    if case.reopens > 1:
        await put_under_supervision(session, None, case, "市民再次要求重新办理", now)


async def supervise(
    session: AsyncSession, actor: Actor, case_id: int, version: int, reason: str, now: datetime
) -> Case:
    """Put a case under supervision (督办): the unit and its leader are told why."""
    case, _ = await begin(session, actor, case_id, version, Action.SUPERVISE)
    need(Action.SUPERVISE, reason=reason)
    await put_under_supervision(session, actor, case, reason, now)
    return case


async def put_under_supervision(
    session: AsyncSession, actor: Actor | None, case: Case, reason: str, now: datetime
) -> None:
    """The same for a locked case, by a person or (None) by the line itself."""
    case.supervised = True
    note(session, actor or ActorKind.SYSTEM, case, None, Action.SUPERVISE, now, reason=reason)
    key = f"supervise:{case.id}:{case.version}"
    lead = await CaseRepository(session, None).lead(case.id)
    if lead is not None:
        await tell_unit(session, case, lead.unit, "supervise", f"{key}:unit", now, text=reason)
    await tell_role(session, case, Role.SUPERVISOR, "supervise", key, now, text=reason)


async def end_as_unreasonable(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    parts: Sequence[SubCase],
    explanation: str,
    now: datetime,
) -> None:
    """Close a locked case whose demand was found unreasonable, telling the citizen why."""
    part = lead_of(parts)
    case.unreasonable = True
    part.citizen_answer = tidy(explanation)
    await _tell(session, actor, case, parts, "认定为不合理诉求", now)
    await close_case(session, actor, case, now, reason="认定为不合理诉求")


async def tell_merged(session: AsyncSession, case: Case, target: Case, now: datetime) -> None:
    """A locked case that was merged into ``target`` gets the answer that the target got.

    Each citizen hears it once, and none hears of another.
    """
    case.citizen_answer, case.public_answer = target.citizen_answer, target.public_answer
    case.result, case.told_at = target.result, now
    before, case.state = case.state, MainState.CALLBACK
    case.version += 1
    record(
        session,
        case,
        Action.PASS,
        now,
        ActorKind.SYSTEM,
        before=before,
        audience=Audience.CITIZEN,
    )
    if await same_person(session, case, target):
        await close_case(session, None, case, now, reason="与同一诉求人的另一张工单一并答复")
    else:
        await tell_answer(session, case)
        await _call_back_or_close(session, case, now)
    await _tell_all_merged(session, case, now)


async def _tell_all_merged(session: AsyncSession, case: Case, now: datetime) -> None:
    for joined in await CaseRepository(session, None).merged_into(case.id, lock=True):
        await tell_merged(session, joined, case, now)


async def _let_through(
    session: AsyncSession,
    actor: Actor | ActorKind,
    case: Case,
    parts: Sequence[SubCase],
    remark: str,
    now: datetime,
) -> None:
    await _tell(session, actor, case, parts, remark, now)
    await _call_back_or_close(session, case, now)


async def _tell(
    session: AsyncSession,
    actor: Actor | ActorKind,
    case: Case,
    parts: Sequence[SubCase],
    remark: str,
    now: datetime,
) -> None:
    """Make the leading part's answer the case's and send it; whatever was open ends."""
    part = lead_of(parts)
    part.closed_at = case.told_at = now
    case.citizen_answer, case.public_answer = part.citizen_answer, part.public_answer
    case.result = part.result
    await timing.stop(session, case.id, now)
    move(session, actor, case, parts, part, Action.PASS, SubState.CLOSED, now, reason=remark)
    end_open_parts(session, case, parts, Action.PASS, SubState.ENDED, now)
    await tell_answer(session, case)
    await _tell_all_merged(session, case, now)


async def _call_back_or_close(session: AsyncSession, case: Case, now: datetime) -> None:
    if await open_callback(session, case, now) is None:
        await close_case(session, None, case, now, reason="无需回访")


async def open_callback(session: AsyncSession, case: Case, now: datetime) -> Callback | None:
    """Queue the call that asks whether the answer is true; None when nobody is to be called.

    Not called: consultations and praise, groups, and whoever left no number.
    """
    if CaseType(case.type) in _UNCHECKED or case.is_group or not await has_phone(session, case.id):
        return None
    times = await Timing.load(session)
    clock = await timing.start(session, times, case, ClockKind.CALLBACK, now)
    callback = Callback(
        case_id=case.id,
        round=case.round,
        state=CallbackState.WAITING,
        priority=case.priority,
        created_at=now,
        due_at=clock.due_at,
    )
    session.add(callback)
    return callback


async def _begin_round(
    session: AsyncSession,
    actor: Actor | ActorKind,
    case: Case,
    action: Action,
    reason: str,
    now: datetime,
    *,
    key: str | None = None,
) -> None:
    await stand_alone(session, case, now)
    parts = await CaseRepository(session, None).parts(case.id)
    part = lead_of(parts)
    # A unit that was merged meanwhile is followed by its successor.
    today = (await UnitTree.load(session)).current(part.unit)
    if all(p.unit != today or SubState(p.state) in GONE for p in parts):
        part.unit = today
    await timing.stop(session, case.id, now, kinds={ClockKind.CALLBACK}, cancel=True)
    before, part.state = case.state, SubState.IN_PROGRESS
    case.state = MainState.IN_PROGRESS
    case.round += 1
    case.told_at = case.closed_at = None
    case.version += 1
    part.closed_at = part.answered_at = None
    times = await Timing.load(session)
    await timing.restart(session, times, case, part, now, rework=True)
    record(
        session,
        case,
        action,
        now,
        actor,
        before=before,
        reason=tidy(reason),
        audience=Audience.CITIZEN,
        data={"unit": part.unit, "round": case.round},
        key=key,
    )
    word = "rework" if action is Action.REWORK else "reopen"
    await tell_unit(session, case, part.unit, word, f"{word}:{case.id}:{case.round}", now)
    due = f"{case.due_at.astimezone(LOCAL):%Y-%m-%d %H:%M}"
    await tell_citizen(
        session, case, f"round:{case.round}", f"您的诉求已重新交办，预计 {due} 前再次答复。"
    )


async def _learn(session: AsyncSession, case: Case, now: datetime) -> None:
    """Let later cases be routed by this one; a secret one is never learnt from."""
    if is_secret(case) or case.is_group or case.unreasonable or case.first_unit is None:
        return
    lead = await CaseRepository(session, None).lead(case.id)
    if lead is None:
        return
    await remember(
        session,
        Example(
            case_number=case.number,
            text=f"{case.title}。{case.detail}",
            type=case.type,
            category=case.category,
            unit=lead.unit,
            first_unit=case.first_unit,
            automatic=case.automatic,
            street=case.street,
            district=case.district,
            closed_on=now.astimezone(LOCAL).date(),
        ),
    )
