"""What a list or a figure of reviews is asked for, as conditions of a query.

The query must join what a review may be about: `Case` and `ServiceRecord`, both from outside.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, or_
from sqlalchemy.dialects.postgresql import JSONPATH

from cases.measures import Span
from cases.models import Case
from reviews.models import Review, ServiceRecord

ALL_TIME = Span(date(2000, 1, 1), date(2100, 12, 31))


@dataclass(frozen=True)
class Wanted:
    """Reviews given within ``span`` about one of ``units`` (None: any, also none), of one of
    ``grades`` (None: any); ``text`` is a number, or part of what was said or of what it is, or is said to be, about."""

    span: Span = ALL_TIME
    units: Collection[str] | None = None
    grades: Collection[int] | None = None
    text: str = ""

    def conditions(self, unit: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """The same in SQL; ``unit`` is the code of the unit in the query."""
        found = [Review.created_at >= self.span.begin, Review.created_at < self.span.end]
        if self.units is not None:
            found.append(unit.in_(self.units))
        if self.grades is not None:
            found.append(Review.grade.in_(self.grades))
        if self.text:
            searched = (
                Case.number,
                Case.title,
                ServiceRecord.project_no,
                ServiceRecord.item_name,
                Review.text,
                cast(func.jsonb_path_query_array(Review.said, cast("$.*", JSONPATH)), Text),
            )
            found.append(or_(*(one.contains(self.text, autoescape=True) for one in searched)))
        return found
