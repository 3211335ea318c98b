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
_GAP = "_"


def index_text(*texts: str) -> str:
    """What `Case.search` holds for ``texts`` (number, title, detail, place), as a tsvector.

    No words reach across two texts.
    """
    whole = _plain("\n\n".join(texts))
    return " ".join(
        f"'{piece}':{min(place + 1, _LAST_PLACE)}" for piece, place in _pieces(whole, every=True)
    )


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
    for piece, place in _pieces(_ENDS.sub("", word), every=False):
        short = piece != _GAP and len(piece) < _size(piece)
        lexeme = f"'{piece}':*" if short else f"'{piece}'"
        query = f"{query} <{place - before}> {lexeme}" if query else lexeme
        before = place
    return query


def _pieces(text: str, *, every: bool) -> Iterator[tuple[str, int]]:
    """Pieces of the runs in ``text`` and where they begin.

    With ``every`` also the short ones at the end of a run: what begins with them is then found by
    a prefix. Without, only full ones, or the run itself when it is shorter than a piece.
    """
    for run in _RUN.finditer(text):
        if run["gap"]:
            yield _GAP, run.start()
            continue
        words, size = run[0], _size(run[0])
        last = len(words) if every else max(len(words) - size + 1, 1)
        for at in range(last):
            yield words[at : at + size], run.start() + at


def _size(words: str) -> int:
    return 4 if words[0].isascii() else 2
