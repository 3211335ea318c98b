"""How alike two matters are, and why. Pure: category, place and words, weighed by named rules.

66号(五) asks that repeated matters be merged in principle; which ones are repeated it does not say,
so weights and limits are ours [D], set on the pairs in tests/cases/test_similar.py. A matter at
another house, gate or building is another matter, however alike the words are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from rapidfuzz import fuzz

from language.normalise import normalise
from units.addresses import SPOKEN, spoken_number

# The latest cases of a street are compared with every new one there.
_REMEMBERED = 4096
# Shares of the score; what is unknown on either side leaves its share to the others.
_CATEGORY, _PLACE, _WORDS = 0.35, 0.35, 0.30
# From here on two matters are shown as perhaps the same …
LIKELY = 0.66
# … and from here on, with place and words close enough by themselves, taken for the same.
CERTAIN = 0.72
_CERTAIN_PLACE, _CERTAIN_WORDS = 0.8, 0.3
# Not a word in common: two troubles of one kind at one place (no water, yellow water).
_LIKELY_WORDS = 0.13
# Without a place on either side only the words speak; they must say nearly the same.
_CERTAIN_WITHOUT_PLACE = 0.6

_NUMBERED = (
    ("building", re.compile(r"([A-Za-z]?\d+[A-Za-z]?)\s?(?:号楼|栋|幢|座|#)|([A-Za-z])(?:栋|座)")),
    ("house", re.compile(r"(\d+)\s?(?:号(?!楼|线)|弄)")),
    ("flat", re.compile(r"(\d+)\s?单元")),
)
_HOUSE_ON_ROAD = re.compile(r"(?:路|街|巷|道|弄|胡同)\s?(\d+)\s?号(?!楼|线)")
_SIDE = re.compile(r"(东南|东北|西南|西北|[东南西北])(?=[大侧]?门|段|侧|头|口|广场)")
_ROOM = re.compile(r"\s?\d+\s?单元.*$|\s?\d{3,4}\s?室.*$|\s?\d+\s?层.*$")
_AREA = re.compile(
    r"^(?:[^区县镇乡]{2,6}?市(?!场|民))?(?:[^区县]{1,4}(?<![小社园校厂景片库])[区县])?"
    r"(?:[^道镇乡]{1,6}(?:街道|镇|乡))?(?=.{2})"
)
_AROUND = re.compile(
    r"(?:附近|旁边?|对面|门前|门口|路口|路段|沿线|一带|周边|里面?|内|上|那边|这边|楼下|路边)+$"
)
# 百花巷 is a name, 二百号 a number; 12路 is a bus line.
_SPOKEN_NUMBER = re.compile(rf"[{SPOKEN}]+(?=\s?(?:号|栋|幢|座|单元|室|弄|层|#))")
_ALL_NUMBERS = re.compile(
    r"[A-Za-z]?\d+(?![\d路])[A-Za-z]?\s?(?:号楼|号院|号|栋|幢|座|单元|室|弄|层|#)?|[A-Za-z](?=[栋座])[栋座]"
    r"|[东南西北正侧后大]{0,2}门口?|[东南西北]{1,2}(?:段|侧|头|边)"
)
_UNKNOWN_PLACES = frozenset({"", "未说明", "不清楚", "不详", "地点不详"})
_SIGNS = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")
_RUN = re.compile(r"[0-9a-z]+|[\u4e00-\u9fff]+")
# Words that every complaint has: they make no two of them alike.
_EMPTY = re.compile(
    r"你们|我们|他们|大家|一直|已经|现在|还是|没有?人管|也没人|怎么|什么|因为|所以|而且|非常|特别|真的|太|很"
    r"|希望|麻烦|请|尽快|赶紧|处理|解决|问题|反映|投诉|举报|求助|帮忙|情况|影响|严重|附近|旁边|门口|这里|那里"
    r"|这个|那个|有人|有个|好多|好几|几天|天天|每天|晚上|白天|上次|又|都|了|的|是|在|就|和|跟|也|吗|呢|吧|啊|们"
)


@dataclass(frozen=True)
class Matter:
    """What a case, or one about to be filed, is compared by.

    ``category`` is a code of the tree (its first three characters name level 2), ``place_code``
    a place of the territory, ``street`` and ``district`` unit codes; None where unknown.
    """

    category: str | None
    text: str
    place_text: str = ""
    place_code: str | None = None
    street: str | None = None
    district: str | None = None

    @cached_property
    def place(self) -> Address:
        """Where it is, as its words say."""
        return _address(self.place_text, self.text)

    @cached_property
    def told(self) -> list[str]:
        """The words that tell the matter, without place, numbers and formulas."""
        return _told(self.text, self.place.name)

    @cached_property
    def pieces(self) -> frozenset[str]:
        """Every two characters of them that stand side by side."""
        return frozenset(run[at : at + 2] for run in self.told for at in range(len(run) - 1))

    @cached_property
    def signs(self) -> frozenset[str]:
        """Every single character of them."""
        return frozenset("".join(self.told))


@dataclass(frozen=True)
class Address:
    """A place as its text names it: ``name`` without numbers, ``numbers`` by kind."""

    name: str
    numbers: dict[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Likeness:
    """``score`` 0–1, ``reasons`` in Chinese for clerks. ``certain`` implies ``likely``."""

    score: float
    certain: bool
    likely: bool
    reasons: list[str]


def compare(one: Matter, other: Matter) -> Likeness:
    """How alike two matters are; the order does not count."""
    category = _category(one.category, other.category)
    place = _place(one, other)
    words = _words(one, other)
    shares = [(_WORDS, min(1.0, words / 0.6))]
    shares += [(_CATEGORY, category)] if category is not None else []
    shares += [(_PLACE, place)] if place is not None else []
    score = sum(share * value for share, value in shares) / sum(share for share, _ in shares)
    elsewhere = place is not None and place < 0.5
    likely = score >= LIKELY and words >= _LIKELY_WORDS and not elsewhere
    if place is None:
        certain = likely and words >= _CERTAIN_WITHOUT_PLACE and category in (None, 1.0)
    else:
        certain = (
            likely
            and score >= CERTAIN
            and place >= _CERTAIN_PLACE
            and words >= _CERTAIN_WORDS
            and (category == 1.0 or words >= _CERTAIN_WITHOUT_PLACE)
        )
    return Likeness(round(score, 3), certain, likely, _reasons(category, place, words, one, other))


def coarse_place(text: str) -> str:
    """A place without flat and room, as others may read it: 幸福家园3栋 for 幸福家园3栋2单元501."""
    plain = _digits(text.strip())
    building = re.match(r".*?(?:号楼|栋|幢)", plain)
    return building[0] if building else _ROOM.sub("", plain)


def _category(one: str | None, other: str | None) -> float | None:
    if not one or not other:
        return None
    if one == other:
        return 1.0
    return 0.4 if one[:3] == other[:3] else 0.0


def _place(one: Matter, other: Matter) -> float | None:
    """0 elsewhere … 1 the very same spot; None when one of them does not say where."""
    a, b = one.place, other.place
    if not a.name and not b.name and not (one.place_code and other.place_code):
        return None
    fits = _same_name(one, other)
    if fits is None:
        return None
    if not fits:
        return 0.0
    shared = 0
    for kind in ("building", "house", "side", "flat"):
        left, right = a.numbers.get(kind, frozenset()), b.numbers.get(kind, frozenset())
        if left and right and not left & right:
            return 0.6 if kind == "flat" else 0.0
        shared += bool(left & right)
    if shared:
        return 1.0
    return 0.8 if a.numbers or b.numbers else 0.85


def _same_name(one: Matter, other: Matter) -> bool | None:
    exact = [m.place_code for m in (one, other) if m.place_code not in (None, m.street, m.district)]
    if len(exact) == 2 and exact[0] == exact[1]:
        return True
    a, b = one.place.name, other.place.name
    if not a or not b:
        return None
    if one.street and other.street and one.street != other.street:
        return False
    if one.district and other.district and one.district != other.district:
        return False
    if a == b or (min(len(a), len(b)) >= 3 and (a.startswith(b) or b.startswith(a))):
        return True
    return len(exact) < 2 and fuzz.ratio(a, b) >= 80


def _words(one: Matter, other: Matter) -> float:
    """What the words have in common, 0–1.

    Pairs of characters, of both together or of the shorter one when it is long enough; single
    characters, which the same thing said otherwise shares, count less.
    """
    if not one.signs or not other.signs:
        return 0.0
    signs = 0.7 * _dice(one.signs, other.signs)
    common, shorter = len(one.pieces & other.pieces), min(len(one.pieces), len(other.pieces))
    held = 0.8 * common / shorter if shorter >= 3 else 0.0
    return max(_dice(one.pieces, other.pieces), held, signs)


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 0.0


@lru_cache(_REMEMBERED)
def _address(place: str, text: str) -> Address:
    named = _digits(normalise(place))
    said = _digits(normalise(text))
    name = "" if place.strip() in _UNKNOWN_PLACES else _name_of(named)
    numbers: dict[str, frozenset[str]] = {}
    for kind, pattern in _NUMBERED:
        found = _numbers(pattern, named)
        if not found and kind != "house":
            found = _numbers(pattern, said)
        if not found and kind == "house":
            found = _numbers(_HOUSE_ON_ROAD, said)
        if found:
            numbers[kind] = found
    sides = frozenset(_SIDE.findall(named)) or frozenset(_SIDE.findall(said))
    if sides:
        numbers["side"] = sides
    return Address(name, numbers)


def _digits(text: str) -> str:
    """Spoken numbers of an address in digits: 十八号 → 18号."""
    return _SPOKEN_NUMBER.sub(lambda found: str(spoken_number(found[0])), text)


def _numbers(pattern: re.Pattern[str], text: str) -> frozenset[str]:
    return frozenset(
        next(group for group in found.groups() if group).lower() for found in pattern.finditer(text)
    )


def _name_of(place: str) -> str:
    bare = _ALL_NUMBERS.sub("", _AREA.sub("", place))
    bare = _SIGNS.sub("", bare.lower())
    return _AROUND.sub("", bare) or bare


@lru_cache(_REMEMBERED)
def _told(text: str, place: str) -> list[str]:
    # Loads the classifier's libraries, which the small programs do not need.
    from routing.classify import clean

    plain = _digits(normalise(clean(text))).lower()
    if place:
        plain = plain.replace(place, " ")
    plain = _EMPTY.sub(" ", _ALL_NUMBERS.sub(" ", plain))
    return _RUN.findall(plain)


def _reasons(
    category: float | None, place: float | None, words: float, one: Matter, other: Matter
) -> list[str]:
    reasons = []
    if category == 1.0:
        reasons.append("同一类别")
    elif category:
        reasons.append("类别相近")
    if place == 1.0:
        reasons.append(f"同一地点：{coarse_place(one.place_text or other.place_text)}")
    elif place is not None and place >= 0.5:
        reasons.append("同一道路、小区或场所")
    elif place == 0.0:
        reasons.append("地点不同")
    if words >= 0.3:
        reasons.append(f"描述相近（{round(words * 100)}%）")
    return reasons
