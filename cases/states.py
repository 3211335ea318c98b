"""The life of a case as a table: who may do what, from where, to where, and what must be given.

Pure. A case (主单) has a state, and so has the part of each unit in it (子单). What a unit does
changes its own part; the case follows the part of the leading unit (`main_state`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cases.vocabulary import ActorKind, Part
from core.identity import Role


class MainState(StrEnum):
    PENDING_DISPATCH = "pending_dispatch"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


MAIN_STATE_NAMES = {
    MainState.PENDING_DISPATCH: "待派单",
    MainState.DISPATCHED: "待签收",
    MainState.IN_PROGRESS: "办理中",
    MainState.ANSWERED: "已答复",
    MainState.CLOSED: "已办结",
    MainState.WITHDRAWN: "已撤回",
}


class SubState(StrEnum):
    PENDING_ACCEPTANCE = "pending_acceptance"
    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"
    CLOSED = "closed"
    RETURNED = "returned"
    REASSIGNED = "reassigned"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


SUB_STATE_NAMES = {
    SubState.PENDING_ACCEPTANCE: "待签收",
    SubState.IN_PROGRESS: "办理中",
    SubState.ANSWERED: "已答复",
    SubState.CLOSED: "已办结",
    SubState.RETURNED: "已退回",
    SubState.REASSIGNED: "已改派",
    SubState.WITHDRAWN: "已撤回",
    SubState.ENDED: "随主单结束",
}

# Parts that do not count any more: the unit sees the case no longer.
GONE = frozenset({SubState.RETURNED, SubState.REASSIGNED})
OPEN_PARTS = frozenset({SubState.PENDING_ACCEPTANCE, SubState.IN_PROGRESS, SubState.ANSWERED})
OPEN = frozenset(MainState) - {MainState.CLOSED, MainState.WITHDRAWN}


class Action(StrEnum):
    """What happens to a case. The last two only appear in its history, not in the table."""

    DISPATCH = "dispatch"
    REASSIGN = "reassign"
    ACCEPT = "accept"
    RETURN = "return"
    ANSWER = "answer"
    CLOSE = "close"
    URGE = "urge"
    SUPPLEMENT = "supplement"
    WITHDRAW = "withdraw"
    REGISTER = "register"
    REVIEW = "review"


ACTION_NAMES = {
    Action.DISPATCH: "派单",
    Action.REASSIGN: "改派",
    Action.ACCEPT: "签收",
    Action.RETURN: "退单",
    Action.ANSWER: "答复",
    Action.CLOSE: "办结",
    Action.URGE: "催办",
    Action.SUPPLEMENT: "补充",
    Action.WITHDRAW: "撤回",
    Action.REGISTER: "登记",
    Action.REVIEW: "评价",
}

Party = Role | ActorKind
_DESK: frozenset[Party] = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
_UNIT: frozenset[Party] = frozenset({Role.UNIT_CLERK, Role.UNIT_LEADER})
_SPEAKER: frozenset[Party] = frozenset({ActorKind.CITIZEN, Role.SEAT})


@dataclass(frozen=True)
class Transition:
    """One row of the table.

    ``main_from`` are the states of the case in which the action is possible, ``sub_from`` those of
    the acting unit's part (None: the action is not about one part). ``sub_to`` is that part's new
    state; when the case ends by the action, parts still open become ``rest_to``. ``parties`` may
    do it; ``needed`` names what must not be empty.
    """

    main_from: frozenset[MainState]
    parties: frozenset[Party]
    sub_from: frozenset[SubState] | None = None
    sub_to: SubState | None = None
    rest_to: SubState | None = None
    needed: tuple[str, ...] = ()


TRANSITIONS: dict[Action, Transition] = {
    Action.DISPATCH: Transition(
        main_from=frozenset({MainState.PENDING_DISPATCH}),
        parties=_DESK | {ActorKind.SYSTEM},
        needed=("unit",),
    ),
    Action.REASSIGN: Transition(
        main_from=frozenset({MainState.DISPATCHED, MainState.IN_PROGRESS}),
        parties=_DESK,
        needed=("unit", "reason"),
    ),
    Action.ACCEPT: Transition(
        main_from=OPEN,
        sub_from=frozenset({SubState.PENDING_ACCEPTANCE}),
        sub_to=SubState.IN_PROGRESS,
        parties=_UNIT,
    ),
    Action.RETURN: Transition(
        main_from=OPEN,
        sub_from=frozenset({SubState.PENDING_ACCEPTANCE, SubState.IN_PROGRESS}),
        sub_to=SubState.RETURNED,
        parties=_UNIT,
        needed=("reason",),
    ),
    Action.ANSWER: Transition(
        main_from=OPEN,
        sub_from=frozenset({SubState.IN_PROGRESS, SubState.ANSWERED}),
        sub_to=SubState.ANSWERED,
        parties=_UNIT,
        needed=("citizen_answer",),
    ),
    Action.CLOSE: Transition(
        main_from=OPEN,
        sub_from=frozenset({SubState.ANSWERED}),
        sub_to=SubState.CLOSED,
        rest_to=SubState.ENDED,
        parties=_UNIT,
    ),
    Action.URGE: Transition(main_from=OPEN, parties=_SPEAKER),
    Action.SUPPLEMENT: Transition(main_from=OPEN, parties=_SPEAKER, needed=("text",)),
    Action.WITHDRAW: Transition(
        main_from=OPEN - {MainState.ANSWERED},
        rest_to=SubState.WITHDRAWN,
        parties=_SPEAKER,
    ),
}


class Refusal(StrEnum):
    """Why an action is not possible."""

    PARTY = "party"
    MAIN_STATE = "main_state"
    SUB_STATE = "sub_state"


def refusal(
    action: Action, party: Party, main: MainState, sub: SubState | None = None
) -> Refusal | None:
    """None when ``party`` may do ``action`` now, else the first reason against it.

    ``sub`` is the state of the acting unit's part. An action without a row in the table is
    refused to everybody.
    """
    row = TRANSITIONS.get(action)
    if row is None or party not in row.parties:
        return Refusal.PARTY
    if main not in row.main_from:
        return Refusal.MAIN_STATE
    if row.sub_from is not None and sub not in row.sub_from:
        return Refusal.SUB_STATE
    return None


def allowed_actions(
    party: Party, main: MainState, sub: SubState | None = None
) -> frozenset[Action]:
    """What ``party`` may do now; for the buttons of a page."""
    return frozenset(a for a in TRANSITIONS if refusal(a, party, main, sub) is None)


def main_state(parts: Iterable[tuple[Part, SubState]]) -> MainState:
    """The state of a case that has the given parts: that of the leading one still counting.

    Without a leading part the case waits to be dispatched (首接负责: the line keeps it). A
    withdrawn case is not asked: it may never have had a part.
    """
    for part, state in parts:
        if part is Part.LEAD and state in _FOLLOWS:
            return _FOLLOWS[state]
    return MainState.PENDING_DISPATCH


_FOLLOWS = {
    SubState.PENDING_ACCEPTANCE: MainState.DISPATCHED,
    SubState.IN_PROGRESS: MainState.IN_PROGRESS,
    SubState.ANSWERED: MainState.ANSWERED,
    SubState.CLOSED: MainState.CLOSED,
}
