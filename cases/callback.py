"""Calling citizens after an answer (回访): who calls, how it went, and what follows.

Nothing here commits. A call belongs to one clerk at a time. What the citizen says is the line's
own knowledge of its cases; it is never written as a review (好差评), which only citizens give.
Everything raises NotFound for a call that the actor may not see, NotAllowed for a role that does
not call, and Conflict when somebody else has the call or the case has moved on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases import timing
from cases.acting import note as note_down
from cases.callback_repository import CallbackRepository, CallbackRow
from cases.callback_rules import (
    CAUSE_NAMES,
    REACHED_NAMES,
    Attempt,
    Cause,
    Consequence,
    Reached,
    consequence,
    is_free,
    next_attempt,
    unreachable,
)
from cases.closing import close_case, rework
from cases.identity import identity_of, open_identity
from cases.masking import hide_person, tidy
from cases.models import Approval, Callback, Case
from cases.repository import CaseRepository
from cases.states import Action, MainState, refusal
from cases.telling import tell_citizen, tell_only
from cases.views import Identity, is_secret
from cases.vocabulary import (
    SATISFIED_NAMES,
    SOLVED_NAMES,
    ApprovalKind,
    ApprovalState,
    CallbackState,
    ClockKind,
    Satisfied,
    Solved,
)
from core.calendar_store import load_calendar
from core.errors import Conflict, InvalidInput
from core.identity import Actor, Role

CALLERS = (Role.CALLBACK_CLERK, Role.SUPERVISOR)
MAX_NOTE = 2000
_MISSED = {
    CallbackState.WAITING: "刚才给您打电话回访，没有打通，我们会再打。",
    CallbackState.UNREACHABLE: "给您打电话回访，几次都没有打通。对办理结果有意见请联系我们。",
}


@dataclass(frozen=True)
class Answers:
    """What the citizen said: whether the unit made contact (None: not known), whether the matter
    is solved, and apart from that whether the handling satisfies (None: rated already), if not
    why; ``note`` is in the clerk's words."""

    contacted: bool | None
    solved: Solved
    satisfied: Satisfied | None
    cause: Cause | None
    note: str


async def take_next(session: AsyncSession, actor: Actor, now: datetime) -> Callback | None:
    """The call to make next, now the actor's: the one on the line, else the most urgent free one.

    None when nobody is to be called now.
    """
    actor.require(*CALLERS)
    repository = CallbackRepository(session, actor)
    found = await repository.held(now) or await repository.take_next(now)
    if found is not None:
        found.claimed_by, found.claimed_at = actor.login, now
    return found


async def claim(session: AsyncSession, actor: Actor, callback_id: int, now: datetime) -> Callback:
    """Take this call, also before its time."""
    row = await _waiting(session, actor, callback_id)
    callback = row.callback
    if not is_free(callback.claimed_by, callback.claimed_at, actor.login, now):
        raise Conflict("这件回访别的回访员正在打，请取下一件")
    callback.claimed_by, callback.claimed_at = actor.login, now
    return callback


async def release(session: AsyncSession, actor: Actor, callback_id: int) -> None:
    """Give the call back to the queue."""
    _let_go((await _on_the_line(session, actor, callback_id)).callback)


async def identity(session: AsyncSession, actor: Actor, row: CallbackRow) -> Identity | None:
    """Whom to call, for the clerk who has the call on the line; None for everybody else, and in a
    secret case until the clerk has said why (`open_secret`)."""
    callback, case = row.callback, row.case
    mine = callback.claimed_by == actor.login and callback.claimed_at is not None
    if callback.state != CallbackState.WAITING or not mine or case.anonymous:
        return None
    assert callback.claimed_at is not None
    repository = CallbackRepository(session, actor)
    if is_secret(case) and not await repository.has_opened(case.id, callback.claimed_at):
        return None
    return await identity_of(session, case.id)


async def open_secret(
    session: AsyncSession, actor: Actor, callback_id: int, reason: str, now: datetime
) -> None:
    """Open who speaks in a secret case for this call; the reason is kept. Raises InvalidInput."""
    row = await _on_the_line(session, actor, callback_id)
    await open_identity(session, actor, row.case.id, reason, now)


async def not_reached(
    session: AsyncSession,
    actor: Actor,
    callback_id: int,
    outcome: Reached,
    note: str,
    now: datetime,
    *,
    again: datetime | None = None,
) -> Callback:
    """A call that came to nothing: nobody answered, the wrong person did, or no answer was given.

    It comes again at ``again``, by default on the next half day that is worked. After enough
    attempts the citizen counts as unreachable and the case is closed once the evaluation window
    is over. Who refuses to answer is left alone, and the case is closed.
    Raises InvalidInput for `Reached.REACHED`, which goes with `finish`.
    """
    if outcome is Reached.REACHED:
        raise InvalidInput("请填写回访结果", fields={"outcome": "已接通的请填写回访结果"})
    row = await _on_the_line(session, actor, callback_id)
    callback, case = row.callback, row.case
    note = await _mask(session, case, note)
    _add_attempt(callback, Attempt(now, actor.login, outcome, note))
    _let_go(callback)
    if outcome is Reached.REFUSED:
        _end(callback, actor, CallbackState.DONE, note, now)
    elif unreachable(attempts_of(callback)):
        _end(callback, actor, CallbackState.UNREACHABLE, note, now)
        await timing.stop(session, case.id, now, kinds={ClockKind.CALLBACK})
    else:
        usual = next_attempt(await load_calendar(session), now)
        callback.not_before = again if again is not None and again > now else usual
    if outcome is Reached.NO_ANSWER:
        key = f"missed:{callback.id}:{len(attempts_of(callback))}"
        await tell_only(session, case, key, _MISSED[CallbackState(callback.state)])
    said = "；".join(filter(None, (REACHED_NAMES[outcome], note)))
    data = {"round": callback.round, "outcome": outcome, "state": callback.state}
    note_down(session, actor, case, None, Action.CALL_BACK, now, reason=said, data=data)
    if callback.state == CallbackState.DONE:
        await close_case(session, actor, case, now, reason="市民接听后不愿回答回访")
    return callback


async def finish(
    session: AsyncSession, actor: Actor, callback_id: int, answers: Answers, now: datetime
) -> Consequence:
    """The citizen has spoken: write it down and do what follows (`callback_rules.consequence`).

    Raises InvalidInput when something that must be asked is missing.
    """
    row = await _on_the_line(session, actor, callback_id)
    callback, case = row.callback, row.case
    asked = case.rated_round != case.round
    satisfied = answers.satisfied if asked else None
    cause = answers.cause if satisfied is Satisfied.DISSATISFIED else None
    follows = consequence(answers.solved, satisfied, cause, case.reworks)
    _check(answers, satisfied, cause, asked, follows)
    note = await _mask(session, case, answers.note)
    _add_attempt(callback, Attempt(now, actor.login, Reached.REACHED, note))
    _let_go(callback)
    callback.contacted, callback.solved = answers.contacted, answers.solved
    callback.asked_satisfied, callback.satisfied = asked, satisfied
    _end(callback, actor, CallbackState.DONE, note, now)
    await timing.stop(session, case.id, now, kinds={ClockKind.CALLBACK})
    said = "；".join(filter(None, (*_told(answers.solved, satisfied, cause), note)))
    data = {
        "round": callback.round,
        "outcome": Reached.REACHED,
        "solved": answers.solved,
        "satisfied": satisfied,
        "cause": cause,
        "consequence": follows,
    }
    note_down(session, actor, case, None, Action.CALL_BACK, now, reason=said, data=data)
    if follows is Consequence.CLOSE:
        await close_case(session, actor, case, now, reason="回访完成")
    else:
        await rework(session, actor, case, f"回访：{said}", now)
    return follows


async def close_as_unreasonable(
    session: AsyncSession,
    actor: Actor,
    callback_id: int,
    reason: str,
    basis: str,
    now: datetime,
) -> None:
    """The supervisor finds that a demand cannot be met whatever is done, and closes the case.

    Only after it was done again once. ``reason`` is told to the citizen, ``basis`` is the evidence
    kept with the decision. Raises InvalidInput without them.
    """
    actor.require(Role.SUPERVISOR)
    row = await _waiting(session, actor, callback_id)
    callback, case = row.callback, row.case
    if not case.reworks:
        raise Conflict("还没有重办过，不能直接认定为不合理诉求")
    given = {"reason": tidy(reason), "basis": tidy(basis)}
    missing = {name: "必须填写" for name, text in given.items() if not text}
    if missing:
        raise InvalidInput("认定不合理诉求要写明理由和依据", fields=missing)
    lead = await CaseRepository(session, actor).lead(case.id)
    session.add(
        Approval(
            case_id=case.id,
            sub_case_id=lead.id if lead else None,
            kind=ApprovalKind.UNREASONABLE,
            state=ApprovalState.APPROVED,
            unit=actor.unit,
            asked_by=actor.login,
            asked_at=now,
            reason=given["reason"],
            basis=given["basis"],
            decided_by=actor.login,
            decided_at=now,
            decision=given["reason"],
        )
    )
    case.unreasonable = True
    _let_go(callback)
    _end(callback, actor, CallbackState.SKIPPED, "认定为不合理诉求", now)
    data = {"kind": ApprovalKind.UNREASONABLE, "basis": given["basis"]}
    note_down(session, actor, case, None, Action.APPROVE, now, reason=given["reason"], data=data)
    text = f"您的诉求经核实不能支持：{given['reason']}。工单已结案。"
    await tell_citizen(session, case, f"unreasonable:{case.round}", text)
    await close_case(session, actor, case, now, reason="认定为不合理诉求")


def attempts_of(callback: Callback) -> list[Attempt]:
    """The calls made so far, oldest first."""
    return [
        Attempt(
            datetime.fromisoformat(one["at"]),
            one["by"],
            Reached(one["outcome"]),
            one.get("note", ""),
        )
        for one in callback.attempts or []
    ]


async def _waiting(session: AsyncSession, actor: Actor, callback_id: int) -> CallbackRow:
    """The call and its case, both locked, if it is still to be made."""
    actor.require(*CALLERS)
    row = await CallbackRepository(session, actor).get(callback_id, lock=True)
    state = MainState(row.case.state)
    overtaken = state is not MainState.CALLBACK or row.callback.round != row.case.round
    if overtaken or refusal(Action.CALL_BACK, actor.role, state) is not None:
        raise Conflict("这张工单已经有了新变化，不用再回访")
    if row.callback.state != CallbackState.WAITING:
        raise Conflict("这件回访已经做完了")
    return row


async def _on_the_line(session: AsyncSession, actor: Actor, callback_id: int) -> CallbackRow:
    """The same, and the actor has it."""
    row = await _waiting(session, actor, callback_id)
    if row.callback.claimed_by != actor.login:
        raise Conflict("这件回访不在您手上，请先取下")
    return row


def _check(
    answers: Answers,
    satisfied: Satisfied | None,
    cause: Cause | None,
    asked: bool,
    follows: Consequence,
) -> None:
    problems = {}
    if asked and satisfied is None:
        problems["satisfied"] = "请选择是否满意"
    if satisfied is Satisfied.DISSATISFIED and cause is None:
        problems["cause"] = "请选择不满意的原因"
    if follows is not Consequence.CLOSE and not tidy(answers.note):
        problems["note"] = "要重办的，请写明市民认为还差什么"
    if len(tidy(answers.note)) > MAX_NOTE:
        problems["note"] = f"不超过 {MAX_NOTE} 字"
    if problems:
        raise InvalidInput("回访结果还没有填完整", fields=problems)


def _told(solved: Solved, satisfied: Satisfied | None, cause: Cause | None) -> list[str]:
    said = [SOLVED_NAMES[solved]]
    if satisfied is not None:
        why = f"（{CAUSE_NAMES[cause]}）" if cause else ""
        said.append(f"{SATISFIED_NAMES[satisfied]}{why}")
    return said


async def _mask(session: AsyncSession, case: Case, text: str) -> str:
    """``text`` without what says who speaks."""
    person = await identity_of(session, case.id)
    name, phone = (person.name, person.phone) if person else (None, None)
    return hide_person(tidy(text), name, phone, secret=is_secret(case) or case.anonymous)


def _add_attempt(callback: Callback, attempt: Attempt) -> None:
    one = {
        "at": attempt.at.isoformat(),
        "by": attempt.by,
        "outcome": attempt.outcome.value,
        "note": attempt.note,
    }
    callback.attempts = [*(callback.attempts or []), one]


def _let_go(callback: Callback) -> None:
    callback.claimed_by = callback.claimed_at = None


def _end(callback: Callback, actor: Actor, state: CallbackState, note: str, now: datetime) -> None:
    callback.state, callback.note = state, note
    callback.done_by, callback.done_at = actor.login, now
    callback.not_before = None
