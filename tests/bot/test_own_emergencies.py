"""A hundred emergencies and a hundred messages that only sound like one, by the gate's rules alone."""

from __future__ import annotations

from pathlib import Path

from bot.evaluation import Utterance, read_utterances
from intake.emergencies import screen

OURS = Path(__file__).with_name("understanding.jsonl")
# Written in one go before the rules were mended for it (first), after (second), and after the
# assistant had learnt more examples (third).
DANGERS = Path(__file__).with_name("dangers.jsonl")


def _rows() -> list[Utterance]:
    return read_utterances(OURS)


def test_nearly_every_emergency_is_heard_by_rules() -> None:
    emergencies = [u for u in _rows() if u.act == "emergency"]
    assert len(emergencies) >= 100
    missed = [u.text for u in emergencies if not screen(u.text)]
    # The assistant hears the rest; test_understanding holds both together to 0.99.
    assert len(missed) <= 0.05 * len(emergencies), missed


def test_an_emergency_goes_to_a_number_that_fits() -> None:
    wrong = []
    for u in _rows():
        found = screen(u.text) if u.act == "emergency" else None
        if found and f"transfer_{found.number}" not in {u.triage, *u.also("triage")}:
            wrong.append((u.text, found.number))
    assert len(wrong) <= 3, wrong


def test_what_only_sounds_like_one_is_left_alone() -> None:
    near = [u for u in _rows() if u.notes.get("near")]
    assert len(near) >= 100
    alarms = [u.text for u in near if screen(u.text)]
    assert len(alarms) <= 0.05 * len(near), alarms


def test_dangers_told_in_other_words_are_heard_and_go_to_a_number_that_fits() -> None:
    told = [u for u in read_utterances(DANGERS) if u.act == "emergency"]
    heard = [(u, screen(u.text)) for u in told if u.notes["set"] == "first"]
    assert len(heard) >= 150
    missed = [u.text for u, found in heard if found is None]
    assert len(missed) <= 0.02 * len(heard), missed
    wrong = [
        (u.text, found.number)
        for u, found in heard
        if found and f"transfer_{found.number}" not in {u.triage, *u.also("triage")}
    ]
    assert len(wrong) <= 3, wrong


def test_what_can_wait_in_other_words_is_left_alone() -> None:
    near = [u for u in read_utterances(DANGERS) if u.notes.get("near")]
    assert len(near) >= 200
    alarms = [u.text for u in near if screen(u.text)]
    assert len(alarms) <= 0.02 * len(near), alarms
