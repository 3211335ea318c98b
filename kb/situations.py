"""Which of a guide's situations (分情形) a citizen's words name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from language.normalise import normalise

_LITTLE = re.compile(r"(?:的|时候?|情形|情况|需要|须|者|属于|应当|还|[\s,。;:、()（）])")
_SHORTEST = 2


def named(text: str, situations: Iterable[str]) -> frozenset[str]:
    """The ``situations`` whose words stand in ``text``; empty when it names none.

    A situation of several words joined by 或 or 、 is named by any of them.
    """
    said = _LITTLE.sub("", normalise(text))
    return frozenset(one for one in situations if any(word in said for word in _words(one)))


def _words(situation: str) -> list[str]:
    parts = re.split(r"或者?|、|/", normalise(situation))
    return [word for part in parts if len(word := _LITTLE.sub("", part)) >= _SHORTEST]
