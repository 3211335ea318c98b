"""The address of the page on which a citizen rates a rectification (二评). Pure."""

from __future__ import annotations

from core.privacy import hash_matches, keyed_hash

_PURPOSE = "second-review"


def second_link(rectification_id: int) -> str:
    """Path of the page, unguessable: ``/r2/<id>-<token>``."""
    return f"/r2/{rectification_id}-{keyed_hash(_PURPOSE, str(rectification_id))}"


def rectification_of(key: str) -> int | None:
    """The id in ``<id>-<token>``; None for a forged one."""
    number, _, token = key.partition("-")
    known = number.isascii() and number.isdigit() and len(number) < 18
    return int(number) if known and hash_matches(_PURPOSE, number, token) else None
