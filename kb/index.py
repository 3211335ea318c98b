"""What a question and an entry have in common, as numbers: the features that search fuses.

Pure: built once over a snapshot of documents, then only read. A feature of an entry is that of its
best text: its names (name and aliases) or its wordings (citizens' questions, common questions).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from kb.actions import EXTRA_COLUMNS, action_flags, field_flags
from kb.aspects import matter
from kb.documents import Document
from kb.everyday import everyday
from kb.vectors import DocumentVectors
from kb.words import Words
from language.e5 import Ranker
from language.encoder import Encoder
from language.normalise import normalise

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

BY_WORDS = (
    "words", "words_official", "name_told", "name_told_official", "characters",
    "characters_official", "only_official", "guide_official", "wording_characters", "fuzzy",
    "action", "action_missing", *EXTRA_COLUMNS, "field_unasked", "field_missing", "known",
)  # fmt: skip
BY_ENCODER = ("meaning", "meaning_clauses", "meaning_official", "meaning_both", "wording_meaning")
BY_RANKER = ("rank", "rank_official")
FEATURES = (*BY_WORDS, *BY_ENCODER, *BY_RANKER)

_LONGEST_QUERY = 300
_CLAUSE = re.compile(r"[,。!?;、\s]+")
_TELLING_CLAUSE = 4
_MOST_CLAUSES = 2
_FAQ_LEAD = 0.03
_NAMES = ("name", "alias")


@dataclass(frozen=True)
class IndexedText:
    """One text of one document; ``kind`` is name, alias, question or faq."""

    document: int
    kind: str
    text: str


@dataclass(frozen=True)
class Asked:
    """A question as search reads it.

    ``plain`` in one spelling and with homophones corrected, ``core`` without politeness and aspect,
    ``official`` the words that offices use for it, ``unknown`` the share (0–1, by weight) of its
    words that stand in no document at all.
    """

    plain: str
    core: str
    official: tuple[str, ...]
    clauses: tuple[str, ...]
    unknown: float


@dataclass(frozen=True)
class Evidence:
    """Features of every document (rows; columns as `FEATURES`) for one question."""

    asked: Asked
    features: Floats
    nearest: Positions
    closeness: Floats


class Index:
    """Words, characters and vectors of a fixed list of documents."""

    def __init__(
        self,
        documents: Sequence[Document],
        encoder: Encoder | None = None,
        ranker: Ranker | None = None,
        previous: Index | None = None,
    ) -> None:
        """``previous`` spares reading and encoding again what it already knows."""
        self.documents = tuple(documents)
        self.texts = [text for i, entry in enumerate(documents) for text in _texts_of(i, entry)]
        self.plain = [normalise(text.text) for text in self.texts]
        self.owner = np.array([text.document for text in self.texts], dtype=np.int64)
        named = np.array([text.kind in _NAMES for text in self.texts], dtype=bool)
        self._names = np.flatnonzero(named)
        self._wordings = np.flatnonzero(~named)
        if not self.texts:
            return
        self._name_texts = [self.plain[i] for i in self._names]
        self._name_lengths = np.array([len(name) for name in self._name_texts])
        guides = [
            normalise(f"{entry.name} {' '.join(entry.aliases)} {entry.rest}") for entry in documents
        ]
        self._words: Words = Words(
            self._name_texts,
            [self.plain[i] for i in self._wordings],
            guides,
            self.owner[self._names],
            self.owner[self._wordings],
            previous._words if previous is not None and previous.texts else None,
        )
        self._characters, self._character_rows = _character_rows(self.plain, (1, 3))
        self._guide_characters, self._guide_rows = _character_rows(guides, (1, 2))
        called = [" ".join([entry.name, *entry.aliases]) for entry in documents]
        self._actions = np.stack([action_flags(name) for name in called])
        self._fields = np.stack([field_flags([name]) for name in called])
        self.vectors: DocumentVectors | None = None
        if encoder is not None:
            self.vectors = DocumentVectors(
                self.plain,
                self._name_texts,
                everyday().terms,
                encoder,
                ranker,
                previous.vectors if previous is not None and previous.texts else None,
            )

    def asked(self, question: str) -> Asked:
        """``question`` as it is compared."""
        plain = self._words.correct(normalise(question)[:_LONGEST_QUERY])
        core = matter(plain) or plain
        parts = [part for part in _CLAUSE.split(core) if len(part) >= _TELLING_CLAUSE]
        if len(parts) > 1:
            parts = sorted(parts, key=self._words.weight, reverse=True)[:_MOST_CLAUSES]
        else:
            parts = []
        return Asked(
            plain, core, everyday().official(plain), tuple(parts), self._words.unknown(core)
        )

    def evidence(self, question: str, without: frozenset[int] = frozenset()) -> Evidence:
        """Features of every document for ``question``; ``without`` leaves out texts by position.

        Leaving out the text that a question was taken from makes it usable for learning.
        """
        count = len(self.documents)
        if not self.texts or not normalise(question):
            nothing = Asked("", "", (), (), 0.0)
            return Evidence(
                nothing,
                np.zeros((count, len(FEATURES))),
                np.zeros(count, dtype=np.int64),
                np.zeros(len(self.texts)),
            )
        asked = self.asked(question)
        kept = np.ones(len(self.texts), dtype=bool)
        kept[list(without)] = False
        found = {
            **self._by_words(asked, kept, without),
            **self._by_characters(asked, kept),
            **self._by_actions(asked),
            **self._by_meaning(asked, kept),
        }
        features = np.column_stack([found.get(name, np.zeros(count)) for name in FEATURES])
        closeness = self._closeness(asked)
        nearest = np.zeros(count, dtype=np.int64)
        order = np.argsort(np.where(kept, closeness, -1.0), kind="stable")
        nearest[self.owner[order]] = order
        return Evidence(asked, features, nearest, closeness)

    def nearest(self, question: str, number: int) -> tuple[IndexedText, float]:
        """The text of a document nearest to ``question``, and how near (0–1).

        A common question wins over citizens' wordings that are hardly nearer: it has an answer.
        """
        asked = self.asked(question)
        near = self._closeness(asked)
        # Meaning alone takes 被辞退 for 主动辞职.
        alike = near + self._shared_characters([asked.plain, asked.core]).max(axis=1)
        own = [i for i, text in enumerate(self.texts) if text.document == number]
        best = max(own, key=lambda i: alike[i] + _FAQ_LEAD * (self.texts[i].kind == "faq"))
        return self.texts[best], float(near[best])

    def _closeness(self, asked: Asked) -> Floats:
        if self.vectors is not None:
            return self.vectors.closeness((asked.plain, asked.core, *asked.clauses))
        return np.asarray(self._shared_characters([asked.plain, asked.core]).max(axis=1))

    def _shared_characters(self, said: list[str]) -> Floats:
        """Cosines (0–1) of weighted character groups: every text (rows), everything said."""
        return _dense(self._character_rows @ self._characters.transform(said).T)

    def _by_words(
        self, asked: Asked, kept: NDArray[np.bool_], without: frozenset[int]
    ) -> dict[str, Floats]:
        names = kept[self._names]
        shares = self._words.shares(asked.core, asked.official)
        left_out = frozenset(int(self.owner[position]) for position in without)
        return {
            **{name: self._best(rows, self._names, names) for name, rows in shares.items()},
            "known": self._words.known(asked.core, kept[self._wordings], left_out),
        }

    def _by_characters(self, asked: Asked, kept: NDArray[np.bool_]) -> dict[str, Floats]:
        official = " ".join(asked.official)
        both = f"{asked.core} {official}"
        rows = self._shared_characters([asked.core, asked.plain, both, official])
        said = np.maximum(rows[:, 0], rows[:, 1])
        names, wordings = kept[self._names], kept[self._wordings]
        guide = self._guide_rows @ self._guide_characters.transform([both]).T
        return {
            "characters": self._best(said[self._names], self._names, names),
            "characters_official": self._best(rows[self._names, 2], self._names, names),
            "only_official": self._best(rows[self._names, 3], self._names, names),
            "wording_characters": self._best(said[self._wordings], self._wordings, wordings),
            "guide_official": _dense(guide)[:, 0],
            "fuzzy": self._best(self._fuzzy(asked.core), self._names, names),
        }

    def _fuzzy(self, core: str) -> Floats:
        """How much of a name (0–1) stands in the question, spelling mistakes forgiven."""
        scorer = fuzz.ratio if len(core) < 3 else fuzz.partial_ratio
        shares = process.cdist([core], self._name_texts, scorer=scorer)[0] / 100
        # A name of two or three characters is easily contained by chance.
        least = np.minimum(self._name_lengths, len(core))
        return np.asarray(shares * np.minimum(1.0, 0.7 + 0.05 * least), dtype=np.float64)

    def _by_actions(self, asked: Asked) -> dict[str, Floats]:
        wanted = action_flags(asked.plain)
        said = max(float(wanted.sum()), 1.0)
        fields = field_flags([asked.plain, *asked.official])
        unasked = self._actions * (1 - wanted)
        return {
            "action": self._actions @ wanted / said,
            "action_missing": (1 - self._actions) @ wanted / said,
            **{name: unasked[:, columns].sum(axis=1) for name, columns in EXTRA_COLUMNS.items()},
            "field_unasked": self._fields @ (1 - fields),
            "field_missing": (1 - self._fields) @ fields,
        }

    def _by_meaning(self, asked: Asked, kept: NDArray[np.bool_]) -> dict[str, Floats]:
        if self.vectors is None:
            return {}
        names = kept[self._names]
        texts = self.vectors.meaning(asked.plain, asked.core, asked.clauses, asked.official)
        found = {
            name: self._best(rows[self._names], self._names, names) for name, rows in texts.items()
        }
        found["wording_meaning"] = np.maximum(
            found["meaning"],
            self._best(texts["meaning"][self._wordings], self._wordings, kept[self._wordings]),
        )
        ranks = self.vectors.ranks(asked.plain, asked.core, asked.official)
        found.update({name: self._best(rows, self._names, names) for name, rows in ranks.items()})
        return found

    def _best(self, values: Floats, texts: Positions, kept: NDArray[np.bool_]) -> Floats:
        best = np.full(len(self.documents), -np.inf)
        np.maximum.at(best, self.owner[texts[kept]], values[kept])
        return np.where(np.isfinite(best), best, 0.0)


def _texts_of(number: int, entry: Document) -> list[IndexedText]:
    return [
        IndexedText(number, "name", entry.name),
        *(IndexedText(number, "alias", alias) for alias in entry.aliases),
        *(IndexedText(number, "question", question) for question in entry.questions),
        *(IndexedText(number, "faq", question) for question in entry.faq_questions),
    ]


def _character_rows(texts: Sequence[str], lengths: tuple[int, int]) -> tuple[Any, Any]:
    by_character = TfidfVectorizer(
        analyzer="char", ngram_range=lengths, sublinear_tf=True, dtype=np.float32
    )
    return by_character, by_character.fit_transform([text or " " for text in texts])


def _dense(product: Any) -> Floats:
    return np.asarray(sparse.csr_matrix(product).toarray(), dtype=np.float64)
