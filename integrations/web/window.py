"""The page behind the code at a window: which window it is, and a review of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from core.calendar import LOCAL
from core.database import now
from core.errors import InvalidInput
from intake.facts import find_phone
from integrations.web.forms import known_key, new_key, read_review
from integrations.web.render import render
from reviews.codes import Channel
from reviews.grades import BAD, CHOICES, GRADE_NAMES
from reviews.models import ServiceWindow
from reviews.said import WINDOW, Given, submit_said
from reviews.windows import window_by_code

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_NAMES = {
    "grade": "满意程度",
    "tags": "原因",
    "text": "意见",
    "number": "办件编号",
    "phone": "手机号",
}


@router.get("/w/{code}")
async def window_form(request: Request, code: str) -> HTMLResponse:
    """Raises NotFound for a forged code and for one out of use."""
    async with request.app.state.database.unit_of_work() as session:
        window = await window_by_code(session, code)
    return _form(request, window, {"key": new_key()})


@router.post("/w/{code}")
async def rate_window(request: Request, code: str) -> HTMLResponse:
    """Stores the review once, however often it is sent, and says thanks. Raises NotFound,
    TooManyTries."""
    await request.app.state.limits.request(request)
    async with request.form() as data:
        typed = {name: value.strip() for name, value in data.items() if isinstance(value, str)}
        tags = [tag for tag in data.getlist("tags") if isinstance(tag, str)]
    review = read_review(typed.get("grade", ""), tags, typed.get("text", ""))
    wrong, phone = dict(review.problems), typed.get("phone", "")
    if phone and find_phone(phone) is None:
        wrong["phone"] = "请填写手机号，或带区号的固定电话；不想留可以不填"
    at = now()
    async with request.app.state.database.unit_of_work() as session:
        window = await window_by_code(session, code)
        if review.grade is not None and not wrong:
            given = Given(
                key=known_key(typed.get("key", "")),
                grade=review.grade,
                channel=Channel.QR.word,
                tags=review.tags,
                text=review.text,
                said=_said(request, window, typed.get("number", ""), at),
                phone=find_phone(phone) or "",
                named=bool(phone and typed.get("named")),
            )
            try:
                stored = await submit_said(session, given, at, WINDOW)
            except InvalidInput as error:
                wrong = dict(error.fields)
    if wrong or review.grade is None:
        return _form(request, window, typed | {"tags": review.tags}, wrong)
    return render(
        request,
        "window_rated.html",
        grade=stored.grade,
        grade_name=GRADE_NAMES[review.grade],
        bad=review.grade in BAD,
    )


def _said(request: Request, window: ServiceWindow, number: str, at: datetime) -> dict[str, str]:
    return {
        "number": number,
        "unit": request.app.state.city.tree.name(window.unit),
        "window": window.number,
        "place": window.place,
        "time": at.astimezone(LOCAL).date().isoformat(),
    }


def _form(
    request: Request,
    window: ServiceWindow,
    typed: dict[str, Any],
    problems: dict[str, str] | None = None,
) -> HTMLResponse:
    return render(
        request,
        "window.html",
        422 if problems else 200,
        window=window,
        unit=request.app.state.city.tree.name(window.unit),
        grades=CHOICES,
        typed=typed | {"key": known_key(typed.get("key", ""))},
        problems=problems or {},
        names=_NAMES,
    )
