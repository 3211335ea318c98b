"""What was heard for what was said: 公鸡金 → 公积金, 居主证 → 居住证.

Speech recognition and fast typing swap characters that sound alike. A stretch that sounds like a word
of the subject and is no word itself is taken for that word. Pure; pypinyin is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pypinyin import lazy_pinyin

_CHINESE = re.compile("[\u4e00-\u9fff]+")
_SHORTEST, _LONGEST = 2, 6
# Little words sound like everything; a stretch whose swapped character is one of them is left alone.
_LITTLE = frozenset(
    "我你他她它您地得了着过在是有没不想要看怎么什谁哪那这个就都也还和跟给把被让去来到上下里能可会该"
    "说问请吗呢吧啊呀人钱一二三四五六七八九十两几多少大小懂"
)


def syllables(text: str) -> list[str]:
    """Toneless syllables, one per sign; 前鼻音 and 后鼻音 (jin, jing) are taken for one.

    >>> syllables("公积金")
    ['gon', 'ji', 'jin']
    """
    # The stubs know only functions to a string; a list stands for several signs.
    one_by_one: Any = list
    said = lazy_pinyin(text, errors=one_by_one)
    return [re.sub("ng$", "n", sound) for sound in said]


class Homophones:
    """Corrects words by the sound of ``vocabulary``: word → how often it occurs there."""

    def __init__(self, vocabulary: Mapping[str, int], cut: Callable[[str], list[str]]) -> None:
        """``cut`` splits a Chinese text into words of the language, unknown stretches into signs."""
        self._cut = cut
        self._by_sound: dict[tuple[str, ...], list[str]] = {}
        for word in sorted(vocabulary, key=lambda word: (-vocabulary[word], word)):
            if _SHORTEST <= len(word) <= _LONGEST and _CHINESE.fullmatch(word):
                self._by_sound.setdefault(tuple(syllables(word)), []).append(word)

    def correct(self, text: str) -> str:
        """``text`` with what sounds like a word of the vocabulary written as that word."""
        return _CHINESE.sub(lambda found: self._corrected(found.group()), text)

    def _corrected(self, run: str) -> str:
        sounds = syllables(run)
        if len(sounds) != len(run):
            return run
        words = _inside_words(self._cut(run))
        settled = [False] * len(run)
        said = list(run)
        for length in range(min(_LONGEST, len(run)), _SHORTEST - 1, -1):
            for start in range(len(run) - length + 1):
                end = start + length
                alike = self._by_sound.get(tuple(sounds[start:end]))
                if alike is None or any(settled[start:end]):
                    continue
                heard = run[start:end]
                if heard in alike:
                    settled[start:end] = [True] * length
                elif self._is_slip(heard, alike[0], any(words[start:end])):
                    said[start:end] = alike[0]
                    settled[start:end] = [True] * length
        return "".join(said)

    def _is_slip(self, heard: str, word: str, has_words: bool) -> bool:
        if len(heard) == _SHORTEST and has_words:
            return False
        if len(self._cut(heard)) == 1:
            return False
        swapped = [sign for sign, meant in zip(heard, word, strict=True) if sign != meant]
        if any(sign in _LITTLE for sign in swapped):
            return False
        return len(heard) > 3 or len(swapped) <= len(heard) / 2


def _inside_words(words: list[str]) -> list[bool]:
    """For each sign whether it belongs to a word of several signs."""
    return [len(word) > 1 for word in words for _ in word]
