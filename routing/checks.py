"""What is wrong with a catalogue, today and on every day to come. Pure.

Gaps, overlaps, units and categories that are gone, streets without duty list (66号).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from routing.catalogue import (
    DISTRICT,
    DUTY_LIST,
    GRASSROOTS,
    STREET,
    CatalogueEntry,
    resolve,
    settle,
)
from routing.catalogue import Territory as Place
from units.tree import UnitTree

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class City:
    """What entries may refer to.

    ``categories``: codes of level 3 in use. ``territories``: districts and streets an entry may
    be limited to. ``districts``: those whose bureaus `@district.` means.
    """

    tree: UnitTree
    categories: Collection[str]
    territories: Collection[str]
    districts: Collection[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong from ``since`` to ``until`` (None: for ever), told in Chinese.

    ``subject`` is the code of the entry, or of the category that is left without one. What is not
    ``blocking`` is a warning.
    """

    subject: str
    text: str
    blocking: bool
    since: date
    until: date | None = None

    @property
    def when(self) -> str:
        """The period as a clerk reads it."""
        return f"{self.since} 至 {self.until}" if self.until else f"{self.since} 起"


def check(versions: Iterable[CatalogueEntry], city: City, start: date) -> list[Finding]:
    """Everything wrong from ``start`` on, earliest first, blocking before warnings.

    ``versions`` as stored; how they end each other is settled here.
    """
    lines = [v for v in settle(versions) if v.valid_to is None or v.valid_to >= start]
    days = {start} | {v.valid_from for v in lines if v.valid_from > start}
    days |= {v.valid_to + _DAY for v in lines if v.valid_to is not None}
    starts = sorted(days)
    found: dict[tuple[str, str], list[Finding]] = defaultdict(list)

    def add(finding: Finding) -> None:
        spells = found[finding.subject, finding.text]
        # The same thing in adjoining periods is one finding.
        if spells and spells[-1].until is not None and spells[-1].until + _DAY == finding.since:
            spells[-1] = replace(spells[-1], until=finding.until)
        else:
            spells.append(finding)

    missing = _Bureaus(city)
    for line in sorted(lines, key=lambda v: v.valid_from):
        for text in (*_dead(line, city, missing), *_to_the_street(line, city.tree)):
            add(Finding(line.code, text, True, max(start, line.valid_from), line.valid_to))
    for day, following in zip(starts, [*starts[1:], None], strict=True):
        until = following - _DAY if following else None
        for finding in _on_day([v for v in lines if v.valid_on(day)], city, day):
            add(replace(finding, until=until))
    every = (finding for spells in found.values() for finding in spells)
    return sorted(every, key=lambda f: (not f.blocking, f.since, f.subject))


def introduced(before: Iterable[Finding], after: Iterable[Finding]) -> list[Finding]:
    """Findings of ``after`` on days on which ``before`` has not got the same."""
    known: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in before:
        known[finding.subject, finding.text].append(finding)
    return [f for f in after if not any(_covers(old, f) for old in known[f.subject, f.text])]


def _covers(old: Finding, new: Finding) -> bool:
    ends_later = old.until is None or (new.until is not None and new.until <= old.until)
    return old.since <= new.since and ends_later


def _on_day(live: Sequence[CatalogueEntry], city: City, day: date) -> Iterator[Finding]:
    by_place: dict[tuple[str, str | None], list[CatalogueEntry]] = defaultdict(list)
    for entry in live:
        by_place[entry.category, entry.territory].append(entry)
    for entries in by_place.values():
        yield from _overlaps(entries, day)
    general = {entry.category for entry in live if entry.general}
    for category in sorted(set(city.categories) - general):
        yield Finding(category, "类别没有通用目录（不限地区、不带条件），诉求会无处可派", True, day)


class _Bureaus:
    """Which `@district.` units some district cannot resolve; each is looked at once."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._missing: dict[str, bool] = {}

    def __contains__(self, unit: str) -> bool:
        if unit not in self._missing:
            tree = self._city.tree
            places = [None, *(Place(district) for district in self._city.districts)]
            means = {resolve(unit, place, tree) for place in places}
            self._missing[unit] = not all(_active(tree, code) for code in means)
        return self._missing[unit]


def _dead(entry: CatalogueEntry, city: City, missing: _Bureaus) -> Iterator[str]:
    if entry.category not in city.categories:
        yield f"类别 {entry.category} 不存在或已停用"
    if entry.territory is not None and entry.territory not in city.territories:
        yield f"适用地区 {entry.territory} 不在地名库的区县和镇街里"
    for unit in (entry.lead, *entry.assists):
        if unit == STREET:
            continue
        role = "主办" if unit == entry.lead else "协办"
        if unit.startswith(DISTRICT):
            if unit in missing:
                yield f"{role}单位 {unit}：有的区县没有这个部门，市里也没有同名单位"
            continue
        known = city.tree.get(unit)
        if known is None:
            yield f"{role}单位 {unit} 不存在"
        elif not known.active:
            after = city.tree.current(unit)
            follows = f"，已由{city.tree.name(after)}承接" if after != unit else ""
            yield f"{role}单位{known.name}已停用{follows}"
    if entry.lead in entry.assists:
        yield "主办单位又列为协办单位"


def _to_the_street(entry: CatalogueEntry, tree: UnitTree) -> Iterator[str]:
    unit = tree.get(entry.lead)
    to_street = entry.lead == STREET or (unit is not None and unit.level in GRASSROOTS)
    if to_street and DUTY_LIST not in entry.basis:
        yield f"主办为镇街或社区，依据须写明“{DUTY_LIST}”（国办函〔2025〕66号）"


def _overlaps(entries: Sequence[CatalogueEntry], day: date) -> Iterator[Finding]:
    """Entries of one category and territory that hold for the same text."""
    for index, entry in enumerate(entries):
        for other in entries[:index]:
            if set(entry.not_words) != set(other.not_words):
                continue
            if set(entry.words) == set(other.words):
                text = f"与目录 {other.code} 的类别、地区和条件完全相同，不知道该用哪一条"
                yield Finding(entry.code, text, True, day)
            elif shared := set(entry.words) & set(other.words):
                words = "、".join(sorted(shared))
                text = f"与目录 {other.code} 都写了“{words}”，只出现这个词时两条都适用"
                yield Finding(entry.code, text, False, day)


def _active(tree: UnitTree, code: str | None) -> bool:
    unit = tree.get(code)
    return unit is not None and unit.active
