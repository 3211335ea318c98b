"""Which card a clock has earned, who gets it and what it says."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from test_case_clocks import at

from cases.cards import Owner, Reading, cards, owner, recipients, words
from cases.states import Action
from cases.vocabulary import ApprovalKind, ClockKind
from core.identity import Role

K, A = ClockKind, Action
YELLOW, DUE, ESCALATED = at("2026-08-11 17:30"), at("2026-08-12 17:30"), at("2026-08-13 17:30")
RED = DUE + timedelta(minutes=1)


def reading(**changes: Any) -> Reading:
    return Reading(**({"yellow_at": YELLOW, "due_at": DUE, "escalate_at": ESCALATED} | changes))


@pytest.mark.parametrize(
    ("clock", "now", "sent"),
    [
        (reading(), YELLOW - timedelta(seconds=1), []),
        (reading(), YELLOW, [A.YELLOW]),
        (reading(yellow_sent=True), YELLOW, []),
        (reading(yellow_sent=True), DUE, []),
        (reading(yellow_sent=True), RED, [A.RED]),
        # the warning was missed: it is none any more
        (reading(), RED, [A.RED]),
        (reading(yellow_sent=True, red_sent=True), RED, []),
        (reading(red_sent=True), ESCALATED, [A.ESCALATE]),
        (reading(), ESCALATED, [A.RED, A.ESCALATE]),
        (reading(red_sent=True, escalated=True), ESCALATED, []),
        (reading(escalate_at=None, red_sent=True), ESCALATED, []),
        # no warning is wanted
        (reading(yellow_at=DUE), DUE, []),
    ],
)
def test_which_cards_a_clock_has_earned(clock: Reading, now: datetime, sent: list[Action]) -> None:
    assert cards(clock, now) == sent


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((K.HANDLE, "urban"), Owner("urban")),
        ((K.SIGN, "urban"), Owner("urban")),
        ((K.STATUTORY, "urban"), Owner("urban")),
        # nobody has the case: the line does
        ((K.STATUTORY, None), Owner(role=Role.DISPATCHER)),
        ((K.DISPATCH, None), Owner(role=Role.DISPATCHER)),
        ((K.CONSULTATION, None), Owner(role=Role.DISPATCHER)),
        # the line's own desks, though a unit leads
        ((K.CHECK, "urban"), Owner(role=Role.DISPATCHER)),
        ((K.CALLBACK, "urban"), Owner(role=Role.CALLBACK_CLERK)),
        ((K.APPROVAL, "urban", ApprovalKind.RETURN), Owner(role=Role.DISPATCHER)),
        ((K.APPROVAL, "urban", ApprovalKind.EXTENSION), Owner(role=Role.DISPATCHER)),
        ((K.APPROVAL, "urban", ApprovalKind.SUSPENSION), Owner(role=Role.SUPERVISOR)),
        ((K.APPROVAL, "urban", ApprovalKind.UNREASONABLE), Owner(role=Role.SUPERVISOR)),
        ((K.APPROVAL, "street", ApprovalKind.RETURN, "district"), Owner("district")),
    ],
)
def test_who_has_to_act(given: tuple[Any, ...], expected: Owner) -> None:
    assert owner(*given) == expected


SUPERVISORS = Owner(role=Role.SUPERVISOR)


@pytest.mark.parametrize(
    ("card", "to", "above", "expected"),
    [
        (A.YELLOW, Owner("street"), "district", [Owner("street")]),
        (A.RED, Owner("street"), "district", [Owner("street"), SUPERVISORS]),
        (A.ESCALATE, Owner("street"), "district", [Owner("district"), SUPERVISORS]),
        (A.ESCALATE, Owner("city"), None, [SUPERVISORS]),
        (A.RED, Owner(role=Role.DISPATCHER), None, [Owner(role=Role.DISPATCHER), SUPERVISORS]),
        (A.ESCALATE, Owner(role=Role.DISPATCHER), "city", [SUPERVISORS]),
        (A.RED, SUPERVISORS, None, [SUPERVISORS]),
    ],
)
def test_who_gets_a_card(card: Action, to: Owner, above: str | None, expected: list[Owner]) -> None:
    assert recipients(card, to, above) == expected


def test_a_card_names_the_case_the_clock_and_the_date() -> None:
    text = words(A.RED, "2608050000018", "办理", DUE, "城管局")
    assert (
        text == "工单 2608050000018 的办理，承办单位：城管局，期限 08月12日 17:30 已过，请立即办理"
    )
    assert "承办单位" not in words(A.YELLOW, "2608050000018", "派单", DUE, "")
