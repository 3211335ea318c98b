"""The bridge from everyday to official wording: 不干了 → 注销, 娃 → 儿童.

The dictionary (everyday.yml) is general knowledge of how people and offices name things, by field of
administration. It knows no item of any city.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("everyday.yml")
_LITERAL = re.compile("[\u4e00-\u9fff]{2,6}")


class Everyday:
    """Everyday expressions (regular expressions) and the official words they stand for."""

    def __init__(self, rules: dict[str, str]) -> None:
        """``rules``: expression → official words, separated by spaces."""
        self._rules = [(re.compile(said), tuple(words.split())) for said, words in rules.items()]
        self.terms = tuple(dict.fromkeys(word for _, words in self._rules for word in words))
        plain = (part for said in rules for part in said.split("|"))
        self.said = frozenset(part for part in plain if _LITERAL.fullmatch(part))

    def official(self, text: str) -> tuple[str, ...]:
        """Official words for what ``text`` says, without those it uses itself, each once."""
        found: dict[str, None] = {}
        for said, words in self._rules:
            if said.search(text):
                found.update(dict.fromkeys(word for word in words if word not in text))
        return tuple(found)


@cache
def everyday() -> Everyday:
    """The dictionary that comes with the product."""
    by_field = yaml.safe_load(_FILE.read_text("utf-8"))
    return Everyday({str(k): str(v) for rules in by_field.values() for k, v in rules.items()})
