"""From words and a place to the unit responsible, with reasons: a snapshot held by the process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from routing.about import Conduct
from routing.catalogue import (
    DISTRICT,
    Candidate,
    CatalogueEntry,
    Territory,
    away_from,
    candidates,
    superior,
)
from routing.classify import Category, Classifier, Closed, Encoder, matters
from routing.examples import Example, find, latest
from routing.models import CategoryRow
from routing.repository import CatalogueRepository, CategoryRepository
from routing.similar import CaseIndex, Similar
from units.tree import UnitTree

# From this score on a unit is given the case without a dispatcher, where its category sets no
# threshold of its own. Set so that at most 3 in 100 are wrong (docs/measurements/routing.md).
SAFE_SCORE = 0.88
# The classifier is too modest: its 0.05 is right every second time, its 0.6 nine times in ten, on
# examples left out in turn and on messages of our own. This power makes of it what it is worth.
_MODESTY = 0.25
# Categories weighed for a unit: those that agree on it add up.
_WEIGHED = 10
# Closed cases that the classifier learns from beside the examples; all are looked through for
# similar ones, but learning from each would take minutes.
_LEARNT_CASES = 1000
# Similar cases count as much as the classifier once there are this many.
_ENOUGH_CASES = 5.0
_MOST_BY_CASES = 0.5
_CONDUCT_CATEGORY = "N01"
_NAMED_EARLY = 30


@dataclass(frozen=True)
class CategoryFacts:
    """What else is known of a category; ``path`` is its name with those above it."""

    code: str
    name: str
    path: str
    type_hint: str | None
    urgent: bool
    around_the_clock: bool
    auto_threshold: float | None = None
    """Score from which a case is dispatched by itself; None: `SAFE_SCORE`."""


@dataclass(frozen=True)
class Topic:
    """The category of a text: ``score`` 0..1, reasons a clerk can read."""

    facts: CategoryFacts
    score: float
    reasons: list[str]


class Router:
    """Category tree, classifier, catalogue and closed cases as of one moment.

    Immutable, safe to share.
    """

    def __init__(
        self,
        categories: dict[str, CategoryFacts],
        classifier: Classifier | None,
        entries: Sequence[CatalogueEntry],
        tree: UnitTree,
        cases: CaseIndex | None = None,
    ) -> None:
        self.categories = categories
        self._classifier = classifier
        self._entries = list(entries)
        self._tree = tree
        self._parents = {code: unit.parent for code, unit in tree.units.items()}
        self._cases = cases or CaseIndex()
        self._conduct = Conduct(tree)

    @classmethod
    def of(
        cls,
        rows: Sequence[CategoryRow],
        entries: Sequence[CatalogueEntry],
        tree: UnitTree,
        encoder: Encoder | None = None,
        closed: Sequence[Example] = (),
    ) -> Router:
        """Learn from categories and closed cases (the latest last). Takes seconds."""
        names = {row.code: row for row in rows}
        facts = {row.code: _facts(row, names) for row in rows}
        learnt = [
            Category(row.code, row.name, tuple(row.cues), tuple(row.examples))
            for row in rows
            if not row.retired and (row.cues or row.examples)
        ]
        judged = [Closed(c.text, c.category) for c in closed if c.category is not None]
        classifier = Classifier(learnt, encoder, judged[-_LEARNT_CASES:]) if learnt else None
        return cls(facts, classifier, entries, tree, CaseIndex(closed))

    @classmethod
    async def load(
        cls, session: AsyncSession, tree: UnitTree, encoder: Encoder | None = None
    ) -> Router:
        """Read categories, catalogue and closed cases, and learn from them."""
        rows = list(await CategoryRepository(session).rows())
        entries = await CatalogueRepository(session).entries()
        closed = await latest(session)
        # Learning takes seconds; the loop goes on serving meanwhile.
        return await asyncio.to_thread(cls.of, rows, entries, tree, encoder, closed)

    async def with_case(self, session: AsyncSession, number: str) -> Router:
        """The router after the closed case of that number was learnt, changed or forgotten.

        Only similar cases follow at once; the classifier learns at the next full load.
        """
        found = await find(session, number)
        cases = await asyncio.to_thread(self._cases.changed, number, found)
        return Router(self.categories, self._classifier, self._entries, self._tree, cases)

    def topic(self, text: str) -> Topic | None:
        """The likeliest category of ``text``; None when there is nothing to go by."""
        guesses = self._classifier.rank(text, 1) if self._classifier else []
        if not guesses:
            return None
        return Topic(self.categories[guesses[0].code], guesses[0].score, guesses[0].reasons)

    def similar(self, text: str) -> list[Similar]:
        """Closed cases that read like ``text``, best first."""
        return self._cases.similar(text)

    def recommend(self, text: str, place: Territory, on: date) -> list[Candidate]:
        """Units that may lead, best first: catalogue entry, reasons, score 0..1, and for the first
        whether it is given the case without a dispatcher.

        A matter about a unit or its staff goes to its superior and is never dispatched by itself.
        """
        if self._classifier is None:
            return []
        guesses = [(g.code, g.score) for g in self._classifier.rank(text, _WEIGHED)]
        found = candidates(self._entries, guesses, text, place, on, self._tree)
        found = [one for one in found if self._tree.get(one.dispatch.lead)]
        found = weigh_cases(calibrated(found), self.similar(text), place)
        about = self._conduct.complained_of(text, place)
        if about is not None and self._is_about(text, guesses):
            return self._to_superior(found, about)
        if not found:
            return []
        first = found[0]
        facts = self.categories.get(first.category)
        wanted = facts.auto_threshold if facts and facts.auto_threshold is not None else SAFE_SCORE
        sure = (
            first.score >= wanted
            # 100 % stands for never.
            and wanted < 1
            and about is None
            and not matters(text)
            and place_decides(first, self._entries, place, on)
        )
        return [replace(first, automatic=sure), *found[1:]]

    def complained_of(self, text: str, place: Territory, *, mentioned: bool = False) -> str | None:
        """Code of the unit whose conduct the matter is, None when it is about something else.

        With ``mentioned`` a complaint said on the way is enough: for reports (举报), which the unit
        must not see in any case.
        """
        about = self._conduct.complained_of(text, place, anywhere=mentioned)
        if about is None or self._classifier is None or mentioned:
            return about
        guesses = [(g.code, g.score) for g in self._classifier.rank(text, 1)]
        return about if self._is_about(text, guesses) else None

    def _is_about(self, text: str, guesses: Sequence[tuple[str, float]]) -> bool:
        """Whether the conduct is the matter and not only said on the way."""
        by_category = bool(guesses) and guesses[0][0].startswith(_CONDUCT_CATEGORY)
        early = self._conduct.complained_of(text[:_NAMED_EARLY], Territory()) is not None
        return by_category or early

    def _to_superior(self, found: Sequence[Candidate], about: str) -> list[Candidate]:
        """The candidates with the superior first, the unit itself and those below it nowhere."""
        above = superior(about, self._parents)
        turned: dict[str, Candidate] = {}
        for candidate in found:
            dispatch = away_from(candidate.dispatch, about, self._parents)
            if dispatch is None:
                return []
            turned.setdefault(dispatch.lead, replace(candidate, dispatch=dispatch))
        return [one for one in turned.values() if one.dispatch.lead == above]


def calibrated(found: Sequence[Candidate]) -> list[Candidate]:
    """Candidates with scores that say how often such a unit is right; at most 1 together."""
    if not found or found[0].score <= 0:
        return list(found)
    best = found[0].score ** _MODESTY
    rest = sum(candidate.score for candidate in found[1:])
    share = min(1.0, (1 - best) / rest) if rest else 0.0
    return [
        replace(found[0], score=best),
        *(replace(one, score=min(best, one.score * share)) for one in found[1:]),
    ]


def weigh_cases(
    found: Sequence[Candidate], similar: Sequence[Similar], place: Territory
) -> list[Candidate]:
    """Candidates with what became of similar cases taken into account, best first.

    A case of another district says nothing of this one's bureaus, so only cases of the same
    district or of city-wide units count. The more there are, up to half, the more they count.
    """
    counted = [
        one for one in similar if one.case.district == place.district or "." not in one.case.unit
    ]
    weight = sum(one.likeness for one in counted)
    if not weight:
        return list(found)
    trust = _MOST_BY_CASES * weight / (weight + _ENOUGH_CASES / 2)
    weighed = []
    for candidate in found:
        own = [one for one in counted if one.case.unit == candidate.dispatch.lead]
        share = sum(one.likeness for one in own) / weight
        score = (1 - trust) * candidate.score + trust * share
        dispatch = candidate.dispatch
        if own:
            entry, *rest = dispatch.reasons[0].split(" · ")
            line = " · ".join([entry, f"相似工单 {len(own)} 件", *rest])
            dispatch = replace(dispatch, reasons=[line, *dispatch.reasons[1:]])
        weighed.append(replace(candidate, score=min(1.0, score), dispatch=dispatch))
    return sorted(weighed, key=lambda candidate: -candidate.score)


def place_decides(
    candidate: Candidate, entries: Sequence[CatalogueEntry], place: Territory, on: date
) -> bool:
    """Whether what is known of the place leaves no doubt which unit leads."""
    lines = [e for e in entries if e.category == candidate.category and e.valid_on(on)]
    if place.district is None:
        chosen = next((e for e in lines if e.code == candidate.dispatch.entry), None)
        to_district = chosen is None or chosen.lead.startswith(DISTRICT)
        return not to_district and all(line.territory is None for line in lines)
    if place.street is None:
        inside = f"{place.district}."
        return not any((line.territory or "").startswith(inside) for line in lines)
    return True


def _facts(row: CategoryRow, rows: Mapping[str, CategoryRow]) -> CategoryFacts:
    return CategoryFacts(
        code=row.code,
        name=row.name,
        path=_path(row, rows),
        type_hint=row.type_hint,
        urgent=bool(row.urgent),
        around_the_clock=bool(row.around_the_clock),
        auto_threshold=row.auto_threshold,
    )


def _path(row: CategoryRow, rows: Mapping[str, CategoryRow]) -> str:
    names = [row.name]
    while row.parent and row.parent in rows:
        row = rows[row.parent]
        names.append(row.name)
    return "/".join(reversed(names))
