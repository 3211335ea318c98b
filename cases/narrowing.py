"""Conditions on cases that queues and visibility are made of. SQL for `cases.repository` only."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    cast,
    exists,
    literal_column,
    or_,
    select,
    union_all,
)

from cases.models import Approval, Case, SubCase
from cases.queues import CaseFilter, Mark
from cases.states import GONE, SubState
from cases.vocabulary import ApprovalState, Part
from units.models import Unit, UnitSuccession

_NONE: ColumnElement[int] = literal_column("0")
LIVE = SubCase.state.not_in(GONE)
# Parts whose clock still runs against the unit.
UNFINISHED = SubCase.state.in_(
    (SubState.PENDING_ACCEPTANCE, SubState.IN_PROGRESS, SubState.PENDING_SIGNATURE)
)


def of_kind(statement: Select[Case], wanted: CaseFilter) -> Select[Case]:
    """Only cases with the facts and marks that ``wanted`` asks for."""
    facts = ((Case.type, wanted.type), (Case.urgency, wanted.urgency), (Case.source, wanted.source))
    for column, value in facts:
        if value is not None:
            statement = statement.where(column == value)
    if wanted.category:
        statement = statement.where(Case.category.startswith(wanted.category, autoescape=True))
    if wanted.area:
        statement = statement.where(or_(Case.district == wanted.area, Case.street == wanted.area))
    return statement.where(*(MARKS[mark] for mark in wanted.marks))


MARKS: dict[Mark, ColumnElement[bool]] = {
    Mark.SUPERVISED: Case.supervised.expression,
    # Written out, so that the planner knows the indexes that were made for them.
    Mark.RETURNED: Case.returns > _NONE,
    Mark.REWORKED: or_(Case.reworks > _NONE, Case.reopens > _NONE),
    Mark.WRONG_AUTOMATIC: and_(
        Case.automatic,
        exists()
        .where(
            SubCase.case_id == Case.id,
            SubCase.role == Part.LEAD,
            SubCase.unit == Case.first_unit,
            ~LIVE,
        )
        .correlate(Case),
    ),
    Mark.EXTENDED: Case.extended.expression,
    Mark.URGED: Case.urges > 0,
    Mark.ASKING: exists()
    .where(Approval.case_id == Case.id, Approval.state == ApprovalState.PENDING)
    .correlate(Case),
}


def has_part(
    units: Collection[str] | None,
    states: Collection[SubState] = (),
    handler: str | None = None,
) -> ColumnElement[bool]:
    """Some part still counting belongs to one of ``units`` (None: any), is in ``states`` and was
    taken on by ``handler``."""
    condition = exists().where(SubCase.case_id == Case.id, LIVE)
    if units is not None:
        condition = condition.where(SubCase.unit.in_(units))
    if states:
        condition = condition.where(SubCase.state.in_(states))
    if handler:
        condition = condition.where(SubCase.handler == handler)
    return condition


def due_between(units: Collection[str], wanted: CaseFilter) -> ColumnElement[bool]:
    """Some unfinished part of one of ``units`` is due in the time asked for."""
    condition = exists().where(SubCase.case_id == Case.id, SubCase.unit.in_(units), UNFINISHED)
    if wanted.overdue_at is not None:
        condition = condition.where(SubCase.due_at < wanted.overdue_at)
    if wanted.due_from is not None:
        condition = condition.where(SubCase.due_at >= wanted.due_from)
    return condition


def upward(unit: str) -> Select[str]:
    """``unit``, every unit above it, and those whose work they took over (机构合并)."""
    steps = union_all(
        select(Unit.code.label("here"), Unit.parent.label("next")),
        select(UnitSuccession.new, UnitSuccession.old).where(UnitSuccession.done_at.is_not(None)),
    ).subquery()
    upward = select(cast(unit, Text).label("code")).cte(recursive=True)
    upward = upward.union(
        select(steps.c.next)
        .join(upward, upward.c.code == steps.c.here)
        .where(steps.c.next.is_not(None))
    )
    return select(upward.c.code)
