"""Who gave a review: known to those who call back, to a unit only when the citizen agreed."""

from __future__ import annotations

import json
from dataclasses import dataclass

from core.identity import UNIT_ROLES, Actor, Role
from core.privacy import decrypt
from reviews.models import Review

_CALLERS = frozenset({Role.CALLBACK_CLERK, Role.SUPERVISOR})


@dataclass(frozen=True)
class Reviewer:
    name: str
    phone: str


def reviewer_of(actor: Actor, review: Review) -> Reviewer | None:
    """Name and phone as they were given; None for nobody known, or not to ``actor``."""
    may_know = actor.role in _CALLERS or (actor.role in UNIT_ROLES and review.named)
    if not may_know or review.reviewer is None:
        return None
    kept = json.loads(decrypt(review.reviewer))
    return Reviewer(kept.get("name") or "", kept.get("phone") or "")
