"""Closed cases that read like a new message, and where they ended: an index in the process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sparse
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

from routing.classify import clean
from routing.examples import Example

MOST = 20_000
"""Closed cases kept in the process, the latest first to stay."""
ALIKE = 0.35
"""Cosine of character pairs from which two cases count as similar."""
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Similar:
    """A closed case like the message; ``likeness`` 0–1."""

    case: Example
    likeness: float


class CaseIndex:
    """The closed cases of one moment. Immutable, safe to share; a change makes a new one."""

    def __init__(self, cases: Sequence[Example] = ()) -> None:
        self._cases = list(cases[-MOST:])
        # Hashed features need no vocabulary, so a new case fits in without reading all again.
        self._reader = HashingVectorizer(
            analyzer="char", ngram_range=(2, 2), n_features=2**18, alternate_sign=False, norm=None
        )
        self._counts: Any = self._read([case.text for case in self._cases])
        self._weigh()

    def __len__(self) -> int:
        return len(self._cases)

    def similar(self, text: str) -> list[Similar]:
        """The most similar closed cases, best first, at most ten."""
        message = clean(text)
        if not self._cases or len(message) < 2:
            return []
        likeness = (self._rows @ self._weights.transform(self._read([message])).T).toarray()[:, 0]
        best = np.argsort(-likeness, kind="stable")[:_SHOWN]
        return [
            Similar(self._cases[int(at)], float(likeness[at]))
            for at in best
            if likeness[at] >= ALIKE
        ]

    def changed(self, number: str, case: Example | None) -> CaseIndex:
        """The index with the case of that number replaced, added, or (None) without it."""
        kept = [at for at, known in enumerate(self._cases) if known.case_number != number]
        fresh = CaseIndex.__new__(CaseIndex)
        fresh._reader = self._reader
        fresh._cases = [self._cases[at] for at in kept]
        fresh._counts = self._counts[kept]
        if case is not None:
            fresh._cases.append(case)
            fresh._counts = sparse.vstack([fresh._counts, self._read([case.text])], format="csr")
        fresh._cases, fresh._counts = fresh._cases[-MOST:], fresh._counts[-MOST:]
        fresh._weigh()
        return fresh

    def _read(self, texts: Sequence[str]) -> Any:
        if not texts:
            return sparse.csr_matrix((0, self._reader.n_features))
        return self._reader.transform([clean(text) for text in texts])

    def _weigh(self) -> None:
        self._weights = TfidfTransformer(sublinear_tf=True)
        if self._cases:
            self._rows = self._weights.fit_transform(self._counts)
