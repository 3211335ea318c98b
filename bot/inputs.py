"""What a citizen's door sends in one turn."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT = 4000
# A picture of 5 MB in base64.
MAX_IMAGE_BASE64 = 7_000_000


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TextInput(_Input):
    """Typed words."""

    kind: Literal["text"]
    text: str = Field(min_length=1, max_length=MAX_TEXT)


class ChoiceInput(_Input):
    """A quick reply that was chosen; ``title`` is what the citizen saw."""

    kind: Literal["choice"]
    value: str = Field(min_length=1, max_length=300)
    title: str = Field("", max_length=60)


class ImageInput(_Input):
    """A picture, base64, JPEG/PNG/WebP/GIF, 5 MB at most."""

    kind: Literal["image"]
    data: str = Field(min_length=1, max_length=MAX_IMAGE_BASE64)
    name: str = Field("", max_length=200)


class LocationInput(_Input):
    """A place on the map (WGS 84 degrees) with the label its door gave it."""

    kind: Literal["location"]
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    label: str = Field("", max_length=200)


class DigitsInput(_Input):
    """Keys pressed on a phone."""

    kind: Literal["digits"]
    digits: str = Field(pattern=r"^[0-9*#]{1,32}$")


class VoiceInput(_Input):
    """Recognised speech; without ``text`` the citizen is asked to type. ``confidence`` is 0..1."""

    kind: Literal["voice"]
    text: str = Field("", max_length=MAX_TEXT)
    confidence: float | None = Field(None, ge=0, le=1)


TurnInput = Annotated[
    TextInput | ChoiceInput | ImageInput | LocationInput | DigitsInput | VoiceInput,
    Field(discriminator="kind"),
]
