"""The notices of one member of staff: unread, read, marked as read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case, StaffNotice
from cases.queues import COUNTED
from cases.repository import CaseRepository
from core.identity import UNIT_ROLES, Actor


@dataclass(frozen=True)
class Notice:
    """One notice with the page that it is about; ``read_by`` is a login.

    ``address`` is that of the page, empty for the case with this ``number``.
    """

    id: int
    at: datetime
    kind: str
    text: str
    number: str
    title: str
    address: str
    read_by: str | None


async def notices_for(
    session: AsyncSession, actor: Actor, *, every: bool, limit: int, offset: int
) -> list[Notice]:
    """Notices for the actor's unit or role, those of cases if the actor may read them, newest first.

    Unread ones only unless ``every``.
    """
    readable = CaseRepository(session, actor).readable().with_only_columns(Case.id)
    rows = await session.execute(
        select(StaffNotice, Case.number, Case.title)
        .outerjoin(Case, Case.id == StaffNotice.case_id)
        .where(
            *_for(actor, every),
            or_(StaffNotice.case_id.is_(None), StaffNotice.case_id.in_(readable)),
        )
        .order_by(StaffNotice.at.desc(), StaffNotice.id.desc())
        .limit(limit)
        .offset(min(offset, COUNTED))
    )
    return [
        Notice(
            n.id, n.at, n.kind, n.text, number or "", title or n.title, n.address or "", n.read_by
        )
        for n, number, title in rows.tuples()
    ]


async def unread(session: AsyncSession, actor: Actor, *, every: bool = False) -> int:
    """How many these are, counted up to `COUNTED`."""
    readable = CaseRepository(session, actor).readable().with_only_columns(Case.id)
    found = (
        select(StaffNotice.id)
        .where(
            *_for(actor, every),
            or_(StaffNotice.case_id.is_(None), StaffNotice.case_id.in_(readable)),
        )
        .limit(COUNTED)
        .subquery()
    )
    return await session.scalar(select(func.count()).select_from(found)) or 0


async def mark_read(
    session: AsyncSession, actor: Actor, until: int, now: datetime, *, only: int | None = None
) -> None:
    """Mark the actor's unread notices up to id ``until`` as read, or just ``only`` that one."""
    statement = update(StaffNotice).where(*_for(actor, False))
    statement = statement.where(
        StaffNotice.id == only if only is not None else StaffNotice.id <= until
    )
    await session.execute(statement.values(read_at=now, read_by=actor.login))


def _for(actor: Actor, every: bool) -> list[ColumnElement[bool]]:
    mine = and_(
        StaffNotice.unit == (actor.unit if actor.role in UNIT_ROLES else ""),
        or_(StaffNotice.role.is_(None), StaffNotice.role == actor.role),
    )
    return [mine] if every else [mine, StaffNotice.read_at.is_(None)]
