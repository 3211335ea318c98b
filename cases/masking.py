"""Keeping who speaks out of the words that a case is handled and searched by."""

from __future__ import annotations

from core.privacy import mask_name, mask_phone, mask_text


def tidy(text: str, limit: int | None = None) -> str:
    """Text as the database takes it: no NUL characters, no blank ends, at most ``limit`` long."""
    text = text.replace("\x00", "").strip()
    return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"


def hide_person(text: str, name: str | None, phone: str | None, *, secret: bool) -> str:
    """``text`` without phone and identity numbers; of a secret case without the name as well.

    A single character is not taken for a name: replacing it would garble the sentence.
    """
    if phone:
        text = text.replace(phone, mask_phone(phone))
    if secret and name and len(name) > 1:
        text = text.replace(name, mask_name(name))
    return mask_text(text)
