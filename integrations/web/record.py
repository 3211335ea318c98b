"""The page of a one-time link on which a citizen rates a finished service (办件)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from cases.vocabulary import Source
from core.database import now
from core.errors import Conflict, Gone, InvalidInput
from core.privacy import keyed_hash
from integrations.web.forms import read_review
from integrations.web.rating_over import rating_over
from integrations.web.render import render
from reviews.grades import BAD, CHOICES, GRADE_NAMES
from reviews.record_rating import rated_record, submit_by_link
from reviews.said import Given

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_NAMES = {"grade": "满意程度", "tags": "原因", "text": "意见"}


@router.get("/rs/{key}")
async def record_form(request: Request, key: str) -> HTMLResponse:
    """The form, or why it cannot be used any more. Raises NotFound for a forged link."""
    try:
        return await _form(request, key, {})
    except (Gone, Conflict) as refused:
        return rating_over(request, refused)


@router.post("/rs/{key}")
async def rate_record(request: Request, key: str) -> HTMLResponse:
    """Takes the review and says what follows, or why it cannot be given any more. Raises NotFound
    for a forged link."""
    async with request.form() as data:
        typed = {name: value.strip() for name, value in data.items() if isinstance(value, str)}
        tags = [tag for tag in data.getlist("tags") if isinstance(tag, str)]
    review = read_review(typed.get("grade", ""), tags, typed.get("text", ""))
    again = typed | {"tags": review.tags}
    try:
        if review.problems or review.grade is None:
            return await _form(request, key, again, review.problems)
        given = Given(
            key=keyed_hash("record-page", key),
            grade=review.grade,
            channel=Source.WEB,
            tags=review.tags,
            text=review.text,
            named=bool(typed.get("named")),
        )
        async with request.app.state.database.unit_of_work() as session:
            stored = await submit_by_link(session, key, given, now())
    except InvalidInput as error:
        return await _form(request, key, again, dict(error.fields))
    except (Gone, Conflict) as refused:
        return rating_over(request, refused)
    return render(
        request,
        "record_rated.html",
        grade=stored.grade,
        grade_name=GRADE_NAMES[review.grade],
        bad=review.grade in BAD,
        named=stored.named,
    )


async def _form(
    request: Request, key: str, typed: dict[str, Any], problems: dict[str, str] | None = None
) -> HTMLResponse:
    async with request.app.state.database.unit_of_work() as session:
        thing = await rated_record(session, key, now())
    unit = thing.record.unit
    return render(
        request,
        "record_rating.html",
        422 if problems else 200,
        thing=thing,
        unit=request.app.state.city.tree.name(unit) if unit else thing.record.dept_name,
        grades=CHOICES,
        typed=typed,
        problems=problems or {},
        names=_NAMES,
    )
