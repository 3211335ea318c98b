"""All SQL about cases. Who may see which case is decided in `CaseRepository.readable`."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case, CaseEvent, CaseNumberCounter, Contact, SubCase
from cases.numbers import make_number
from cases.states import GONE, OPEN, MainState, SubState
from cases.views import CaseView, build_view
from cases.vocabulary import CaseType, Part, Source, Urgency
from core.calendar import LOCAL
from core.errors import NotFound
from core.identity import UNIT_ROLES, Actor, Role
from units.models import Unit

_SEES_ALL = frozenset({Role.DISPATCHER, Role.SEAT, Role.SUPERVISOR, Role.ADMINISTRATOR})
_LIVE = SubCase.state.not_in(GONE)


@dataclass(frozen=True)
class CaseFilter:
    """What a desk asks for; what is None or empty does not narrow.

    ``units`` are codes of units with a part still counting, ``part_states`` the states of those
    parts (of the actor's own ones for a unit's staff), ``text`` is looked for in number, title and
    detail, ``overdue_at`` keeps open cases that were due before that moment, ``due_from`` those due
    at that moment or later (both together: due soon).
    """

    states: Collection[MainState] = ()
    units: Collection[str] = ()
    part_states: Collection[SubState] = ()
    text: str = ""
    overdue_at: datetime | None = None
    due_from: datetime | None = None


@dataclass(frozen=True)
class CaseRow:
    """One line of a queue: nothing in it identifies the citizen."""

    id: int
    number: str
    version: int
    title: str
    type: CaseType
    category: str | None
    state: MainState
    source: Source
    urgency: Urgency
    confidential: bool
    place_text: str
    street: str | None
    district: str | None
    due_at: datetime
    due_provisional: bool
    created_at: datetime
    lead: str | None


@dataclass(frozen=True)
class CasePage:
    """``rows`` of the ``total`` that the filter finds."""

    rows: list[CaseRow]
    total: int


class CaseRepository:
    """Cases as ``actor`` may see them; None stands for the line itself, which sees all."""

    def __init__(self, session: AsyncSession, actor: Actor | None) -> None:
        self.session = session
        self.actor = actor

    def readable(self) -> Select[Case]:
        """The cases that the actor may read.

        Desks of the line read all; a unit's staff those in which a unit of their tree has a part
        that was neither returned nor taken away; others none.
        """
        statement = select(Case)
        if self.actor is None or self.actor.role in _SEES_ALL:
            return statement
        if self.actor.role in UNIT_ROLES:
            return statement.where(_has_part(self.actor.units))
        return statement.where(false())

    async def get(self, case_id: int, *, lock: bool = False) -> Case:
        """The case; with ``lock`` its row stays locked until the transaction ends.

        Raises NotFound when there is none or the actor may not see it: the two look alike.
        """
        statement = self.readable().where(Case.id == case_id)
        if lock:
            statement = statement.with_for_update(of=Case).execution_options(populate_existing=True)
        return _found(await self.session.scalar(statement))

    async def by_number(self, number: str, *, lock: bool = False) -> Case | None:
        """The case with this number, if the actor may see it."""
        statement = self.readable().where(Case.number == number)
        if lock:
            statement = statement.with_for_update(of=Case).execution_options(populate_existing=True)
        found: Case | None = await self.session.scalar(statement)
        return found

    async def by_key(self, key: str) -> Case | None:
        """The case registered under this idempotency key."""
        found: Case | None = await self.session.scalar(self.readable().where(Case.key == key))
        return found

    async def parts(self, case_id: int) -> Sequence[SubCase]:
        """All parts in order of creation, read anew; call only for a readable case."""
        return (
            await self.session.scalars(
                select(SubCase)
                .where(SubCase.case_id == case_id)
                .order_by(SubCase.id)
                .execution_options(populate_existing=True)
            )
        ).all()

    async def lead(self, case_id: int) -> SubCase | None:
        """The leading part that still counts; None while the case waits to be dispatched."""
        found: SubCase | None = await self.session.scalar(
            select(SubCase).where(SubCase.case_id == case_id, SubCase.role == Part.LEAD, _LIVE)
        )
        return found

    async def conversation_of(self, found: Case) -> uuid.UUID | None:
        """The conversation in which ``found`` was filed."""
        conversation: uuid.UUID | None = await self.session.scalar(
            select(Contact.conversation_id).where(Contact.id == found.contact_id)
        )
        return conversation

    async def unit_is_active(self, code: str) -> bool:
        """True for the code of a unit that can be given a part."""
        return bool(
            await self.session.scalar(select(exists().where(Unit.code == code, Unit.active)))
        )

    async def events(self, case_id: int) -> Sequence[CaseEvent]:
        """The history, oldest first; call only for a readable case."""
        return (
            await self.session.scalars(
                select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)
            )
        ).all()

    async def event_by_key(self, key: str) -> CaseEvent | None:
        """The event that a citizen's request with this key left behind."""
        found: CaseEvent | None = await self.session.scalar(
            select(CaseEvent).where(CaseEvent.key == key)
        )
        return found

    async def view(self, case_id: int) -> CaseView:
        """The whole case as the actor may see it. Raises NotFound."""
        found = await self.get(case_id)
        contact = await self.session.get_one(Contact, found.contact_id)
        return build_view(
            self.actor, found, contact, await self.parts(case_id), await self.events(case_id)
        )

    async def queue(self, wanted: CaseFilter, *, limit: int = 50, offset: int = 0) -> CasePage:
        """Cases of a desk: urgent first, then by due date."""
        statement = self._narrowed(wanted)
        total = await self.session.scalar(
            select(func.count()).select_from(statement.with_only_columns(Case.id).subquery())
        )
        lead = (
            select(SubCase.unit)
            .where(SubCase.case_id == Case.id, SubCase.role == Part.LEAD, _LIVE)
            .scalar_subquery()
        )
        found = await self.session.execute(
            statement.add_columns(lead)
            .order_by(case((Case.urgency == Urgency.URGENT, 0), else_=1), Case.due_at, Case.id)
            .limit(limit)
            .offset(offset)
        )
        return CasePage([_row(one, unit) for one, unit in found], total or 0)

    async def counts(self) -> dict[MainState, int]:
        """How many readable cases are in each state (states without a case are 0)."""
        cases = self.readable().with_only_columns(Case.state).subquery()
        found = await self.session.execute(
            select(cases.c.state, func.count()).group_by(cases.c.state)
        )
        known: dict[str, int] = dict(found.tuples().all())
        return {state: known.get(state, 0) for state in MainState}

    async def next_number(self, at: datetime) -> str:
        """A number nobody else gets; concurrent registrations wait for one another here."""
        day = at.astimezone(LOCAL).date()
        counter = insert(CaseNumberCounter).values(day=day, last=1)
        sequence = await self.session.scalar(
            counter.on_conflict_do_update(
                index_elements=["day"], set_={"last": CaseNumberCounter.last + 1}
            ).returning(CaseNumberCounter.last)
        )
        assert sequence is not None
        return make_number(at, sequence)

    async def lock_key(self, key: str) -> None:
        """Let only one transaction at a time register under ``key``."""
        await self.session.execute(
            select(func.pg_advisory_xact_lock(func.hashtextextended(f"case:{key}", 0)))
        )

    async def open_contact(
        self, conversation_id: uuid.UUID, *, lock: bool = False
    ) -> Contact | None:
        """The open contact of a conversation."""
        statement = select(Contact).where(
            Contact.conversation_id == conversation_id, Contact.outcome.is_(None)
        )
        if lock:
            statement = statement.with_for_update()
        found: Contact | None = await self.session.scalar(statement)
        return found

    def _narrowed(self, wanted: CaseFilter) -> Select[Case]:
        statement = self.readable()
        if wanted.states:
            statement = statement.where(Case.state.in_(wanted.states))
        units = frozenset(wanted.units) if wanted.units else None
        if self.actor is not None and self.actor.role in UNIT_ROLES:
            units = self.actor.units & units if units is not None else self.actor.units
        if wanted.units or wanted.part_states:
            statement = statement.where(_has_part(units, wanted.part_states))
        if words := wanted.text.replace("\x00", "").strip():
            statement = statement.where(
                or_(
                    *(
                        column.icontains(words, autoescape=True)
                        for column in (Case.number, Case.title, Case.detail)
                    )
                )
            )
        if wanted.overdue_at is not None:
            statement = statement.where(and_(Case.due_at < wanted.overdue_at, Case.state.in_(OPEN)))
        if wanted.due_from is not None:
            statement = statement.where(Case.due_at >= wanted.due_from)
        return statement


def _has_part(
    units: Collection[str] | None, states: Collection[SubState] = ()
) -> ColumnElement[bool]:
    """Some part still counting belongs to one of ``units`` (None: any) and is in ``states``."""
    condition = exists().where(SubCase.case_id == Case.id, _LIVE)
    if units is not None:
        condition = condition.where(SubCase.unit.in_(units))
    if states:
        condition = condition.where(SubCase.state.in_(states))
    return condition


def _found(one: Case | None) -> Case:
    if one is None:
        raise NotFound("没有找到这张工单")
    return one


def _row(one: Case, lead: str | None) -> CaseRow:
    return CaseRow(
        id=one.id,
        number=one.number,
        version=one.version,
        title=one.title,
        type=CaseType(one.type),
        category=one.category,
        state=MainState(one.state),
        source=Source(one.source),
        urgency=Urgency(one.urgency),
        confidential=one.confidential,
        place_text=one.place_text,
        street=one.street,
        district=one.district,
        due_at=one.due_at,
        due_provisional=one.due_provisional,
        created_at=one.created_at,
        lead=lead,
    )
