"""A conversation as a seat reads it: who said what, with query codes hidden. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.repository import Line
from cases.numbers import query_code, tidy_number

SPEAKERS = {"citizen": "市民", "assistant": "智能助手", "person": "话务员", "system": "系统"}
_HIDDEN = "******"
_NUMBER = re.compile(r"(?<!\d)\d{13}(?!\d)")
_AFTER_ITS_NAME = re.compile(r"(查询码[^\d\n]{0,8})((?:\d[ -]?){5}\d)(?!\d)")
# What a citizen types when asked for a code and nothing else.
_ALONE = re.compile(r"^\s*(?:[2-9][ -]?){5}[2-9]\s*$")


@dataclass(frozen=True)
class Said:
    """One line of a talk; ``choices`` are the quick replies that were offered with it."""

    id: int
    speaker: str
    speaker_name: str
    text: str
    choices: list[str]
    link: tuple[str, str] | None
    at: datetime


def as_said(lines: Sequence[Line]) -> list[Said]:
    """The lines for a seat's eyes. The query code opens the case to whoever holds it, so it
    belongs to the citizen alone."""
    codes = _codes_in(line.reply.text for line in lines)
    return [
        Said(
            line.id,
            line.speaker,
            SPEAKERS.get(line.speaker, line.speaker),
            mask_codes(line.reply.text, codes),
            [choice.title for choice in line.reply.choices],
            _link(line.reply.card),
            line.at,
        )
        for line in lines
    ]


def mask_codes(text: str, codes: Iterable[str] = ()) -> str:
    """``text`` without query codes: named ones, those of case numbers in it, and ``codes``."""
    for code in {*codes, *_codes_in([text])}:
        text = re.sub(rf"(?<!\d){'[ -]?'.join(code)}(?!\d)", _HIDDEN, text)
    text = _AFTER_ITS_NAME.sub(lambda found: found[1] + _HIDDEN, text)
    return _HIDDEN if _ALONE.match(text) else text


def _codes_in(texts: Iterable[str]) -> set[str]:
    numbers = {number for text in texts for number in _NUMBER.findall(text)}
    return {query_code(number) for number in numbers if tidy_number(number)}


def _link(card: dict[str, object] | None) -> tuple[str, str] | None:
    """Title and address of a card that leads to one of our own pages."""
    title, address = (card or {}).get("title"), (card or {}).get("url")
    if isinstance(address, str) and re.match(r"/(?!/)", address):
        return (title if isinstance(title, str) else address, address)
    return None
