"""What citizens think of how they were served: a public page, and the same as open data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from core.calendar import LOCAL
from core.database import now
from integrations.web.render import render
from reviews.figures import FORMULAS
from reviews.public import (
    MOST_ROWS,
    PublicFigures,
    PublicReview,
    as_csv,
    public_figures,
    public_reviews,
    rates,
)

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
PAGE_SIZE = 20


@router.get("/reviews")
async def reviews_page(request: Request, page: int = 1) -> HTMLResponse:
    """Figures of the last 90 days, and the reviews that were released, newest first."""
    page = min(max(page, 1), 1000)
    figures, reviews, total = await _read(request, PAGE_SIZE, (page - 1) * PAGE_SIZE)
    names = _names(request, figures, reviews)
    last = max(-(-total // PAGE_SIZE), 1)
    return render(
        request,
        "reviews.html",
        figures=figures,
        formulas=FORMULAS,
        reviews=reviews,
        names=names,
        page=page,
        last=last,
        total=total,
    )


@router.get("/reviews/data.json")
async def reviews_json(request: Request) -> JSONResponse:
    """The same as JSON: figures with counts, and every released review."""
    figures, reviews, _ = await _read(request, MOST_ROWS, 0)
    names = _names(request, figures, reviews)
    body: dict[str, Any] = {
        "from": figures.span.first.isoformat(),
        "to": figures.span.last.isoformat(),
        "formulas": {figure.value: asdict(formula) for figure, formula in FORMULAS.items()},
        "total": asdict(figures.total) | rates(figures.total),
        "units": [
            {
                "unit": code,
                "name": names[code],
                "band": tally.band,
                "valid": tally.valid,
                **rates(tally),
            }
            for code, tally in figures.units.items()
        ],
        "reviews": [asdict(one) | {"unit_name": names.get(one.unit or "", "")} for one in reviews],
    }
    return JSONResponse(body)


@router.get("/reviews/data.csv")
async def reviews_csv(request: Request) -> Response:
    """The released reviews as a table."""
    figures, reviews, _ = await _read(request, MOST_ROWS, 0)
    text = as_csv(reviews, _names(request, figures, reviews))
    headers = {"Content-Disposition": 'attachment; filename="reviews.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


async def _read(
    request: Request, limit: int, offset: int
) -> tuple[PublicFigures, list[PublicReview], int]:
    async with request.app.state.database.unit_of_work() as session:
        figures = await public_figures(session, now().astimezone(LOCAL).date())
        reviews, total = await public_reviews(session, limit=limit, offset=offset)
    return figures, reviews, total


def _names(request: Request, figures: PublicFigures, reviews: list[PublicReview]) -> dict[str, str]:
    codes = {*figures.units, *(one.unit for one in reviews if one.unit)}
    return {code: request.app.state.city.tree.name(code) for code in codes}
