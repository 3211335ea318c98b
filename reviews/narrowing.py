"""What a list or a figure of reviews is asked for, as conditions of a query.

The query must join what a review may be about: `Case` and `ServiceRecord`, both from outside.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, true
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import InstrumentedAttribute

from cases.measures import Span
from cases.models import Case
from core.identity import UNIT_ROLES, Actor
from reviews.models import Review, ServiceRecord

_ALWAYS = true()
ALL_TIME = Span(date(2000, 1, 1), date(2100, 12, 31))


@dataclass(frozen=True)
class Wanted:
    """Reviews given within ``span`` about one of ``units`` (None: any, also none), of one of
    ``grades`` (None: any); ``text`` is a number, or part of what was said or of what it is, or is
    said to be, about."""

    span: Span = ALL_TIME
    units: Collection[str] | None = None
    grades: Collection[int] | None = None
    text: str = ""

    def conditions(
        self, unit: ColumnElement[Any], known: ColumnElement[bool] = _ALWAYS
    ) -> list[ColumnElement[bool]]:
        """The same in SQL; ``unit`` is the code of the unit in the query, ``known`` whether the
        reader may know whose review it is, and so find it by a number or the title of a case."""
        found = [Review.created_at >= self.span.begin, Review.created_at < self.span.end]
        if self.units is not None:
            found.append(unit.in_(self.units))
        if self.grades is not None:
            found.append(Review.grade.in_(self.grades))
        if self.text:
            telling = Case.number, Case.title, ServiceRecord.project_no
            said = cast(func.jsonb_path_query_array(Review.said, cast("$.*", JSONPATH)), Text)
            found.append(
                or_(
                    and_(known, or_(*(self._in(one) for one in (*telling, said)))),
                    self._in(ServiceRecord.item_name),
                    self._in(Review.text),
                )
            )
        return found

    def _in(self, column: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[bool]:
        return column.contains(self.text, autoescape=True)


def known_to(actor: Actor | None) -> ColumnElement[bool]:
    """`reviews.reviewer.knows_who` in SQL; the public (None) reads no review."""
    if actor is not None and actor.role in UNIT_ROLES:
        return Review.named.is_(True)
    return _ALWAYS
