"""Ready answers (常用语): the list that seats insert from, edited by whoever uses them."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import IntegrityError
from starlette.responses import Response

from bot.seats.models import ReadyAnswer
from bot.seats.repository import SeatRepository
from console.menu import SEAT_ROLES
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.seat import MAX_REPLY
from console.staff import CurrentStaff, Posted, PostedForm, database_of
from console.wording import DONE
from core.database import now
from core.errors import Conflict, InvalidInput, NotFound

router = console_router()
_PATH = "/console/seat/answers"
_MAX_TITLE = 60


@router.get("/seat/answers")
async def answers_page(
    request: Request, staff: CurrentStaff, q: str = "", done: str = ""
) -> Response:
    """The list with a form for each."""
    staff.actor.require(*SEAT_ROLES)
    return await _show(request, staff.actor.login, q=q, done=DONE.get(done, ""))


@router.post("/seat/answers")
async def add(request: Request, form: PostedForm) -> Response:
    """A new ready answer."""
    form.staff.actor.require(*SEAT_ROLES)
    return await _save(request, form, None)


@router.post("/seat/answers/{answer_id}")
async def change(request: Request, answer_id: int, form: PostedForm) -> Response:
    """Change a ready answer, or delete it. Raises NotFound."""
    form.staff.actor.require(*SEAT_ROLES)
    return await _save(request, form, answer_id)


async def _save(request: Request, form: Posted, answer_id: int | None) -> Response:
    title, text, login = form.text("title"), form.text("text"), form.staff.actor.login
    deleting = form.text("step") == "delete"
    try:
        if not deleting and not (0 < len(title) <= _MAX_TITLE and 0 < len(text) <= MAX_REPLY):
            raise InvalidInput(f"请写标题（不超过 {_MAX_TITLE} 字）和内容（不超过 {MAX_REPLY} 字）")
        async with database_of(request).unit_of_work() as session:
            answer = ReadyAnswer(title=title, text=text, by=login)
            if answer_id is not None:
                answer = await _found(SeatRepository(session), answer_id)
            if deleting:
                await session.delete(answer)
            else:
                answer.title, answer.text = title, text
                answer.by, answer.changed_at = login, now()
                session.add(answer)
    except (InvalidInput, IntegrityError) as error:
        refused = (
            error if isinstance(error, InvalidInput) else Conflict("已有同名的常用语，请换个标题。")
        )
        return await _show(
            request, login, refused.status, problem=refused.message, typed=(title, text)
        )
    return RedirectResponse(link(_PATH, done="answer_saved"), 303)


async def _found(repository: SeatRepository, answer_id: int) -> ReadyAnswer:
    found = await repository.ready_answer(answer_id)
    if found is None:
        raise NotFound("没有找到这条常用语。")
    return found


async def _show(
    request: Request,
    login: str,
    status: int = 200,
    *,
    q: str = "",
    done: str = "",
    problem: str = "",
    typed: tuple[str, str] = ("", ""),
) -> Response:
    words = q.replace("\x00", "").strip()[:100]
    async with database_of(request).unit_of_work() as session:
        answers = await SeatRepository(session).ready_answers(words)
        names = await ConsoleRepository(session, request.state.staff.actor).staff_names(
            {a.by for a in answers}
        )
    return render(
        request,
        "seat_answers.html",
        status,
        answers=answers,
        names=names,
        text=words,
        done=done,
        problem=problem,
        typed=typed,
        most=MAX_REPLY,
    )
