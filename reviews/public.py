"""What everybody reads of reviews: figures without small numbers, and words that were released."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.measures import SMALL, Rate, Span
from cases.models import Case, SubCase
from cases.narrowing import LIVE
from cases.vocabulary import CaseType, Part
from core.calendar import LOCAL
from reviews.figures import FORMULAS, Axis, Tally
from reviews.figures_repository import FigureRepository
from reviews.grades import GRADE_NAMES, Grade
from reviews.models import Rectification, Review, ReviewPublication, ServiceRecord
from reviews.narrowing import Wanted
from reviews.rectification import NOT_COUNTED

# What is published covers so many days up to today.
DAYS = 90
MOST_ROWS = 5000
# What a spreadsheet takes for the beginning of a formula (OWASP: CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class PublicReview:
    """A released review: ``day`` it was given (ISO), ``unit`` is a code."""

    day: str
    grade: str
    unit: str | None
    item: str
    text: str
    answer: str


@dataclass(frozen=True)
class PublicFigures:
    """Tallies of the line and by unit, over ``span``."""

    span: Span
    total: Tally
    units: dict[str, Tally]


async def public_figures(session: AsyncSession, today: date) -> PublicFigures:
    """Figures of the last `DAYS` days; a unit with fewer than `SMALL` reviews is left out, because
    its figures would tell of single people."""
    span = Span(today - timedelta(days=DAYS - 1), today)
    repository, wanted = FigureRepository(session, None), Wanted(span)
    units = await repository.by(wanted, Axis.UNIT)
    shown = {code: tally for code, tally in units.items() if code and tally.valid >= SMALL}
    return PublicFigures(span, await repository.total(wanted), shown)


async def public_reviews(
    session: AsyncSession, *, limit: int, offset: int = 0
) -> tuple[list[PublicReview], int]:
    """Released reviews, the latest first, and how many there are. Never of a report (举报), a
    confidential or an anonymous case, nor one found mistaken, whatever was released before."""
    unit = func.coalesce(ServiceRecord.unit, SubCase.unit)
    statement = (
        select(Review, ReviewPublication, unit, ServiceRecord.item_name)
        .join(ReviewPublication, ReviewPublication.review_id == Review.id)
        .outerjoin(Case, Case.id == Review.case_id)
        .outerjoin(
            SubCase, and_(SubCase.case_id == Review.case_id, SubCase.role == Part.LEAD, LIVE)
        )
        .outerjoin(ServiceRecord, ServiceRecord.id == Review.service_record_id)
        .outerjoin(Rectification, Rectification.review_id == Review.id)
        .where(_open_to_all())
    )
    total = await session.scalar(
        select(func.count()).select_from(statement.with_only_columns(Review.id).subquery())
    )
    rows = await session.execute(
        statement.order_by(Review.created_at.desc(), Review.id.desc()).limit(limit).offset(offset)
    )
    found = [
        PublicReview(
            review.created_at.astimezone(LOCAL).date().isoformat(),
            GRADE_NAMES[Grade(review.grade)],
            code,
            item or "12345 热线诉求",
            public.text,
            public.answer,
        )
        for review, public, code, item in rows.tuples()
    ]
    return found, total or 0


def _open_to_all() -> ColumnElement[bool]:
    plain = and_(not_(Case.confidential), not_(Case.anonymous), Case.type != CaseType.REPORT)
    return and_(
        or_(and_(Review.case_id.is_(None), Review.service_record_id.is_not(None)), plain),
        or_(Rectification.state.is_(None), Rectification.state.not_in(NOT_COUNTED)),
    )


def rates(tally: Tally) -> dict[str, float | None]:
    """The figures by their code, 0-1 with four digits; None when too few were counted."""
    return {figure.value: _rounded(tally.rate(figure)) for figure in FORMULAS}


def as_csv(reviews: list[PublicReview], names: dict[str, str]) -> str:
    """The reviews as CSV with a head in Chinese and a byte order mark, which spreadsheets need."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["评价日期", "等次", "单位", "事项", "评价", "答复"])
    for one in reviews:
        told = asdict(one) | {"unit": names.get(one.unit or "", "")}
        writer.writerow([_safe(str(value)) for value in told.values()])
    return "\ufeff" + out.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rounded(rate: Rate) -> float | None:
    return None if rate.share is None else round(rate.share, 4)
