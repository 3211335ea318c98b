"""The SQL behind the figures: one row of facts for each closed case, counted in the database.

Every statement is held to a period by an indexed column and to what the actor may read. The
aggregates and the lists of cases behind them come from the same facts, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Float,
    Subquery,
    Text,
    and_,
    case,
    cast,
    func,
    lateral,
    literal_column,
    not_,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.selectable import LateralFromClause

from cases.measures import TALLIED, Rate, Span, Step, Tally
from cases.models import Approval, Callback, Case, CaseClock, Contact, SubCase
from cases.repository import COUNTED, CaseRepository
from cases.states import GONE, MainState
from cases.vocabulary import (
    ApprovalKind,
    ApprovalState,
    CallbackState,
    ClockKind,
    ClockState,
    Outcome,
    Part,
    Satisfied,
    Solved,
)
from core.calendar import LOCAL
from core.identity import Actor
from routing.models import CategoryRow

# Name and parent of categories by code.
Categories = Mapping[str, tuple[str, str | None]]
_DAY = 86_400.0
_DECIDED = (ApprovalKind.UNREASONABLE, ApprovalKind.EXCLUSION)


@dataclass(frozen=True)
class Wanted:
    """Which cases: closed within ``span``, done by one of ``units`` (None: any, also none), in one
    of ``categories`` (None: any)."""

    span: Span
    units: Collection[str] | None = None
    categories: Collection[str] | None = None


@dataclass(frozen=True)
class Figures:
    """Tallies of the whole, and by unit, category and piece of time; nothing is rolled up."""

    total: Tally = field(default_factory=Tally)
    units: Mapping[str, Tally] = field(default_factory=dict)
    categories: Mapping[str | None, Tally] = field(default_factory=dict)
    pieces: Mapping[date, Tally] = field(default_factory=dict)


@dataclass(frozen=True)
class Promise:
    """Promised against actual time of a unit, in days by the calendar: each case from when the
    unit got it, reworks added."""

    cases: int
    within: int
    promised_median: float
    promised_mean: float
    actual_median: float
    actual_mean: float

    @property
    def kept(self) -> Rate:
        return Rate(self.within, self.cases)


@dataclass(frozen=True)
class Behind:
    """A case behind a figure; nothing in it identifies the citizen."""

    number: str
    title: str
    unit: str | None
    closed_at: datetime


@dataclass(frozen=True)
class Exclusion:
    """A case that does not count, or (pending) whose unit asks that it shall not."""

    number: str
    title: str
    kind: ApprovalKind
    state: ApprovalState
    unit: str
    reason: str
    basis: str
    decided_by: str | None
    decided_at: datetime | None
    decision: str


class MeasuresRepository:
    """Figures as ``actor`` may see them."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self.session = session
        self.actor = actor

    async def figures(self, wanted: Wanted, step: Step) -> Figures:
        """All tallies in one pass over the facts."""
        facts = self._facts(wanted)
        # In the local time of the city: a case closed at 00:30 belongs to that day.
        local = func.timezone(LOCAL.key, facts.c.closed_at)
        cut = select(
            facts, cast(func.date_trunc(step.value, local), Date).label("piece")
        ).subquery()
        groups = (cut.c.unit, cut.c.category, cut.c.piece)
        rows = await self.session.execute(
            select(
                func.grouping(*groups),
                *groups,
                *(func.count().filter(cut.c[name]) for name in TALLIED),
            ).group_by(
                func.grouping_sets(*(tuple_(group) for group in groups), literal_column("()"))
            )
        )
        found: dict[int, dict[object, Tally]] = {kind: {} for kind in (0b011, 0b101, 0b110, 0b111)}
        for kind, unit, category, piece, *counts in rows.tuples():
            key = {0b011: unit, 0b101: category, 0b110: piece}.get(kind)
            found[kind][key] = Tally(**dict(zip(TALLIED, counts, strict=True)))
        return Figures(
            found[0b111].get(None, Tally()),
            {str(unit): t for unit, t in found[0b011].items() if unit is not None},
            found[0b101],  # type: ignore[arg-type]
            found[0b110],  # type: ignore[arg-type]
        )

    async def promises(
        self, wanted: Wanted, above: Mapping[str, Sequence[str]]
    ) -> dict[str, Promise]:
        """Promised and actual times by unit, everything below rolled up.

        ``above`` names, for each code, the units that a case of it counts for.
        """
        pairs = [(code, unit) for code, units in above.items() for unit in units]
        if not pairs:
            return {}
        codes, units = (cast(list(column), ARRAY(Text)) for column in zip(*pairs, strict=True))
        tree = select(func.unnest(codes).label("code"), func.unnest(units).label("unit")).subquery()
        facts = self._facts(wanted)
        limit, used = facts.c.limit, facts.c.used

        def middle(column: ColumnElement[float]) -> ColumnElement[float]:
            return func.percentile_cont(0.5).within_group(column)

        rows = await self.session.execute(
            select(
                tree.c.unit,
                func.count(),
                func.count().filter(facts.c.on_time),
                middle(limit),
                func.avg(limit),
                middle(used),
                func.avg(used),
            )
            .join(tree, tree.c.code == facts.c.unit)
            .where(facts.c.timed)
            .group_by(tree.c.unit)
        )
        return {str(unit): Promise(*figures) for unit, *figures in rows.tuples()}

    async def contacts(self, wanted: Wanted) -> Rate:
        """Contacts answered on the spot, of all valid ones that ended in the period.

        Contacts belong to the line as a whole, not to a unit.
        """
        statement = select(
            func.count().filter(Contact.outcome == Outcome.ANSWERED),
            func.count().filter(Contact.outcome != Outcome.INVALID),
        ).where(Contact.started_at >= wanted.span.begin, Contact.started_at < wanted.span.end)
        if wanted.categories is not None:
            statement = statement.where(Contact.category.in_(wanted.categories))
        answered, valid = (await self.session.execute(statement)).one()
        return Rate(answered, valid)

    async def behind(
        self, wanted: Wanted, counted: str, but_not: str | None, *, limit: int, offset: int = 0
    ) -> list[Behind]:
        """The cases behind a figure, last closed first: those with the fact ``counted`` (a field
        of `Tally`), without those that also have ``but_not``."""
        facts = self._facts(wanted)
        rows = await self.session.execute(
            select(Case.number, Case.title, facts.c.unit, facts.c.closed_at)
            .join(Case, Case.id == facts.c.id)
            .where(_with(facts, counted, but_not))
            .order_by(facts.c.closed_at.desc(), facts.c.id.desc())
            .limit(limit)
            .offset(min(offset, COUNTED))
        )
        return [Behind(*row) for row in rows.tuples()]

    async def how_many(self, wanted: Wanted, counted: str, but_not: str | None) -> int:
        """How many that are."""
        facts = self._facts(wanted)
        found = await self.session.scalar(
            select(func.count()).select_from(facts).where(_with(facts, counted, but_not))
        )
        return found or 0

    async def exclusions(self, wanted: Wanted) -> list[Exclusion]:
        """Cases that do not count, with why and who decided, and appeals that wait: these count
        until they are approved. Latest first, at most `COUNTED`."""
        facts = self._facts(wanted)
        rows = await self.session.execute(
            select(Case.number, Case.title, Approval)
            .join(facts, facts.c.id == Case.id)
            .join(Approval, Approval.case_id == Case.id)
            .where(
                Approval.kind.in_(_DECIDED),
                or_(
                    and_(facts.c.excluded, Approval.state == ApprovalState.APPROVED),
                    Approval.state == ApprovalState.PENDING,
                ),
            )
            .order_by(Approval.asked_at.desc(), Approval.id.desc())
            .limit(COUNTED)
        )
        return [_exclusion(*row) for row in rows.tuples()]

    async def categories(self) -> Categories:
        """Name and parent of every category, also retired ones, by code."""
        rows = await self.session.execute(
            select(CategoryRow.code, CategoryRow.name, CategoryRow.parent)
        )
        return {code: (name, parent) for code, name, parent in rows.tuples()}

    def _facts(self, wanted: Wanted) -> Subquery:
        """One row for each closed case: a truth value for every field of `Tally`, the unit that
        did it, and its promised and actual days."""
        lead = aliased(SubCase)
        doer, clocks, called = _doer(), _clocks(lead), _call()
        asked = called.c
        unit = func.coalesce(doer.c.unit, lead.unit)
        counts = not_(or_(Case.unreasonable, Case.excluded))
        first_right = or_(Case.first_unit == lead.unit, Case.dispatches <= 1)
        truths = {
            "finished": true(),
            "response_due": clocks.c.contact_due,
            "response_met": clocks.c.contact_met,
            "solved_asked": asked.solved.is_not(None),
            "solved_yes": asked.solved == Solved.YES,
            "satisfied_asked": asked.satisfied.is_not(None),
            "satisfied_yes": asked.satisfied.in_((Satisfied.SATISFIED, Satisfied.MOSTLY)),
            "timed": clocks.c.timed,
            "on_time": and_(clocks.c.timed, not_(clocks.c.late)),
            "dispatched": Case.first_unit.is_not(None),
            "first_right": and_(Case.first_unit.is_not(None), first_right),
            "automatic": Case.automatic,
            "automatic_right": and_(Case.automatic, first_right),
            "returned": Case.returns > 0,
            "reassigned": Case.dispatches > 1,
            "reworked": Case.reworks > 0,
            "reopened": Case.reopens > 0,
            "extended": Case.extended,
            "supervised": Case.supervised,
            "unreachable": asked.state == CallbackState.UNREACHABLE,
        }
        statement = (
            CaseRepository(self.session, self.actor)
            .readable()
            .outerjoin(
                lead,
                and_(lead.case_id == Case.id, lead.role == Part.LEAD, lead.state.not_in(GONE)),
            )
            .outerjoin(doer, true())
            .outerjoin(called, true())
            .outerjoin(clocks, true())
            .where(
                Case.state == MainState.CLOSED,
                Case.closed_at >= wanted.span.begin,
                Case.closed_at < wanted.span.end,
            )
        )
        if wanted.units is not None:
            statement = statement.where(unit.in_(wanted.units))
        if wanted.categories is not None:
            statement = statement.where(Case.category.in_(wanted.categories))
        return statement.with_only_columns(
            Case.id,
            Case.category,
            Case.closed_at,
            unit.label("unit"),
            *(and_(counts, truth).label(name) for name, truth in truths.items()),
            not_(counts).label("excluded"),
            clocks.c.limit.label("limit"),
            clocks.c.used.label("used"),
        ).subquery()


def _doer() -> LateralFromClause:
    """The unit that the work was last handed down to; none when the leading one did it itself."""
    part = aliased(SubCase)
    return lateral(
        select(part.unit)
        .where(
            part.case_id == Case.id,
            part.role == Part.DELEGATE,
            part.state.not_in(GONE),
        )
        .order_by(part.id.desc())
        .limit(1)
        .correlate(Case)
    )


def _call() -> LateralFromClause:
    """The call about the case's present round.

    At most one; the limit keeps the plan with the cases of the period, whatever its length.
    """
    call = aliased(Callback)
    return lateral(
        select(call.state, call.solved, call.satisfied)
        .where(call.case_id == Case.id, call.round == Case.round)
        .limit(1)
        .correlate(Case)
    )


def _clocks(lead: type[SubCase]) -> LateralFromClause:
    """What became of the leading part's clocks.

    A contact is due when its clock ran out or was met: an answer that comes before makes it void.
    A handling that went late stays late, whatever the next one brings.
    """
    clock = aliased(CaseClock)
    contact = and_(
        clock.kind == ClockKind.CONTACT,
        or_(clock.state != ClockState.CANCELLED, clock.stopped_at > clock.due_at),
    )
    handled = and_(
        clock.kind == ClockKind.HANDLE, clock.state.in_((ClockState.MET, ClockState.MISSED))
    )

    def days(end: InstrumentedAttribute[Any]) -> ColumnElement[float]:
        length = cast(func.extract("epoch", end - clock.started_at), Float) / _DAY
        return func.sum(case((handled, length)))

    return lateral(
        select(
            func.coalesce(func.bool_or(contact), False).label("contact_due"),
            func.coalesce(
                func.bool_and(clock.state == ClockState.MET).filter(contact), False
            ).label("contact_met"),
            func.coalesce(func.bool_or(handled), False).label("timed"),
            func.coalesce(
                func.bool_or(and_(handled, clock.state == ClockState.MISSED)), False
            ).label("late"),
            days(clock.due_at).label("limit"),
            days(clock.stopped_at).label("used"),
        )
        .where(
            clock.case_id == Case.id,
            clock.sub_case_id == lead.id,
            clock.kind.in_((ClockKind.CONTACT, ClockKind.HANDLE)),
        )
        .correlate(Case, lead)
    )


def _with(facts: Subquery, counted: str, but_not: str | None) -> ColumnElement[bool]:
    if but_not is None:
        return facts.c[counted]
    return and_(facts.c[counted], func.coalesce(facts.c[but_not], False).is_(False))


def _exclusion(number: str, title: str, approval: Approval) -> Exclusion:
    return Exclusion(
        number=number,
        title=title,
        kind=ApprovalKind(approval.kind),
        state=ApprovalState(approval.state),
        unit=approval.unit,
        reason=approval.reason,
        basis=approval.basis,
        decided_by=approval.decided_by,
        decided_at=approval.decided_at,
        decision=approval.decision,
    )
