"""All SQL about rectifications and what of reviews is public; who may see which is decided here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case, SubCase
from cases.narrowing import LIVE as sub_case_lives
from cases.repository import CaseRepository
from cases.vocabulary import Part
from core.errors import NotFound
from core.identity import UNIT_ROLES, Actor, Role
from reviews.grades import BAD
from reviews.models import (
    Rectification,
    RectificationEvent,
    Review,
    ReviewPublication,
    ServiceRecord,
)
from reviews.narrowing import Wanted, known_to
from reviews.rectification import OPEN, State


@dataclass(frozen=True)
class Row:
    """A rectification with the review and what it is about: a case or a service record."""

    rectification: Rectification
    review: Review
    case: Case | None
    record: ServiceRecord | None


class RectificationRepository:
    """Rectifications as ``actor`` may see them; None stands for the line itself, which sees all."""

    def __init__(self, session: AsyncSession, actor: Actor | None) -> None:
        self.session = session
        self.actor = actor

    def visible(self) -> ColumnElement[bool]:
        """Of a case: whoever may read the case, a unit only its own. Of a service record: the line,
        and the staff of the unit. Editors of the knowledge base read none."""
        if self.actor is None:
            return Review.id.is_not(None)
        readable = CaseRepository(self.session, self.actor).readable().with_only_columns(Case.id)
        if self.actor.role in UNIT_ROLES:
            mine = Rectification.unit.in_(self.actor.units)
            return and_(mine, or_(Review.case_id.is_(None), Review.case_id.in_(readable)))
        if self.actor.role is Role.KNOWLEDGE_EDITOR:
            return Review.id.is_(None)
        return or_(Review.case_id.is_(None), Review.case_id.in_(readable))

    def _rows(self) -> Select[Rectification, Review, Case, ServiceRecord]:
        return (
            select(Rectification, Review, Case, ServiceRecord)
            .join(Review, Review.id == Rectification.review_id)
            .outerjoin(Case, Case.id == Review.case_id)
            .outerjoin(ServiceRecord, ServiceRecord.id == Review.service_record_id)
            .where(self.visible())
        )

    async def get(self, rectification_id: int, *, lock: bool = False) -> Row:
        """Raises NotFound when there is none or the actor may not see it: the two look alike."""
        statement = self._rows().where(Rectification.id == rectification_id)
        if lock:
            statement = statement.with_for_update(of=Rectification).execution_options(
                populate_existing=True
            )
        found = (await self.session.execute(statement)).one_or_none()
        if found is None:
            raise NotFound("没有找到这条整改")
        return Row(*found._tuple())

    async def of_review(self, review_id: int) -> Rectification | None:
        """The one of a review, locked until the transaction ends."""
        found: Rectification | None = await self.session.scalar(
            select(Rectification).where(Rectification.review_id == review_id).with_for_update()
        )
        return found

    async def opened(self, case_id: int) -> Rectification | None:
        """The one from which a case was opened, if the actor may see it."""
        found = await self.session.execute(self._rows().where(Rectification.case_id == case_id))
        row = found.one_or_none()
        return row[0] if row else None

    async def without_one(self, limit: int) -> Sequence[Review]:
        """Bad reviews that are tied to what a unit has meanwhile, and have no rectification."""
        tied = Review.link.in_(("exact", "auto", "manual"))
        lead = exists().where(
            SubCase.case_id == Review.case_id, SubCase.role == Part.LEAD, sub_case_lives
        )
        return (
            await self.session.scalars(
                select(Review)
                .outerjoin(Rectification, Rectification.review_id == Review.id)
                .outerjoin(ServiceRecord, ServiceRecord.id == Review.service_record_id)
                .where(
                    Review.grade.in_(BAD),
                    Review.is_default.is_(False),
                    tied,
                    Rectification.id.is_(None),
                    or_(ServiceRecord.unit.is_not(None), lead),
                )
                .order_by(Review.id)
                .limit(limit)
                .with_for_update(of=Review, skip_locked=True)
            )
        ).all()

    async def running(self, after: int, limit: int) -> Sequence[Rectification]:
        """Those that have not ended, by id from the one after ``after``, locked."""
        return (
            await self.session.scalars(
                select(Rectification)
                .where(Rectification.closed_at.is_(None), Rectification.id > after)
                .order_by(Rectification.id)
                .limit(limit)
                .with_for_update()
            )
        ).all()

    async def queue(
        self,
        states: Collection[State],
        wanted: Wanted,
        late_at: datetime | None = None,
        *,
        limit: int,
        offset: int,
    ) -> list[Row]:
        """Those in one of ``states`` of the ``wanted`` reviews, the soonest due first; with
        ``late_at`` only those that are not done and past due then."""
        found = await self.session.execute(
            self._rows()
            .where(Rectification.state.in_(states), *_narrowed(wanted, late_at, self.actor))
            .order_by(Rectification.due_at, Rectification.id)
            .limit(limit)
            .offset(offset)
        )
        return [Row(*row) for row in found.tuples()]

    async def counts(self, wanted: Wanted, late_at: datetime | None = None) -> dict[State, int]:
        """How many of `queue` there are in each state."""
        found = await self.session.execute(
            self._rows()
            .with_only_columns(Rectification.state, func.count(), maintain_column_froms=True)
            .where(*_narrowed(wanted, late_at, self.actor))
            .group_by(Rectification.state)
        )
        return {State(state): count for state, count in found.tuples()}

    async def history(self, rectification_id: int) -> Sequence[RectificationEvent]:
        """All lines, oldest first; ask only for what the actor may see."""
        return (
            await self.session.scalars(
                select(RectificationEvent)
                .where(RectificationEvent.rectification_id == rectification_id)
                .order_by(RectificationEvent.id)
            )
        ).all()

    async def waiting(self, at: datetime, limit: int) -> Sequence[Rectification]:
        """Open ones that are to be warned of at ``at``; what is locked is passed over."""
        yellow = and_(Rectification.yellow_at <= at, Rectification.yellow_sent_at.is_(None))
        red = and_(Rectification.due_at <= at, Rectification.red_sent_at.is_(None))
        return (
            await self.session.scalars(
                select(Rectification)
                .where(
                    Rectification.closed_at.is_(None),
                    Rectification.finished_at.is_(None),
                    Rectification.state.in_(OPEN),
                    or_(yellow, red),
                )
                .order_by(Rectification.due_at, Rectification.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
        ).all()

    async def publication(self, review_id: int) -> ReviewPublication | None:
        """What of a review is public."""
        return await self.session.get(ReviewPublication, review_id)

    async def done_of(self, review_id: int) -> str:
        """What a unit says it did about a review; empty when nothing, or not for the actor."""
        found = await self.session.scalar(
            select(Rectification.done)
            .join(Review, Review.id == Rectification.review_id)
            .where(Rectification.review_id == review_id, self.visible())
        )
        return found or ""


def _narrowed(
    wanted: Wanted, late_at: datetime | None, actor: Actor | None
) -> list[ColumnElement[bool]]:
    found = wanted.conditions(Rectification.unit.expression, known_to(actor))
    if late_at is not None:
        found += [Rectification.due_at < late_at, Rectification.finished_at.is_(None)]
        found.append(Rectification.state.in_(OPEN))
    return found
