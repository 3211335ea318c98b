"""The running assistant takes citizens' messages for what they are."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

UTTERANCES = Path(__file__).with_name("utterances.jsonl")
LOWEST_ACCURACY = 0.85

Understand = Callable[[str], tuple[str, float]]


def test_acts_are_understood(assistant_understand: Understand) -> None:
    """None of these messages is among the training examples."""
    rows = [json.loads(line) for line in UTTERANCES.read_text("utf-8").splitlines()]
    confusions: Counter[tuple[str, str]] = Counter()
    for row in rows:
        act, confidence = assistant_understand(row["text"])
        assert 0 <= confidence <= 1
        if act != row["act"]:
            confusions[row["act"], act] += 1
            print(f"{row['act']} → {act} ({confidence:.2f}): {row['text']}")
    accuracy = 1 - confusions.total() / len(rows)
    for (expected, given), count in confusions.most_common():
        print(f"{count}× {expected} taken for {given}")
    assert accuracy >= LOWEST_ACCURACY, f"accuracy {accuracy:.3f} over {len(rows)} messages"


def test_test_messages_are_not_trained_on() -> None:
    trained = {
        line.strip().removeprefix("- ")
        for file in (Path(__file__).parents[2] / "intents").glob("*.yml")
        for line in file.read_text("utf-8").splitlines()
    }
    rows = [json.loads(line) for line in UTTERANCES.read_text("utf-8").splitlines()]
    assert not [row["text"] for row in rows if row["text"] in trained]


def test_button_payloads_are_not_guessed(assistant_understand: Understand) -> None:
    assert assistant_understand('/choose{"value": "确认"}') == ("choose", 1.0)


def test_a_slash_gives_no_command(assistant_understand: Understand) -> None:
    """A citizen who types a command of Rasa's is only a citizen who types odd things."""
    act, _ = assistant_understand("/restart")
    assert act != "restart"


def test_what_has_no_words_is_not_understood(assistant_understand: Understand) -> None:
    for text in ("👍", "😡😡😡", "???", "/"):
        assert assistant_understand(text)[0] == "nlu_fallback"
