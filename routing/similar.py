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
        counts = self._read([case.text for case in self._cases])
        self._weights = TfidfTransformer(sublinear_tf=True)
        self._rows: Any = self._weights.fit_transform(counts) if self._cases else counts

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
        """The index with the case of that number replaced, added, or (None) without it.

        What a pair of characters is worth stays as it was learnt from all.
        """
        kept = [at for at, known in enumerate(self._cases) if known.case_number != number]
        if not self._cases or len(kept) + (case is not None) == 0:
            return CaseIndex([case] if case else [])
        fresh = CaseIndex.__new__(CaseIndex)
        fresh._reader, fresh._weights = self._reader, self._weights
        fresh._cases = [self._cases[at] for at in kept]
        fresh._rows = self._rows[kept]
        if case is not None:
            row = self._weights.transform(self._read([case.text]))
            fresh._cases.append(case)
            fresh._rows = sparse.vstack([fresh._rows, row], format="csr")
        fresh._cases, fresh._rows = fresh._cases[-MOST:], fresh._rows[-MOST:]
        return fresh

    def _read(self, texts: Sequence[str]) -> Any:
        if not texts:
            return sparse.csr_matrix((0, self._reader.n_features))
        return self._reader.transform([clean(text) for text in texts])
