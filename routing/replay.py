"""Past cases under a changed catalogue: what would go elsewhere, and was that right. Pure.

Each case is matched by its category, words and place as they were recorded, on the same day
under both catalogues: the classifier has no part in it. Right is the unit that finally answered
(after mergers its successor).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from routing.catalogue import CatalogueEntry, Dispatch, Territory, match, settle
from units.tree import UnitTree

if TYPE_CHECKING:
    from routing.models import PastCase

Verdict = Literal["better", "worse", "neutral"]
VERDICT_NAMES: dict[Verdict, str] = {"better": "改对了", "worse": "改错了", "neutral": "对错不变"}


@dataclass(frozen=True, slots=True)
class Past:
    """A closed case; units by code."""

    case_number: str
    category: str
    text: str
    street: str | None
    district: str | None
    answered_by: str


@dataclass(frozen=True, slots=True)
class Change:
    """A case that would go elsewhere; ``before`` or ``after`` None: the dispatcher decides."""

    case_number: str
    category: str
    before: str | None
    after: str | None
    answered_by: str
    verdict: Verdict


@dataclass(slots=True)
class Counts:
    """Cases, how many would go elsewhere, and how many leads were or would be right."""

    n: int = 0
    changed: int = 0
    right_before: int = 0
    right_after: int = 0


@dataclass(frozen=True, slots=True)
class Replay:
    """``by_category`` holds the categories in which something changes."""

    total: Counts
    changes: list[Change]
    by_category: dict[str, Counts]

    def to_json(self) -> dict[str, Any]:
        """As `hotline routing replay --json` prints it."""
        return {
            **asdict(self.total),
            "changes": [asdict(change) for change in self.changes],
            "by_category": {code: asdict(counts) for code, counts in self.by_category.items()},
        }


def replay(
    cases: Sequence[Past],
    before: Iterable[CatalogueEntry],
    after: Iterable[CatalogueEntry],
    tree: UnitTree,
    on: date,
    tick: Callable[[], None] = lambda: None,
) -> Replay:
    """``before`` and ``after`` are all versions of each catalogue; ``tick`` is called per case."""
    old, new = _by_category(before), _by_category(after)
    touched = {code for code in old.keys() | new.keys() if old.get(code) != new.get(code)}
    total, changes = Counts(), []
    by_category: dict[str, Counts] = defaultdict(Counts)
    for case in cases:
        first = _lead(case, old, tree, on)
        second = _lead(case, new, tree, on) if case.category in touched else first
        answered = tree.current(case.answered_by)
        for counts in (total, by_category[case.category]):
            counts.n += 1
            counts.changed += first != second
            counts.right_before += first == answered
            counts.right_after += second == answered
        if first != second:
            verdict = _verdict(first, second, answered)
            changes.append(
                Change(case.case_number, case.category, first, second, answered, verdict)
            )
        tick()
    moved = {code: counts for code, counts in sorted(by_category.items()) if counts.changed}
    return Replay(total, changes, moved)


def as_past(row: PastCase) -> Past:
    """A stored case as `replay` takes it."""
    return Past(row.case_number, row.category or "", row.text, row.street, row.district, row.unit)


def _verdict(before: str | None, after: str | None, answered_by: str) -> Verdict:
    if after == answered_by:
        return "better"
    return "worse" if before == answered_by else "neutral"


def _lead(
    case: Past, entries: dict[str, list[CatalogueEntry]], tree: UnitTree, on: date
) -> str | None:
    place = Territory(case.district, case.street) if case.district else None
    lines = entries.get(case.category, [])
    found: Dispatch | None = match(lines, case.category, case.text, place, on, tree)
    return found.lead if found else None


def _by_category(versions: Iterable[CatalogueEntry]) -> dict[str, list[CatalogueEntry]]:
    sorted_out: dict[str, list[CatalogueEntry]] = defaultdict(list)
    for entry in settle(versions):
        sorted_out[entry.category].append(entry)
    return sorted_out
