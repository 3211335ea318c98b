"""The running assistant, with the gate's rules, takes citizens' messages for what they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from bot.evaluation import Pair, Understood, Utterance, lines, measure, read_utterances
from bot.understanding import at_the_gate, understand
from language.normalise import normalise

OURS = Path(__file__).with_name("understanding.jsonl")
INTENTS = Path(__file__).parents[2] / "intents"
# A little below what was measured (docs/measurements/assistant.md).
LOWEST = {"accuracy": 0.93, "lenient": 0.94, "macro_f1": 0.92}
LOWEST_WAY = 0.95

Understand = Callable[[str], tuple[str, float]]


@pytest.fixture(scope="module")
def utterances() -> list[Utterance]:
    return read_utterances(OURS)


@pytest.fixture(scope="module")
def pairs(assistant_understand: Understand, utterances: list[Utterance]) -> list[Pair]:
    """Our labelled messages with what the line takes each for."""

    def heard(text: str) -> Understood:
        found = at_the_gate(text) or understand(text, *assistant_understand(text))
        way = found.decision.label if found.decision else None
        return Understood(found.act, way, "", (), (), (), 0.0)

    return [(u, heard(u.text)) for u in utterances]


def test_acts_are_understood(pairs: list[Pair]) -> None:
    figures = measure(pairs)["act"]
    print("\n".join(lines(pairs)[:60]))
    assert {name: figures[name] >= low for name, low in LOWEST.items()} == dict.fromkeys(
        LOWEST, True
    ), figures


def test_messages_go_their_way(pairs: list[Pair]) -> None:
    figures = measure(pairs)
    assert figures["triage"]["lenient"] >= LOWEST_WAY, figures["triage"]
    assert figures["emergency"]["recall"] >= 0.99
    assert figures["emergency"]["precision"] >= 0.95


def test_there_are_enough_messages_and_none_twice(utterances: list[Utterance]) -> None:
    assert len(utterances) >= 600
    assert len({normalise(u.text) for u in utterances}) == len(utterances)


def test_test_messages_are_not_trained_on(utterances: list[Utterance]) -> None:
    trained = {
        normalise(line.strip().removeprefix("- "))
        for file in INTENTS.glob("*.yml")
        for group in yaml.safe_load(file.read_text("utf-8"))["nlu"]
        for line in group["examples"].splitlines()
    }
    assert len(trained) > 1000
    # One word says the same in any list: 满意, 转人工.
    assert [u.text for u in utterances if len(u.text) > 5 and normalise(u.text) in trained] == []


def test_button_payloads_are_not_guessed(assistant_understand: Understand) -> None:
    assert assistant_understand('/choose{"value": "确认"}') == ("choose", 1.0)


def test_a_slash_gives_no_command(assistant_understand: Understand) -> None:
    """A citizen who types a command of Rasa's is only a citizen who types odd things."""
    act, _ = assistant_understand("/restart")
    assert act != "restart"


def test_what_has_no_words_is_not_understood(assistant_understand: Understand) -> None:
    for text in ("👍", "😡😡😡", "???", "/"):
        assert assistant_understand(text)[0] == "nlu_fallback"
