"""Sentence vectors remembered across starts, so that a restart does not compute them again."""

from __future__ import annotations

import hashlib
import os
import threading
import zipfile
from pathlib import Path

import numpy as np

from language.encoder import Encoder, Vectors

# Batches this small are queries; larger ones are what a start or an edit brings.
_QUERY = 4


class RememberingEncoder:
    """An encoder that keeps the vectors of batches in a file.

    The file belongs to one model: change its name with the model. A file that is damaged or gone
    costs time only. Safe to call from several threads.
    """

    def __init__(self, encoder: Encoder, file: Path) -> None:
        self._encoder = encoder
        self._file = file
        self._lock = threading.Lock()
        self._known = _read(file)

    def encode(self, texts: list[str]) -> Vectors:
        """One row of float32 for each of ``texts``, as many as the model has dimensions."""
        if len(texts) <= _QUERY:
            return self._encoder.encode(texts)
        keys = [hashlib.sha1(text.encode(), usedforsecurity=False).digest() for text in texts]
        with self._lock:
            missing = {k: t for k, t in zip(keys, texts, strict=True) if k not in self._known}
            if missing:
                fresh = self._encoder.encode(list(missing.values()))
                self._known.update(zip(missing, fresh, strict=True))
                _write(self._file, self._known)
            return np.stack([self._known[key] for key in keys])


def _read(file: Path) -> dict[bytes, Vectors]:
    try:
        with np.load(file) as stored:
            keys, rows = stored["keys"], stored["rows"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}
    if rows.ndim != 2 or len(rows) != len(keys):
        return {}
    return {key.tobytes(): row for key, row in zip(keys, rows, strict=True)}


def _write(file: Path, known: dict[bytes, Vectors]) -> None:
    keys = np.frombuffer(b"".join(known), dtype=np.uint8).reshape(len(known), -1)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    with fresh.open("wb") as out:
        np.savez(out, keys=keys, rows=np.stack(list(known.values())).astype(np.float32))
    fresh.replace(file)
