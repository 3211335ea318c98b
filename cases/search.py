"""Finding cases by words: an index of short pieces of text, since Chinese has no blanks.

PostgreSQL's own dictionaries do not cut Chinese, so a text is indexed by overlapping pieces with
the place where each stands: two characters of Chinese, four of a number or Latin word. A search is
the pieces of its words standing next to one another, which is what "contains" means; it needs no
second look at the text. Whatever is neither letter nor digit is a gap, one like another; width and
case do not count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from sqlalchemy import ColumnElement, cast, false
from sqlalchemy.dialects.postgresql import TSQUERY

from cases.models import Case

# The furthest place that a tsvector can tell apart; words beyond it are found only one by one.
_LAST_PLACE = 16_383
_MAX_QUERY = 60
_RUN = re.compile(r"[0-9a-z]+|[^\W_0-9a-z]+|(?P<gap>[\W_])")
_ENDS = re.compile(r"^[\W_]+|[\W_]+$")
_MEETS = re.compile(r"[^\W_]")
_GAP = "_"


def index_text(*texts: str) -> str:
    """What `Case.search` holds for ``texts`` (number, title, detail, place), as a tsvector.

    No words reach across two texts.
    """
    whole = _plain("\n\n".join(texts))
    return " ".join(f"'{piece}':{min(place + 1, _LAST_PLACE)}" for piece, place in _pieces(whole))


def query_of(text: str) -> str | None:
    """``text`` as a tsquery; words between blanks must all be there, in any order.

    None when there is neither letter nor digit in it, so that nothing can be found by it.
    """
    terms = [_term(word) for word in _plain(text)[:_MAX_QUERY].split()]
    return " & ".join(f"({term})" for term in terms if term) or None


def matches(text: str) -> ColumnElement[bool]:
    """True for cases that contain ``text`` in number, title, detail or place; uses the index."""
    query = query_of(text)
    if query is None:
        return false()
    return Case.search.bool_op("@@")(cast(query, TSQUERY))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _term(word: str) -> str:
    """The pieces of ``word`` with the distances between them; empty without letter or digit."""
    query, before = "", 0
    for piece, place, whole in _wanted(_ENDS.sub("", word)):
        lexeme = f"'{piece}'" if whole else f"'{piece}':*"
        query = f"{query} <{place - before}> {lexeme}" if query else lexeme
        before = place
    return query


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    """The pieces of ``text`` and where they begin.

    A run also leaves its short ends, so that what begins with them is found by a prefix; where
    digits meet other characters (18号) the two that meet are a piece, which tells addresses apart.
    """
    end, last = -1, ""
    for run in _RUN.finditer(text):
        words, start = run[0], run.start()
        if run["gap"]:
            yield _GAP, start
            continue
        if start == end:
            yield last + words[0], start - 1
        size = _size(words)
        for at in range(len(words)):
            yield words[at : at + size], start + at
        end, last = run.end(), words[-1]


def _wanted(word: str) -> Iterator[tuple[str, int, bool]]:
    """The pieces that a text with ``word`` in it must have, where, and whether as they stand.

    Only the last run may go on in the text, so only a short piece there is a beginning.
    """
    end, last = -1, ""
    for run in _RUN.finditer(word):
        words, start = run[0], run.start()
        if run["gap"]:
            yield _GAP, start, True
            continue
        size, met = _size(words), start == end
        if met:
            yield last + words[0], start - 1, True
        end, last = run.end(), words[-1]
        goes_on, meets = end == len(word), _MEETS.match(word, end) is not None
        # A single character that meets others is in the pieces made of the two.
        if len(words) > 1 or not (met or meets):
            for at in range(max(len(words) - size + 1, 1)):
                piece = words[at : at + size]
                yield piece, start + at, len(piece) == size or not goes_on


def _size(words: str) -> int:
    return 4 if words[0].isascii() else 2
