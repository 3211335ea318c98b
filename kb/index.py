"""What a question and an item have in common, as numbers: the features that search fuses.

Pure: built once over a snapshot of items, then only read. Texts of an item are its name, other
names, citizens' questions and common questions; a feature takes the best of them.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jieba
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import TfidfVectorizer

from kb.aspects import matter
from kb.schemas import ItemContent
from language.encoder import Encoder, Vectors
from language.normalise import normalise

Floats = NDArray[np.float64]

FEATURES = ("dense", "dense_name", "characters", "coverage", "fuzzy", "action")
_LONGEST_QUERY = 300
_CLAUSE = re.compile(r"[,。!?;、\s]+")
_STOP = frozenset(
    """
    的 了 吗 呢 啊 呀 吧 是 在 我 你 他 她 它 我们 你们 要 想 有 和 与 或 及 就 都 也 还 个 这 那
    这个 那个 怎么 怎么办 什么 咋 咋办 如何 办理 办 可以 能 能不能 需要 请问 一下 没 没有 不 去 到
    给 把 被 让 多少 哪里 哪 几 啥 弄 得 会 对 从 上 下 里 说 知道 听说 自己 现在 已经
    """.split()  # noqa: SIM905
)
# What is to be done with the thing: 补办, 换证 and 首次 share all words but this one.
_ACTIONS = {
    "lost": r"丢|遗失|不见了|找不到|弄没|没了|被偷|被摸|挂失|补[办领发证]|损毁|毁坏|烂|坏了|泡",
    "renew": r"到期|过期|期满|失效|换领|换证|续|签注|延期|复审|换发",
    "first": r"首次|第一次|初次|新办|没办过|头一回|刚出生|新生|新开|设立|开办|新装|报装",
    "change": r"变更|改名|改成|换个名|更改|更名",
    "cancel": r"注销|销掉|不开了|不干了|关门|停业|报停|停掉|撤销",
    "transfer": r"过户|转移|转让|迁|转到|转学|转入|接续|投靠",
    "query": r"查询|查一?下|查查|看看我名下",
    "withdraw": r"提取|取出来|拿出来|取公积金",
    "borrow": r"贷款|借钱|借款",
    "report": r"投诉|举报|拖欠|欠薪|不给.{0,3}钱|不发工资",
}
_ACTION_RULES = {name: re.compile(rule) for name, rule in _ACTIONS.items()}
_FAQ_LEAD = 0.03
_NAME_KINDS = ("name", "alias")


@dataclass(frozen=True)
class IndexedText:
    """One text of one item; ``kind`` is name, alias, question or faq."""

    item: int
    kind: str
    text: str


@dataclass(frozen=True)
class Evidence:
    """Features of every item (rows) for one question, and the text that came nearest."""

    features: Floats
    nearest: NDArray[np.int64]
    closeness: Floats


class Index:
    """Words, characters and vectors of a fixed list of items."""

    def __init__(
        self,
        items: Sequence[ItemContent],
        encoder: Encoder | None,
        previous: Index | None = None,
    ) -> None:
        """``previous`` spares encoding again what it already knows."""
        self.items = tuple(items)
        self.encoder = encoder
        self.texts = [text for i, item in enumerate(items) for text in _texts_of(i, item)]
        self._owner = np.array([text.item for text in self.texts], dtype=np.int64)
        self._named = np.array([text.kind in _NAME_KINDS for text in self.texts], dtype=bool)
        self._plain = [normalise(text.text) for text in self.texts]
        self._names = [self._plain[i] for i in np.flatnonzero(self._named)]
        self._name_lengths = np.array([len(name) for name in self._names])
        self._actions = [_actions(" ".join([item.name, *item.aliases])) for item in items]
        self._words = _tokenizer(items)
        self._text_words = [frozenset(self._cut(text.text)) for text in self.texts]
        self._other_words = [frozenset(self._cut(_rest_of(item))) for item in items]
        self._known = [self._words_of(i, frozenset()) for i in range(len(items))]
        self._idf = _idf(self._known)
        self._vectors: Vectors | None = None
        if not self.texts:
            return
        self._by_character = TfidfVectorizer(
            analyzer="char", ngram_range=(1, 3), sublinear_tf=True, dtype=np.float32
        )
        self._character_rows = self._by_character.fit_transform(self._plain)
        if encoder is not None:
            self._vectors = self._encoded(encoder, previous)

    def _encoded(self, encoder: Encoder, previous: Index | None) -> Vectors:
        known: dict[str, Vectors] = {}
        if previous is not None and previous._vectors is not None:
            known = dict(zip(previous._plain, previous._vectors, strict=True))
        new = [text for text in dict.fromkeys(self._plain) if text not in known]
        if new:
            vectors = encoder.encode([matter(text) or text for text in new])
            known.update(zip(new, vectors, strict=True))
        return np.stack([known[text] for text in self._plain])

    def evidence(self, question: str, without: frozenset[int] = frozenset()) -> Evidence:
        """Features of every item for ``question``; ``without`` leaves out texts by position.

        Leaving out the text that a question was taken from makes it usable for learning.
        """
        count = len(self.items)
        plain = normalise(question)[:_LONGEST_QUERY]
        core = matter(plain) or plain
        if not self.texts or not plain:
            empty = np.zeros(count, dtype=np.float64)
            return Evidence(
                np.zeros((count, len(FEATURES))), np.zeros(count, dtype=np.int64), empty
            )
        mask = np.ones(len(self.texts), dtype=bool)
        mask[list(without)] = False
        characters = self._shared_characters(plain, core)
        dense = self._closeness(plain, core)
        closeness = characters if dense is None else dense
        if dense is None:
            dense = np.zeros(len(self.texts))
        features = np.column_stack(
            [
                self._best(dense, mask),
                self._best(dense, mask & self._named),
                self._best(characters, mask),
                self._coverage(plain, without),
                self._fuzzy(core, mask),
                self._action_agreement(plain),
            ]
        )
        nearest = np.zeros(count, dtype=np.int64)
        for position in np.argsort(np.where(mask, closeness, -1.0), kind="stable"):
            nearest[self._owner[position]] = position
        return Evidence(features, nearest, closeness)

    def nearest(self, question: str, item: int) -> tuple[IndexedText, float]:
        """The text of an item nearest to ``question``, and how near (0–1).

        A common question wins over citizens' wordings that are hardly nearer: it has an answer.
        """
        own = [i for i, text in enumerate(self.texts) if text.item == item]
        plain = normalise(question)[:_LONGEST_QUERY]
        core = matter(plain) or plain
        near = self._closeness(plain, core)
        if near is None:
            near = self._shared_characters(plain, core)
        best = max(own, key=lambda i: near[i] + _FAQ_LEAD * (self.texts[i].kind == "faq"))
        return self.texts[best], float(near[best])

    def _words_of(self, item: int, without: frozenset[int]) -> frozenset[str]:
        own = (i for i, text in enumerate(self.texts) if text.item == item and i not in without)
        return self._other_words[item].union(*(self._text_words[i] for i in own))

    def _cut(self, text: str) -> list[str]:
        words = self._words.lcut_for_search(normalise(text))
        return [word for word in words if word.strip() and word not in _STOP]

    def _shared_characters(self, plain: str, core: str) -> Floats:
        """Cosine (0–1) of weighted character groups with every text, of question or core."""
        said = self._by_character.transform([plain, core])
        return np.asarray((self._character_rows @ said.T).toarray().max(axis=1), dtype=np.float64)

    def _closeness(self, plain: str, core: str) -> Floats | None:
        """Best cosine of the whole question, its core and its telling clauses with every text."""
        if self.encoder is None or self._vectors is None:
            return None
        said = [plain, core]
        clauses = [clause for clause in _CLAUSE.split(core) if len(clause) >= 4]
        if len(plain) > 25 and len(clauses) > 1:
            said += sorted(clauses, key=self._weight, reverse=True)[:2]
        vectors = self.encoder.encode(list(dict.fromkeys(said)))
        return np.asarray((self._vectors @ vectors.T).max(axis=1), dtype=np.float64)

    def _weight(self, clause: str) -> float:
        return sum(self._idf.get(word, 0.0) for word in set(self._cut(clause)))

    def _best(self, values: Floats, mask: NDArray[np.bool_]) -> Floats:
        best = np.zeros(len(self.items), dtype=np.float64)
        np.maximum.at(best, self._owner[mask], values[mask])
        return best

    def _coverage(self, plain: str, without: frozenset[int]) -> Floats:
        """Share (0–1) of the question's words, by weight, that occur anywhere in an item."""
        unknown = max(self._idf.values(), default=1.0)
        weights = {word: self._idf.get(word, unknown) for word in set(self._cut(plain))}
        total = sum(weights.values())
        if not total:
            return np.zeros(len(self.items), dtype=np.float64)
        found = np.array(
            [sum(weights[word] for word in weights if word in known) for known in self._known]
        )
        for item in {self.texts[position].item for position in without}:
            known = self._words_of(item, without)
            found[item] = sum(weights[word] for word in weights if word in known)
        return np.asarray(found / total)

    def _fuzzy(self, core: str, mask: NDArray[np.bool_]) -> Floats:
        """How much of a name (0–1) stands in the question, spelling mistakes forgiven."""
        scorer = fuzz.ratio if len(core) < 3 else fuzz.partial_ratio
        shares = process.cdist([core], self._names, scorer=scorer)[0] / 100
        # A name of two or three characters is easily contained by chance.
        shares *= np.minimum(1.0, 0.7 + 0.05 * np.minimum(self._name_lengths, len(core)))
        spread = np.zeros(len(self.texts), dtype=np.float64)
        spread[self._named] = shares
        return self._best(spread, mask)

    def _action_agreement(self, plain: str) -> Floats:
        """1 where question and item want the same done, -1 where another thing, else 0."""
        wanted = _actions(plain)
        if not wanted:
            return np.zeros(len(self.items), dtype=np.float64)
        return np.array([1.0 if wanted & own else -1.0 if own else -0.3 for own in self._actions])


def _texts_of(number: int, item: ItemContent) -> list[IndexedText]:
    texts = [IndexedText(number, "name", item.name)]
    texts += [IndexedText(number, "alias", alias) for alias in item.aliases]
    texts += [IndexedText(number, "question", question) for question in item.questions]
    texts += [IndexedText(number, "faq", faq.q) for faq in item.faq]
    return texts


def _rest_of(item: ItemContent) -> str:
    """What else is written about an item and may hold a word of the question."""
    situations = [condition.when or "" for condition in item.conditions]
    return " ".join([item.summary, item.theme, item.result or "", *situations])


def without_action(text: str) -> str:
    """What a text is about, without what is to be done: 居民身份证到期换领 → 居民身份证."""
    for rule in _ACTION_RULES.values():
        text = rule.sub("", text)
    return text.strip("（）() 、，")


def has_action(text: str) -> bool:
    """Whether ``text`` says what is to be done: 丢了, 过户 …"""
    return bool(_actions(text))


def _actions(text: str) -> frozenset[str]:
    return frozenset(name for name, rule in _ACTION_RULES.items() if rule.search(text))


def _tokenizer(items: Sequence[ItemContent]) -> Any:
    """Jieba with the short names of items as words, so that 居住证 stays one."""
    jieba.setLogLevel(logging.WARNING)
    words = jieba.Tokenizer()
    words.initialize()
    for item in items:
        for name in (item.name, *item.aliases):
            if 2 <= len(name) <= 5:
                words.add_word(name)
    return words


def _idf(documents: list[frozenset[str]]) -> dict[str, float]:
    seen: dict[str, int] = {}
    for document in documents:
        for word in document:
            seen[word] = seen.get(word, 0) + 1
    return {word: math.log(1 + len(documents) / n) for word, n in seen.items()}
