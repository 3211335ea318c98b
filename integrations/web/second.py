"""The page on which a citizen rates how a bad review was put right (二评)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from core.database import now
from integrations.web.render import render
from reviews.grades import GRADE_NAMES, Grade
from reviews.second import second_thing, submit_second

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/r2/{key}")
async def second_form(request: Request, key: str) -> HTMLResponse:
    """Raises as reviews.second.second_thing."""
    return await _form(request, key)


@router.post("/r2/{key}")
async def second(
    request: Request,
    key: str,
    grade: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Takes the second review and says what follows. Raises as reviews.second.submit_second."""
    if grade not in {str(int(one)) for one in Grade}:
        return await _form(request, key, "请选择满意程度", text)
    async with request.app.state.database.unit_of_work() as session:
        done = await submit_second(session, key, Grade(int(grade)), text, now())
    return render(request, "second_rated.html", supervised=done.closed_at is None)


async def _form(request: Request, key: str, problem: str = "", text: str = "") -> HTMLResponse:
    async with request.app.state.database.unit_of_work() as session:
        one = await second_thing(session, key, now())
    return render(
        request,
        "second_rating.html",
        422 if problem else 200,
        done=one.done,
        grades=[(int(one), GRADE_NAMES[one]) for one in sorted(Grade, reverse=True)],
        problem=problem,
        text=text,
    )
