"""All SQL about cases. Who may see which case is decided in `CaseRepository.readable`."""

from __future__ import annotations

import functools
import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    exists,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.composing import build_view
from cases.models import (
    Approval,
    Callback,
    Case,
    CaseClock,
    CaseEvent,
    CaseIdentity,
    CaseLink,
    CaseNumberCounter,
    Contact,
    SubCase,
)
from cases.narrowing import LIVE, UNFINISHED, due_between, has_part, of_kind, upward
from cases.numbers import make_number
from cases.queues import COUNTED, CaseFilter, CasePage, CaseRow, row_of
from cases.search import matches, query_of
from cases.states import DECIDES, OPEN, MainState
from cases.views import DESK_ROLES, CaseView, LinkView, Material
from cases.vocabulary import ApprovalState, LinkKind, Part
from core.calendar import LOCAL
from core.errors import NotFound
from core.identity import UNIT_ROLES, Actor, Role
from units.models import Unit

__all__ = ["COUNTED", "CaseFilter", "CasePage", "CaseRepository", "CaseRow"]

_DIGITS = re.compile(r"\d{4}")
# Words that this many cases have are common.
COMMON = 4000
# So many parts of a unit's own are looked at one by one rather than asking how common words are.
FEW_PARTS = 8000


class CaseRepository:
    """Cases as ``actor`` may see them; None stands for the line itself, which sees all."""

    def __init__(self, session: AsyncSession, actor: Actor | None) -> None:
        self.session = session
        self.actor = actor
        self._with_words: dict[str, Sequence[int] | None] = {}

    def readable(self) -> Select[Case]:
        """The cases that the actor may read.

        Desks of the line read all; callback clerks what was answered and is to be asked about; a
        unit's staff the cases in which a unit of their tree has a part that was neither returned
        nor taken away, never one about their own unit or one above it, whoever put it there, and
        of merged cases only the one they went into. Others read none.
        """
        statement = select(Case)
        if self.actor is None or self.actor.role in DESK_ROLES:
            return statement
        if self.actor.role is Role.CALLBACK_CLERK:
            return statement.where(
                Case.state.in_((MainState.CALLBACK, MainState.CLOSED)),
                exists().where(Callback.case_id == Case.id).correlate(Case),
            )
        if self.actor.role in UNIT_ROLES:
            return statement.where(has_part(self.actor.units), *self._kept_out())
        return statement.where(false())

    def _kept_out(self) -> tuple[ColumnElement[bool], ...]:
        """What a unit's staff never read, whatever part their units have."""
        return (
            Case.merged_into.is_(None),
            or_(Case.about_unit.is_(None), Case.about_unit.not_in(self._line)),
        )

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
            select(SubCase).where(SubCase.case_id == case_id, SubCase.role == Part.LEAD, LIVE)
        )
        return found

    async def merged_into(self, case_id: int, *, lock: bool = False) -> Sequence[Case]:
        """The cases that were merged into this one and still are, oldest first."""
        statement = (
            select(Case)
            .where(Case.merged_into == case_id, Case.state == MainState.MERGED)
            .order_by(Case.id)
        )
        if lock:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        return (await self.session.scalars(statement)).all()

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

    async def approvals(self, case_id: int) -> Sequence[Approval]:
        """What units asked for in a case, oldest first; call only for a readable case."""
        return (
            await self.session.scalars(
                select(Approval).where(Approval.case_id == case_id).order_by(Approval.id)
            )
        ).all()

    async def waiting_approvals(self, *, limit: int, offset: int) -> list[tuple[Approval, Case]]:
        """What the actor has to decide, longest waiting first, with the cases."""
        rows = await self.session.execute(
            select(Approval, Case)
            .join(Case, Case.id == Approval.case_id)
            .where(*self._to_decide())
            .order_by(Approval.asked_at, Approval.id)
            .limit(limit)
            .offset(min(offset, COUNTED))
        )
        return [(approval, case) for approval, case in rows.tuples()]

    async def count_approvals(self) -> int:
        """How many these are."""
        wanted = select(func.count()).select_from(Approval).where(*self._to_decide())
        return await self.session.scalar(wanted) or 0

    def _to_decide(self) -> list[ColumnElement[bool]]:
        assert self.actor is not None
        role = self.actor.role
        kinds = [kind for kind, roles in DECIDES.items() if role in roles]
        mine = Approval.decided_by_unit == self.actor.unit if role in UNIT_ROLES else false()
        lines = and_(Approval.decided_by_unit.is_(None), Approval.kind.in_(kinds))
        return [Approval.state == ApprovalState.PENDING, or_(mine, lines)]

    async def clocks(self, case_id: int) -> Sequence[CaseClock]:
        """Time limits of a case by due date; call only for a readable case."""
        return (
            await self.session.scalars(
                select(CaseClock)
                .where(CaseClock.case_id == case_id)
                .order_by(CaseClock.due_at, CaseClock.id)
            )
        ).all()

    async def callback(self, case_id: int) -> Callback | None:
        """The callback of the latest round that has one; call only for a readable case."""
        found: Callback | None = await self.session.scalar(
            select(Callback)
            .where(Callback.case_id == case_id)
            .order_by(Callback.round.desc())
            .limit(1)
        )
        return found

    async def links(self, case_id: int) -> list[LinkView]:
        """Cases that belong to this one and that the actor may read as well, oldest first."""
        readable = self.readable().with_only_columns(Case.id)
        sides = (
            (CaseLink.from_case_id, CaseLink.to_case_id, True),
            (CaseLink.to_case_id, CaseLink.from_case_id, False),
        )
        found = []
        for here, there, outgoing in sides:
            rows = await self.session.execute(
                select(CaseLink, Case.id, Case.number, Case.title, Case.state)
                .join(Case, Case.id == there)
                .where(here == case_id, CaseLink.undone_at.is_(None), Case.id.in_(readable))
            )
            found += [
                (link.id, _link(link, outgoing, case_id, number, title, state))
                for link, case_id, number, title, state in rows.tuples()
            ]
        return [link for _, link in sorted(found, key=lambda one: one[0])]

    async def view(self, case_id: int) -> CaseView:
        """The whole case as the actor may see it. Raises NotFound."""
        found = await self.get(case_id)
        return build_view(
            self.actor,
            Material(
                case=found,
                identity=await self.session.get(CaseIdentity, case_id),
                conversation_id=await self.conversation_of(found),
                parts=await self.parts(case_id),
                approvals=await self.approvals(case_id),
                clocks=await self.clocks(case_id),
                links=await self.links(case_id),
                callback=await self.callback(case_id),
                events=await self.events(case_id),
            ),
        )

    async def queue(self, wanted: CaseFilter, *, limit: int = 50, offset: int = 0) -> CasePage:
        """Cases of a desk, and how many there are, counted up to `COUNTED`.

        What somebody must work on comes by urgency, then by due date; anything else newest first.
        """
        [total] = await self.totals([wanted])
        return CasePage(await self.rows(wanted, limit=limit, offset=offset), total)

    async def rows(self, wanted: CaseFilter, *, limit: int = 50, offset: int = 0) -> list[CaseRow]:
        """The same without counting, for a desk that asked for `totals` of all its tabs."""
        if limit <= 0:
            return []
        lead = (
            select(SubCase.unit)
            .where(SubCase.case_id == Case.id, SubCase.role == Part.LEAD, LIVE)
            .scalar_subquery()
        )
        due = self._due()
        among = await self._own_with_words(wanted.text)
        if wanted.of_open_cases:
            statement = self._narrowed(wanted, among=among)
            statement = statement.order_by(Case.priority, due, Case.id)
        elif among is not None:
            statement = self._narrowed(wanted, among=among).order_by(Case.id.desc())
        else:
            statement = await self._newest_first(wanted)
        found = await self.session.execute(
            statement.add_columns(lead, due).limit(limit).offset(min(offset, COUNTED))
        )
        return [row_of(*one) for one in found.tuples()]

    async def totals(self, filters: Sequence[CaseFilter]) -> list[int]:
        """How many cases each filter finds; above `COUNTED` means "more"."""
        if not filters:
            return []
        words = {wanted.text for wanted in filters}
        together = self._own is None and len(words) == 1 and query_of(_tidy(filters[0].text))
        among = await self._own_with_words(words.pop()) if len(words) == 1 else None
        counts: list[ScalarSelect[int] | ColumnElement[int]] = [
            select(func.count())
            .select_from(self._some(wanted, COUNTED + 1, among).subquery())
            .scalar_subquery()
            for wanted in filters
            if not (together and wanted.of_open_cases)
        ]
        found = iter((await self.session.execute(select(*counts))).one() if counts else ())
        of_open = iter(await self._open_totals(filters) if together else ())
        return [next(of_open if together and wanted.of_open_cases else found) for wanted in filters]

    async def _open_totals(self, filters: Sequence[CaseFilter]) -> list[int]:
        """The same for filters of open cases with the same words: these are looked up once."""
        counts = []
        for wanted in filters:
            if wanted.of_open_cases:
                condition = self._narrowed(replace(wanted, text="")).whereclause
                assert condition is not None
                counts.append(func.count().filter(condition))
        if not counts:
            return []
        held = matches(_tidy(filters[0].text))
        statement = select(*counts).select_from(Case).where(Case.state.in_(OPEN), held)
        row = (await self.session.execute(statement)).one()
        return [min(count, COUNTED + 1) for count in row]

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

    async def _own_with_words(self, text: str) -> Sequence[int] | None:
        """Ids of the cases of a unit's staff that hold the words, where it pays to look them up once.

        The planner cannot tell how common words are, and would fetch every case of the city with
        them, for each tab. All cases of the unit are sooner looked at, unless they are many and the
        words are rare. None: leave it to the planner.
        """
        words = _tidy(text)
        if self._own is None or query_of(words) is None:
            return None
        if words not in self._with_words:
            self._with_words[words] = await self._looked_up(self._own, words)
        return self._with_words[words]

    async def _looked_up(self, own: frozenset[str], words: str) -> Sequence[int] | None:
        parts = select(SubCase.id).where(SubCase.unit.in_(own), LIVE)
        if await self._reaches(parts, FEW_PARTS) and not await self._reaches(
            select(Case.id).where(matches(words)), COMMON
        ):
            return None
        held = select(Case.id).where(has_part(own), *self._kept_out(), matches(words).is_(True))
        return (await self.session.scalars(held)).all()

    async def _reaches(self, found: Select[int], number: int) -> bool:
        """Whether ``found`` has so many rows."""
        some = found.limit(number).subquery()
        return (await self.session.scalar(select(func.count()).select_from(some)) or 0) >= number

    def _narrowed(
        self, wanted: CaseFilter, *, indexed: bool = True, among: Sequence[int] | None = None
    ) -> Select[Case]:
        units = frozenset(wanted.units) if wanted.units else None
        part = (wanted.part_states, wanted.handler)
        if self._own is not None:
            # One part is looked for, not two: with one that is asked for the case may be read.
            units = self._own & units if units is not None else self._own
            statement = select(Case).where(has_part(units, *part), *self._kept_out())
        else:
            statement = self.readable()
            if wanted.units or wanted.part_states or wanted.handler:
                statement = statement.where(has_part(units, *part))
        if wanted.states:
            statement = statement.where(Case.state.in_(wanted.states))
        statement = of_kind(statement, wanted)
        if among is not None:
            statement = statement.where(Case.id == func.any(literal(among, ARRAY(BigInteger))))
        elif words := _tidy(wanted.text):
            found = matches(words)
            # No index answers whether a condition is true.
            statement = statement.where(found if indexed else found.is_(True))
        if self._own:
            return statement.where(due_between(self._own, wanted)) if wanted.by_date else statement
        if wanted.overdue_at is not None:
            statement = statement.where(Case.due_at < wanted.overdue_at, Case.state.in_(OPEN))
        if wanted.due_from is not None:
            statement = statement.where(Case.due_at >= wanted.due_from)
        return statement

    def _some(
        self, wanted: CaseFilter, limit: int, among: Sequence[int] | None = None
    ) -> Select[int]:
        """Ids of at most so many cases that ``wanted`` finds."""
        statement = self._narrowed(wanted, among=among).with_only_columns(Case.id).limit(limit)
        if wanted.text or wanted.of_open_cases:
            return statement
        # Most cases are meant: along an index there are soon enough of them.
        return statement.order_by(Case.id.desc())

    async def _newest_first(self, wanted: CaseFilter) -> Select[Case]:
        """What nobody waits for, in its order.

        The planner cannot tell how common the words are that are looked for. Of rare ones all
        cases are fetched by the index of words and then sorted; going backwards through all cases
        is quicker for common ones, which one soon comes across. Not so with numbers, since those of
        one month stand together.
        """
        if not wanted.text:
            return self._narrowed(wanted).order_by(Case.id.desc())
        if _DIGITS.search(wanted.text) or not await self._reaches(
            self._some(wanted, COMMON), COMMON
        ):
            return self._narrowed(wanted).order_by((Case.id + 0).desc())
        return self._narrowed(wanted, indexed=False).order_by(Case.id.desc())

    @functools.cached_property
    def _line(self) -> Select[str]:
        """The actor's unit and all above it: one query, however often a statement asks for it."""
        assert self.actor is not None
        return upward(self.actor.unit)

    @property
    def _own(self) -> frozenset[str] | None:
        """The units whose parts are the actor's own; None for everybody but a unit's staff."""
        actor = self.actor
        return actor.units if actor is not None and actor.role in UNIT_ROLES else None

    def _due(self) -> ColumnElement[datetime]:
        """When the reader has to be done: a unit with its own part, the line with the case."""
        if not self._own:
            return Case.due_at.expression
        return (
            select(func.coalesce(func.min(SubCase.due_at), Case.due_at))
            .where(SubCase.case_id == Case.id, SubCase.unit.in_(self._own), UNFINISHED)
            .correlate(Case)
            .scalar_subquery()
        )


def _tidy(words: str) -> str:
    """Words to look for; PostgreSQL refuses NUL."""
    return words.replace("\x00", "").strip()


def _found(one: Case | None) -> Case:
    if one is None:
        raise NotFound("没有找到这张工单")
    return one


def _link(
    link: CaseLink, outgoing: bool, case_id: int, number: str, title: str, state: str
) -> LinkView:
    return LinkView(
        LinkKind(link.kind),
        outgoing,
        case_id,
        number,
        title,
        MainState(state),
        link.at,
        link.reason,
    )
