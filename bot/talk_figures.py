"""What is measured of talks by the citizens' grades at their end, and the talks behind a figure.

A talk belongs to the local day on which it began; one in which the citizen said nothing is none.
No published source fixes the formulas; those here are the domain's defaults [D]:
满意率 = rated 基本满意 and above ÷ rated; 不满意率 the rest ÷ rated; 参评率 = rated ÷ all talks.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Subquery,
    case,
    cast,
    exists,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from bot.farewell import DISPLEASED, MOST_BAD, Reason
from bot.models import Conversation, Message, Turn
from cases.measures import Rate, Span
from core.calendar import LOCAL
from intake.triage import Way


class TalkAxis(StrEnum):
    """What the figures are broken down by."""

    DAY = "day"
    SERVED = "served"
    CHANNEL = "channel"
    WAY = "way"


@dataclass(frozen=True)
class TalkTally:
    """Counts of talks: all, graded, graded 3 and above, graded below, graded worst."""

    talks: int = 0
    rated: int = 0
    good: int = 0
    bad: int = 0
    worst: int = 0

    @property
    def content(self) -> Rate:
        return Rate(self.good, self.rated)

    @property
    def displeased(self) -> Rate:
        return Rate(self.bad, self.rated)

    @property
    def answered(self) -> Rate:
        """How many gave a grade at all."""
        return Rate(self.rated, self.talks)


@dataclass(frozen=True)
class RatedTalk:
    """A talk behind a figure: nothing of what was said in it. ``served`` is person or assistant,
    ``reasons`` are values of `farewell.Reason`."""

    id: uuid.UUID
    created_at: datetime
    channel: str
    served: str
    grade: int | None
    reasons: list[str]


class TalkFigures:
    """All SQL of these figures; who may ask for them is the caller's matter."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def total(self, span: Span) -> TalkTally:
        """Every talk begun within ``span``."""
        facts = _facts(span)
        counts: Sequence[int] = (await self.session.execute(select(*_counts(facts)))).one()
        return TalkTally(*counts)

    async def by(self, span: Span, axis: TalkAxis) -> dict[Any, TalkTally]:
        """By the values of ``axis``, in their order: dates for the day, else codes; None for talks
        that have none."""
        facts = _facts(span)
        key = facts.c[axis.value]
        rows = await self.session.execute(
            select(key, *_counts(facts)).group_by(key).order_by(key.nulls_last())
        )
        return {row[0]: TalkTally(*row[1:]) for row in rows}

    async def reasons(self, span: Span) -> dict[Reason, int]:
        """How often each reason was given for a bad grade, the most frequent first."""
        facts = _facts(span)
        code = func.jsonb_array_elements_text(facts.c.reasons).table_valued("value").alias("code")
        rows = await self.session.execute(
            select(code.c.value, func.count())
            .select_from(facts.join(code, true()))
            .group_by(code.c.value)
        )
        found = [(Reason(code), count) for code, count in rows.tuples()]
        return dict(sorted(found, key=lambda one: (-one[1], one[0])))

    async def talks(
        self,
        span: Span,
        grades: Sequence[int],
        of: tuple[TalkAxis, str | date | None] | None,
        *,
        limit: int,
        offset: int,
    ) -> tuple[list[RatedTalk], int]:
        """Graded talks, newest first, ``of`` one value of an axis if given, and how many."""
        facts = _facts(span)
        chosen: ColumnElement[bool] = facts.c.grade.in_(grades)
        if of is not None:
            chosen &= facts.c[of[0].value].is_not_distinct_from(of[1])
        total = await self.session.scalar(select(func.count()).select_from(facts).where(chosen))
        columns = [facts.c[name] for name in RatedTalk.__dataclass_fields__]
        rows = await self.session.execute(
            select(*columns)
            .where(chosen)
            .order_by(facts.c.created_at.desc(), facts.c.id)
            .limit(limit)
            .offset(offset)
        )
        return [RatedTalk(*row) for row in rows.tuples()], total or 0


def _facts(span: Span) -> Subquery:
    """One row a talk with everything that is counted or grouped by."""
    person = exists().where(Message.conversation_id == Conversation.id, Message.speaker == "person")
    way = (
        select(case((Turn.way.startswith(Way.TRANSFER), Way.TRANSFER.value), else_=Turn.way))
        .where(Turn.conversation_id == Conversation.id, Turn.way.is_not(None))
        .order_by(Turn.at.desc(), Turn.id)
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            Conversation.id,
            Conversation.created_at,
            Conversation.channel,
            cast(func.timezone(LOCAL.key, Conversation.created_at), Date).label("day"),
            case((person, "person"), else_="assistant").label("served"),
            way.label("way"),
            Conversation.rating.label("grade"),
            func.coalesce(Conversation.context[DISPLEASED], cast([], JSONB)).label("reasons"),
        )
        .where(
            Conversation.created_at >= span.begin,
            Conversation.created_at < span.end,
            exists().where(Turn.conversation_id == Conversation.id),
        )
        .subquery("facts")
    )


def _counts(facts: Subquery) -> list[ColumnElement[int]]:
    grade = facts.c.grade
    return [
        func.count(),
        func.count(grade),
        func.count().filter(grade > MOST_BAD),
        func.count().filter(grade <= MOST_BAD),
        func.count().filter(grade == 1),
    ]
