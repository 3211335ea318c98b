"""What one slip of the finger makes of a number. Pure."""

from __future__ import annotations

from collections.abc import Iterator

_DIGITS = "0123456789"


def one_off(number: str) -> set[str]:
    """Everything that one wrong, swapped, missing or extra digit turns into ``number``."""
    found = set(_typed(number))
    found.discard(number)
    return found


def wrong_digit(number: str) -> set[str]:
    """The same of a number whose length is known, such as a phone's."""
    return {other for other in one_off(number) if len(other) == len(number)}


def _typed(number: str) -> Iterator[str]:
    for i, here in enumerate(number):
        before, after = number[:i], number[i + 1 :]
        yield before + after
        if after:
            yield before + after[0] + here + after[1:]
        if here.isdecimal():
            for digit in _DIGITS:
                yield before + digit + after
    for i in range(len(number) + 1):
        for digit in _DIGITS:
            yield number[:i] + digit + number[i:]
