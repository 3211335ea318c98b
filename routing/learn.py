"""A general classifier of texts: learns labels from rows of one or more text columns.

Three or four linear models look at the same words and characters in different ways; a last small
model weighs them by how they did on rows they had not seen, and so its probabilities mean what
they say. For topics of messages, departments of items, or whatever a labelled file holds.

Best published practice for Chinese messages with thousands of labelled rows: TF-IDF with linear
models beats sentence vectors; with few rows, likeness by sentence vectors adds most, so it takes
part up to `MEANING_UP_TO` rows.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import jieba  # type: ignore[import-untyped, unused-ignore]
import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.svm import LinearSVC

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64]
Rows: TypeAlias = Sequence[Sequence[str]]
Encoder: TypeAlias = Callable[[Sequence[str]], NDArray[np.float32]]
Matrix: TypeAlias = Any
"""A sparse matrix (texts, features)."""
Tick: TypeAlias = Callable[[], None]

jieba.setLogLevel(logging.WARNING)

INNER_FOLDS = 3
MEANING_UP_TO = 3000
"""Rows up to which sentence vectors take part: beyond, words say more and the solution is slow."""
_SEED = 0
# Pull of the last model's weights towards one weight for all labels: the more labels share the rows,
# the less each can say for itself.
_PULL = 0.005


def words(text: str) -> list[str]:
    """Words and pairs of neighbouring words."""
    cut: list[str] = jieba.lcut(text)
    return cut + [f"{left}_{right}" for left, right in pairwise(cut)]


@dataclass(frozen=True)
class Counts:
    """What a reader saw in n texts: how often each word, character sequence …, and vectors."""

    views: tuple[Matrix, ...]
    vectors: NDArray[np.float32] | None

    def __len__(self) -> int:
        return int(self.views[0].shape[0])

    def take(self, rows: Labels) -> Counts:
        """The same for some of the texts."""
        vectors = self.vectors[rows] if self.vectors is not None else None
        return Counts(tuple(view[rows] for view in self.views), vectors)


class Reader:
    """Turns rows into counts. The first of several columns is the title: it counts twice."""

    def __init__(self, rows: Rows, encoder: Encoder | None = None) -> None:
        """Collect the vocabulary of ``rows`` (each with the same number of columns)."""
        columns = len(rows[0])
        self._encoder = encoder
        fewest = 2 if len(rows) > MEANING_UP_TO else 1
        self._views: list[tuple[Callable[[Sequence[str]], str], Any]] = [
            (_all, CountVectorizer(analyzer=words, min_df=fewest, dtype=np.float32)),
            (_all, _characters(4, fewest + 1 if fewest > 1 else 1)),
        ]
        if columns > 1:
            self._views.append((_title, _characters(3, fewest)))
        for join, vectorizer in self._views:
            vectorizer.fit([join(row) for row in rows])

    def read(self, rows: Rows) -> Counts:
        """Counts of ``rows``; words never seen before do not count."""
        views = tuple(
            vectorizer.transform([join(row) for row in rows]) for join, vectorizer in self._views
        )
        vectors = self._encoder([" ".join(row) for row in rows]) if self._encoder else None
        return Counts(views, vectors)


class Model:
    """What was learnt from counts and labels 0 … classes-1."""

    def __init__(
        self, counts: Counts, labels: Labels, classes: int, tick: Tick = lambda: None
    ) -> None:
        """Learn. ``tick`` is called ``INNER_FOLDS`` + 1 times on the way.

        Each base model scores the rows it was not shown, the last model learns from that.
        """
        folds = list(split(labels, INNER_FOLDS))
        unseen: Floats | None = None
        for learnt, tested in folds:
            bases = _Bases(counts.take(learnt), labels[learnt], classes)
            scores = bases.score(counts.take(tested))
            if unseen is None:
                unseen = np.zeros((len(labels), classes, scores.shape[2]))
            unseen[tested] = scores
            tick()
        assert unseen is not None
        self._spread = unseen.std(axis=(0, 1)) + 1e-9
        self._weights, self._bias = _weigh(unseen / self._spread, labels)
        self._bases = _Bases(counts, labels, classes)
        tick()

    def probabilities(self, counts: Counts) -> Floats:
        """(texts, classes), rows add up to 1."""
        scores = self._bases.score(counts) / self._spread
        return _softmax(np.einsum("nkm,km->nk", scores, self._weights) + self._bias)


class TextClassifier:
    """A reader with a model and the labels' names."""

    def __init__(
        self,
        rows: Rows,
        labels: Sequence[str],
        encoder: Encoder | None = None,
        tick: Tick = lambda: None,
    ) -> None:
        """Learn from ``rows`` of texts and their ``labels``.

        Raises ValueError with fewer than two labels or rows than folds.
        """
        self.labels, numbers = number(labels)
        self._encoder = encoder if len(rows) <= MEANING_UP_TO else None
        self._reader = Reader(rows, self._encoder)
        self._model = Model(self._reader.read(rows), numbers, len(self.labels), tick)

    def probabilities(self, rows: Rows) -> Floats:
        """(rows, labels) in the order of ``labels``."""
        return self._model.probabilities(self._reader.read(rows))

    def save(self, path: Path) -> None:
        """Write to a file; sentence vectors come from the encoder given when it is read again."""
        path.parent.mkdir(parents=True, exist_ok=True)
        encoder, self._reader._encoder = self._reader._encoder, None
        needs_encoder, self._encoder = self._encoder is not None, None
        try:
            path.write_bytes(pickle.dumps((needs_encoder, self), pickle.HIGHEST_PROTOCOL))
        finally:
            self._encoder = self._reader._encoder = encoder

    @classmethod
    def open(cls, path: Path, encoder: Encoder | None = None) -> TextClassifier:
        """Read a file that ``save`` wrote; only ever open files of your own making.

        Raises OSError, or ValueError when it is no model or needs an encoder that is not there.
        """
        try:
            needs_encoder, model = pickle.loads(path.read_bytes())
        except (pickle.UnpicklingError, TypeError, EOFError, AttributeError, ImportError) as error:
            raise ValueError(f"不是分类模型文件：{path.name}") from error
        if not isinstance(model, cls):
            raise ValueError(f"不是分类模型文件：{path.name}")
        if needs_encoder:
            if encoder is None:
                raise ValueError("这个模型训练时用了句向量，当前环境没有安装")
            model._encoder = model._reader._encoder = encoder
        return model


def number(labels: Sequence[str]) -> tuple[list[str], Labels]:
    """The different labels, sorted, and each row's position among them.

    Raises ValueError when there is nothing to tell apart or too little to learn from.
    """
    names = sorted(set(labels))
    if len(names) < 2:
        raise ValueError("至少要有两个不同的标签")
    if len(labels) < 2 * INNER_FOLDS:
        raise ValueError(f"行数太少：{len(labels)} 行，至少要 {2 * INNER_FOLDS} 行")
    position = {name: at for at, name in enumerate(names)}
    return names, np.array([position[label] for label in labels])


def split(labels: Labels, folds: int, seed: int = _SEED) -> Iterator[tuple[Labels, Labels]]:
    """(learnt, tested) rows of each fold; every label spread as evenly as it goes."""
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    in_order = shuffled[np.argsort(labels[shuffled], kind="stable")]
    fold = np.empty(len(labels), dtype=np.int64)
    fold[in_order] = np.arange(len(labels)) % folds
    for here in range(folds):
        yield np.flatnonzero(fold != here), np.flatnonzero(fold == here)


class _Bases:
    """The base models on one set of rows."""

    def __init__(self, counts: Counts, labels: Labels, classes: int) -> None:
        self._classes = classes
        self._tfidf = [_Tfidf(view) for view in counts.views]
        views = [tfidf.apply(view) for tfidf, view in zip(self._tfidf, counts.views, strict=True)]
        self._few = len(labels) <= MEANING_UP_TO
        effort = 5.0 if self._few else 0.5
        text = sparse.hstack(views[:2], format="csr")
        self._linear = _Linear(self._with_title(views), labels, classes, effort)
        self._ratios = _Ratios(text, labels, classes, 1.0 if self._few else 0.1)
        self._title = _Linear(views[2], labels, classes, effort) if len(views) > 2 else None
        self._likeness: _Likeness | None = None
        if counts.vectors is not None:
            self._likeness = _Likeness(text, counts.vectors, labels, classes)

    def score(self, counts: Counts) -> Floats:
        """(texts, classes, models), on scales of their own."""
        views = [tfidf.apply(view) for tfidf, view in zip(self._tfidf, counts.views, strict=True)]
        text = sparse.hstack(views[:2], format="csr")
        scores = [self._linear.score(self._with_title(views)), self._ratios.score(text)]
        if self._title is not None:
            scores.append(self._title.score(views[2]))
        if self._likeness is not None and counts.vectors is not None:
            scores.append(self._likeness.score(text, counts.vectors))
        return np.stack(scores, axis=2)

    @staticmethod
    def _with_title(views: Sequence[Matrix]) -> Matrix:
        return sparse.hstack([*views[:2], *(0.5 * view for view in views[2:])], format="csr")


class _Tfidf:
    """Weights of one view: 1 + log of the count, rare features more, rows of length 1."""

    def __init__(self, counts: Matrix) -> None:
        texts = counts.shape[0]
        found = np.bincount(counts.indices, minlength=counts.shape[1])
        self._used = np.flatnonzero(found >= (1 if texts <= MEANING_UP_TO else 2))
        self._idf = (np.log((1 + texts) / (1 + found[self._used])) + 1).astype(np.float32)

    def apply(self, counts: Matrix) -> Matrix:
        weighted = counts[:, self._used].tocsr()
        weighted.data = (1 + np.log(weighted.data)) * self._idf[weighted.indices]
        lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        return sparse.diags(1 / np.maximum(lengths, 1e-9)).dot(weighted).tocsr()


class _Linear:
    """One linear support vector machine a label."""

    def __init__(self, texts: Matrix, labels: Labels, classes: int, effort: float) -> None:
        self._classes = classes
        # Balanced would favour rare labels more than their share of what comes in.
        self._machine = LinearSVC(C=effort, tol=1e-3).fit(texts, labels)

    def score(self, texts: Matrix) -> Floats:
        found = self._machine.decision_function(texts)
        if found.ndim == 1:
            found = np.stack([-found, found], axis=1)
        # A label of which this part held no row is as unlikely as any.
        scores = np.full((texts.shape[0], self._classes), found.min())
        scores[:, self._machine.classes_] = found
        return scores


class _Ratios:
    """NB-SVM: features weighed by how much more often they occur in a label than elsewhere.

    Wang and Manning, Baselines and Bigrams, 2012.
    """

    def __init__(self, texts: Matrix, labels: Labels, classes: int, effort: float) -> None:
        self._classes = classes
        total = np.bincount(texts.indices, minlength=texts.shape[1])
        self._lines: dict[int, tuple[Floats, float]] = {}
        for label in range(classes):
            own = labels == label
            if not own.any() or own.all():
                continue
            inside = np.bincount(texts[own].indices, minlength=texts.shape[1])
            share = (inside + 1) / (own.sum() + 1)
            ratio = np.log(share / ((total - inside + 1) / ((~own).sum() + 1)))
            machine = LinearSVC(C=effort, tol=1e-3).fit(_scaled(texts, ratio), own)
            self._lines[label] = machine.coef_[0] * ratio, float(machine.intercept_[0])

    def score(self, texts: Matrix) -> Floats:
        scores = np.full((texts.shape[0], self._classes), -1.0)
        for label, (line, constant) in self._lines.items():
            scores[:, label] = texts @ line + constant
        return scores


class _Likeness:
    """Kernel ridge regression on likeness in wording and meaning."""

    def __init__(
        self, texts: Matrix, vectors: NDArray[np.float32], labels: Labels, classes: int
    ) -> None:
        # What all texts share says nothing about their labels.
        self._middle = vectors.mean(axis=0)
        self._texts, self._vectors = texts, self._apart(vectors)
        likeness = self._to_learnt(texts, self._vectors)
        damped = likeness + 0.05 * np.eye(len(likeness))
        self._dual = np.linalg.solve(damped, np.eye(classes)[labels])

    def score(self, texts: Matrix, vectors: NDArray[np.float32]) -> Floats:
        return np.asarray(self._to_learnt(texts, self._apart(vectors)) @ self._dual)

    def _apart(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Vectors from the middle of what was learnt, of length 1."""
        moved = vectors - self._middle
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        return np.asarray(moved / np.maximum(lengths, 1e-9), dtype=np.float32)

    def _to_learnt(self, texts: Matrix, vectors: NDArray[np.float32]) -> Floats:
        wording = 0.5 * (texts @ self._texts.T).toarray()
        # Squared, the vectors tell near from far more sharply.
        meaning = np.clip(vectors @ self._vectors.T, 0, 1) ** 2
        return np.asarray(wording + meaning, dtype=np.float64)


def _weigh(scores: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """Weights (classes, models) and constants (classes,) with the least log-loss."""
    rows, classes, models = scores.shape
    right = np.eye(classes)[labels]
    pull = _PULL * classes**2 / rows
    shared = classes * models

    def loss(values: Floats) -> tuple[float, Floats]:
        common, own = values[:models], values[models : models + shared].reshape(classes, models)
        bias = values[models + shared :]
        likely = _softmax(np.einsum("nkm,km->nk", scores, common + own) + bias)
        wrong = (likely - right) / rows
        slope = np.einsum("nk,nkm->km", wrong, scores)
        cost = -np.log(likely[np.arange(rows), labels] + 1e-12).mean()
        cost += pull * float((own**2).sum() + (bias**2).sum())
        return float(cost), np.concatenate(
            [
                slope.sum(axis=0),
                (slope + 2 * pull * own).ravel(),
                wrong.sum(axis=0) + 2 * pull * bias,
            ]
        )

    start = np.concatenate([np.ones(models), np.zeros(shared + classes)])
    best = minimize(loss, start, jac=True, method="L-BFGS-B").x
    own = best[models : models + shared].reshape(classes, models)
    return best[:models] + own, best[models + shared :]


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _scaled(texts: Matrix, by: Floats) -> Matrix:
    scaled = texts.copy()
    scaled.data = scaled.data * by[scaled.indices]
    return scaled


def _characters(longest: int, fewest: int) -> CountVectorizer:
    return CountVectorizer(
        analyzer="char", ngram_range=(1, longest), min_df=fewest, dtype=np.float32
    )


def _all(row: Sequence[str]) -> str:
    return "\n".join((row[0], *row)) if len(row) > 1 else row[0]


def _title(row: Sequence[str]) -> str:
    return row[0]
