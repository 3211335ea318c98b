"""Finds the entries a question is about: words, characters, names and meaning in one score.

Pure and in the process: built over a snapshot of published entries. Whether an entry may be answered
from is decided when the question comes, so that one that expired at midnight is gone at midnight.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.documents import Document
from kb.index import FEATURES, Evidence, Floats, Index
from kb.schemas import Kind
from language.e5 import Ranker
from language.encoder import Encoder

_LEARNED = Path(__file__).with_name("learned.json")
DECISION = (
    "fused", "lead", "certainty", "known", "unknown", "meaning", "rank", "shared", "covered", "length",
)  # fmt: skip
_LONG = 40
_REASON_FROM = 0.5
_REASONS = {
    "wording_meaning": "意思与“{text}”相近",
    "fuzzy": "提到了事项名称或别名",
    "words_official": "“{official}”正是指南的说法",
    "known": "用词在指南中出现",
    "action": "办理动作一致",
}


@dataclass(frozen=True)
class Hit:
    """An entry that may answer the question; ``score`` (0–1) is the chance that it is meant.

    ``strength`` is the fused score behind it, which compares entries of different kinds.
    """

    code: str
    kind: Kind
    name: str
    unit: str
    score: float
    reasons: tuple[str, ...]
    closeness: float
    strength: float


@dataclass(frozen=True)
class Fusion:
    """Learned weights: of the features of an entry, and of what decides whether to answer at all."""

    weights: Floats
    decision: Floats
    constant: float


def fusion(encoder: bool, ranker: bool) -> Fusion:
    """The weights for what is installed, learned by kb/tuning.py."""
    return _fusions()["all" if encoder and ranker else "encoder" if encoder else "words"]


@cache
def _fusions() -> dict[str, Fusion]:
    learned = json.loads(_LEARNED.read_text("utf-8"))
    return {
        name: Fusion(
            np.array([found["weights"].get(feature, 0.0) for feature in FEATURES]),
            np.array([found["decision"].get(feature, 0.0) for feature in DECISION]),
            found["constant"],
        )
        for name, found in learned.items()
    }


def decision_features(evidence: Evidence, fused: Floats, best: int, names: Sequence[str]) -> Floats:
    """What tells, as `DECISION`, whether the best entry of a question answers it.

    ``fused`` are the entries' scores, -inf for those that do not count. The lead is over the best
    entry of another name: many entries of one name are no doubt about the matter.
    """
    features = dict(zip(FEATURES, evidence.features[best], strict=True))
    rivals = [float(fused[i]) for i in _first(fused, 12) if names[i] != names[best] and i != best]
    lead = float(fused[best]) - max((r for r in rivals if math.isfinite(r)), default=-math.inf)
    return np.array(
        [
            float(fused[best]),
            min(lead, 5.0),
            _certainty(fused, best, names),
            features["known"],
            evidence.asked.unknown,
            features["wording_meaning"],
            features["rank"],
            max(features["characters"], features["wording_characters"]),
            features["words_official"],
            min(len(evidence.asked.core), _LONG) / _LONG,
        ]
    )


def _certainty(fused: Floats, best: int, names: Sequence[str]) -> float:
    """Logarithm of the share of the best name among all entries."""
    chances = np.exp(fused - fused[best])
    same = sum(chances[i] for i in _first(fused, 12) if names[i] == names[best])
    return math.log(float(same) / float(chances.sum()))


def _first(values: Floats, count: int) -> NDArray[np.int64]:
    """Positions of the ``count`` largest values, largest first, earlier ones first among equals."""
    if len(values) > count:
        least = np.partition(values, -count)[-count]
        some = np.flatnonzero(values >= least)
    else:
        some = np.arange(len(values))
    return some[np.argsort(-values[some], kind="stable")][:count]


class EntrySearch:
    """Search over a fixed list of documents; ``previous`` makes a change of a few of them cheap."""

    def __init__(
        self,
        documents: Sequence[Document],
        encoder: Encoder | None = None,
        previous: EntrySearch | None = None,
        ranker: Ranker | None = None,
    ) -> None:
        """``encoder`` tells how near two texts are; ``ranker``, used only beside it, ranks names."""
        self.documents = tuple(documents)
        ranker = ranker if encoder is not None else None
        self.index: Index = Index(
            self.documents, encoder, ranker, previous.index if previous else None
        )
        self._fusion = fusion(encoder is not None, ranker is not None)
        self._numbers = {entry.code: number for number, entry in enumerate(self.documents)}
        self._names = [entry.name for entry in self.documents]
        self._kinds = np.array([entry.kind.value for entry in self.documents], dtype=object)
        self._from = np.array([entry.valid_from.toordinal() for entry in self.documents])
        self._to = np.array([(entry.valid_to or date.max).toordinal() for entry in self.documents])

    def search(
        self, text: str, limit: int, today: date, kinds: Collection[Kind] | None = None
    ) -> list[Hit]:
        """The up to ``limit`` likeliest entries valid on ``today``, best first; ``kinds``: only these."""
        evidence = self._evidence(text)
        return self._hits(evidence, limit, today, kinds) if evidence else []

    def by_kind(self, text: str, limit: int, today: date) -> dict[Kind, list[Hit]]:
        """The likeliest entries of every kind; a score is the chance among entries of that kind."""
        evidence = self._evidence(text)
        if evidence is None:
            return {}
        found = {kind: self._hits(evidence, limit, today, (kind,)) for kind in Kind}
        return {kind: hits for kind, hits in found.items() if hits}

    def _evidence(self, text: str) -> Evidence | None:
        """What speaks for every entry; None when nothing speaks for any."""
        evidence = self.index.evidence(text) if self.documents else None
        return evidence if evidence is not None and evidence.features.any() else None

    def _hits(
        self, evidence: Evidence, limit: int, today: date, kinds: Collection[Kind] | None
    ) -> list[Hit]:
        day = today.toordinal()
        counts = (self._from <= day) & (self._to >= day)
        if kinds is not None:
            counts &= np.isin(self._kinds, [kind.value for kind in kinds])
        if limit < 1 or not counts.any():
            return []
        fused = np.where(counts, evidence.features @ self._fusion.weights, -np.inf)
        order = [int(i) for i in _first(fused, limit) if counts[i]]
        chance = self._chance(evidence, fused, order[0])
        strongest = float(fused[order[0]])
        return [
            self._hit(i, chance * math.exp(float(fused[i]) - strongest), float(fused[i]), evidence)
            for i in order
        ]

    def common_question(self, text: str, code: str) -> tuple[str, float] | None:
        """The entry's common question when it is what ``text`` comes nearest to, and how near (0–1).

        Raises KeyError when there is no such entry.
        """
        found, closeness = self.index.nearest(text, self._numbers[code])
        return (found.text, closeness) if found.kind == "faq" else None

    def _chance(self, evidence: Evidence, fused: Floats, best: int) -> float:
        """The chance (0–1) that the best entry answers the question."""
        features = decision_features(evidence, fused, best, self._names)
        logit = float(features @ self._fusion.decision) + self._fusion.constant
        return 1 / (1 + math.exp(-max(min(logit, 30.0), -30.0)))

    def _hit(self, number: int, score: float, strength: float, evidence: Evidence) -> Hit:
        entry = self.documents[number]
        nearest = int(evidence.nearest[number])
        found: dict[str, Any] = dict(zip(FEATURES, evidence.features[number], strict=True))
        official = [
            term for term in evidence.asked.official if term in f"{entry.name} {entry.aliases}"
        ]
        if not official:
            found["words_official"] = 0.0
        told = {"text": self.index.texts[nearest].text, "official": "、".join(official)}
        return Hit(
            code=entry.code,
            kind=entry.kind,
            name=entry.name,
            unit=entry.unit,
            score=score,
            reasons=tuple(
                reason.format(**told)
                for name, reason in _REASONS.items()
                if found[name] >= _REASON_FROM
            ),
            closeness=float(evidence.closeness[nearest]),
            strength=strength,
        )
