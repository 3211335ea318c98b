"""Finds the items a question is about: words, characters, names and meaning in one score.

Pure and in the process: built over a snapshot of published items. Whether an item may be answered
from is decided when the question comes, so that one that expired at midnight is gone at midnight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from kb.index import FEATURES, Evidence, Index
from kb.schemas import Faq, ItemRecord
from language.encoder import Encoder

# Learned from the sample city's own wordings by kb/tuning.py; test questions played no part.
_WITH_ENCODER = {
    "dense": 4.5192,
    "dense_name": 0.3538,
    "characters": 0.9011,
    "coverage": 3.4568,
    "fuzzy": 2.3595,
    "action": 0.5993,
}
_WITH_ENCODER_CONSTANT = -6.2734
_BY_WORDS = {
    "dense": 0.0,
    "dense_name": 0.0,
    "characters": 2.7681,
    "coverage": 3.9977,
    "fuzzy": 3.1054,
    "action": 0.6968,
}
_BY_WORDS_CONSTANT = -4.3268
_REASON_FROM = 0.5
_REASONS = {
    "dense": "意思与“{text}”相近",
    "fuzzy": "提到了事项名称或别名",
    "coverage": "用词在指南中出现",
    "action": "办理动作一致",
}


@dataclass(frozen=True)
class Hit:
    """An item that may answer the question; ``score`` (0–1) is the chance that it is meant."""

    item_code: str
    name: str
    unit: str
    score: float
    reasons: tuple[str, ...]
    closeness: float


class ItemSearch:
    """Search over one snapshot of published items."""

    def __init__(
        self,
        items: Sequence[ItemRecord],
        encoder: Encoder | None,
        previous: ItemSearch | None = None,
    ) -> None:
        """``previous`` is the search this one replaces; it spares work on what did not change."""
        self.items = tuple(items)
        self.index: Index = Index(self.items, encoder, previous.index if previous else None)
        weights = _BY_WORDS if encoder is None else _WITH_ENCODER
        self._weights = np.array([weights[name] for name in FEATURES])
        self._constant = _BY_WORDS_CONSTANT if encoder is None else _WITH_ENCODER_CONSTANT
        self._numbers = {item.code: number for number, item in enumerate(items)}
        self._from = np.array([item.valid_from.toordinal() for item in items], dtype=np.int64)
        self._to = np.array(
            [(item.valid_to or date.max).toordinal() for item in items], dtype=np.int64
        )

    def search(self, text: str, limit: int, today: date) -> list[Hit]:
        """The up to ``limit`` likeliest items valid on ``today``, best first."""
        if not self.items or limit < 1:
            return []
        evidence = self.index.evidence(text)
        if not evidence.features.any():
            return []
        logits = evidence.features @ self._weights + self._constant
        day = today.toordinal()
        logits[(self._from > day) | (self._to < day)] = -np.inf
        best = np.argsort(-logits, kind="stable")[:limit]
        return [
            self._hit(int(i), float(logits[i]), evidence) for i in best if np.isfinite(logits[i])
        ]

    def common_question(self, text: str, code: str) -> tuple[Faq, float] | None:
        """The item's common question when it is what ``text`` comes nearest to, and how near (0–1).

        Raises KeyError when there is no such item.
        """
        number = self._numbers[code]
        found, closeness = self.index.nearest(text, number)
        if found.kind != "faq":
            return None
        return next(faq for faq in self.items[number].faq if faq.q == found.text), closeness

    def _hit(self, number: int, logit: float, evidence: Evidence) -> Hit:
        item = self.items[number]
        nearest = int(evidence.nearest[number])
        text = self.index.texts[nearest]
        found = dict(zip(FEATURES, evidence.features[number], strict=True))
        return Hit(
            item_code=item.code,
            name=item.name,
            unit=item.unit,
            score=1 / (1 + math.exp(-logit)),
            reasons=tuple(
                reason.format(text=text.text)
                for name, reason in _REASONS.items()
                if found[name] >= _REASON_FROM
            ),
            closeness=float(evidence.closeness[nearest]),
        )
