"""The state table, walked in full: every action, state and party, allowed or not."""

from itertools import product

import pytest

from cases.states import (
    ACTION_NAMES,
    DECIDES,
    IDENTITY_ROLES,
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
from cases.vocabulary import ActorKind, ApprovalKind, Part
from core.identity import Role

PARTIES: list[Party] = [*Role, *ActorKind]

# Written down a second time on purpose, in another shape than the table under test: one line an
# action, "who | states of the case | states of the acting unit's part". Letters of who: D
# dispatcher, S supervisor, T seat, C citizen, B callback clerk, U unit's clerk, L unit's leader,
# Y the line itself. States of the case: w waiting for dispatch, j in joint consultation, d
# dispatched, p in progress, a answered, h put aside, b called back, c closed, x withdrawn, m
# merged. States of a part: w waiting, p in progress, s to be signed, a answered, h put aside,
# c closed; "-" when no part is asked for.
ALLOWED = """
dispatch           | DSY  | w       | -
designate          | DS   | j       | -
reassign           | DS   | dph     | -
recall             | DS   | d       | -
add_assist         | DS   | dp      | -
correct            | DST  | wjdpah  | -
accept             | UL   | wjdpah  | w
contact            | UL   | wjdpah  | p
interim            | UL   | wjdpah  | ph
delegate           | UL   | wjdpah  | p
redo               | UL   | wjdpah  | p
return             | UL   | wjdpah  | wp
extend             | UL   | wjdpah  | p
suspend            | UL   | p       | p
claim_unreasonable | UL   | p       | p
exclude            | L    | bc      | c
attach             | ULDST | wjdpahb | -
answer             | UL   | wjdpah  | psa
sign               | L    | wjdpah  | s
send_back          | L    | wjdpah  | s
pass               | DSY  | a       | -
reject             | DS   | a       | -
call_back          | BS   | bc      | -
close              | BSY  | b       | -
rework             | BSY  | bc      | -
reopen             | CTS  | bc      | -
supervise          | SY   | wjdpahb | -
resume             | ULSY | h       | -
urge               | CT   | wjdpahm | -
supplement         | CT   | wjdpahbm | -
withdraw           | CT   | wjdphm  | -
merge              | DSY  | wjdpah  | -
unmerge            | DS   | m       | -
split              | DS   | wjdpah  | -
open_identity      | DSTB | wjdpahbcxm | -
"""
WHO: dict[str, Party] = {
    "D": Role.DISPATCHER,
    "S": Role.SUPERVISOR,
    "T": Role.SEAT,
    "B": Role.CALLBACK_CLERK,
    "U": Role.UNIT_CLERK,
    "L": Role.UNIT_LEADER,
    "C": ActorKind.CITIZEN,
    "Y": ActorKind.SYSTEM,
}
MAIN = dict(zip("wjdpahbcxm", MainState, strict=True))
SUB = {
    "w": SubState.PENDING_ACCEPTANCE,
    "p": SubState.IN_PROGRESS,
    "s": SubState.PENDING_SIGNATURE,
    "a": SubState.ANSWERED,
    "h": SubState.SUSPENDED,
    "c": SubState.CLOSED,
}
LINES = {
    cells[0]: cells[1:]
    for cells in ([cell.strip() for cell in line.split("|")] for line in ALLOWED.split("\n"))
    if len(cells) == 4
}


@pytest.mark.parametrize("action", list(Action))
def test_every_pair_of_party_and_state_is_as_written(action: Action) -> None:
    who, mains, subs = LINES.get(action, ["", "", "-"])
    for party, main, sub in product(PARTIES, MainState, [None, *SubState]):
        expected = (
            party in [WHO[letter] for letter in who]
            and main in [MAIN[letter] for letter in mains]
            and (subs == "-" or sub in [SUB[letter] for letter in subs])
        )
        assert (refusal(action, party, main, sub) is None) == expected, (action, party, main, sub)


def test_the_lines_above_are_all_of_the_table() -> None:
    assert set(LINES) == {action.value for action in TRANSITIONS}


def test_nobody_decides_what_the_own_unit_asked_for() -> None:
    assert set(DECIDES) == set(ApprovalKind)
    units = {Role.UNIT_CLERK, Role.UNIT_LEADER}
    assert not any(units & roles for roles in DECIDES.values())


def test_a_unit_never_opens_an_identity() -> None:
    assert not IDENTITY_ROLES & {Role.UNIT_CLERK, Role.UNIT_LEADER, Role.KNOWLEDGE_EDITOR}


def test_a_party_without_the_right_learns_nothing_about_the_state() -> None:
    closed, dispatched = MainState.CLOSED, MainState.DISPATCHED
    assert refusal(Action.ACCEPT, Role.SEAT, closed) is Refusal.PARTY
    assert refusal(Action.ACCEPT, Role.UNIT_CLERK, closed) is Refusal.MAIN_STATE
    assert refusal(Action.ACCEPT, Role.UNIT_CLERK, dispatched, SubState.CLOSED) is Refusal.SUB_STATE


M, S = MainState, SubState


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], M.PENDING_DISPATCH),
        ([(Part.ASSIST, S.IN_PROGRESS)], M.PENDING_DISPATCH),
        ([(Part.LEAD, S.RETURNED)], M.PENDING_DISPATCH),
        ([(Part.LEAD, S.RETURNED), (Part.ASSIST, S.CLOSED)], M.PENDING_DISPATCH),
        ([(Part.LEAD, S.PENDING_ACCEPTANCE)], M.DISPATCHED),
        ([(Part.LEAD, S.REASSIGNED), (Part.LEAD, S.IN_PROGRESS)], M.IN_PROGRESS),
        ([(Part.LEAD, S.PENDING_SIGNATURE)], M.IN_PROGRESS),
        ([(Part.LEAD, S.SUSPENDED), (Part.DELEGATE, S.IN_PROGRESS)], M.SUSPENDED),
        ([(Part.LEAD, S.IN_PROGRESS), (Part.DELEGATE, S.ANSWERED)], M.IN_PROGRESS),
        ([(Part.LEAD, S.ANSWERED), (Part.ASSIST, S.PENDING_ACCEPTANCE)], M.ANSWERED),
        ([(Part.ASSIST, S.CLOSED), (Part.LEAD, S.PENDING_ACCEPTANCE)], M.DISPATCHED),
        ([(Part.ASSIST, S.IN_PROGRESS), (Part.LEAD, S.CLOSED)], M.CALLBACK),
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
