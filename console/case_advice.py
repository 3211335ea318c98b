"""What helps to decide about a case: likely units with reasons, why it went where, similar cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fastapi import Request

from cases.states import Action
from cases.views import CaseView
from cases.vocabulary import ActorKind
from intake.placing import recommend, territories
from intake.service import Intake
from routing.catalogue import Candidate, Territory
from units.location import locate
from units.tree import UnitTree

_MOST_SUGGESTED = 3
_LEAST_SCORE = 0.02
# Each of these chooses the leading unit.
CHOOSING = frozenset({Action.DISPATCH, Action.DESIGNATE, Action.REASSIGN})


@dataclass(frozen=True)
class Suggestion:
    """A unit that may be the right one; ``percent`` is how sure the recommendation is (0-100)."""

    unit: str
    short: str
    percent: int
    entry: str
    reasons: str
    assists: str


def intake_of(request: Request) -> Intake:
    """Categories, catalogue and territory as they stand now."""
    found: Intake = request.app.state.city.intake
    return found


@dataclass(frozen=True)
class Basis:
    """Why a case went where it is, for staff; ``percent`` is how sure the line was (0-100), if it was."""

    title: str
    reasons: list[str]
    percent: int | None = None


def suggestions(intake: Intake, view: CaseView, on: date) -> list[Suggestion]:
    """Likely leading units for whoever chooses one, best first; not the one that has it.

    Of a place on a boundary, or whose name there is twice, both sides count.
    """
    if not CHOOSING & view.actions:
        return []
    places, reason = _places(intake, view)
    found = recommend(intake.router, intake.about(view.detail), places, on, reason)
    possible = [
        one
        for one in found
        if one.dispatch.lead != view.lead and not _is_about(intake.tree, view, one.dispatch.lead)
    ]
    # What is next to impossible only distracts.
    likely = [one for one in possible if one.score >= _LEAST_SCORE]
    return [_suggestion(intake.tree, one) for one in likely[:_MOST_SUGGESTED]]


def basis(view: CaseView) -> Basis:
    """Why the case is where it is: what a person chose last holds, else what the line judged when it
    was registered."""
    choices = [event for event in view.events if event.action in CHOOSING]
    chosen = max(choices, key=lambda event: event.at) if choices and view.lead else None
    if chosen is None or chosen.actor_kind is ActorKind.SYSTEM:
        title = "自动派单依据" if view.automatic else "登记时的判断"
        return Basis(title, _judged(view), _confidence(view))
    unit, candidates = chosen.data.get("unit"), view.routing.get("candidates", [])
    if chosen.reason or not candidates:
        return Basis("派单依据", [chosen.reason] if chosen.reason else [])
    if candidates[0].get("unit") == unit:
        return Basis("派单依据", _judged(view), _confidence(view))
    entries = [one.get("entry") for one in candidates if one.get("unit") == unit]
    return Basis("派单依据", [f"目录 {entry}" for entry in entries if entry])


def _judged(view: CaseView) -> list[str]:
    reasons = [str(reason) for reason in view.routing.get("reasons", [])]
    entry = view.routing.get("entry")
    if entry and not any(str(entry) in reason for reason in reasons):
        reasons.insert(0, f"目录 {entry}")
    return reasons


def _confidence(view: CaseView) -> int | None:
    score = view.routing.get("score")
    if not isinstance(score, int | float) or score < _LEAST_SCORE:
        return None
    return round(100 * min(score, 1.0))


def _places(intake: Intake, view: CaseView) -> tuple[Sequence[Territory], str]:
    if view.street is None and view.place_text:
        located = locate(intake.gazetteer, view.place_text)
        if located is not None and len(located.candidates) > 1:
            return territories(located), located.reason
    codes = [code for code in (view.district, view.street) if code]
    name = "".join(intake.tree.short(code).removesuffix("政府") for code in codes)
    return [Territory(view.district, view.street, name)], ""


def _is_about(tree: UnitTree, view: CaseView, unit: str) -> bool:
    return view.about_unit is not None and unit in tree.below(view.about_unit)


def _suggestion(tree: UnitTree, one: Candidate) -> Suggestion:
    return Suggestion(
        tree.name(one.dispatch.lead),
        tree.short(one.dispatch.lead),
        round(100 * min(one.score, 1.0)),
        one.dispatch.entry,
        " · ".join(one.dispatch.reasons),
        "、".join(tree.short(code) for code in one.dispatch.assists),
    )
