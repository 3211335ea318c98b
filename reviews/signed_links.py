"""The addresses of pages on which a citizen rates a service (办件), or how a bad review was put right
(二评). Pure.

``<id>-<token>``: the token is a keyed hash, so no address can be guessed or made elsewhere.
"""

from __future__ import annotations

from core.privacy import hash_matches, keyed_hash

_RECORD, _SECOND = "record-review", "second-review"


def record_link(record_id: int) -> str:
    """Path of the page that rates a service record: ``/rs/<id>-<token>``."""
    return f"/rs/{_key(_RECORD, record_id)}"


def record_of(key: str) -> int | None:
    """The id of the record in ``<id>-<token>``; None for a forged one."""
    return _id(_RECORD, key)


def second_link(rectification_id: int) -> str:
    """Path of the page that rates a rectification: ``/r2/<id>-<token>``."""
    return f"/r2/{_key(_SECOND, rectification_id)}"


def rectification_of(key: str) -> int | None:
    """The id of the rectification in ``<id>-<token>``; None for a forged one."""
    return _id(_SECOND, key)


def _key(purpose: str, id: int) -> str:
    return f"{id}-{keyed_hash(purpose, str(id))}"


def _id(purpose: str, key: str) -> int | None:
    number, _, token = key.partition("-")
    known = number.isascii() and number.isdigit() and len(number) < 18
    return int(number) if known and hash_matches(purpose, number, token) else None
