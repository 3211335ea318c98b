"""The vectors of documents, and what they say about a question. Pure.

Vectors of the everyday dictionary's official terms are made once, so that a question widened by them
costs no more than the question itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.e5 import Ranker
from language.encoder import Encoder, Vectors

Floats = NDArray[np.float64]
# The ranker's cost grows with the length; beyond this a question is cut to its core.
_SHORT = 30
_CORE = 48
_TERMS_FILE = Path(__file__).with_name("everyday.npz")


class DocumentVectors:
    """Vectors of texts by the encoder, of names also by the ranker, and of official terms by both."""

    def __init__(
        self,
        texts: Sequence[str],
        names: Sequence[str],
        terms: Sequence[str],
        encoder: Encoder,
        ranker: Ranker | None,
        previous: DocumentVectors | None,
    ) -> None:
        """``texts`` are all texts in order, ``names`` those of them that the ranker sees."""
        self._encoder = encoder
        self._ranker = ranker
        if previous is not None and (
            previous._encoder is not encoder or previous._ranker is not ranker
        ):
            previous = None
        self._known: dict[str, Vectors] = _encoded(
            texts, encoder, previous._known if previous else {}
        )
        self._rows = np.stack([self._known[text] for text in texts])
        self._terms: dict[str, Vectors] = (
            previous._terms if previous else _encoded(terms, encoder, {})
        )
        self._known_ranks: dict[str, Vectors] = {}
        self._term_ranks: dict[str, Vectors] = {}
        if ranker is not None:
            known = previous._known_ranks if previous else {}
            self._known_ranks = _encoded(names, ranker.texts, known)
            self._name_rows = np.stack([self._known_ranks[name] for name in names])
            self._term_ranks = (
                previous._term_ranks if previous else _encoded(terms, ranker.questions, stored())
            )
            self._common = np.stack(list(self._term_ranks.values()))

    def closeness(self, said: Sequence[str]) -> Floats:
        """Best cosine of any of ``said`` with every text."""
        vectors = self._encoder.encode(list(dict.fromkeys(said)))
        return np.asarray(_cosines(self._rows, vectors).max(axis=1))

    def meaning(
        self, plain: str, core: str, clauses: Sequence[str], official: Sequence[str]
    ) -> dict[str, Floats]:
        """For every text: cosines of the question, its clauses, its official words, and with both."""
        said = list(dict.fromkeys([plain, core, *clauses]))
        vectors = dict(zip(said, self._encoder.encode(said), strict=True))
        whole = _cosines(self._rows, np.stack([vectors[plain], vectors[core]])).max(axis=1)
        parts = whole
        if clauses:
            parts = _cosines(self._rows, np.stack([vectors[part] for part in clauses])).max(axis=1)
        terms = np.zeros(len(self._rows))
        both = _cosines(self._rows, vectors[core][None])[:, 0]
        if official:
            mean = _unit(np.mean([self._terms[term] for term in official], axis=0))
            terms = _cosines(self._rows, mean[None])[:, 0]
            both = _cosines(self._rows, _unit(vectors[core] + mean)[None])[:, 0]
        return {
            "meaning": whole,
            "meaning_clauses": parts,
            "meaning_official": terms,
            "meaning_both": both,
        }

    def ranks(self, plain: str, core: str, official: Sequence[str]) -> dict[str, Floats]:
        """For every name: the ranker's cosines with the question and with its official words.

        In standard deviations above the official terms at large: the ranker's scores lie close
        together, at another height for each question.
        """
        if self._ranker is None:
            return {}
        said = plain if len(plain) <= _SHORT else core[:_CORE]
        rank = self._standing(self._ranker.questions.encode([said])[0])
        terms = np.zeros(len(self._name_rows))
        if official:
            mean = np.mean([self._term_ranks[term] for term in official], axis=0)
            terms = self._standing(_unit(mean))
        return {"rank": rank, "rank_official": terms}

    def _standing(self, vector: Vectors) -> Floats:
        common = self._common @ vector
        found = _cosines(self._name_rows, vector[None])[:, 0]
        return np.asarray((found - common.mean()) / max(float(common.std()), 1e-6))


@cache
def stored() -> dict[str, Vectors]:
    """The ranker's vectors of official terms that come with the product: a minute less at first start.

    Terms that were added since are encoded when a process starts.
    """
    with np.load(_TERMS_FILE) as file:
        rows = file["rows"].astype(np.float32)
        terms = str(file["terms"]).split("\n")
    return dict(zip(terms, rows / np.linalg.norm(rows, axis=1, keepdims=True), strict=True))


def store(terms: Sequence[str], questions: Encoder) -> None:
    """Write what `stored` reads, a byte a number."""
    rows = questions.encode(list(terms))
    steps = np.round(rows / np.abs(rows).max(axis=1, keepdims=True) * 127).astype(np.int8)
    np.savez_compressed(_TERMS_FILE, rows=steps, terms=np.array("\n".join(terms)))


def _encoded(
    texts: Sequence[str], encoder: Encoder, known: dict[str, Vectors]
) -> dict[str, Vectors]:
    new = [text for text in dict.fromkeys(texts) if text not in known]
    fresh = dict(zip(new, encoder.encode(new), strict=True)) if new else {}
    return {text: known[text] if text in known else fresh[text] for text in texts}


def _cosines(rows: Vectors, vectors: Vectors) -> Floats:
    return np.asarray(rows @ vectors.T, dtype=np.float64)


def _unit(vector: Vectors) -> Vectors:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), dtype=np.float32)
