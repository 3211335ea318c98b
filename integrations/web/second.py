"""The page on which a citizen rates how a bad review was put right (二评)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from core.database import now
from core.errors import Conflict, Gone
from integrations.web.rating_over import rating_over
from integrations.web.render import render
from reviews.grades import GRADE_NAMES, Grade
from reviews.second import answer_of, second_thing, submit_second

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/r2/{key}")
async def second_form(request: Request, key: str) -> HTMLResponse:
    """The form, or why it cannot be used any more. Raises NotFound for a forged link."""
    try:
        return await _form(request, key)
    except (Gone, Conflict) as refused:
        return await _over(request, key, refused)


@router.post("/r2/{key}")
async def second(
    request: Request,
    key: str,
    grade: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Takes the second review and says what follows. Raises NotFound for a forged link."""
    try:
        if grade not in {str(int(one)) for one in Grade}:
            return await _form(request, key, {"grade": "请选择满意程度"}, text)
        async with request.app.state.database.unit_of_work() as session:
            done = await submit_second(session, key, Grade(int(grade)), text, now())
    except (Gone, Conflict) as refused:
        return await _over(request, key, refused)
    return render(
        request,
        "second_rated.html",
        supervised=done.closed_at is None,
        grade=grade,
        grade_name=GRADE_NAMES[Grade(int(grade))],
    )


async def _over(request: Request, key: str, refused: Gone | Conflict) -> HTMLResponse:
    async with request.app.state.database.unit_of_work() as session:
        answer = await answer_of(session, key)
    return rating_over(request, refused, answer=answer)


async def _form(
    request: Request, key: str, problems: dict[str, str] | None = None, text: str = ""
) -> HTMLResponse:
    async with request.app.state.database.unit_of_work() as session:
        one = await second_thing(session, key, now())
    return render(
        request,
        "second_rating.html",
        422 if problems else 200,
        done=one.done,
        grades=[(int(one), GRADE_NAMES[one]) for one in sorted(Grade, reverse=True)],
        problems=problems or {},
        text=text,
    )
