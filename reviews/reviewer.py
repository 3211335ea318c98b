"""Who gave a review: known to those who call back, to a unit only when the citizen agreed."""

from __future__ import annotations

import json
from dataclasses import dataclass

from core.identity import UNIT_ROLES, Actor, Role
from core.privacy import decrypt
from reviews.models import Review

# What a unit reads in place of the title of a case whose reviewer it may not know.
HIDDEN_CASE = "一件热线工单"
_CALLERS = frozenset({Role.CALLBACK_CLERK, Role.SUPERVISOR})


@dataclass(frozen=True)
class Reviewer:
    name: str
    phone: str


def knows_who(actor: Actor, review: Review) -> bool:
    """Whether ``actor`` may know whose review it is, and so the case or number that tells it.

    A unit reads what was said; who said it, only when the citizen agreed.
    """
    return actor.role not in UNIT_ROLES or review.named


def reviewer_of(actor: Actor, review: Review) -> Reviewer | None:
    """Name and phone as they were given; None for nobody known, or not to ``actor``."""
    may_know = actor.role in _CALLERS | UNIT_ROLES and knows_who(actor, review)
    if not may_know or review.reviewer is None:
        return None
    kept = json.loads(decrypt(review.reviewer))
    return Reviewer(kept.get("name") or "", kept.get("phone") or "")
