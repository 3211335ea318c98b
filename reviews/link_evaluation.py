"""How well linking did, against what is known. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """``precision``: of the links made by rules, how many are right. ``recall``: of the reviews
    without a right number that are about something, how many the rules tied to it; 0-1, None of
    nothing. Counts are of reviews that did not give a right number.
    """

    precision: float | None
    recall: float | None
    auto: int
    desk: int
    none: int


def figures(
    links: Mapping[str, tuple[str, str | None]],
    truth: Mapping[str, str | None],
    numbered: Collection[str] = (),
) -> Figures:
    """``links`` are link and number tied to, ``truth`` the right numbers, both by review.

    Those ``numbered`` rightly say nothing about the rules and are left out. A wrong number that was
    taken for right counts as a wrong link, a review that was refused as one not tied.
    """
    judged = {
        id: links.get(id, ("none", None)) for id in truth if id not in numbered or truth[id] is None
    }
    made = {id: number for id, (_, number) in judged.items() if number is not None}
    right = sum(truth[id] == number for id, number in made.items())
    wanted = sum(truth[id] is not None for id in judged)
    waiting = sum(link == "desk" for link, _ in judged.values())
    return Figures(
        right / len(made) if made else None,
        right / wanted if wanted else None,
        len(made),
        waiting,
        len(judged) - len(made) - waiting,
    )
