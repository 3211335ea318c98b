"""All SQL behind the figures of reviews; who may count what is decided in `_facts`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from cases.measures import Span
from cases.models import Case, SubCase
from cases.narrowing import LIVE
from cases.repository import CaseRepository
from cases.vocabulary import Part
from core.calendar import LOCAL
from core.identity import UNIT_ROLES, Actor
from reviews.figures import FORMULAS, Axis, Figure, Tally
from reviews.grades import BAD
from reviews.models import Rectification, Review, ServiceRecord
from reviews.rectification import NOT_COUNTED, State

# 108 and 109: more conditions, or more materials, were asked for than the guide says.
GUIDE_TAGS = ("108", "109")


@dataclass(frozen=True)
class Wanted:
    """Reviews given within ``span`` about one of ``units`` (None: any, also none)."""

    span: Span
    units: Collection[str] | None = None


@dataclass(frozen=True)
class Behind:
    """A review behind a figure; nothing in it says who gave it."""

    id: int
    grade: int
    text: str
    created_at: datetime
    unit: str | None
    about: str
    case_number: str | None
    rectification_id: int | None


class FigureRepository:
    """Figures as ``actor`` may count them; None stands for the public, which reads no review."""

    def __init__(self, session: AsyncSession, actor: Actor | None) -> None:
        self.session = session
        self.actor = actor

    def _facts(self, wanted: Wanted) -> Subquery:
        """One row a review with everything that is counted or grouped by."""
        unit = func.coalesce(ServiceRecord.unit, SubCase.unit)
        lead = and_(SubCase.case_id == Review.case_id, SubCase.role == Part.LEAD, LIVE)
        statement = (
            select(
                Review.id,
                Review.grade,
                Review.tags,
                Review.text,
                Review.created_at,
                Review.is_default,
                Review.channel,
                func.to_char(func.timezone(LOCAL.key, Review.created_at), "YYYY-MM").label("month"),
                unit.label("unit"),
                func.nullif(ServiceRecord.item_name, "").label("item"),
                ServiceRecord.item_code,
                func.nullif(ServiceRecord.window, "").label("window"),
                func.coalesce(Case.title, ServiceRecord.item_name, "").label("about"),
                Case.number.label("case_number"),
                Rectification.id.label("rectification_id"),
                Rectification.state,
                Rectification.late,
                Rectification.closed_at,
            )
            .outerjoin(Case, Case.id == Review.case_id)
            .outerjoin(SubCase, lead)
            .outerjoin(ServiceRecord, ServiceRecord.id == Review.service_record_id)
            .outerjoin(Rectification, Rectification.review_id == Review.id)
            .where(Review.created_at >= wanted.span.begin, Review.created_at < wanted.span.end)
        )
        if wanted.units is not None:
            statement = statement.where(unit.in_(wanted.units))
        if self.actor is not None:
            cases = CaseRepository(self.session, self.actor).readable().with_only_columns(Case.id)
            statement = statement.where(or_(Review.case_id.is_(None), Review.case_id.in_(cases)))
            if self.actor.role in UNIT_ROLES:
                statement = statement.where(unit.in_(self.actor.units))
        return statement.subquery("facts")

    async def total(self, wanted: Wanted) -> Tally:
        """Everything together."""
        facts = self._facts(wanted)
        row = (await self.session.execute(select(*_counts(facts)))).one()
        return _tally(row)

    async def by(self, wanted: Wanted, axis: Axis) -> dict[str | None, Tally]:
        """By the values of ``axis``, in their order; None for reviews that have none."""
        facts = self._facts(wanted)
        key = facts.c[axis.value]
        rows = await self.session.execute(
            select(key, *_counts(facts)).group_by(key).order_by(key.nulls_last())
        )
        return {row[0]: _tally(row[1:]) for row in rows}

    async def tags(self, wanted: Wanted) -> tuple[dict[str, int], dict[str, int]]:
        """How often each tag was given in the period, and in the one of equal length before."""
        before = Span(
            wanted.span.first - timedelta(days=wanted.span.days),
            wanted.span.first - timedelta(days=1),
        )
        return await self._tags(wanted), await self._tags(Wanted(before, wanted.units))

    async def _tags(self, wanted: Wanted) -> dict[str, int]:
        facts = self._facts(wanted)
        tag = func.jsonb_array_elements_text(facts.c.tags).table_valued("value").alias("tag")
        rows = await self.session.execute(
            select(tag.c.value, func.count())
            .select_from(facts.join(tag, true()))
            .where(_valid(facts))
            .group_by(tag.c.value)
        )
        return dict(rows.tuples().all())

    async def beyond_the_guide(self, wanted: Wanted) -> list[tuple[str, str, int]]:
        """Items of which citizens say that more was asked than the guide says (tags 108, 109):
        code, name and how many reviews, the most first."""
        facts = self._facts(wanted)
        count = func.count()
        rows = await self.session.execute(
            select(facts.c.item_code, facts.c.item, count)
            .where(_valid(facts), _has_guide_tag(facts), facts.c.item.is_not(None))
            .group_by(facts.c.item_code, facts.c.item)
            .order_by(count.desc(), facts.c.item_code)
        )
        return list(rows.tuples())

    async def behind(
        self, wanted: Wanted, figure: Figure, *, missed: bool, limit: int, offset: int
    ) -> tuple[list[Behind], int]:
        """The reviews under a figure (``missed``: only those that fail it), and how many."""
        facts = self._facts(wanted)
        formula, conditions = FORMULAS[figure], _conditions(facts)
        chosen = conditions[formula.below]
        if missed:
            chosen = and_(chosen, ~func.coalesce(conditions[formula.above], False))
        total = await self.session.scalar(select(func.count()).select_from(facts).where(chosen))
        columns = [facts.c[name] for name in Behind.__dataclass_fields__]
        statement: Select[tuple[object, ...]] = select(*columns).where(chosen)
        rows = await self.session.execute(
            statement.order_by(facts.c.created_at.desc(), facts.c.id.desc())
            .limit(limit)
            .offset(offset)
        )
        return [Behind(**row._mapping) for row in rows], total or 0


def _counts(facts: Subquery) -> list[ColumnElement[int]]:
    conditions = _conditions(facts)
    return [func.count().filter(conditions[name]) for name in Tally.__dataclass_fields__]


def _tally(counts: Sequence[int]) -> Tally:
    return Tally(**dict(zip(Tally.__dataclass_fields__, counts, strict=True)))


def _valid(facts: Subquery) -> ColumnElement[bool]:
    invalid = func.coalesce(facts.c.state == State.INVALID, False)
    return and_(facts.c.is_default.is_(False), ~invalid)


def _conditions(facts: Subquery) -> dict[str, ColumnElement[bool]]:
    """What a review must be for each count of `Tally`."""
    valid, bad = _valid(facts), facts.c.grade.in_(BAD)
    due = and_(facts.c.state.is_not(None), facts.c.state.not_in(NOT_COUNTED))
    timed = and_(due, or_(facts.c.closed_at.is_not(None), facts.c.late))
    return {
        "every": true(),
        "given": facts.c.is_default.is_(False),
        "valid": valid,
        "good": and_(valid, ~bad),
        "bad": and_(valid, bad),
        "due": due,
        "rectified": and_(due, facts.c.state == State.COMPLETED),
        "timed": timed,
        "on_time": and_(timed, facts.c.late.is_(False)),
    }


def _has_guide_tag(facts: Subquery) -> ColumnElement[bool]:
    return or_(*(facts.c.tags.contains([tag]) for tag in GUIDE_TAGS))
