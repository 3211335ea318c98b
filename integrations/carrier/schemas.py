"""What a carrier's gateway tells: JSON, one object a request."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]{1,50}$")]


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Event(_Told):
    """Something happened in ``call`` at ``step`` (0 when it rings).

    ``verified``: the network vouches for ``caller``, which is empty when it was withheld.
    """

    call: Id
    step: int = Field(0, ge=0, le=100_000)
    event: Literal[
        "started",
        "said",
        "pressed",
        "silent",
        "returned",
        "hung_up",
        "recorded",
        "heard",
        "unreached",
    ]
    caller: str = Field("", max_length=32)
    verified: bool = False
    text: str = Field("", max_length=4000)
    confidence: float | None = Field(None, ge=0, le=1)
    digits: str = Field("", pattern=r"^[0-9*#]{0,32}$")
    reached: bool = False
    recording: Id | None = None
    address: str = Field("", max_length=500)
    room: Id | None = None
    number: int = Field(0, ge=0, le=1_000_000)
    by_caller: bool = False
    final: bool = True
    at: AwareDatetime | None = None
    seconds: int = Field(0, ge=0, le=86_400)


class IncomingText(_Told):
    """A text message from a citizen."""

    id: Id
    number: str = Field(max_length=32)
    body: str = Field(max_length=2000)


class Receipt(_Told):
    """What became of a text that was sent."""

    id: Id
    received: bool
    reason: str = Field("", max_length=100)
