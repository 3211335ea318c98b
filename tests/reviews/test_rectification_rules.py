"""The state table of rectification, walked in full, and what stands beside it."""

from __future__ import annotations

from itertools import product

import pytest

from core.identity import UNIT_ROLES, Role
from reviews.grades import BAD, Grade
from reviews.rectification import (
    ACTION_NAMES,
    DOES,
    ENDED,
    MOST_TRIES,
    OPEN,
    STATE_NAMES,
    TRANSITIONS,
    Action,
    Facts,
    State,
    possible,
    refusal,
    second,
)

# Written out once more by hand: "from action to".
ALLOWED = """
pending verify verified
verified plan under_way
verified finish callback
under_way finish callback
supervised finish callback
verified appeal appealed
appealed accept_appeal invalid
appealed refuse_appeal under_way
verified claim_impossible impossible_claimed
under_way claim_impossible impossible_claimed
impossible_claimed accept_impossible impossible
impossible_claimed refuse_impossible under_way
verified ask_extension verified
under_way ask_extension under_way
verified grant_extension verified
under_way grant_extension under_way
verified refuse_extension verified
under_way refuse_extension under_way
callback solved completed
callback unsolved supervised
callback not_reached callback
callback unreachable completed
completed second_good completed
completed second_bad supervised
supervised give_up unresolved
pending withdraw withdrawn
verified withdraw withdrawn
under_way withdraw withdrawn
appealed withdraw withdrawn
impossible_claimed withdraw withdrawn
callback withdraw withdrawn
supervised withdraw withdrawn
withdrawn reopen pending
"""
TABLE = {
    (Action(action), State(before)): State(after)
    for before, action, after in (line.split() for line in ALLOWED.split("\n") if line)
}
# With these nothing but the state decides.
NEEDED = {
    Action.GRANT_EXTENSION: Facts(extension_asked=True),
    Action.REFUSE_EXTENSION: Facts(extension_asked=True),
    Action.UNREACHABLE: Facts(tries=MOST_TRIES - 1),
}


@pytest.mark.parametrize(("action", "state"), product(Action, State))
def test_every_pair(action: Action, state: State) -> None:
    wanted = TABLE.get((action, state))
    assert TRANSITIONS.get((action, state)) == wanted
    said = refusal(action, state, NEEDED.get(action, Facts()))
    assert (said is None) == (wanted is not None)
    if wanted is None:
        assert STATE_NAMES[state] in said and ACTION_NAMES[action] in said


@pytest.mark.parametrize(
    ("action", "state", "facts", "why"),
    [
        (Action.ASK_EXTENSION, State.UNDER_WAY, Facts(extended=True), "只能延期一次"),
        (Action.ASK_EXTENSION, State.UNDER_WAY, Facts(extension_asked=True), "正在等待"),
        (Action.ASK_EXTENSION, State.UNDER_WAY, Facts(late=True), "期限已过"),
        (Action.GRANT_EXTENSION, State.UNDER_WAY, Facts(), "没有等待"),
        (Action.CLAIM_IMPOSSIBLE, State.UNDER_WAY, Facts(claimed=True), "审核过一次"),
        (Action.NOT_REACHED, State.CALLBACK, Facts(tries=MOST_TRIES - 1), "按多次未接通"),
        (Action.UNREACHABLE, State.CALLBACK, Facts(tries=MOST_TRIES - 2), "至少拨打"),
        (Action.SECOND_BAD, State.COMPLETED, Facts(second_given=True), "已经评价过"),
    ],
)
def test_what_stands_beside_the_state(action: Action, state: State, facts: Facts, why: str) -> None:
    said = refusal(action, state, facts)
    assert said is not None and why in said


def test_nobody_decides_about_themselves() -> None:
    asked = {
        Action.APPEAL: (Action.ACCEPT_APPEAL, Action.REFUSE_APPEAL),
        Action.CLAIM_IMPOSSIBLE: (Action.ACCEPT_IMPOSSIBLE, Action.REFUSE_IMPOSSIBLE),
        Action.ASK_EXTENSION: (Action.GRANT_EXTENSION, Action.REFUSE_EXTENSION),
        Action.FINISH: (Action.SOLVED, Action.UNSOLVED, Action.UNREACHABLE),
    }
    for request, decisions in asked.items():
        for decision in decisions:
            assert not DOES[request] & DOES[decision]


def test_only_the_citizen_or_a_decision_ends_it() -> None:
    ends = {action for (action, state), after in TRANSITIONS.items() if after in ENDED}
    assert not any(DOES.get(action, frozenset()) & UNIT_ROLES for action in ends)
    # Whatever is open can still end well.
    reach = set(ENDED)
    for _ in State:
        reach |= {state for (_, state), after in TRANSITIONS.items() if after in reach}
    assert reach >= OPEN


def test_what_each_role_is_offered() -> None:
    clerk = possible(State.VERIFIED, Role.UNIT_CLERK, Facts())
    assert clerk == [
        Action.PLAN,
        Action.FINISH,
        Action.APPEAL,
        Action.CLAIM_IMPOSSIBLE,
        Action.ASK_EXTENSION,
    ]
    assert possible(State.APPEALED, Role.UNIT_LEADER, Facts()) == []
    assert possible(State.APPEALED, Role.SUPERVISOR, Facts()) == [
        Action.ACCEPT_APPEAL,
        Action.REFUSE_APPEAL,
    ]
    assert possible(State.CALLBACK, Role.CALLBACK_CLERK, Facts()) == [
        Action.SOLVED,
        Action.UNSOLVED,
        Action.NOT_REACHED,
    ]
    assert possible(State.PENDING, Role.SEAT, Facts()) == []


@pytest.mark.parametrize("grade", Grade)
def test_a_second_review(grade: Grade) -> None:
    assert (second(grade) is Action.SECOND_BAD) == (grade in BAD)
