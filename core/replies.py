"""What the line says to a citizen: text, quick replies, and a card that a door may draw."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class Choice(BaseModel):
    """A quick reply: ``title`` is shown, ``value`` is what a client sends back as it is."""

    title: str = Field(max_length=60)
    value: str = Field(max_length=300)


class Reply(BaseModel):
    """One message to the citizen. ``card`` is a small object that a door may draw, by ``kind``."""

    text: str
    choices: list[Choice] = []
    card: dict[str, Any] | None = None


def say(text: str, *choices: tuple[str, str], card: dict[str, Any] | None = None) -> Reply:
    """A reply with quick replies given as ``(title, value)`` pairs."""
    return Reply(text=text, choices=[Choice(title=t, value=v) for t, v in choices], card=card)
