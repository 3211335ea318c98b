"""The words of deliveries: stable codes for programs."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """How far a delivery is: queued → sending → sent → received."""

    QUEUED = "queued"
    # Waits for the end of the quiet hours.
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    # The platform says that it arrived.
    RECEIVED = "received"
    FAILED = "failed"
    # The process died between sending and noting it: nobody sends it again by itself.
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What a delivery is about."""

    # A line of a conversation that is going on.
    LINE = "line"
    FILED = "filed"
    PROGRESS = "progress"
    ANSWERED = "answered"
    # An invitation to rate what is no case (`notices.news.Asked`).
    RATE = "rate"
    CODE = "code"
    # The last text to a number whose owner wants no more.
    STOPPED = "stopped"


WAITING = (State.QUEUED, State.HELD)
