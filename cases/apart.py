"""A merged case that goes its own way again, after it got its answer with another one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case, SubCase
from cases.repository import CaseRepository
from cases.states import GONE, SubState
from cases.vocabulary import Part


async def stand_alone(session: AsyncSession, case: Case, now: datetime) -> None:
    """A locked case that got its answer with another one is to be worked on again: it goes its own
    way from here, led by the unit that led the other one.

    Nothing happens to a case that was not merged.
    """
    if case.merged_into is None:
        return
    repository = CaseRepository(session, None)
    leading = await repository.lead(case.merged_into)
    case.merged_into = None
    parts = [p for p in await repository.parts(case.id) if SubState(p.state) not in GONE]
    for part in parts:
        if part.role == Part.LEAD or (leading is not None and part.unit == leading.unit):
            part.state = SubState.REASSIGNED
    await session.flush()
    if leading is None:
        return
    session.add(
        SubCase(
            case_id=case.id,
            unit=leading.unit,
            role=Part.LEAD,
            state=SubState.CLOSED,
            due_at=case.due_at,
            created_at=now,
            accepted_at=now,
            closed_at=case.told_at,
            citizen_answer=case.citizen_answer,
            public_answer=case.public_answer,
            result=case.result,
        )
    )
    case.first_unit = case.first_unit or leading.unit
    await session.flush()
