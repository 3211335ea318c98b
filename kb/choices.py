"""Values of quick replies that lead to an entry: ``<kind>:<code>:<aspects>``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kb.schemas import Kind

OVERVIEW = "overview"
_KINDS = frozenset({Kind.ITEM, Kind.POLICY, Kind.LIFE_EVENT})
_LONGEST_TITLE = 60


@dataclass(frozen=True)
class Choice:
    """What a quick reply asks: an entry, and the names of the aspects wanted (none: all)."""

    kind: Kind
    code: str
    aspects: tuple[str, ...] = ()


def choice_value(code: str, aspects: Sequence[str], kind: Kind = Kind.ITEM) -> str:
    """The value of a quick reply: ``item:<code>:<aspect>``, several aspects joined by ``+``."""
    return f"{kind.value}:{code}:{'+'.join(aspects) or OVERVIEW}"


def read_choice_value(value: str) -> Choice | None:
    """What a quick reply's value asks, or None when it is none of ours."""
    kind, *rest = value.split(":")
    if kind not in _KINDS or len(rest) not in (1, 2) or not rest[0]:
        return None
    aspects = tuple(rest[1].split("+")) if len(rest) == 2 else ()
    return Choice(Kind(kind), rest[0], aspects)


def title_of(name: str) -> str:
    """``name`` as the title of a quick reply, shortened if it is too long for one."""
    return name if len(name) <= _LONGEST_TITLE else name[: _LONGEST_TITLE - 1] + "…"
