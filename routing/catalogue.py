"""The dispatch catalogue (派单目录): category × place × condition → lead and assisting units.

Pure rules. A lead or assisting unit in an entry is a unit code, `@street` (the street or town the
place lies in) or `@district.<bureau>` (that bureau of the place's district; the city's bureau of
the same name when the district is not known). 国办函〔2025〕66号(五): a matter of a department is
not handed to a street, unless the entry rests on the street's duty list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

STREET = "@street"
DISTRICT = "@district."
DUTY_LIST = "镇街履职事项清单"
"""What the basis of an entry must name before a street or town may lead (66号)."""


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One line of the catalogue; valid from the first day to the last, both included."""

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

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> CatalogueEntry:
        """From a row of the catalogue file. Raises KeyError when a required field is missing."""
        return cls(
            code=str(row["code"]),
            category=str(row["category"]),
            lead=str(row["lead"]),
            basis=str(row["basis"]),
            valid_from=row["valid_from"],
            valid_to=row.get("valid_to"),
            territory=row.get("territory"),
            words=tuple(str(word) for word in (row.get("condition") or {}).get("words", ())),
            assists=tuple(str(unit) for unit in row.get("assist") or ()),
            version=int(row.get("version", 1)),
        )

    def valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


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
    """A ranked unit: score 0–1 is the sum over the categories that lead to it."""

    dispatch: Dispatch
    category: str
    score: float


def match(
    entries: Iterable[CatalogueEntry],
    category: str,
    text: str,
    place: Territory | None,
    on: date,
) -> Dispatch | None:
    """The catalogue's answer for a category of level 3, or None: then the dispatcher decides.

    The more specific entry wins: first by territory (street, district, anywhere), then by
    condition (the longest word found in the text, any condition before none), then the newer
    version. None also when that entry hands to the street and the street is not known.
    """
    best: CatalogueEntry | None = None
    best_rank = (-1, -1, -1)
    for entry in entries:
        if entry.category != category or not entry.valid_on(on) or breaks_duty_list(entry):
            continue
        depth = _territory_depth(entry, place)
        condition = _condition_weight(entry, text)
        if depth is None or condition is None:
            continue
        rank = (depth, condition, entry.version)
        if rank > best_rank:
            best, best_rank = entry, rank
    if best is None:
        return None
    lead = _resolve(best.lead, place)
    if lead is None:
        return None
    assists = (_resolve(unit, place) for unit in best.assists)
    others = dict.fromkeys(unit for unit in assists if unit is not None and unit != lead)
    return Dispatch(lead, tuple(others), best.code, _reasons(best, text, place))


def candidates(
    entries: Iterable[CatalogueEntry],
    guesses: Iterable[tuple[str, float]],
    text: str,
    place: Territory | None,
    on: date,
) -> list[Candidate]:
    """Units ranked for (category, score) guesses; guesses that agree on a lead add up (at most 1).

    Each unit carries the dispatch of its best category.
    """
    lines = list(entries)
    by_lead: dict[str, Candidate] = {}
    for category, score in sorted(guesses, key=lambda guess: -guess[1]):
        dispatch = match(lines, category, text, place, on)
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


def breaks_duty_list(entry: CatalogueEntry) -> bool:
    """True when the entry hands to a street without resting on its duty list (66号).

    Streets are known by `@street`; `problems` also finds entries that name a street's code.
    """
    return entry.lead == STREET and DUTY_LIST not in entry.basis


def problems(
    entries: Sequence[CatalogueEntry],
    categories: Iterable[str],
    units: Mapping[str, str],
    on: date,
) -> list[str]:
    """What is wrong with a catalogue on a day, in Chinese, empty when all is well.

    `categories`: the level-3 codes in use; `units`: unit code → level (city, district, street,
    community). Checks: repeated codes, unknown categories and units, streets without duty list,
    entries that overlap, categories without a general entry.
    """
    known = set(categories)
    live = [entry for entry in entries if entry.valid_on(on)]
    found: list[str] = []
    seen: dict[str, CatalogueEntry] = {}
    keys: dict[tuple[str, str | None, tuple[str, ...]], str] = {}
    for entry in live:
        if entry.code in seen:
            found.append(f"目录 {entry.code}：编号重复")
        seen[entry.code] = entry
        if entry.category not in known:
            found.append(f"目录 {entry.code}：类别 {entry.category} 不存在")
        for unit in (entry.lead, *entry.assists):
            code = unit.removeprefix(DISTRICT)
            if unit != STREET and code not in units:
                found.append(f"目录 {entry.code}：单位 {unit} 不存在")
        to_street = entry.lead == STREET or units.get(entry.lead) in ("street", "community")
        if to_street and DUTY_LIST not in entry.basis:
            found.append(f"目录 {entry.code}：主办为镇街，依据须写明{DUTY_LIST}")
        key = (entry.category, entry.territory, tuple(sorted(entry.words)))
        if key in keys:
            found.append(f"目录 {entry.code}：与 {keys[key]} 重叠")
        keys.setdefault(key, entry.code)
    general = {entry.category for entry in live if entry.territory is None and not entry.words}
    found += [f"类别 {code}：没有通用目录" for code in sorted(known - general)]
    return found


def _territory_depth(entry: CatalogueEntry, place: Territory | None) -> int | None:
    """0 everywhere, 1 district, 2 street; None when the entry does not hold at the place."""
    if entry.territory is None:
        return 0
    if place is None:
        return None
    if entry.territory == place.street:
        return 2
    return 1 if entry.territory == place.district else None


def _condition_weight(entry: CatalogueEntry, text: str) -> int | None:
    """0 without condition, else the length of the longest word found; None when none is found."""
    if not entry.words:
        return 0
    return max((len(word) for word in entry.words if word in text), default=None)


def _resolve(unit: str, place: Territory | None) -> str | None:
    if unit == STREET:
        return place.street if place else None
    if unit.startswith(DISTRICT):
        bureau = unit.removeprefix(DISTRICT)
        return f"{place.district}.{bureau}" if place and place.district else bureau
    return unit


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
