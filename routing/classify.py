"""Which category a message belongs to: cues, wording and sentence meaning, without a database.

Two scores are added per category:
- cues: telling words of the category found in the text, rare and long ones counting more;
- learned: kernel ridge regression on the example sentences (and each category's name with its
  cues, and closed cases). Likeness of two texts is TF-IDF of characters and of words, and the
  squared cosine of their sentence vectors when an encoder is given. It solves in closed form.

A long message is judged whole and in pieces, so that the one clause that decides is not drowned
by the story around it. Of several matters in one message the first leads.
"""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import jieba  # type: ignore[import-untyped, unused-ignore]
import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import (  # type: ignore[import-untyped, unused-ignore]
    TfidfVectorizer,
)

Vectors: TypeAlias = NDArray[np.float32]
Encoder: TypeAlias = Callable[[Sequence[str]], Vectors]
"""Texts → array (n, dimensions), rows of length 1."""

jieba.setLogLevel(logging.WARNING)

# Set on our own examples, each left out in turn, not on labelled tests.
_CUES, _LEARNED = 0.35, 2.0
_RIDGE = 2.0
# A message longer than two pieces of this many characters is also judged piece by piece.
_PIECE, _MOST_PIECES = 40, 6
# The largest batch that an encoder takes for questions and not for something to keep.
_QUERY = 4
# What a closed case is worth beside an example written for the purpose.
_CASE_WEIGHT = 0.5

_LEADING_TAG = re.compile(r"^\s*(?:[（(【\[][^（()）【】\[\]]{1,10}[）)】\]]\s*)+")
_LONG_NUMBER = re.compile(r"\d[\d-]{5,}")
_FORMULAS = re.compile(
    r"(?:据)?(?:市民|群众|诉求人|来电人|反映人|该市民|当事人)(?:来电|致电|来信)?"
    r"(?:反映|表示|称|咨询|求助|投诉|举报)?[：:，,]?(?=\S)"
    r"|(?:现)?(?:希望|请|请求|恳请|望|要求)(?:政府|有关|相关|职能|主管)+(?:职能)?(?:部门|单位)"
    r"(?:尽快|及时|能够|能|可以|帮忙|前来|予以|给予|进行|介入|核实|处理|解决|协调|调查|查处|回复|答复"
    r"|督促|跟进|关注|落实|管管|管一管|并|和|、|一下)*"
    r"|要求给予合理解释|希望(?:尽快|早日)(?:处理|解决|回复)|（?市民方便接听部门电话）?"
    r"|(?:你好|您好|谢谢|麻烦了|辛苦了)[，,。！!]?"
)


_CLAUSE_END = re.compile(r"[，,。！!？?；;\n\s]+")
_SHORTEST_MATTER = 4
_NUMERALS = "一二三四五"
_COUNTING = (
    [rf"第{n}(?:[个件点条](?:事|是)?[，,：:]?|[，,：:、是])" for n in _NUMERALS],
    [rf"(?<![\d.])(?:{n}|{chr(0xFF10 + n)})\s?[、.．)）](?!\d)" for n in range(1, 6)],
    [rf"[{sign}]" for sign in "①②③④⑤"],
    [rf"(?<=[，,。；;：:\s]){n}是|^{n}是" for n in _NUMERALS],
)
_DENIED = ("不是", "并非", "不关", "不像", "不算")


def clean(text: str) -> str:
    """The message without what says nothing of the matter.

    Call-centre formulas, title tags, telephone and case numbers. Only the
    numbers go when nothing else is left.
    """
    message = _LONG_NUMBER.sub("", text).strip()
    stripped = _FORMULAS.sub("", _LEADING_TAG.sub("", message))
    stripped = stripped.strip(" \t\n，,。；;：:")
    return stripped or message


def pieces(message: str) -> list[str]:
    """A long message in pieces of whole clauses, at most `_MOST_PIECES`; none for a short one."""
    if len(message) <= 2 * _PIECE:
        return []
    found: list[str] = []
    for clause in _CLAUSE_END.split(message):
        if not clause:
            continue
        if found and len(found[-1]) + len(clause) <= _PIECE:
            found[-1] += "，" + clause
        else:
            found.append(clause)
    if len(found) <= _MOST_PIECES:
        return found
    # What it is about stands at the beginning, what is wanted at the end.
    half = _MOST_PIECES // 2
    return [*found[:half], *found[-half:]]


def matters(message: str) -> list[str]:
    """The matters that a message counts one by one; empty when it does not count.

    「第一个…第二个…」「1、…2、…」「一是…二是…」: the first is the main one.
    """
    for marks in _COUNTING:
        found = [mark for mark in (re.search(pattern, message) for pattern in marks) if mark]
        starts = [mark.start() for mark in found]
        if len(found) < 2 or starts != sorted(starts):
            continue
        ends = [*starts[1:], len(message)]
        parts = [
            message[mark.end() : end].strip(" ，,。；;、：:")
            for mark, end in zip(found, ends, strict=True)
        ]
        if len(parts[0]) >= _SHORTEST_MATTER and len(parts[1]) >= _SHORTEST_MATTER:
            return parts
    return []


@dataclass(frozen=True, slots=True)
class Category:
    """A category of level 3 as the classifier needs it."""

    code: str
    name: str
    cues: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Category:
        """From a row of the category file or table; missing cues and examples mean none."""
        return cls(
            code=str(row["code"]),
            name=str(row["name"]),
            cues=tuple(str(cue) for cue in row.get("cues") or ()),
            examples=tuple(str(example) for example in row.get("examples") or ()),
        )


@dataclass(frozen=True, slots=True)
class CategoryGuess:
    """score 0–1: about how likely the category is right; from 0.6 it may dispatch by itself."""

    code: str
    score: float
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed case to learn from: its text and the category it ended with."""

    text: str
    category: str


class Classifier:
    """Ranks the categories for a message. Immutable after construction, safe to share."""

    def __init__(
        self,
        categories: Sequence[Category],
        encoder: Encoder | None = None,
        closed: Sequence[Closed] = (),
    ) -> None:
        """Learn from the categories that have cues or examples (the others never win) and from
        closed cases of those.

        Raises ValueError when none is left. With an encoder, all examples are encoded once here.
        """
        self._categories = [c for c in categories if c.cues or c.examples]
        if not self._categories:
            raise ValueError("no category with cues or examples")
        self._encoder = encoder
        self._cue_weights = _cue_weights(self._categories)
        texts, owners = [], []
        for index, category in enumerate(self._categories):
            for text in (*category.examples, " ".join((category.name, *category.cues))):
                texts.append(text)
                owners.append(index)
        self._written = len(texts)
        position = {category.code: at for at, category in enumerate(self._categories)}
        for case in closed:
            if case.category in position:
                texts.append(clean(case.text))
                owners.append(position[case.category])
        self._texts = texts
        self._owners = np.array(owners)
        self._characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
        self._words = TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None, sublinear_tf=True)
        # Columns are texts, so that a message is compared with all of them in one product.
        self._by_characters = self._characters.fit_transform(texts).T.tocsr()
        self._by_words = self._words.fit_transform(texts).T.tocsr()
        self._vectors: Vectors | None = encoder(texts) if encoder else None
        trust = np.where(np.arange(len(texts)) < self._written, 1.0, _CASE_WEIGHT)
        self._system = self._likeness(texts) + np.diag(_RIDGE / trust)
        self._targets = np.eye(len(self._categories))[self._owners]
        self._dual = np.linalg.solve(self._system, self._targets)

    def rank(self, text: str, limit: int = 5) -> list[CategoryGuess]:
        """The likeliest categories, best first, at most `limit`; empty for an empty text."""
        message = clean(text)
        if not message:
            return []
        several = matters(message)
        message = several[0] if several else message
        parts = [message, *pieces(message)]
        likeness = self._likeness(parts)
        learned = likeness @ self._dual
        cues, hits = self._cue_scores(message)
        totals = _CUES * cues + _LEARNED * learned[0]
        if len(parts) > 1:
            inside = [self._cue_scores(part)[0] for part in parts[1:]]
            apart = _CUES * np.mean(inside, axis=0) + _LEARNED * learned[1:].mean(axis=0)
            totals = (totals + apart) / 2
        return self._guesses(totals, hits, likeness.max(axis=0), limit)

    def rank_left_out(self) -> Iterator[tuple[str, list[CategoryGuess]]]:
        """(true code, guesses) for each example sentence, judged as if it had not been learnt.

        For calibration. The cues still come from the same hand as the examples.
        """
        inverse = np.linalg.inv(self._system)
        learned = self._targets - self._dual / np.diag(inverse)[:, None]
        none = np.zeros(len(self._texts))
        for index in range(self._written):
            text, category = self._texts[index], self._categories[int(self._owners[index])]
            if text in category.examples:
                cues, hits = self._cue_scores(clean(text))
                totals = _CUES * cues + _LEARNED * learned[index]
                yield category.code, self._guesses(totals, hits, none, len(self._categories))

    def _cue_scores(self, message: str) -> tuple[NDArray[np.float64], list[list[str]]]:
        scores = np.zeros(len(self._categories))
        hits: list[list[str]] = []
        for index, category in enumerate(self._categories):
            found = [cue for cue in category.cues if cue in message and _said(cue, message)]
            # 垃圾桶 counts once, not again as 垃圾.
            found = [cue for cue in found if not any(cue != o and cue in o for o in found)]
            missed = 1.0
            for cue in found:
                missed *= 1.0 - self._cue_weights[cue]
            scores[index] = 1.0 - missed
            hits.append(found)
        return scores, hits

    def _likeness(self, texts: list[str]) -> NDArray[np.float64]:
        """(texts, learnt texts): up to 1 for wording, up to 2 with meaning."""
        characters = self._characters.transform(texts) @ self._by_characters
        words = self._words.transform(texts) @ self._by_words
        likeness = 0.5 * characters.toarray() + 0.5 * words.toarray()
        if self._encoder is not None and self._vectors is not None:
            # Squared, the cosines tell near from far more sharply.
            meaning = self._meaning(texts) if texts is not self._texts else self._vectors
            likeness = likeness + np.clip(meaning @ self._vectors.T, 0, 1) ** 2
        return np.asarray(likeness, dtype=np.float64)

    def _meaning(self, texts: list[str]) -> Vectors:
        assert self._encoder is not None
        # A larger batch would be remembered on disk, and a citizen's message is not for that.
        parts = [self._encoder(texts[at : at + _QUERY]) for at in range(0, len(texts), _QUERY)]
        return np.concatenate(parts)

    def _guesses(
        self,
        totals: NDArray[np.float64],
        hits: list[list[str]],
        likeness: NDArray[np.float64],
        limit: int,
    ) -> list[CategoryGuess]:
        confidence = _confidence(totals, self._encoder is not None)
        near = 0.7 if self._encoder else 0.25
        guesses = []
        for index in np.argsort(-totals, kind="stable")[:limit]:
            category = self._categories[int(index)]
            reasons = [f"类别 {category.name}"]
            if hits[index]:
                reasons.append("关键词 " + "、".join(hits[index][:4]))
            if likeness[self._owners == index].max() >= near:
                reasons.append("与该类示例诉求相近")
            guesses.append(CategoryGuess(category.code, float(confidence[index]), reasons))
        return guesses


def _said(cue: str, message: str) -> bool:
    """Whether the cue stands somewhere in the message without being denied (不是邻居)."""
    at = message.find(cue)
    while at >= 0:
        if not message[:at].endswith(_DENIED):
            return True
        at = message.find(cue, at + 1)
    return False


def _cue_weights(categories: Sequence[Category]) -> dict[str, float]:
    """Each cue's weight, 0–0.9: longer and owned by fewer categories is more telling."""
    owners: Counter[str] = Counter()
    everywhere = ["".join((*c.cues, *c.examples)) for c in categories]
    for cue in {cue for category in categories for cue in category.cues}:
        owners[cue] = sum(cue in text for text in everywhere)
    return {
        cue: min(0.9, (0.2 + 0.15 * min(len(cue), 4)) / math.sqrt(max(1, count)))
        for cue, count in owners.items()
    }


def _confidence(total: NDArray[np.float64], with_meaning: bool) -> NDArray[np.float64]:
    """Totals → rough probabilities: how far ahead of the rest, and how much evidence there is.

    Constants fitted on left-out examples (see tests/routing for what a score of 0.6 is worth).
    """
    sharpness, enough = (8.0, 0.45) if with_meaning else (10.0, 0.30)
    share = np.exp(sharpness * (total - total.max()))
    share = share / share.sum()
    evidence = 1.0 / (1.0 + np.exp(-14.0 * (total - enough)))
    return np.asarray(share * evidence)
