"""Closed cases as examples to route by: written by the cases room, read by the router."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from routing.models import PastCase


@dataclass(frozen=True)
class Example:
    """One closed case; the fields are those of `routing.models.PastCase`.

    ``text`` names nobody. Whoever calls makes sure that no secret case and no report (举报) comes
    here: examples are shown to every unit as similar cases.
    """

    case_number: str
    text: str
    type: str
    category: str | None
    unit: str
    first_unit: str
    automatic: bool
    street: str | None
    district: str | None
    closed_on: date


async def remember(session: AsyncSession, example: Example) -> None:
    """Learn from a closed case; one closed again after more work replaces what was known."""
    values = asdict(example)
    await session.execute(
        insert(PastCase)
        .values(values)
        .on_conflict_do_update(index_elements=["case_number"], set_=values)
    )
    await session.execute(select(func.pg_notify("routing_changed", example.case_number)))


async def forget(session: AsyncSession, case_number: str) -> None:
    """Drop a case that turned out to be secret, or wrong."""
    await session.execute(delete(PastCase).where(PastCase.case_number == case_number))
    await session.execute(select(func.pg_notify("routing_changed", case_number)))


async def latest(session: AsyncSession, limit: int = 20_000) -> list[Example]:
    """The latest closed cases, oldest of them first."""
    query = select(PastCase).order_by(PastCase.closed_on.desc(), PastCase.id.desc()).limit(limit)
    return [_example(row) for row in reversed((await session.scalars(query)).all())]


async def find(session: AsyncSession, case_number: str) -> Example | None:
    """The closed case of that number, None when it is not (or no longer) here."""
    row = await session.scalar(select(PastCase).where(PastCase.case_number == case_number))
    return _example(row) if row else None


def _example(row: PastCase) -> Example:
    return Example(**{field.name: getattr(row, field.name) for field in fields(Example)})
