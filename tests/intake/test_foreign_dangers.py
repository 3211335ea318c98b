"""Dangers told in English, and what only sounds like one."""

from __future__ import annotations

import pytest

from intake import emergency_kinds as kinds
from intake.emergencies import screen
from intake.emergency_kinds import Emergency
from intake.foreign_dangers import advice_in_english, is_english


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Help! Fire!", kinds.FIRE),
        ("fire", kinds.FIRE),
        ("Somebody help me, there is a fire in my house", kinds.FIRE),
        ("the building is on fire", kinds.FIRE),
        ("I smell gas in the kitchen", kinds.GAS),
        ("There's a gas leak", kinds.GAS),
        ("My wife is not breathing!", kinds.MEDICAL),
        ("I can’t breathe", kinds.MEDICAL),
        ("please call an ambulance", kinds.MEDICAL),
        ("someone is beating me", kinds.VIOLENCE),
        ("A man with a knife is at the door", kinds.VIOLENCE),
        ("my husband hits me, call the police", kinds.VIOLENCE),
        ("we are stuck in the elevator", kinds.TRAPPED),
        ("a boy is drowning in the river", kinds.WATER),
        ("There was a car accident, two people hurt", kinds.TRAFFIC),
        ("my son is missing", kinds.MISSING),
        ("I want to kill myself", kinds.SELF_HARM),
        ("he is going to jump from the bridge", kinds.OTHERS_LIFE),
        ("Help me please!", kinds.UNNAMED),
    ],
)
def test_a_danger_in_english_is_heard(text: str, kind: Emergency) -> None:
    assert screen(text) is kind


@pytest.mark.parametrize(
    "text",
    [
        "How do I get a fire safety certificate?",
        "where is the fire department",
        "The fire exit is blocked by bicycles",
        "help",
        "hello, can you help me with my residence permit",
        "there was a car accident last week, insurance wants a paper",
        "I am worried that the old wires could be on fire one day",
        "my passport is missing",
        "OK",
        "13800000001",
    ],
)
def test_what_can_wait_in_english_is_left_alone(text: str) -> None:
    assert screen(text) is None


@pytest.mark.parametrize(
    ("text", "english"), [("Fire!", True), ("KTV着火了", False), ("119", False)]
)
def test_english_is_answered_in_english(text: str, english: bool) -> None:
    assert is_english(text) is english
    assert "call 119 now" in advice_in_english(kinds.FIRE)
