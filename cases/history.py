"""The history of a case: one line for each change, written with the change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case, CaseEvent, SubCase
from cases.states import Action
from cases.vocabulary import ActorKind, Audience
from core.identity import Actor


def record(
    session: AsyncSession,
    case: Case,
    action: Action,
    now: datetime,
    actor: Actor | ActorKind,
    *,
    before: str | None = None,
    part: SubCase | None = None,
    reason: str = "",
    audience: Audience = Audience.STAFF,
    data: dict[str, Any] | None = None,
    key: str | None = None,
) -> None:
    """Append one line. ``before`` and the present state are those of ``part``, else of the case."""
    staff = actor if isinstance(actor, Actor) else None
    session.add(
        CaseEvent(
            case_id=case.id,
            sub_case_id=part.id if part else None,
            key=key,
            at=now,
            actor_kind=ActorKind.STAFF if staff else actor,
            actor=staff.login if staff else None,
            actor_unit=staff.unit if staff else None,
            action=action,
            from_state=before,
            to_state=part.state if part else case.state,
            reason=reason,
            audience=audience,
            data=data or {},
        )
    )
