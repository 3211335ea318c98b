"""Telephone numbers between exchanges and the city. Pure."""

from __future__ import annotations

import re

_WITHHELD = {"", "anonymous", "restricted", "unavailable", "unknown", "private", "266696687"}


def national(number: str) -> str | None:
    """A number as it is dialled here: ``+8613800001234`` → ``13800001234``, ``+86101234`` → ``0101234``.

    None when it was withheld or is none; a foreign one keeps its ``+``.
    """
    tidy = re.sub(r"[\s()\-]", "", number)
    if tidy.lower().lstrip("+") in _WITHHELD or not re.fullmatch(r"\+?[0-9]{3,20}", tidy):
        return None
    if not tidy.startswith("+86"):
        return tidy
    rest = tidy[3:]
    return rest if re.fullmatch(r"1[3-9]\d{9}", rest) else f"0{rest.lstrip('0')}"


def international(number: str) -> str:
    """The reverse, for exchanges that want E.164. Short numbers (119, 12345) stay as they are."""
    tidy = re.sub(r"[\s()\-]", "", number)
    if re.fullmatch(r"1[3-9]\d{9}", tidy):
        return f"+86{tidy}"
    return f"+86{tidy[1:]}" if re.fullmatch(r"0\d{9,}", tidy) else tidy
