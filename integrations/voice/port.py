"""A call as plain data. An adapter turns its exchange's requests into happenings, and the actions of
an answer into its exchange's language; it decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field


@dataclass(frozen=True)
class Said:
    """Recognised speech; ``confidence`` is 0..1, None when the exchange gives none."""

    text: str
    confidence: float | None


@dataclass(frozen=True)
class Pressed:
    """Keys: 0-9, ``*`` and ``#``."""

    digits: str


@dataclass(frozen=True)
class Silent:
    """Nothing was said or pressed in time, or a pause has passed."""


@dataclass(frozen=True)
class Returned:
    """A dialled number, a room or a recording came to its end; ``reached``: somebody answered."""

    reached: bool


Happening = Said | Pressed | Silent | Returned


@dataclass(frozen=True)
class Heard:
    """Something that was said in ``room``, transcribed; it asks for nothing.

    ``number`` tells it apart from everything else heard there, and orders it; ``by_caller``: the
    caller's words, else those of the seat or a third. ``at`` (aware) is when it was said.
    """

    room: str
    number: int
    by_caller: bool
    text: str
    at: datetime | None = None


class Say(BaseModel):
    """Speak ``text``."""

    do: Literal["say"] = "say"
    text: str


class Listen(BaseModel):
    """Speak ``text``, which may be interrupted, and wait for speech or keys.

    ``keys`` are so many that are waited for; None: any number, ended by ``#``. ``seconds`` without a
    sound are silence.
    """

    do: Literal["listen"] = "listen"
    text: str
    keys: int | None = None
    seconds: int = 5
    hints: list[str] = []


class Pause(BaseModel):
    """Wait so many ``seconds``, then ask again."""

    do: Literal["pause"] = "pause"
    seconds: int


class Dial(BaseModel):
    """Connect the caller with ``number``."""

    do: Literal["dial"] = "dial"
    number: str


class Join(BaseModel):
    """Put the caller into ``room``."""

    do: Literal["join"] = "join"
    room: str


class Leave(BaseModel):
    """The caller has left ``room``: what is said from here on is not transcribed any more."""

    do: Literal["leave"] = "leave"
    room: str


class Record(BaseModel):
    """Record what the caller leaves, ``seconds`` at most."""

    do: Literal["record"] = "record"
    seconds: int


class HangUp(BaseModel):
    """End the call."""

    do: Literal["hang_up"] = "hang_up"


Action = Annotated[
    Say | Listen | Pause | Dial | Join | Leave | Record | HangUp, Field(discriminator="do")
]


class Answer(BaseModel):
    """What the exchange does next, in this order; its next request carries ``step``."""

    step: int
    actions: list[Action]
