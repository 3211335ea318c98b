"""What staff do to a rectification, and to the public words of a review: one form each."""

from __future__ import annotations

from datetime import date

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile
from starlette.responses import Response

from console.case_actions import PostedPictures
from console.rectifications_page import PATH, Problem, show, tag_words
from console.render import link, render
from console.route import console_router
from console.staff import CurrentStaff, Posted, PostedForm, Staff, database_of
from core.attachments import MAX_BYTES
from core.database import now
from core.errors import Conflict, InvalidInput, NotFound, TooLarge
from reviews.grades import GRADE_NAMES, Grade
from reviews.publishing import publishable, release, take_back
from reviews.rectification import DOES, Action
from reviews.rectification_repository import RectificationRepository
from reviews.rectifying import MOST_PICTURES, Given, act

router = console_router()
_FIELDS = ("note", "planned_on", "days")


@router.post("/rectifications/{rectification_id}/{action}")
async def do(
    request: Request, rectification_id: int, action: str, form: PostedPictures
) -> Response:
    """Do one action, then back to the page so that a reload repeats nothing."""
    if action not in {one.value for one in DOES}:
        raise NotFound("没有这项操作")
    wanted, staff = Action(action), form.staff
    try:
        given = await _given(form)
        async with database_of(request).unit_of_work() as session:
            await act(
                session, staff.actor, rectification_id, form.number("version"), wanted, given, now()
            )
    except (Conflict, InvalidInput, TooLarge) as error:
        typed = {name: form.text(name) for name in _FIELDS}
        problem = Problem(wanted, error.message, error.fields, typed)
        return await show(request, staff, rectification_id, status=error.status, problem=problem)
    return RedirectResponse(link(f"{PATH}/{rectification_id}", done=action), 303)


@router.get("/reviews/{review_id}/publish")
async def publish_form(request: Request, review_id: int, staff: CurrentStaff) -> Response:
    """The words of a review as they stand or would stand on the public page."""
    return await _publish_form(request, staff, review_id)


@router.post("/reviews/{review_id}/publish")
async def publish(request: Request, review_id: int, form: PostedForm) -> Response:
    """Release the words, or take them back."""
    async with database_of(request).unit_of_work() as session:
        if form.text("take_back"):
            await take_back(session, form.staff.actor, review_id)
            return RedirectResponse(link(f"/console/reviews/{review_id}/publish"), 303)
    words = form.text("text"), form.text("answer")
    try:
        async with database_of(request).unit_of_work() as session:
            await release(session, form.staff.actor, review_id, *words, now())
    except InvalidInput as error:
        return await _publish_form(request, form.staff, review_id, error, words)
    return RedirectResponse(link(f"/console/reviews/{review_id}/publish"), 303)


async def _publish_form(
    request: Request,
    staff: Staff,
    review_id: int,
    error: InvalidInput | None = None,
    words: tuple[str, str] | None = None,
) -> Response:
    async with database_of(request).unit_of_work() as session:
        review = await publishable(session, staff.actor, review_id)
        repository = RectificationRepository(session, staff.actor)
        public = await repository.publication(review_id)
        done = await repository.done_of(review_id)
    shown = words or ((public.text, public.answer) if public else (review.text, done))
    return render(
        request,
        "review_publish.html",
        error.status if error else 200,
        review=review,
        grade=GRADE_NAMES[Grade(review.grade)],
        tags=tag_words(review),
        public=public,
        text=shown[0],
        answer=shown[1],
        problems=error.fields if error else {},
    )


async def _given(form: Posted) -> Given:
    files = [
        one for one in form.form.getlist("pictures") if isinstance(one, UploadFile) and one.filename
    ]
    if len(files) > MOST_PICTURES:
        raise InvalidInput("图片太多", fields={"pictures": f"最多 {MOST_PICTURES} 张图片"})
    pictures = [(one.filename or "", await one.read(MAX_BYTES + 1)) for one in files]
    return Given(form.text("note"), _day(form), _days(form), pictures)


def _day(form: Posted) -> date | None:
    try:
        return date.fromisoformat(form.text("planned_on"))
    except ValueError:
        return None


def _days(form: Posted) -> int | None:
    typed = form.text("days")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 3 else None
