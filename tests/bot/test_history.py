"""The assistant's memory stays short and begins where a turn begins."""

from typing import Any

from bot.components.history import latest_turns

START: list[dict[str, Any]] = [
    {"event": "action", "name": "action_session_start"},
    {"event": "session_started"},
    {"event": "action", "name": "action_listen"},
]


def turn(number: int) -> list[dict[str, Any]]:
    return [
        {"event": "user", "number": number},
        {"event": "action", "name": "action_guide"},
        {"event": "bot"},
        {"event": "action", "name": "action_listen"},
    ]


def numbers(events: list[dict[str, Any]]) -> list[int]:
    return [event["number"] for event in events if event["event"] == "user"]


def test_a_short_conversation_is_kept_from_the_start_of_its_session() -> None:
    events = START + turn(1) + turn(2)
    assert latest_turns(events, 40) == events[1:]


def test_a_long_one_keeps_its_latest_whole_turns() -> None:
    events = START + [event for number in range(20) for event in turn(number)]
    kept = latest_turns(events, 10)
    assert len(kept) <= 10
    assert kept[0] == {"event": "action", "name": "action_listen"}
    assert numbers(kept) == [18, 19]


def test_an_earlier_session_is_forgotten() -> None:
    assert numbers(latest_turns(START + turn(1) + START + turn(2), 40)) == [2]


def test_a_turn_longer_than_the_limit_is_kept_whole() -> None:
    long = [{"event": "user", "number": 2}, *[{"event": "bot"}] * 30, turn(0)[-1]]
    kept = latest_turns(START + turn(1) + long, 10)
    assert kept == [{"event": "action", "name": "action_listen"}, *long]


def test_a_new_conversation_has_nothing_yet() -> None:
    assert latest_turns([], 40) == []
    assert latest_turns(START, 2) == START[1:]
