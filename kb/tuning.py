"""Learns how search weighs its features, from the items' own wordings.

Each citizen's question of an item is asked with that question itself left out, and once more with
the whole item left out, when the right answer is "not known". Test questions play no part.
Prints the numbers that stand in kb/search.py: `python -m kb.tuning city`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from kb.index import FEATURES, Floats, Index
from kb.loading import read_entries
from kb.schemas import ItemContent
from language.encoder import load_encoder

_RIVALS = 12
_PLACES = 4


def examples(index: Index) -> tuple[Floats, Floats, Floats]:
    """Features (n, features), labels (n,) and weights (n,) of question-item pairs."""
    rows, labels, weights = [], [], []
    for position, text in enumerate(index.texts):
        if text.kind not in ("question", "alias"):
            continue
        features = index.evidence(text.text, frozenset({position})).features
        rivals = np.argsort(-features[:, :-1].sum(axis=1))
        rivals = rivals[rivals != text.item][:_RIVALS]
        rows += [features[text.item], *features[rivals]]
        labels += [1.0, *[0.0] * len(rivals)]
        weights += [1.0, *[0.25] * len(rivals)]
    return np.array(rows), np.array(labels), np.array(weights)


def learn(index: Index) -> tuple[Floats, float]:
    """Weights of the features and the constant of the logistic fusion."""
    rows, labels, weights = examples(index)
    model = LogisticRegression(C=10.0, max_iter=1000).fit(rows, labels, sample_weight=weights)
    return model.coef_[0], float(model.intercept_[0])


def main() -> None:
    """Print the weights with and without the encoder."""
    items = [
        entry.content
        for entry in read_entries(Path(sys.argv[1]))[0]
        if isinstance(entry.content, ItemContent)
    ]
    for encoder in (load_encoder(), None):
        coefficients, constant = learn(Index(items, encoder))
        named = {
            name: round(float(value), _PLACES)
            for name, value in zip(FEATURES, coefficients, strict=True)
        }
        sys.stdout.write(
            f"{'with' if encoder else 'without'} encoder: {named}, {constant:.{_PLACES}f}\n"
        )


if __name__ == "__main__":
    main()
