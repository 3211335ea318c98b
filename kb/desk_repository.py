"""What the knowledge desk asks of entries and of the answers given from them.

``units`` limits everything to entries of those units; None: all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Text, and_, case, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kb.models import Entry, GivenAnswer
from kb.schemas import Kind, Status
from kb.states import AHEAD, EntryState


@dataclass(frozen=True)
class Wanted:
    """Which entries: with ``text`` in name, code or another name, of a kind, a unit, in a state.

    Notices are meant to end and have a list of their own: they are found only as that kind.
    """

    text: str = ""
    kind: Kind | None = None
    unit: str = ""
    state: EntryState | None = None


@dataclass(frozen=True)
class AnswersWanted:
    """Which answers: of a version, from ``since`` on and before ``until`` (aware)."""

    version: int | None = None
    since: datetime | None = None
    until: datetime | None = None


class DeskRepository:
    """Reads entries as the desk lists them."""

    def __init__(self, session: AsyncSession, units: Collection[str] | None) -> None:
        self.session = session
        self.units = units

    async def entries(
        self, wanted: Wanted, today: date, *, own: str, limit: int, offset: int
    ) -> Sequence[Entry]:
        """Entries, those of unit ``own`` first, then by name."""
        query = (
            select(Entry)
            .where(*self._wanted(wanted, today))
            .order_by(case((Entry.unit == own, 0), else_=1), Entry.name, Entry.code)
        )
        return (await self.session.scalars(query.limit(limit).offset(offset))).all()

    async def count(self, wanted: Wanted, today: date) -> int:
        """How many entries these are."""
        query = select(func.count()).select_from(Entry).where(*self._wanted(wanted, today))
        return await self.session.scalar(query) or 0

    async def units_with_entries(self) -> Sequence[str]:
        """Codes of the units that answer for any entry."""
        return (
            await self.session.scalars(select(Entry.unit).where(*self._seen()).distinct())
        ).all()

    async def entry(self, code: str) -> Entry | None:
        """The entry, whatever its state."""
        found: Entry | None = await self.session.scalar(
            select(Entry).where(Entry.code == code, *self._seen())
        )
        return found

    async def names(self, codes: Collection[str]) -> dict[str, str]:
        """Names by code, of any unit: names are public."""
        rows = await self.session.execute(
            select(Entry.code, Entry.name).where(Entry.code.in_(codes))
        )
        return dict(rows.tuples().all())

    async def answering(self, limit: int = 5000) -> list[tuple[str, str]]:
        """Code and name of the published entries that are drafted, by name."""
        query = select(Entry.code, Entry.name).where(
            *self._seen(), Entry.status == Status.PUBLISHED, Entry.kind != Kind.NOTICE
        )
        rows = await self.session.execute(query.order_by(Entry.name, Entry.code).limit(limit))
        return list(rows.tuples())

    async def codes(self, kind: Kind, unit: str) -> list[str]:
        """Codes of a unit's entries of one kind."""
        query = select(Entry.code).where(Entry.kind == kind, Entry.unit == unit)
        return list(await self.session.scalars(query))

    async def taken(self, beginning: str) -> set[str]:
        """Codes of any entry that begin so."""
        query = select(Entry.code).where(Entry.code.startswith(beginning, autoescape=True))
        return set(await self.session.scalars(query))

    async def ending(self, today: date, days: int) -> Sequence[Entry]:
        """Entries that are answered from and end within ``days``, the soonest first; no notices."""
        query = select(Entry).where(
            *self._seen(),
            Entry.kind != Kind.NOTICE,
            _in_state(EntryState.ENDING, today, days),
        )
        return (await self.session.scalars(query.order_by(Entry.valid_to, Entry.code))).all()

    async def notices(self, *, limit: int, offset: int) -> Sequence[Entry]:
        """Notices, also those that are over, the newest first."""
        query = select(Entry).where(*self._seen(), Entry.kind == Kind.NOTICE)
        query = query.order_by(Entry.valid_from.desc(), Entry.change.desc())
        return (await self.session.scalars(query.limit(limit).offset(offset))).all()

    async def answers(
        self, code: str, wanted: AnswersWanted, *, limit: int, offset: int = 0
    ) -> Sequence[GivenAnswer]:
        """Answers given from an entry, newest first."""
        query = select(GivenAnswer).where(*_answers(code, wanted))
        query = query.order_by(GivenAnswer.at.desc(), GivenAnswer.id.desc())
        return (await self.session.scalars(query.limit(limit).offset(offset))).all()

    async def answer_count(self, code: str, wanted: AnswersWanted) -> int:
        """How many answers were given from an entry."""
        return await self.session.scalar(select(func.count()).where(*_answers(code, wanted))) or 0

    def _seen(self) -> list[ColumnElement[bool]]:
        return [] if self.units is None else [Entry.unit.in_(self.units)]

    def _wanted(self, wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
        conditions = self._seen()
        if wanted.text:
            aliases = cast(Entry.content["aliases"], Text)
            columns = (Entry.name, Entry.code, aliases)
            conditions.append(
                or_(*(column.icontains(wanted.text, autoescape=True) for column in columns))
            )
        conditions.append(
            Entry.kind != Kind.NOTICE if wanted.kind is None else Entry.kind == wanted.kind
        )
        if wanted.unit:
            conditions.append(Entry.unit == wanted.unit)
        if wanted.state is not None:
            conditions.append(_in_state(wanted.state, today))
        return conditions


def _in_state(state: EntryState, today: date, days: int = AHEAD) -> ColumnElement[bool]:
    """The entries that `kb.states.state_of` finds in ``state``; ending within ``days``."""
    if state in (EntryState.WITHDRAWN, EntryState.VOID):
        return Entry.status == state
    successor = Entry.content["superseded_by"].astext
    superseded = and_(successor.is_not(None), successor != "")
    soon = today + timedelta(days=days)
    by_days = {
        EntryState.COMING: Entry.valid_from > today,
        EntryState.ENDED: and_(Entry.valid_from <= today, Entry.valid_to < today),
        EntryState.ENDING: and_(Entry.valid_from <= today, Entry.valid_to.between(today, soon)),
        EntryState.LIVE: and_(
            Entry.valid_from <= today, or_(Entry.valid_to.is_(None), Entry.valid_to > soon)
        ),
    }
    standing = (
        superseded
        if state is EntryState.SUPERSEDED
        else and_(func.coalesce(successor, "") == "", by_days[state])
    )
    return and_(Entry.status == Status.PUBLISHED, standing)


def _answers(code: str, wanted: AnswersWanted) -> list[ColumnElement[bool]]:
    conditions = [GivenAnswer.code == code]
    if wanted.version is not None:
        conditions.append(GivenAnswer.version == wanted.version)
    if wanted.since is not None:
        conditions.append(GivenAnswer.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(GivenAnswer.at < wanted.until)
    return conditions
