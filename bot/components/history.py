"""How much of a conversation the assistant remembers. Knows nothing of Rasa's code."""

from __future__ import annotations

from typing import Any

# What Rasa records when a turn is over and it waits for the next.
LISTEN = "action_listen"
SESSION_STARTED = "session_started"


def latest_turns(events: list[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    """Return at most `limit` of the latest events, beginning where a turn begins.

    What lies before the start of the present session is left out. A single turn longer than
    the limit is kept whole.
    """
    starts = [
        place
        for place, event in enumerate(events)
        if event["event"] == "action" and event.get("name") == LISTEN
    ]
    sessions = [place for place, event in enumerate(events) if event["event"] == SESSION_STARTED]
    first = sessions[-1] if sessions else 0
    if len(events) - first <= limit or len(starts) < 2:
        return events[first:]
    # The last listen ends the present turn; the one before it is where that turn began.
    whole = [place for place in starts[:-1] if place >= len(events) - limit]
    return events[whole[0] if whole else starts[-2] :]
