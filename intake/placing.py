"""Units for a matter that may lie in several places: on a boundary, or under a name used twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from routing.catalogue import Candidate, Territory
from routing.service import Router
from units.location import Located


def territories(located: Located | None) -> list[Territory]:
    """Every territory that a place may lie in; one that says nothing when there is no place."""
    if located is None:
        return [Territory()]
    return list(dict.fromkeys(Territory(c.district, c.street, c.label) for c in located.candidates))


def recommend(
    router: Router, text: str, places: Sequence[Territory], on: date, reason: str = ""
) -> list[Candidate]:
    """Units that may lead, best first, whichever of ``places`` it is.

    A unit's score is the mean over the places: where they lead to different units none is sure
    enough to be given the case without a dispatcher, where they agree nothing is lost. ``reason``
    (交界地点, 同名地点) is added for the clerk.
    """
    found: dict[str, Candidate] = {}
    for place in places:
        for candidate in router.recommend(text, place, on):
            lead, share = candidate.dispatch.lead, candidate.score / len(places)
            known = found.get(lead)
            found[lead] = (
                replace(known, score=known.score + share)
                if known
                else replace(candidate, score=share)
            )
    ranked = sorted(found.values(), key=lambda candidate: -candidate.score)
    if len(places) < 2:
        return ranked
    where = "、".join(dict.fromkeys(place.name for place in places if place.name))
    said = f"{reason or '地点不能确定'}：{where}"
    return [
        replace(c, dispatch=replace(c.dispatch, reasons=[*c.dispatch.reasons, said]))
        for c in ranked
    ]
