"""All SQL behind the figures of reviews; who may count what is decided in `_facts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Subquery,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from cases.measures import Span, Step
from cases.models import Case, SubCase
from cases.narrowing import LIVE
from cases.repository import CaseRepository
from cases.vocabulary import CaseType, Part
from core.calendar import LOCAL
from core.identity import UNIT_ROLES, Actor
from reviews.figures import FORMULAS, Axis, Figure, Tally
from reviews.grades import BAD
from reviews.models import Rectification, Review, ServiceRecord
from reviews.narrowing import Wanted, known_to
from reviews.rectification import NOT_COUNTED, State
from reviews.reviewer import HIDDEN_CASE

# 108 and 109: more conditions, or more materials, were asked for than the guide says.
GUIDE_TAGS = ("108", "109")


class Side(StrEnum):
    """Which of the reviews behind a figure: all that are counted, those ``above`` the line of the
    fraction, or those ``missed`` there."""

    ALL = "all"
    ABOVE = "above"
    MISSED = "missed"


@dataclass(frozen=True)
class Behind:
    """A review behind a figure; nothing in it says who gave it. ``said`` as `Review.said`."""

    id: int
    grade: int
    tags: list[str]
    text: str
    created_at: datetime
    unit: str | None
    about: str
    number: str | None
    case_number: str | None
    publishable: bool
    rectification_id: int | None
    said: dict[str, str]

    @property
    def said_words(self) -> str:
        """What the review says it is about, in one line, without numbers."""
        names = ("item", "unit", "window", "place", "time")
        return "，".join(self.said[name] for name in names if self.said.get(name))


class FigureRepository:
    """Figures as ``actor`` may count them; None stands for the public, which reads no review."""

    def __init__(self, session: AsyncSession, actor: Actor | None) -> None:
        self.session = session
        self.actor = actor

    def _facts(self, wanted: Wanted) -> Subquery:
        """One row a review with everything that is counted or grouped by."""
        unit = func.coalesce(ServiceRecord.unit, SubCase.unit)
        known = known_to(self.actor)
        lead = and_(SubCase.case_id == Review.case_id, SubCase.role == Part.LEAD, LIVE)
        statement = (
            select(
                Review.id,
                Review.grade,
                Review.tags,
                Review.text,
                Review.said,
                Review.created_at,
                Review.is_default,
                Review.channel,
                func.to_char(func.timezone(LOCAL.key, Review.created_at), "YYYY-MM").label("month"),
                unit.label("unit"),
                func.nullif(ServiceRecord.item_name, "").label("item"),
                ServiceRecord.item_code,
                func.nullif(ServiceRecord.window, "").label("window"),
                func.coalesce(
                    case((known, Case.title), (Review.case_id.is_not(None), HIDDEN_CASE)),
                    ServiceRecord.item_name,
                    "",
                ).label("about"),
                case((known, func.coalesce(Case.number, ServiceRecord.project_no))).label("number"),
                case((known, Case.number)).label("case_number"),
                # Of secret and anonymous cases the public reads nothing (`reviews.publishing`).
                or_(
                    Review.service_record_id.is_not(None),
                    ~or_(Case.confidential, Case.anonymous, Case.type == CaseType.REPORT),
                )
                .is_(True)
                .label("publishable"),
                Rectification.id.label("rectification_id"),
                Rectification.state,
                Rectification.late,
                Rectification.closed_at,
            )
            .outerjoin(Case, Case.id == Review.case_id)
            .outerjoin(SubCase, lead)
            .outerjoin(ServiceRecord, ServiceRecord.id == Review.service_record_id)
            .outerjoin(Rectification, Rectification.review_id == Review.id)
            .where(*wanted.conditions(unit, known), Review.link != "void")
        )
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

    async def over_time(self, wanted: Wanted, step: Step) -> dict[date, Tally]:
        """By the beginnings of days, weeks … of the city in which they were given."""
        facts = self._facts(wanted)
        begin = func.date_trunc(step.value, func.timezone(LOCAL.key, facts.c.created_at))
        day = cast(begin, Date).label("day")
        rows = await self.session.execute(select(day, *_counts(facts)).group_by(day))
        return {row[0]: _tally(row[1:]) for row in rows}

    async def tags(self, wanted: Wanted) -> tuple[dict[str, int], dict[str, int]]:
        """How often each tag was given in the period, and in the one of equal length before."""
        before = Span(
            wanted.span.first - timedelta(days=wanted.span.days),
            wanted.span.first - timedelta(days=1),
        )
        return await self._tags(wanted), await self._tags(replace(wanted, span=before))

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
        self,
        wanted: Wanted,
        figure: Figure,
        *,
        side: Side,
        limit: int,
        offset: int,
        of: tuple[Axis, str | None] | None = None,
    ) -> tuple[list[Behind], int]:
        """The reviews behind a figure, ``of`` one value of an axis if given, and how many; newest
        first."""
        facts = self._facts(wanted)
        formula, conditions = FORMULAS[figure], _conditions(facts)
        chosen = conditions[formula.below]
        if of is not None:
            chosen = and_(chosen, facts.c[of[0].value].is_not_distinct_from(of[1]))
        if side is not Side.ALL:
            above = func.coalesce(conditions[formula.above], False)
            chosen = and_(chosen, above if side is Side.ABOVE else ~above)
        return await self._listed(facts, chosen, limit, offset)

    async def listed(self, wanted: Wanted, *, limit: int, offset: int) -> list[Behind]:
        """The reviews themselves, newest first."""
        found, _ = await self._listed(self._facts(wanted), true(), limit, offset)
        return found

    async def grade_counts(self, wanted: Wanted) -> dict[int, int]:
        """How many there are of each grade."""
        facts = self._facts(wanted)
        rows = await self.session.execute(
            select(facts.c.grade, func.count()).group_by(facts.c.grade)
        )
        return dict(rows.tuples().all())

    async def _listed(
        self, facts: Subquery, chosen: ColumnElement[bool], limit: int, offset: int
    ) -> tuple[list[Behind], int]:
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
