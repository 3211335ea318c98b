"""Units for a matter that may lie in several places: on a boundary, or under a name used twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import chain

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

    A unit's score is the mean over the places. Only a unit that every place leads to is given the
    case without a dispatcher. ``reason`` (交界地点, 同名地点) is added for the clerk.
    """
    found: dict[str, Candidate] = {}
    rankings = [router.recommend(text, place, on) for place in places]
    for candidate in chain.from_iterable(rankings):
        lead, share = candidate.dispatch.lead, candidate.score / len(places)
        known = found.get(lead)
        found[lead] = (
            replace(known, score=known.score + share)
            if known
            else replace(candidate, score=share, automatic=False)
        )
    ranked = sorted(found.values(), key=lambda candidate: -candidate.score)
    firsts = {ranking[0].dispatch.lead for ranking in rankings if ranking}
    if ranked and len(firsts) == 1 and all(r and r[0].automatic for r in rankings):
        ranked[0] = replace(ranked[0], automatic=True)
    if len(places) < 2:
        return ranked
    where = "、".join(dict.fromkeys(place.name for place in places if place.name))
    said = f"{reason or '地点不能确定'}：{where}"
    return [
        replace(c, dispatch=replace(c.dispatch, reasons=[*c.dispatch.reasons, said]))
        for c in ranked
    ]
