"""From words and a place to the unit responsible, with reasons: a snapshot held by the process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from routing.catalogue import Candidate, CatalogueEntry, Territory, candidates
from routing.classify import Category, Classifier, Encoder
from routing.models import CategoryRow
from routing.repository import CatalogueRepository
from units.tree import UnitTree

# From this score on a unit is given the case without a dispatcher (0.6 was right about 95 times in
# 100 on examples left out in turn).
SAFE_SCORE = 0.6
# Categories weighed for a unit: those that agree on it add up.
_WEIGHED = 10


@dataclass(frozen=True)
class CategoryFacts:
    """What else is known of a category; ``path`` is its name with those above it."""

    code: str
    name: str
    path: str
    type_hint: str | None
    urgent: bool
    around_the_clock: bool


@dataclass(frozen=True)
class Topic:
    """The category of a text: ``score`` 0..1, reasons a clerk can read."""

    facts: CategoryFacts
    score: float
    reasons: list[str]


class Router:
    """Category tree, classifier and catalogue as of one moment. Immutable, safe to share."""

    def __init__(
        self,
        categories: dict[str, CategoryFacts],
        classifier: Classifier | None,
        entries: list[CatalogueEntry],
        tree: UnitTree,
    ) -> None:
        self.categories = categories
        self._classifier = classifier
        self._entries = entries
        self._tree = tree

    @classmethod
    async def load(
        cls, session: AsyncSession, tree: UnitTree, encoder: Encoder | None = None
    ) -> Router:
        """Read categories and catalogue and learn the categories' examples."""
        rows = list(await session.scalars(select(CategoryRow).order_by(CategoryRow.code)))
        names = {row.code: row for row in rows}
        facts = {
            row.code: CategoryFacts(
                row.code,
                row.name,
                _path(row, names),
                row.type_hint,
                row.urgent,
                row.around_the_clock,
            )
            for row in rows
        }
        learnt = [
            Category(row.code, row.name, tuple(row.cues), tuple(row.examples))
            for row in rows
            if not row.retired and (row.cues or row.examples)
        ]
        # Learning takes seconds; the loop goes on serving meanwhile.
        classifier = await asyncio.to_thread(Classifier, learnt, encoder) if learnt else None
        entries = await CatalogueRepository(session).entries()
        return cls(facts, classifier, entries, tree)

    def topic(self, text: str) -> Topic | None:
        """The likeliest category of ``text``; None when there is nothing to go by."""
        guesses = self._classifier.rank(text, 1) if self._classifier else []
        if not guesses:
            return None
        return Topic(self.categories[guesses[0].code], guesses[0].score, guesses[0].reasons)

    def recommend(self, text: str, place: Territory, on: date) -> list[Candidate]:
        """Units that may lead, best first, each with its catalogue entry, reasons and score 0..1."""
        if self._classifier is None:
            return []
        guesses = [(g.code, g.score) for g in self._classifier.rank(text, _WEIGHED)]
        found = candidates(self._entries, guesses, text, place, on, self._tree)
        return [candidate for candidate in found if self._tree.get(candidate.dispatch.lead)]


def _path(row: CategoryRow, rows: dict[str, CategoryRow]) -> str:
    names = [row.name]
    while row.parent and row.parent in rows:
        row = rows[row.parent]
        names.append(row.name)
    return "/".join(reversed(names))
