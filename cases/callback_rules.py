"""What follows from a call to a citizen (回访). Pure.

Sources: 国办发〔2020〕53号 (回访, 满意度测评); the domain's rule set 2.2, point 7: "不满意/未解决" is
handled again once (重办), then put under supervision (督办), or closed as an unreasonable demand
with evidence. A published city rule has cases done again where the citizen is dissatisfied for
reasons that lie with the unit. How often to try somebody who does not answer is our default [D].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from cases.vocabulary import CallbackState, Satisfied, Solved
from core.calendar import LOCAL, WorkCalendar

# [D] A clerk who took a call keeps it this long; then anybody may take it.
LEASE = timedelta(minutes=30)
# [D] Whoever did not answer this often, on so many different half days, counts as unreachable.
TRIES = 3
HALF_DAYS = 2
# When people are called again: after the morning's and the afternoon's start.
_MORNING, _AFTERNOON = time(9, 0), time(14, 0)
_NOON = 12


class Reached(StrEnum):
    """How a call went."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"


REACHED_NAMES = {
    Reached.REACHED: "已接通",
    Reached.NO_ANSWER: "无人接听或打不通",
    Reached.WRONG_NUMBER: "号码不对",
    Reached.REFUSED: "接通但不愿回答",
}
NOT_REACHED = frozenset({Reached.NO_ANSWER, Reached.WRONG_NUMBER})


class Cause(StrEnum):
    """What somebody is dissatisfied with; only the first lies with the unit."""

    UNIT = "unit"
    POLICY = "policy"
    OTHER = "other"


CAUSE_NAMES = {
    Cause.UNIT: "承办单位的办理或态度",
    Cause.POLICY: "政策规定本身",
    Cause.OTHER: "其他原因",
}


class Consequence(StrEnum):
    CLOSE = "close"
    REWORK = "rework"
    SUPERVISE = "supervise"


CONSEQUENCE_NAMES = {
    Consequence.CLOSE: "结案",
    Consequence.REWORK: "重办",
    Consequence.SUPERVISE: "重办并督办",
}


@dataclass(frozen=True)
class Attempt:
    """One call: when (aware), by whom, and how it went."""

    at: datetime
    by: str
    outcome: Reached
    note: str = ""


def consequence(
    solved: Solved, satisfied: Satisfied | None, cause: Cause | None, reworks: int
) -> Consequence:
    """What happens to a case after the citizen has spoken.

    ``satisfied`` is None when that was not asked (the citizen had rated already), ``cause`` None
    unless dissatisfied, ``reworks`` how often the case was done again after a call before.
    Unsolved goes back whatever the mood; partly solved only if the unit is to blame.
    """
    to_blame = satisfied is Satisfied.DISSATISFIED and cause is Cause.UNIT
    if solved is not Solved.NO and not to_blame:
        return Consequence.CLOSE
    return Consequence.SUPERVISE if reworks else Consequence.REWORK


def unreachable(attempts: Sequence[Attempt]) -> bool:
    """True once enough calls came to nothing, spread over enough mornings and afternoons."""
    failed = [a.at.astimezone(LOCAL) for a in attempts if a.outcome in NOT_REACHED]
    half_days = {(at.date(), at.hour >= _NOON) for at in failed}
    return len(failed) >= TRIES and len(half_days) >= HALF_DAYS


def next_attempt(calendar: WorkCalendar, at: datetime) -> datetime:
    """When to call again after a call at ``at`` (aware) came to nothing: the next half day that
    is worked."""
    local = at.astimezone(LOCAL)
    if local.hour < _NOON and calendar.is_workday(local.date()):
        return datetime.combine(local.date(), _AFTERNOON, LOCAL)
    day = local.date() + timedelta(days=1)
    while not calendar.is_workday(day):
        day += timedelta(days=1)
    return datetime.combine(day, _MORNING, LOCAL)


def is_free(claimed_by: str | None, claimed_at: datetime | None, login: str, now: datetime) -> bool:
    """Whether ``login`` may take a call: nobody has it, somebody had it too long, or it is theirs."""
    return claimed_by in (None, login) or claimed_at is None or claimed_at <= now - LEASE


def may_close(
    state: CallbackState | None, rated: bool, window_end: datetime, now: datetime
) -> bool:
    """Whether a case that was answered may be closed without anybody doing so.

    ``state`` is that of its call (None: there was none). Who could not be called keeps the whole
    evaluation window for saying that it is not done; who has rated has spoken. A call that still
    waits is never closed by silence.
    """
    if state is CallbackState.WAITING:
        return False
    return state is CallbackState.DONE or rated or now >= window_end
