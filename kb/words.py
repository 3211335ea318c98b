"""Words of documents and questions: Jieba with the subject's own words, weighted by rarity. Pure."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import jieba
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kb.everyday import everyday
from language.homophones import Homophones

Floats = NDArray[np.float64]

_STOP = frozenset(
    """
    的 了 吗 呢 啊 呀 吧 是 在 我 你 他 她 它 我们 你们 要 想 有 和 与 或 及 就 都 也 还 个 这 那
    这个 那个 怎么 怎么办 什么 咋 咋办 如何 办理 办 可以 能 能不能 需要 请问 一下 没 没有 不 去 到
    给 把 被 让 多少 哪里 哪 几 啥 弄 得 会 对 从 上 下 里 说 知道 听说 自己 现在 已经
    """.split()  # noqa: SIM905
)
_SHORT_NAME = range(2, 6)
# An official word counts a little less than one the citizen used.
_OFFICIAL = 0.8
# Stands for what a name leaves out: one of a single common word is told by many a question.
_NAME_SLACK = 3.0


class Words:
    """The words of names, wordings and guides of a fixed list of documents."""

    def __init__(
        self,
        names: Sequence[str],
        wordings: Sequence[str],
        guides: Sequence[str],
        name_owner: NDArray[np.int64],
        wording_owner: NDArray[np.int64],
        previous: Words | None,
    ) -> None:
        """``guides`` has one text a document, the owners are numbers of documents.

        ``previous`` spares cutting again what it knows.
        """
        self._own_words = frozenset(name for name in names if len(name) in _SHORT_NAME)
        same = previous is not None and previous._own_words == self._own_words
        self._tokenizer: Any = (
            previous._tokenizer if same and previous else _tokenizer(self._own_words)
        )
        self._cuts: dict[str, frozenset[str]] = {}
        known = previous._cuts if same and previous else {}
        for text in (*names, *wordings, *guides):
            self._cuts[text] = known.get(text) or frozenset(self.cut(text))
        self._names = [self._cuts[text] for text in names]
        self._wordings = [self._cuts[text] for text in wordings]
        self._wording_owner = wording_owner
        self._guides = [set(self._cuts[text]) for text in guides]
        self._count = len(guides)
        self._name_weights = _weights(self._names)
        self._column = {word: number for number, word in enumerate(self._name_weights)}
        self._weight_row = np.array(list(self._name_weights.values()))
        self._has_word = _incidence(self._names, self._column)
        self._name_totals = self._has_word @ self._weight_row
        whole = [guide.copy() for guide in self._guides]
        for owner, words in zip(name_owner, self._names, strict=True):
            self._guides[owner] |= words
            whole[owner] |= words
        for owner, words in zip(wording_owner, self._wordings, strict=True):
            whole[owner] |= words
        self._any_weights = _weights(whole)
        self._any_column = {word: number for number, word in enumerate(self._any_weights)}
        self._in_guide = _incidence(self._guides, self._any_column)
        self._in_wording = _incidence(self._wordings, self._any_column)
        self._in_any = _incidence(whole, self._any_column)
        self._unseen = math.log(1 + max(self._count, 1))
        vocabulary = Counter(word for words in self._names for word in words)
        vocabulary.update(everyday().terms)
        vocabulary.update(everyday().said)
        self._homophones = Homophones(vocabulary, self._plain_cut)

    def cut(self, text: str) -> list[str]:
        """Telling words of ``text``, each once, long words also by their parts."""
        words = self._tokenizer.lcut_for_search(text)
        return [word for word in dict.fromkeys(words) if word not in _STOP and _has_letters(word)]

    def correct(self, text: str) -> str:
        """``text`` with homophones of the subject's words corrected."""
        return self._homophones.correct(text)

    def weight(self, text: str) -> float:
        """How much ``text`` tells, by its words."""
        return sum(self._any_weights.get(word, 0.0) for word in self.cut(text))

    def unknown(self, text: str) -> float:
        """Share (0–1) of the words of ``text``, by weight, that stand in no document."""
        weights = {word: self._any_weights.get(word) for word in self.cut(text)}
        total = sum(weight or self._unseen for weight in weights.values())
        missing = sum(self._unseen for weight in weights.values() if weight is None)
        return missing / total if total else 1.0

    def shares(self, core: str, official: Sequence[str]) -> dict[str, Floats]:
        """For every name: share (0–1) of the question's words in it, and of its own in the question,
        each also with the official words."""
        said = self.cut(core)
        own = np.zeros(len(self._column))
        total = 0.0
        for word in said:
            weight = self._name_weights.get(word)
            if weight is not None:
                own[self._column[word]] = weight
            total += weight or self._any_weights.get(word, self._unseen)
        wide = own.copy()
        for term in official:
            for word in self.cut(term):
                if word in self._column:
                    column = self._column[word]
                    wide[column] = max(wide[column], _OFFICIAL * self._name_weights[word])
        told, told_wide = self._has_word @ own, self._has_word @ wide
        return {
            "words": told / max(total, 1e-9),
            "words_official": told_wide / max(float(wide.sum()), 1e-9),
            "name_told": told / (self._name_totals + _NAME_SLACK),
            "name_told_official": told_wide / (self._name_totals + _NAME_SLACK),
        }

    def known(
        self, core: str, kept: NDArray[np.bool_], left_out: frozenset[int] = frozenset()
    ) -> Floats:
        """Share (0–1) of the question's words, by weight, that occur anywhere in a document.

        For the documents ``left_out`` only their ``kept`` wordings count.
        """
        said = np.zeros(len(self._any_column))
        total = 0.0
        for word in self.cut(core):
            weight = self._any_weights.get(word)
            if weight is not None:
                said[self._any_column[word]] = weight
            total += weight or self._unseen
        if not total:
            return np.zeros(self._count)
        found = self._in_any @ said
        for number in left_out:
            rows = np.flatnonzero((self._wording_owner == number) & kept)
            present = np.asarray(self._in_guide[[number]].toarray())[0]
            if len(rows):
                present = np.maximum(present, self._in_wording[rows].toarray().max(axis=0))
            found[number] = present @ said
        return np.asarray(found / total, dtype=np.float64)

    def _plain_cut(self, text: str) -> list[str]:
        return list(self._tokenizer.lcut(text, HMM=False))


@cache
def _language() -> Any:
    """Jieba's own dictionary, read once a process."""
    jieba.setLogLevel(logging.WARNING)
    words = jieba.Tokenizer()
    words.initialize()
    for term in everyday().terms:
        words.add_word(term)
    return words


def _tokenizer(own_words: Iterable[str]) -> Any:
    """Jieba with the short names of entries as words, so that 居住证 stays one."""
    language = _language()
    words = jieba.Tokenizer()
    words.FREQ = dict(language.FREQ)
    words.total = language.total
    words.initialized = True
    for word in own_words:
        words.add_word(word)
    return words


def _has_letters(word: str) -> bool:
    return any(sign.isalnum() for sign in word)


def _weights(documents: Sequence[Iterable[str]]) -> dict[str, float]:
    seen: Counter[str] = Counter()
    for document in documents:
        seen.update(document)
    return {word: math.log(1 + len(documents) / n) for word, n in seen.items()}


def _incidence(documents: Sequence[Iterable[str]], columns: dict[str, int]) -> Any:
    rows, places = [], []
    for row, words in enumerate(documents):
        for word in words:
            rows.append(row)
            places.append(columns[word])
    ones = np.ones(len(rows))
    return sparse.csr_matrix((ones, (rows, places)), shape=(len(documents), len(columns)))
