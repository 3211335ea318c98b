"""Closed cases written straight into the tables, each fact chosen by hand."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Approval, Callback, Case, CaseClock, Contact, SubCase
from core.calendar import LOCAL

_numbers = itertools.count(1)
AUGUST_5 = datetime(2026, 8, 5, 10, 0, tzinfo=LOCAL)


@dataclass(frozen=True)
class Made:
    """A case as `closed` made it: any column of `Case`, and the facts beside it.

    ``contact`` and ``handle`` are states of clocks; ``days`` are promised and actual days.
    """

    unit: str = "urban"
    delegate: str | None = None
    at: datetime = AUGUST_5
    contact: str | None = "met"
    handle: str | None = "met"
    days: tuple[float, float] = (5, 2)
    call: str | None = "done"
    solved: str | None = "yes"
    satisfied: str | None = "satisfied"
    exclusion: tuple[str, str] | None = None


async def closed(session: AsyncSession, made: Made = Made(), **columns: Any) -> Case:
    """One closed case. ``exclusion`` is the kind and state of an approval."""
    number = f"2608{next(_numbers):09}"
    begun = made.at - timedelta(days=made.days[1])
    contact = Contact(source="phone", started_at=begun, outcome="transferred", ended_at=begun)
    session.add(contact)
    await session.flush()
    given: dict[str, Any] = {
        "number": number,
        "key": number,
        "contact_id": contact.id,
        "type": "complaint",
        "category": "A0312",
        "title": "望湖路路灯不亮",
        "detail": "望湖路8号门口的路灯坏了",
        "urgency": "normal",
        "state": "closed",
        "source": "phone",
        "due_at": begun + timedelta(days=made.days[0]),
        "created_at": begun,
        "told_at": made.at,
        "closed_at": made.at,
        "first_unit": made.unit,
        "dispatches": 1,
        "round": 1,
    }
    case = Case(**(given | columns))
    session.add(case)
    await session.flush()
    lead = await _part(session, case, made, made.unit, "lead")
    if made.delegate:
        await _part(session, case, made, made.delegate, "delegate", lead)
    for kind, state in (("contact", made.contact), ("handle", made.handle)):
        if state:
            session.add(_clock(case, lead, kind, state, begun, made))
    if made.call:
        session.add(_call(case, made))
    if made.exclusion:
        kind, state = made.exclusion
        decided = state != "pending"
        session.add(
            Approval(
                case_id=case.id,
                sub_case_id=lead.id,
                kind=kind,
                state=state,
                unit=made.unit,
                asked_by="urban.leader",
                asked_at=made.at,
                reason="=诉求超出政策",
                basis="市政府令",
                decided_by="supervisor" if decided else None,
                decided_at=made.at if decided else None,
                decision="属实" if decided else "",
            )
        )
    await session.flush()
    return case


async def _part(
    session: AsyncSession,
    case: Case,
    made: Made,
    unit: str,
    role: str,
    parent: SubCase | None = None,
) -> SubCase:
    part = SubCase(
        case_id=case.id,
        unit=unit,
        role=role,
        state="closed",
        due_at=case.due_at,
        created_at=case.created_at,
        answered_at=made.at,
        closed_at=made.at,
        parent_id=parent.id if parent else None,
    )
    session.add(part)
    await session.flush()
    return part


def _clock(
    case: Case, lead: SubCase, kind: str, state: str, begun: datetime, made: Made
) -> CaseClock:
    due = begun + timedelta(days=made.days[0])
    return CaseClock(
        case_id=case.id,
        sub_case_id=lead.id,
        kind=kind,
        name=kind,
        rule=kind,
        state=state,
        started_at=begun,
        amount=5,
        measure="working_days",
        due_at=due,
        yellow_at=due,
        stopped_at=made.at,
    )


def _call(case: Case, made: Made) -> Callback:
    spoke = made.call == "done"
    return Callback(
        case_id=case.id,
        round=case.round,
        state=made.call,
        created_at=made.at,
        due_at=made.at,
        solved=made.solved if spoke else None,
        satisfied=made.satisfied if spoke else None,
        done_at=made.at,
    )
