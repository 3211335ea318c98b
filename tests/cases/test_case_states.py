"""The state table, walked in full: every action, state and party, allowed or not."""

from itertools import product

import pytest

from cases.states import (
    ACTION_NAMES,
    MAIN_STATE_NAMES,
    SUB_STATE_NAMES,
    TRANSITIONS,
    Action,
    MainState,
    Party,
    Refusal,
    SubState,
    main_state,
    refusal,
)
from cases.vocabulary import ActorKind, Part
from core.identity import Role

PARTIES: list[Party] = [*Role, *ActorKind]
DESK = {Role.DISPATCHER, Role.SUPERVISOR}
UNIT = {Role.UNIT_CLERK, Role.UNIT_LEADER}
SPEAKER = {ActorKind.CITIZEN, Role.SEAT}
M, S = MainState, SubState
OPEN = {M.PENDING_DISPATCH, M.DISPATCHED, M.IN_PROGRESS, M.ANSWERED}

# Written down a second time on purpose, in another shape than the table under test:
# action -> (parties, main states, states of the acting unit's part or None when it is not asked).
ALLOWED: dict[Action, tuple[set[Party], set[MainState], set[SubState] | None]] = {
    Action.DISPATCH: (DESK | {ActorKind.SYSTEM}, {M.PENDING_DISPATCH}, None),
    Action.REASSIGN: (DESK, {M.DISPATCHED, M.IN_PROGRESS}, None),
    Action.ACCEPT: (UNIT, OPEN, {S.PENDING_ACCEPTANCE}),
    Action.RETURN: (UNIT, OPEN, {S.PENDING_ACCEPTANCE, S.IN_PROGRESS}),
    Action.ANSWER: (UNIT, OPEN, {S.IN_PROGRESS, S.ANSWERED}),
    Action.CLOSE: (UNIT, OPEN, {S.ANSWERED}),
    Action.URGE: (SPEAKER, OPEN, None),
    Action.SUPPLEMENT: (SPEAKER, OPEN, None),
    Action.WITHDRAW: (SPEAKER, {M.PENDING_DISPATCH, M.DISPATCHED, M.IN_PROGRESS}, None),
}


@pytest.mark.parametrize("action", list(Action))
def test_every_pair_of_party_and_state_is_as_written(action: Action) -> None:
    for party, main, sub in product(PARTIES, M, [None, *S]):
        parties, mains, subs = ALLOWED.get(action, (set(), set(), None))
        expected = party in parties and main in mains and (subs is None or sub in subs)
        assert (refusal(action, party, main, sub) is None) == expected, (action, party, main, sub)


def test_a_party_without_the_right_learns_nothing_about_the_state() -> None:
    assert refusal(Action.ACCEPT, Role.SEAT, M.CLOSED) is Refusal.PARTY
    assert refusal(Action.ACCEPT, Role.UNIT_CLERK, M.CLOSED) is Refusal.MAIN_STATE
    assert refusal(Action.ACCEPT, Role.UNIT_CLERK, M.DISPATCHED, S.CLOSED) is Refusal.SUB_STATE


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], M.PENDING_DISPATCH),
        ([(Part.ASSIST, S.IN_PROGRESS)], M.PENDING_DISPATCH),
        ([(Part.LEAD, S.RETURNED)], M.PENDING_DISPATCH),
        ([(Part.LEAD, S.RETURNED), (Part.ASSIST, S.CLOSED)], M.PENDING_DISPATCH),
        ([(Part.LEAD, S.PENDING_ACCEPTANCE)], M.DISPATCHED),
        ([(Part.LEAD, S.REASSIGNED), (Part.LEAD, S.IN_PROGRESS)], M.IN_PROGRESS),
        ([(Part.LEAD, S.ANSWERED), (Part.ASSIST, S.PENDING_ACCEPTANCE)], M.ANSWERED),
        ([(Part.ASSIST, S.CLOSED), (Part.LEAD, S.PENDING_ACCEPTANCE)], M.DISPATCHED),
        ([(Part.ASSIST, S.IN_PROGRESS), (Part.LEAD, S.CLOSED)], M.CLOSED),
    ],
)
def test_a_case_follows_its_leading_part(
    parts: list[tuple[Part, SubState]], expected: MainState
) -> None:
    assert main_state(parts) is expected


def test_everything_has_a_chinese_name() -> None:
    assert set(MAIN_STATE_NAMES) == set(M)
    assert set(SUB_STATE_NAMES) == set(S)
    assert set(ACTION_NAMES) == set(Action)
    assert set(TRANSITIONS) <= set(Action)
