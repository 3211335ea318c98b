"""Vectors are computed once and survive a restart; a damaged file costs time only."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from language.encoder import DIMENSIONS, Vectors
from language.remembered import RememberingEncoder

TEXTS = [f"第{n}句" for n in range(8)]


class Counting:
    """An encoder whose vectors tell the text's length, and which counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: list[str]) -> Vectors:
        self.asked += texts
        return np.array([[hash(t) % 97] * DIMENSIONS for t in texts], dtype=np.float32)


def test_a_second_start_computes_nothing_again(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    before = RememberingEncoder(first, tmp_path / "v.npz").encode(TEXTS)
    after = RememberingEncoder(second, tmp_path / "v.npz").encode([*TEXTS, "新的一句"])
    assert first.asked == TEXTS
    assert second.asked == ["新的一句"]
    assert np.array_equal(after[:-1], before)


def test_a_damaged_file_is_computed_anew(tmp_path: Path) -> None:
    file = tmp_path / "v.npz"
    RememberingEncoder(Counting(), file).encode(TEXTS)
    file.write_bytes(file.read_bytes()[:200])
    again = Counting()
    RememberingEncoder(again, file).encode(TEXTS)
    assert again.asked == TEXTS


def test_a_query_is_not_kept(tmp_path: Path) -> None:
    RememberingEncoder(Counting(), tmp_path / "v.npz").encode(["怎么办居住证"])
    assert not (tmp_path / "v.npz").exists()
