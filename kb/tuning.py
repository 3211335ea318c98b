"""Learns how search weighs its features, from questions that no test asks.

Three sources: (1) citizens' questions of the sample city's items, each asked with that question left
out; (2) the same questions over the items' bare names, among all public items; (3) our own questions
over the public items (tuning_questions.jsonl). (2) among public items and (3) need the public data.
Weights: conditional logit of the right entry among the likeliest others. Decision: logistic, with the
right entries taken away as examples of what cannot be answered.

Writes kb/learned.json: ``python -m kb.tuning city ITEMS.csv``.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from kb.documents import Document, document
from kb.everyday import everyday
from kb.index import BY_ENCODER, BY_RANKER, BY_WORDS, FEATURES, Evidence, Floats, Index
from kb.readers.own_yaml import read_entries
from kb.readers.sources import read_source
from kb.schemas import ItemContent
from kb.search import DECISION, decision_features
from kb.vectors import store
from language.e5 import Ranker, load_ranker
from language.encoder import Encoder, load_encoder

_HERE = Path(__file__).parent
_RIVALS = 150
_RIDGE = 1.0
_DIGITS = 4
# Wrongly found entries count less than unanswerable questions: they are doubtful, not hopeless.
_WRONG = 0.5
VARIANTS = {
    "all": (*BY_WORDS, *BY_ENCODER, *BY_RANKER),
    "encoder": (*BY_WORDS, *BY_ENCODER),
    "words": BY_WORDS,
}
_WITHOUT = {"all": (), "encoder": ("rank",), "words": ("rank", "meaning")}


@dataclass(frozen=True)
class Example:
    """A question, the numbers of the entries that answer it (none: unanswerable), and its weight."""

    evidence: Evidence
    right: frozenset[int]
    names: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class _Choice:
    """Standardised features of the candidates of one question, and which of them are right."""

    features: Floats
    right: NDArray[np.bool_]
    weight: float


def left_out_examples(index: Index) -> Iterator[Example]:
    """Every citizen's question of a document, asked without that question."""
    names = tuple(entry.name for entry in index.documents)
    for position, text in enumerate(index.texts):
        if text.kind == "question":
            evidence = index.evidence(text.text, frozenset({position}))
            yield Example(evidence, frozenset({text.document}), names)


def asked_examples(
    index: Index, questions: Sequence[tuple[str, frozenset[str]]], weight: float = 1.0
) -> Iterator[Example]:
    """Questions with the codes of the documents that answer them."""
    names = tuple(entry.name for entry in index.documents)
    for question, codes in questions:
        right = frozenset(i for i, entry in enumerate(index.documents) if entry.code in codes)
        yield Example(index.evidence(question), right, names, weight)


def learn_weights(examples: Sequence[Example], features: Sequence[str]) -> Floats:
    """Weights of all FEATURES (those not in ``features`` are 0) that put right entries first."""
    columns = [FEATURES.index(name) for name in features]
    answerable = [example for example in examples if example.right]
    # Only differences between the entries of one question count, so these set the scale.
    variances = [example.evidence.features[:, columns].var(axis=0) for example in answerable]
    spread = np.maximum(np.sqrt(np.mean(variances, axis=0)), 1e-6)
    choices = [_choice(example, columns, spread) for example in answerable]

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, slope = _RIDGE * float(weights @ weights), 2 * _RIDGE * weights
        for choice in choices:
            scores = choice.features @ weights
            chances = np.exp(scores - scores.max())
            chances /= chances.sum()
            right = chances[choice.right].sum() + 1e-12
            shares = np.where(choice.right, chances / right, 0.0)
            total -= choice.weight * math.log(right)
            slope = slope - choice.weight * (choice.features.T @ (shares - chances))
        return total, slope

    signs = [_against(name) for name in features]
    start = np.array([-0.1 if against else 0.3 for against in signs])
    bounds = [(None, 0.0) if against else (0.0, None) for against in signs]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    weights = np.zeros(len(FEATURES))
    weights[columns] = found.x / spread
    return weights


def _against(feature: str) -> bool:
    """Whether a feature speaks against an entry. Fixed, so that features that say nearly the same do
    not balance each other with opposite weights that hold for these examples only."""
    return feature.startswith(("unasked_", "field_")) or feature in ("action_missing", "unknown")


def _choice(example: Example, columns: list[int], spread: Floats) -> _Choice:
    features = example.evidence.features[:, columns] / spread
    right = np.array(sorted(example.right))
    rivals = np.argsort(-features.sum(axis=1))[:_RIVALS]
    some = np.union1d(rivals, right)
    return _Choice(features[some], np.isin(some, right), example.weight)


def learn_decision(
    examples: Sequence[Example], weights: Floats, without: Sequence[str]
) -> tuple[Floats, float]:
    """Weights of DECISION and a constant: the chance that the best entry answers the question."""
    rows, labels, counts = [], [], []
    for example in examples:
        fused = example.evidence.features @ weights
        best = int(fused.argmax())
        rows.append(decision_features(example.evidence, fused, best, example.names))
        labels.append(best in example.right)
        counts.append(example.weight * (_WRONG if example.right and not labels[-1] else 1.0))
        if example.right:
            gone = fused.copy()
            gone[list(example.right)] = -np.inf
            best = int(gone.argmax())
            rows.append(decision_features(example.evidence, gone, best, example.names))
            labels.append(False)
            counts.append(example.weight * 0.5)
    matrix = np.array(rows)
    matrix[:, [DECISION.index(name) for name in without]] = 0.0
    middle, spread = matrix.mean(axis=0), np.maximum(matrix.std(axis=0), 1e-6)
    found, constant = _logistic((matrix - middle) / spread, np.array(labels), np.array(counts))
    return found / spread, constant - float(found @ (middle / spread))


def _logistic(rows: Floats, labels: NDArray[np.bool_], counts: Floats) -> tuple[Floats, float]:
    """Weights and constant of a logistic model whose weights have the sign that DECISION means."""
    signs = np.where(labels, 1.0, -1.0)

    def loss(values: Floats) -> tuple[float, Floats]:
        margins = signs * (rows @ values[:-1] + values[-1])
        slopes = -counts * signs / (1 + np.exp(margins))
        ridge = np.append(values[:-1], 0.0)
        total = float((counts * np.logaddexp(0, -margins)).sum() + ridge @ ridge / 2)
        return total, np.append(rows.T @ slopes, slopes.sum()) + ridge

    bounds = [(None, 0.0) if _against(name) else (0.0, None) for name in DECISION]
    found = minimize(
        loss,
        np.zeros(len(DECISION) + 1),
        jac=True,
        method="L-BFGS-B",
        bounds=[*bounds, (None, None)],
    )
    return found.x[:-1], float(found.x[-1])


def own_questions() -> list[tuple[str, frozenset[str]]]:
    """Our questions over the public items with the codes of the right ones (none: unanswerable)."""
    lines = (_HERE / "tuning_questions.jsonl").read_text("utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return [(row["question"], frozenset(row["codes"])) for row in found]


def bare(entry: Document) -> Document:
    """The document by its name alone, with no wordings."""
    return replace(entry, aliases=(), questions=(), faq_questions=())


def all_examples(
    city: Sequence[Document],
    public: Sequence[Document],
    encoder: Encoder | None,
    ranker: Ranker | None,
) -> list[Example]:
    """The examples of all sources; without ``public`` only those of the sample city."""
    asked = [(question, frozenset({entry.code})) for entry in city for question in entry.questions]
    among = Index([*(bare(entry) for entry in city), *public], encoder, ranker)
    examples = [
        *left_out_examples(Index(city, encoder, ranker)),
        *asked_examples(among, asked, weight=0.3 if public else 1.0),
    ]
    if public:
        examples += asked_examples(Index(public, encoder, ranker), own_questions(), weight=3.0)
    return examples


def learned(examples: Sequence[Example]) -> dict[str, Any]:
    """What stands in learned.json: for each variant of encoders the weights and the decision."""
    found: dict[str, Any] = {}
    for name, features in VARIANTS.items():
        weights = learn_weights(examples, features)
        decision, constant = learn_decision(examples, weights, _WITHOUT[name])
        found[name] = {
            "weights": {f: round(float(weights[FEATURES.index(f)]), _DIGITS) for f in features},
            "decision": {
                f: round(float(w), _DIGITS)
                for f, w in zip(DECISION, decision, strict=True)
                if f not in _WITHOUT[name]
            },
            "constant": round(constant, _DIGITS),
        }
    return found


def main() -> None:
    """Learn and write the weights, and the vectors of the dictionary's terms."""
    entries = (entry.content for entry in read_entries(Path(sys.argv[1]))[0])
    city = [document(entry) for entry in entries if isinstance(entry, ItemContent)]
    public: list[Document] = []
    if len(sys.argv) > 2:
        read = read_source(Path(sys.argv[2]), mapping="guangdong")
        public = [document(entry.content) for entry in read.entries]
    encoder, ranker = load_encoder(), load_ranker(Path(sys.argv[3]) if len(sys.argv) > 3 else None)
    if ranker is not None:
        store(everyday().terms, ranker.questions)
    found = learned(all_examples(city, public, encoder, ranker))
    text = json.dumps(found, ensure_ascii=False, indent=1)
    (_HERE / "learned.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
