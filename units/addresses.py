"""House numbers as written and as spoken, and which section of a road they lie in. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["odd", "even"]

_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "幺": 1,
}  # fmt: skip
_WEIGHTS = {"十": 10, "百": 100, "千": 1000}
SPOKEN = "零〇一二三四五六七八九十百千两幺"
_SPOKEN_NUMBER = re.compile(rf"[{SPOKEN}]+")
# 春晖路北段, 春晖路（北段）, 春晖路靠北头, 春晖路的北半段.
_LEAD = r"[的（(]?(?:那个|那|靠近|靠)?"
_DIRECTIONS = "东西南北中"
_HOUSE = re.compile(
    rf"\s*(\d+|[{SPOKEN}]+)\s*(?:[-—之]\s*[\d{SPOKEN}]+\s*)?(?:号(?!楼(?![下上])|线)|弄)"
)


@dataclass(frozen=True)
class Section:
    """A stretch of a road, or a part of an estate; ``parent`` is the street it lies in.

    House numbers from ``first`` to ``last``, of one ``side`` only where the road is a boundary.
    """

    name: str
    parent: str
    first: int | None = None
    last: int | None = None
    side: Side | None = None

    def has(self, number: int) -> bool:
        """Whether house ``number`` lies in it; never when no numbers are known."""
        if self.first is None and self.last is None and self.side is None:
            return False
        if self.side is not None and number % 2 != (1 if self.side == "odd" else 0):
            return False
        return (self.first or 0) <= number and (self.last is None or number <= self.last)


def spoken_number(text: str) -> int | None:
    """十八 → 18, 一千零二 → 1002, 一八零 → 180, 二百三 → 230, 18 → 18; None for anything else."""
    if text.isascii() and text.isdigit():
        return int(text)
    if not text or not set(text) <= set(SPOKEN):
        return None
    if not set(text) & set(_WEIGHTS):
        return int("".join(str(_DIGITS[sign]) for sign in text))
    total, digit, weight = 0, 0, 1
    for sign in text:
        if sign in _WEIGHTS:
            weight = _WEIGHTS[sign]
            total += (digit or 1) * weight
            digit = 0
        else:
            digit = _DIGITS[sign]
            weight = 10 if sign in "零〇" else weight
    # 二百三 is 230; 二百零三 is 203.
    return total + digit * (weight // 10 if weight > 10 else 1)


def plain_numbers(text: str) -> str:
    """An address with its spoken numbers in digits: 十八号三栋 → 18号3栋."""
    return _SPOKEN_NUMBER.sub(lambda found: str(spoken_number(found[0])), text)


def house_number(following: str) -> int | None:
    """The house number at the beginning of what follows a road's name; None without one."""
    found = _HOUSE.match(following)
    return spoken_number(found[1]) if found else None


def named_section(following: str, sections: Iterable[Section]) -> tuple[Section, int] | None:
    """The section named right after a road's name, and where its name ends in ``following``."""
    for section in sections:
        wording = re.escape(section.name)
        if section.name[0] in _DIRECTIONS and section.name[1:] in ("段", "侧", "边"):
            wording = rf"(?:路?{section.name[0]}(?:半段|段|侧|边|头|面)(?!门))"
        found = re.match(rf"{_LEAD}{wording}", following)
        if found:
            end = found.end()
            if following[:1] in ("（", "(") and following[end : end + 1] in ("）", ")"):
                end += 1
            return section, end
    return None


def section_of(number: int, sections: Sequence[Section]) -> Section | None:
    """The one section that house ``number`` lies in; None when none or several do."""
    found = [section for section in sections if section.has(number)]
    return found[0] if len({section.parent for section in found}) == 1 else None
