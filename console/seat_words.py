"""What the seat's pages say. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

STATES = {"on": "在席", "break": "小休", "wrap": "话后处理", "off": "离席"}
_PREVIEW = 40


@dataclass(frozen=True)
class NoteLine:
    """An internal note with the name of whoever wrote it."""

    by: str
    text: str
    at: datetime


def preview(text: str) -> str:
    """The beginning of a line, for lists."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _PREVIEW else f"{flat[:_PREVIEW]}…"
