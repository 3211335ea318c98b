"""All SQL of what came of answers: feedback with its tasks, and questions that stay open."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from kb.models import Feedback, GivenAnswer, OpenQuestion


class FeedbackRepository:
    """Feedback; ``units`` limits it to that of those units' entries, None: all of it."""

    def __init__(self, session: AsyncSession, units: Collection[str] | None) -> None:
        self.session = session
        self.units = units

    async def answer(self, answer_id: int) -> GivenAnswer | None:
        """The answer, locked: feedback on it is given once."""
        query = select(GivenAnswer).where(GivenAnswer.id == answer_id).with_for_update()
        found: GivenAnswer | None = await self.session.scalar(query)
        return found

    async def given_in(self, conversation: uuid.UUID, turn: uuid.UUID) -> GivenAnswer | None:
        """The answer that was given in a turn of a conversation."""
        query = select(GivenAnswer).where(
            GivenAnswer.turn_id == turn, GivenAnswer.conversation_id == conversation
        )
        found: GivenAnswer | None = await self.session.scalar(query)
        return found

    async def add_answer(self, row: Mapping[str, Any]) -> None:
        """Keep an answer; a second one of the same turn is left out."""
        given = insert(GivenAnswer).values(row)
        await self.session.execute(given.on_conflict_do_nothing(index_elements=["turn_id"]))

    async def on_answer(self, answer_id: int) -> Feedback | None:
        """What was said of an answer."""
        found: Feedback | None = await self.session.scalar(
            select(Feedback).where(Feedback.answer_id == answer_id)
        )
        return found

    async def task(self, feedback_id: int) -> Feedback | None:
        """An unhelpful answer's task, locked."""
        query = select(Feedback).where(*self._tasks(), Feedback.id == feedback_id)
        found: Feedback | None = await self.session.scalar(query.with_for_update())
        return found

    async def tasks(
        self,
        state: str,
        *,
        code: str = "",
        due_before: datetime | None = None,
        limit: int = 1000,
        offset: int = 0,
    ) -> Sequence[tuple[Feedback, GivenAnswer]]:
        """Unhelpful answers: open ones the most pressing first, done ones the newest first."""
        newest = Feedback.done_at.desc() if state == "done" else Feedback.due_at
        query = (
            select(Feedback, GivenAnswer)
            .join(GivenAnswer, GivenAnswer.id == Feedback.answer_id)
            .where(*self._tasks(state, code, due_before))
            .order_by(newest, Feedback.id)
        )
        rows = await self.session.execute(query.limit(limit).offset(offset))
        return rows.tuples().all()

    async def count(self, state: str, *, code: str = "", due_before: datetime | None = None) -> int:
        """How many these are."""
        query = select(func.count()).select_from(Feedback)
        query = query.where(*self._tasks(state, code, due_before))
        return await self.session.scalar(query) or 0

    def _tasks(
        self, state: str = "", code: str = "", due_before: datetime | None = None
    ) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = [Feedback.helpful.is_(False)]
        if self.units is not None:
            conditions.append(Feedback.unit.in_(self.units))
        if state:
            conditions.append(Feedback.state == state)
        if code:
            conditions.append(Feedback.code == code)
        if due_before is not None:
            conditions.append(Feedback.due_at < due_before)
        return conditions


class QuestionRepository:
    """Questions that found nothing or whose answer did not help."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def add(self, row: Mapping[str, Any]) -> None:
        """Keep a question; a second one of the same turn is left out."""
        await self.session.execute(insert(OpenQuestion).values(row).on_conflict_do_nothing())

    async def open_ones(self, limit: int) -> Sequence[OpenQuestion]:
        """Open questions, the newest first."""
        query = (
            select(OpenQuestion)
            .where(OpenQuestion.settled_at.is_(None))
            .order_by(OpenQuestion.at.desc(), OpenQuestion.id.desc())
        )
        return (await self.session.scalars(query.limit(limit))).all()

    async def answered_by(self, code: str, limit: int) -> Sequence[OpenQuestion]:
        """Questions that were put to the entry of that code, the newest first."""
        query = select(OpenQuestion).where(OpenQuestion.settled_code == code)
        query = query.order_by(OpenQuestion.at.desc(), OpenQuestion.id.desc())
        return (await self.session.scalars(query.limit(limit))).all()

    async def open_count(self) -> int:
        """How many questions are open."""
        query = select(func.count()).where(OpenQuestion.settled_at.is_(None))
        return await self.session.scalar(query) or 0

    async def settled(self, limit: int, offset: int) -> Sequence[OpenQuestion]:
        """Questions that are done with, the latest first."""
        query = (
            select(OpenQuestion)
            .where(OpenQuestion.settled_at.is_not(None))
            .order_by(OpenQuestion.settled_at.desc(), OpenQuestion.id.desc())
        )
        return (await self.session.scalars(query.limit(limit).offset(offset))).all()

    async def settled_count(self) -> int:
        """How many questions are done with."""
        query = select(func.count()).where(OpenQuestion.settled_at.is_not(None))
        return await self.session.scalar(query) or 0

    async def settle(
        self, ids: Sequence[int], *, by: str, code: str | None, note: str, at: datetime
    ) -> int:
        """Take open ones off the list; how many it were."""
        done = await self.session.scalars(
            update(OpenQuestion)
            .where(OpenQuestion.id.in_(ids), OpenQuestion.settled_at.is_(None))
            .values(settled_by=by, settled_code=code, settled_note=note, settled_at=at)
            .returning(OpenQuestion.id)
        )
        return len(done.all())

    async def reopen(self, ids: Sequence[int]) -> int:
        """Put them back on the list; how many it were."""
        done = await self.session.scalars(
            update(OpenQuestion)
            .where(OpenQuestion.id.in_(ids), OpenQuestion.settled_at.is_not(None))
            .values(settled_by=None, settled_code=None, settled_note="", settled_at=None)
            .returning(OpenQuestion.id)
        )
        return len(done.all())
