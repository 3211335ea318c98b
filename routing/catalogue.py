"""The dispatch catalogue (派单目录): category × place × condition → lead and assisting units.

Pure rules; `routing.checks` looks for what is wrong with a catalogue. A lead or assisting unit in an entry is a unit code, `@street` (the street or town the
place lies in) or `@district.<bureau>` (that bureau of the place's district; the city's bureau of
the same name when the district is not known). 国办函〔2025〕66号(五): a matter of a department is
not handed to a street, unless the entry rests on the street's duty list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from units.tree import UnitTree

STREET = "@street"
DISTRICT = "@district."
DUTY_LIST = "镇街履职事项清单"
"""What the basis of an entry must name before a street or town may lead (66号)."""


GRASSROOTS = frozenset({"street", "community"})
"""Levels of units that 66号 protects from what a department must do."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One version of a line of the catalogue; in force from its first day to its last.

    It holds where none of ``not_words`` is in the text and, when there are ``words``, one of them
    is. A version whose last day lies before its first ends the entry (停用).
    """

    code: str
    category: str
    lead: str
    basis: str
    valid_from: date
    valid_to: date | None = None
    territory: str | None = None
    words: tuple[str, ...] = ()
    assists: tuple[str, ...] = ()
    version: int = 1
    not_words: tuple[str, ...] = ()

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> CatalogueEntry:
        """From a row of the catalogue file, or what `to_row` wrote.

        Raises KeyError when a required field is missing, ValueError for a day that is none.
        """
        condition = row.get("condition") or {}
        return cls(
            code=str(row["code"]),
            category=str(row["category"]),
            lead=str(row["lead"]),
            basis=str(row["basis"]),
            valid_from=_day(row["valid_from"]),
            valid_to=_day(row["valid_to"]) if row.get("valid_to") else None,
            territory=row.get("territory"),
            words=tuple(str(word) for word in condition.get("words", ())),
            assists=tuple(str(unit) for unit in row.get("assist") or ()),
            version=int(row.get("version", 1)),
            not_words=tuple(str(word) for word in condition.get("not_words", ())),
        )

    def to_row(self) -> dict[str, Any]:
        """The entry as the catalogue file writes it, days as ISO dates."""
        condition = {"words": list(self.words), "not_words": list(self.not_words)}
        return {
            "code": self.code,
            "category": self.category,
            "territory": self.territory,
            "condition": {name: words for name, words in condition.items() if words} or None,
            "lead": self.lead,
            "assist": list(self.assists),
            "basis": self.basis,
            "valid_from": self.valid_from.isoformat(),
            "valid_to": self.valid_to.isoformat() if self.valid_to else None,
            "version": self.version,
        }

    @property
    def general(self) -> bool:
        """Whether it holds everywhere and without condition."""
        return self.territory is None and not self.words and not self.not_words

    @property
    def ends_entry(self) -> bool:
        """Whether this version only says that the entry is over from its first day on."""
        return self.valid_to is not None and self.valid_to < self.valid_from

    def valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def settle(versions: Iterable[CatalogueEntry]) -> list[CatalogueEntry]:
    """Versions with the days they are really in force, in the order given.

    A version ends every older one of its code the day before its own first day. What is never in
    force is left out, so that on one day an entry has at most one version.
    """
    lines = list(versions)
    by_code: dict[str, list[CatalogueEntry]] = {}
    for line in lines:
        by_code.setdefault(line.code, []).append(line)
    last: dict[tuple[str, int], date | None] = {}
    for code, ones in by_code.items():
        begun: date | None = None
        for one in sorted(ones, key=lambda one: -one.version):
            end = one.valid_to
            if begun is not None and (end is None or end >= begun):
                end = begun - _DAY
            last[code, one.version] = end
            begun = min(begun, one.valid_from) if begun else one.valid_from
    settled = [replace(one, valid_to=last[one.code, one.version]) for one in lines]
    return [one for one in settled if not one.ends_entry]


@dataclass(frozen=True, slots=True)
class Territory:
    """Where the matter lies. Territory codes of districts and streets are their unit codes."""

    district: str | None = None
    street: str | None = None
    name: str = ""
    """For the clerk to read: 城东区望湖街道."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Who gets the case: unit codes, the entry that says so, and reasons a clerk can read."""

    lead: str
    assists: tuple[str, ...]
    entry: str
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ranked unit: score 0–1 is the sum over the categories that lead to it.

    ``automatic``: the case may be given to it without a dispatcher; the router decides.
    """

    dispatch: Dispatch
    category: str
    score: float
    automatic: bool = False


def match(
    entries: Iterable[CatalogueEntry],
    category: str,
    text: str,
    place: Territory | None,
    on: date,
    tree: UnitTree | None = None,
) -> Dispatch | None:
    """The catalogue's answer for a category of level 3, or None: then the dispatcher decides.

    ``entries`` are settled. The more specific one wins: first by territory (street, district,
    anywhere), then by condition (the longest word found in the text, any condition before none),
    then the newer version. An entry that hands to a street or community without naming its duty
    list is passed over (66号); with ``tree`` also one that names the street's code, merged units
    are followed, and a bureau that the district has not got is the city's. None also when the
    entry hands to the street and the street is not known, or to a unit that no longer serves.
    """
    best: CatalogueEntry | None = None
    best_rank = (-1, -1, -1)
    for entry in entries:
        if entry.category != category or not entry.valid_on(on):
            continue
        depth = _territory_depth(entry, place, tree)
        condition = _condition_weight(entry, text)
        if depth is None or condition is None or breaks_duty_list(entry, place, tree):
            continue
        rank = (depth, condition, entry.version)
        if rank > best_rank:
            best, best_rank = entry, rank
    if best is None:
        return None
    lead = resolve(best.lead, place, tree)
    if lead is None or not _serves(lead, tree):
        return None
    assists = (resolve(unit, place, tree) for unit in best.assists)
    others = dict.fromkeys(u for u in assists if u is not None and u != lead and _serves(u, tree))
    return Dispatch(lead, tuple(others), best.code, _reasons(best, text, place))


def candidates(
    entries: Iterable[CatalogueEntry],
    guesses: Iterable[tuple[str, float]],
    text: str,
    place: Territory | None,
    on: date,
    tree: UnitTree | None = None,
) -> list[Candidate]:
    """Units ranked for (category, score) guesses; guesses that agree on a lead add up (at most 1).

    Each unit carries the dispatch of its best category.
    """
    lines = list(entries)
    by_lead: dict[str, Candidate] = {}
    for category, score in sorted(guesses, key=lambda guess: -guess[1]):
        dispatch = match(lines, category, text, place, on, tree)
        if dispatch is None:
            continue
        known = by_lead.get(dispatch.lead)
        by_lead[dispatch.lead] = (
            replace(known, score=min(1.0, known.score + score))
            if known
            else Candidate(dispatch, category, score)
        )
    return sorted(by_lead.values(), key=lambda candidate: -candidate.score)


def superior(unit: str, parents: Mapping[str, str | None]) -> str | None:
    """The unit above; None for the root of the tree or a unit not in it."""
    return parents.get(unit)


def away_from(dispatch: Dispatch, about: str, parents: Mapping[str, str | None]) -> Dispatch | None:
    """The dispatch of a matter about the unit `about` or its staff: its superior leads.

    Never the unit itself nor one below it, as lead or assistant. The unit the catalogue named
    stays as assistant when it is neither. None when there is no superior in the tree: the
    dispatcher decides.
    """
    above = superior(about, parents)
    if above is None:
        return None
    others = dict.fromkeys(
        unit
        for unit in (dispatch.lead, *dispatch.assists)
        if unit != above and not _within(unit, about, parents)
    )
    return replace(
        dispatch,
        lead=above,
        assists=tuple(others),
        reasons=[*dispatch.reasons, "反映对象为承办单位或其工作人员，转上级单位办理"],
    )


def breaks_duty_list(
    entry: CatalogueEntry, place: Territory | None = None, tree: UnitTree | None = None
) -> bool:
    """True when the entry hands to a street or below without resting on its duty list (66号).

    Without ``tree`` only `@street` is known for a street.
    """
    if DUTY_LIST in entry.basis:
        return False
    if entry.lead == STREET or tree is None:
        return entry.lead == STREET
    unit = tree.get(resolve(entry.lead, place, tree))
    return unit is not None and unit.level in GRASSROOTS


def resolve(unit: str, place: Territory | None, tree: UnitTree | None = None) -> str | None:
    """The unit that a code of the catalogue means at a place; None: the street is not known."""
    code: str | None = unit
    if unit == STREET:
        code = place.street if place else None
    elif unit.startswith(DISTRICT):
        bureau = unit.removeprefix(DISTRICT)
        code = f"{place.district}.{bureau}" if place and place.district else bureau
        if tree is not None and tree.get(code) is None:
            code = bureau
    return tree.current(code) if tree is not None and code is not None else code


def _serves(unit: str, tree: UnitTree | None) -> bool:
    known = tree.get(unit) if tree is not None else None
    return tree is None or (known is not None and known.active)


def _territory_depth(
    entry: CatalogueEntry, place: Territory | None, tree: UnitTree | None
) -> int | None:
    """0 everywhere, 1 district, 2 street; None when the entry does not hold at the place."""
    if entry.territory is None:
        return 0
    if place is None:
        return None
    for depth, area in ((2, place.street), (1, place.district)):
        if area is not None and entry.territory in (area, tree.current(area) if tree else area):
            return depth
    return None


def _condition_weight(entry: CatalogueEntry, text: str) -> int | None:
    """0 without condition, more the longer the longest word found; None when it does not hold."""
    if any(word in text for word in entry.not_words):
        return None
    exception = 1 if entry.not_words else 0
    if not entry.words:
        return exception
    longest = max((len(word) for word in entry.words if word in text), default=0)
    return 2 * longest + exception if longest else None


def _reasons(entry: CatalogueEntry, text: str, place: Territory | None) -> list[str]:
    first = f"目录 {entry.code}"
    if place and place.name:
        first += f" · 辖区 {place.name}"
    words = [word for word in entry.words if word in text]
    reasons = [first]
    if words:
        reasons.append("适用情形：" + "、".join(words[:3]))
    return [*reasons, f"依据：{entry.basis}"]


def _within(unit: str, ancestor: str, parents: Mapping[str, str | None]) -> bool:
    """Whether the unit is the ancestor or below it."""
    current: str | None = unit
    visited: set[str] = set()
    while current is not None and current not in visited:
        if current == ancestor:
            return True
        visited.add(current)
        current = parents.get(current)
    return False


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
