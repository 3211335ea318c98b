"""Open cases follow a merged unit (机构合并): its parts become the successor's.

A part keeps its state, its clocks and its words; the history goes on naming the old unit where it
acted. Parts that are finished stay the old unit's. Who asks nothing decides nothing: requests go
on waiting, and those that waited for the old unit wait for the successor.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cases import timing
from cases.acting import note
from cases.approvals import cancel_pending
from cases.history import record
from cases.models import Approval, Case, StaffNotice, SubCase
from cases.states import GONE, OPEN_PARTS, Action, SubState
from cases.vocabulary import ActorKind, ApprovalState, Audience, Part

_REASON = "机构合并"
_ROLES = (Part.LEAD, Part.ASSIST, Part.DELEGATE)


async def follow(session: AsyncSession, old: str, new: str, now: datetime) -> int:
    """Give the open parts of ``old`` to ``new``; returns how many cases were touched.

    Where the successor is in a case already, its part and the old one become one: the one with
    the greater role, else the one still open.
    """
    open_parts = select(SubCase.case_id).where(SubCase.unit == old, SubCase.state.in_(OPEN_PARTS))
    cases = await session.scalars(
        select(Case).where(Case.id.in_(open_parts)).order_by(Case.id).with_for_update()
    )
    count = 0
    for case in cases:
        query = select(SubCase).where(SubCase.case_id == case.id).order_by(SubCase.id)
        await _succeed(session, case, (await session.scalars(query)).all(), old, new, now)
        count += 1
    waiting = Approval.state == ApprovalState.PENDING
    for column in (Approval.unit, Approval.decided_by_unit, Approval.proposed_unit):
        await session.execute(update(Approval).where(waiting, column == old).values({column: new}))
    await session.execute(
        update(StaffNotice)
        .where(StaffNotice.unit == old, StaffNotice.read_at.is_(None))
        .values(unit=new)
    )
    return count


async def _succeed(
    session: AsyncSession,
    case: Case,
    parts: Sequence[SubCase],
    old: str,
    new: str,
    now: datetime,
) -> None:
    live = [part for part in parts if SubState(part.state) not in GONE]
    ours = next(part for part in live if part.unit == old)
    theirs = next((part for part in live if part.unit == new), None)
    if theirs is not None:
        stays = _stays(ours, theirs)
        goes = theirs if stays is ours else ours
        await timing.stop(session, case.id, now, part_id=goes.id, cancel=True)
        await cancel_pending(session, case, goes.id, now)
        for part in parts:
            if part.parent_id == goes.id:
                part.parent_id = goes.parent_id if part is stays else stays.id
        before, goes.state = goes.state, SubState.REASSIGNED
        case.version += 1
        record(
            session,
            case,
            Action.SUCCEED,
            now,
            ActorKind.SYSTEM,
            before=before,
            part=goes,
            reason=_REASON,
            data={"unit": new, "from_unit": goes.unit},
        )
        # One live part a unit: the database must see the one go before the other takes its name.
        await session.flush()
        if stays is theirs:
            return
    ours.unit = new
    note(
        session,
        ActorKind.SYSTEM,
        case,
        ours,
        Action.SUCCEED,
        now,
        reason=_REASON,
        data={"unit": new, "from_unit": old},
        audience=Audience.CITIZEN if ours.role == Part.LEAD else Audience.STAFF,
    )
    await session.flush()


def _stays(ours: SubCase, theirs: SubCase) -> SubCase:
    """Which of two parts that become one goes on: the greater role, else the one still open."""

    def weight(part: SubCase) -> tuple[int, bool]:
        return _ROLES.index(Part(part.role)), SubState(part.state) not in OPEN_PARTS

    return ours if weight(ours) < weight(theirs) else theirs
