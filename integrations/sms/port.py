"""A text message as plain data, and how one is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class TextMessage:
    """One that came: ``id`` is the platform's (at most 64 characters), ``number`` as dialled here."""

    id: str
    number: str
    body: str


class TextSender(Protocol):
    """How a platform sends one text. Raises `notices.channels.Refused` when it never will,
    `TryLater` when certainly nothing was sent."""

    async def text(self, number: str, body: str) -> str | None:
        """Send ``body``; returns what the platform calls it."""
