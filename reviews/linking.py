"""Which service or case a review without a number is about: rules, a score, a verdict. Pure.

Every rule compares one thing that the reviewer said with what is known of a record, and gives a
weight: the natural logarithm of how much likelier the agreement is for the right record than for
another one (Fellegi and Sunter 1969). What was not said weighs nothing. The weights of all
candidates together give each one's probability, against the chance that it is none of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from core.calendar import LOCAL
from reviews.dates import came_before

# These and the weights below were fitted (conditional logit) to generated months with the seeds 1
# and 2, 100,000 records and 5,000 reviews each; `hotline bench reviews` measures on another.
AUTO, DESK = 0.90, 0.10
# What speaks for none of the candidates.
NOTHING = 6.6
# Below this the rest of what was said outweighs a number: one thing that differs does not.
CONTRADICTION = -4.0
# A review before its service began is of another one; clocks of devices differ a little.
CLOCKS = timedelta(minutes=10)
_AT_ONCE = timedelta(minutes=15)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Verdict(StrEnum):
    """What becomes of a review; the values of `Review.link`."""

    AUTO = "auto"
    DESK = "desk"
    NONE = "none"


@dataclass(frozen=True)
class Said:
    """What a review says of its service; ``units`` are codes that the said name may mean.

    ``day`` and ``at`` are when the service was by the reviewer's word, ``at`` when the hour was
    said. ``phone_hashes`` are those of numbers one digit away. ``at_counter``: given on the device
    of a counter, thus at once.
    """

    created_at: datetime
    number: str = ""
    units: frozenset[str] = frozenset()
    item: str = ""
    window: str = ""
    place: str = ""
    text: str = ""
    day: date | None = None
    at: datetime | None = None
    phone_hash: str | None = None
    phone_hashes: frozenset[str] = frozenset()
    name: str = ""
    kind: int | None = None
    at_counter: bool = False


class About(NamedTuple):
    """What a review may be about: the id of a case, or of a service record."""

    is_case: bool
    id: int


@dataclass(frozen=True)
class Candidate:
    """What it may be; ``items`` are all names of its item, ``name`` the applicant's.

    Of a case: ``items`` are title and category, ``words`` all that it says, and ``finished_at`` is
    when its citizen was told the answer.
    """

    about: About
    number: str
    unit: str | None
    items: tuple[str, ...]
    window: str
    place: str
    accepted_at: datetime
    finished_at: datetime | None
    phone_hash: str | None
    kind: int | None
    name: str = ""
    words: str = ""


class Reason(NamedTuple):
    """One rule that had something to say, in Chinese, and its weight."""

    rule: str
    told: str
    weight: float


class Scored(NamedTuple):
    """A candidate with its reasons; ``probability`` 0-1 among all candidates of the review."""

    candidate: Candidate
    reasons: tuple[Reason, ...]
    weight: float
    probability: float = 0.0


def possible(said: Said, candidate: Candidate) -> bool:
    """Whether the service had begun when it was reviewed."""
    return candidate.accepted_at <= said.created_at + CLOCKS


def score(said: Said, candidate: Candidate) -> Scored:
    """The candidate with every rule that had something to say."""
    found = [reason for rule in _RULES if (reason := rule(said, candidate)) is not None]
    return Scored(candidate, tuple(found), sum(reason.weight for reason in found))


def contradicts(said: Said, candidate: Candidate) -> bool:
    """Whether what else was said speaks against the record whose number was given.

    Numbers of a day follow each other, so that a slip often makes the number of someone else; that
    the day is the same therefore says nothing.
    """
    against = 0.0
    for rule in _RULES:
        reason = rule(said, candidate) if rule is not _number else None
        if reason is not None:
            against += min(reason.weight, 0.0) if rule in (_time, _delay) else reason.weight
    return against < CONTRADICTION or not possible(said, candidate)


def only_early(said: Said, candidate: Candidate) -> bool:
    """Whether a review is of a day before the record whose number was given, and nothing but the
    time speaks against the number: then the time is wrong, not the number."""
    others = (rule(said, candidate) for rule in _RULES if rule not in (_number, _time, _delay))
    rest = sum(reason.weight for reason in others if reason is not None)
    return came_before(said.created_at, candidate.accepted_at) and rest >= CONTRADICTION


def ranked(scored: Sequence[Scored]) -> list[Scored]:
    """The candidates of one review by probability, best first."""
    top = max([NOTHING, *(one.weight for one in scored)])
    odds = [math.exp(one.weight - top) for one in scored]
    whole = sum(odds) + math.exp(NOTHING - top)
    told = [
        Scored(one.candidate, one.reasons, one.weight, share / whole)
        for one, share in zip(scored, odds, strict=True)
    ]
    return sorted(told, key=lambda one: (-one.probability, one.candidate.about))


def verdict(best: Sequence[Scored]) -> Verdict:
    """Certain ones are linked, doubtful ones looked at, hopeless ones stay alone."""
    if best and best[0].probability >= AUTO:
        return Verdict.AUTO
    together = sum(one.probability for one in best[:5])
    return Verdict.DESK if together >= DESK else Verdict.NONE


def _contact(said: Said, candidate: Candidate) -> Reason | None:
    if said.phone_hash is None or candidate.phone_hash is None:
        return None
    if said.phone_hash == candidate.phone_hash:
        return Reason("contact", "联系电话相同", 8.1)
    if candidate.phone_hash in said.phone_hashes:
        return Reason("contact", "联系电话只差一位", 5.4)
    return Reason("contact", "联系电话不同", -3.5)


def _name(said: Said, candidate: Candidate) -> Reason | None:
    ours, theirs = said.name, candidate.name
    if not ours or not theirs:
        return None
    if ours == theirs:
        return Reason("name", "姓名相同", 6.1)
    if len(ours) == len(theirs) and OSA.distance(ours, theirs) == 1:
        return Reason("name", "姓名差一个字", 2.6)
    return Reason("name", "姓名不同", -4.5)


def _number(said: Said, candidate: Candidate) -> Reason | None:
    if not said.number:
        return None
    apart = OSA.distance(said.number.upper(), candidate.number.upper(), score_cutoff=2)
    if apart <= 2:
        return Reason("number", f"编号差 {apart} 处", (4.2, 4.0, 0.5)[apart])
    return Reason("number", "编号不同", -6.0)


@lru_cache(maxsize=200_000)
def item_likeness(said: str, names: tuple[str, ...]) -> float:
    """How near (0-1) what was said comes to the nearest name of an item."""
    return max((fuzz.ratio(said, name) for name in names), default=0.0) / 100


def _item(said: Said, candidate: Candidate) -> Reason | None:
    if not said.item or candidate.about.is_case:
        return None
    near = item_likeness(said.item, candidate.items)
    if near >= 0.99:
        return Reason("item", f"事项相同（{candidate.items[0]}）", 2.5)
    if near >= 0.7:
        return Reason("item", f"事项相近（{candidate.items[0]}）", 1.8)
    if near >= 0.5:
        return Reason("item", f"事项有些像（{candidate.items[0]}）", -2.0)
    return Reason("item", f"事项不同（{candidate.items[0]}）", -4.3)


def _unit(said: Said, candidate: Candidate) -> Reason | None:
    if not said.units or candidate.unit is None:
        return None
    if candidate.unit in said.units:
        return Reason("unit", "单位相同", 0.4)
    return Reason("unit", "单位不同", -4.5)


@lru_cache(maxsize=50_000)
def _likeness(said: str, known: str) -> float:
    return fuzz.ratio(said, known) / 100


def same_window(said: str, known: str) -> bool:
    """Whether ``said`` names the window: A03 is the 3 of who says no letter."""
    digits = known.lstrip(_LETTERS)
    if said.isdecimal() and digits.isdecimal():
        return int(said) == int(digits)
    return said == known


def _window(said: Said, candidate: Candidate) -> Reason | None:
    if not said.window or not candidate.window:
        return None
    if said.window == candidate.window:
        return Reason("window", f"窗口相同（{candidate.window}）", 3.8)
    if same_window(said.window, candidate.window):
        # Halls name their areas by letters, so that several windows have this number.
        return Reason("window", f"窗口号相同（{candidate.window}）", 2.4)
    return Reason("window", f"窗口不同（{candidate.window}）", -3.0)


def _place(said: Said, candidate: Candidate) -> Reason | None:
    if not said.place or not candidate.place:
        return None
    if _likeness(said.place, candidate.place) >= 0.7:
        return Reason("place", f"地点相同（{candidate.place}）", 2.3)
    return Reason("place", f"地点不同（{candidate.place}）", -1.6)


@lru_cache(maxsize=500_000)
def _day(at: datetime) -> date:
    return at.astimezone(LOCAL).date()


def _time(said: Said, candidate: Candidate) -> Reason | None:
    moments = [at for at in (candidate.accepted_at, candidate.finished_at) if at is not None]
    if said.at is not None:
        minutes = min(abs((at - said.at).total_seconds()) for at in moments) / 60
        if minutes <= 15:
            return Reason("time", "时间相差不到一刻钟", 5.0)
        if minutes <= 60:
            return Reason("time", "时间相差不到一小时", 4.4)
    if said.day is None:
        return None
    days = min(abs((_day(at) - said.day).days) for at in moments)
    if days == 0:
        return Reason("time", "同一天", 1.7)
    if days == 1:
        return Reason("time", "前后一天", -0.5)
    return Reason("time", f"相差 {days} 天", -1.6 if days <= 3 else -2.0)


def _delay(said: Said, candidate: Candidate) -> Reason | None:
    after = said.created_at - (candidate.finished_at or candidate.accepted_at)
    at_once = abs(after) <= _AT_ONCE
    if said.at_counter:
        if at_once:
            return Reason("delay", "办完一刻钟内在评价器上评价", 4.8)
        return Reason("delay", "评价器上的评价不在办完一刻钟内", -5.0)
    if at_once:
        return Reason("delay", "办完一刻钟内评价", 1.7)
    if after < timedelta(0):
        return Reason("delay", "办结前评价", -3.5)
    if after <= timedelta(days=1):
        return Reason("delay", "办完一天内评价", 1.5)
    if after <= timedelta(days=8):
        return Reason("delay", "办完八天内评价", 1.2)
    return Reason("delay", f"办完 {after.days} 天后评价", -2.0 if after.days <= 30 else -5.5)


def _kind(said: Said, candidate: Candidate) -> Reason | None:
    if said.kind is None or candidate.kind is None:
        return None
    if said.kind == candidate.kind:
        return Reason("kind", "同为个人" if said.kind == 1 else "同为企业", 0.1)
    return Reason("kind", "个人与企业不同", -4.5)


def _wording(said: Said, candidate: Candidate) -> Reason | None:
    if said.item or len(said.text) < 4 or candidate.about.is_case:
        return None
    if any(len(name) >= 3 and name in said.text for name in candidate.items):
        return Reason("wording", f"文字提到{candidate.items[0]}", 3.0)
    return None


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))


def _topic(said: Said, candidate: Candidate) -> Reason | None:
    # What a case is about has no list of names: counted is how much of the words stands in it.
    if not candidate.about.is_case:
        return None
    near = max(_contained(said.item, candidate.words), _contained(said.text, candidate.words))
    if near >= 0.5:
        return Reason("topic", f"说的是同一件事（{candidate.items[0]}）", 3.0)
    if near >= 0.25:
        return Reason("topic", f"说的事相近（{candidate.items[0]}）", 1.2)
    if said.item:
        return Reason("topic", f"说的事不同（{candidate.items[0]}）", -2.0)
    return None


def _contained(said: str, words: str) -> float:
    pairs = _pairs(said)
    return len(pairs & _pairs(words)) / len(pairs) if pairs else 0.0


_RULES = (
    _contact,
    _name,
    _number,
    _item,
    _unit,
    _window,
    _place,
    _time,
    _delay,
    _kind,
    _wording,
    _topic,
)
