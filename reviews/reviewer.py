"""Who gave a review: known to those who call back, to a unit only when the citizen agreed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from cases.identity import person_of
from cases.masking import hide_person
from cases.models import Case
from core.identity import UNIT_ROLES, Actor, Role
from core.privacy import decrypt, mask_phones
from reviews.models import Review, ServiceRecord

# What a unit reads in place of the title of a case whose reviewer it may not know.
HIDDEN_CASE = "一件热线工单"
HIDDEN_NUMBER = "（编号不显示）"
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


async def words_for(
    session: AsyncSession, actor: Actor | None, review: Review
) -> Callable[[str], str]:
    """How the words of citizen and staff about ``review`` read to ``actor`` (None: to its unit).

    As they are for who knows whose review it is; else without the names of everybody who is known
    to be behind it, phone and identity numbers, and without the number of what it is about.
    """
    if review.named if actor is None else knows_who(actor, review):
        return lambda text: text
    people = [await person_of(session, review.case_id)] if review.case_id else []
    record = await session.get(ServiceRecord, review.service_record_id or 0)
    for kept in (review.reviewer, record.applicant if record else None):
        known = json.loads(decrypt(kept)) if kept else {}
        people += [(known.get("name"), known.get("phone")), (known.get("agent"), None)]

    case = await session.get(Case, review.case_id or 0)
    numbers = {case.number if case else "", record.project_no if record else ""} - {""}

    def hidden(text: str) -> str:
        for number in numbers:
            text = text.replace(number, HIDDEN_NUMBER)
        for name, phone in people:
            text = hide_person(text, name, phone, secret=True)
        return mask_phones(text)

    return hidden
