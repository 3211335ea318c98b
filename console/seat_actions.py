"""What a seat does: its state, taking talks, speaking, notes, passing on, settling, handing back."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from bot.seats import talks
from bot.seats.repository import SeatRepository
from cases.repository import CaseRepository
from cases.service import supplement
from cases.vocabulary import CaseType, Outcome
from console.menu import SEAT_ROLES
from console.render import link
from console.repository import ConsoleRepository
from console.route import console_router
from console.seat import MAX_REPLY, show, show_desk
from console.seat_calls import keep_telephone
from console.seat_words import STATES
from console.staff import Posted, PostedForm, database_of
from core.database import now
from core.errors import Conflict, InvalidInput, NotFound
from core.replies import say as said

router = console_router()
Word = TypeVar("Word", Outcome, CaseType)
MAX_NOTE = 1000


@router.post("/seat/state")
async def set_state(request: Request, form: PostedForm) -> Response:
    """The seat says whether it is there, and where its calls go: asked with it, and remembered."""
    form.staff.actor.require(*SEAT_ROLES)
    state = form.text("state")
    if state not in STATES:
        raise InvalidInput("没有这种状态", fields={"state": "请重新选择"})
    try:
        await keep_telephone(request, form)
    except InvalidInput as error:
        message = "；".join([error.message, *error.fields.values()])
        return await show_desk(request, form.staff, 422, problem=message)
    async with database_of(request).unit_of_work() as session:
        await SeatRepository(session).set_state(form.staff.actor.login, state)
    return RedirectResponse("/console/seat", 303)


@router.post("/seat/next")
async def take_next(request: Request, form: PostedForm) -> Response:
    """Take whoever is to be served next."""
    form.staff.actor.require(*SEAT_ROLES)
    actor = form.staff.actor
    async with database_of(request).unit_of_work() as session:
        conversation = await talks.take_next(session, actor.login, actor.name)
    if conversation is None:
        return RedirectResponse(link("/console/seat", done="nobody"), 303)
    return RedirectResponse(f"/console/seat/{conversation}", 303)


@router.post("/seat/{conversation_id}/take")
async def take(request: Request, conversation_id: uuid.UUID, form: PostedForm) -> Response:
    """Take this talk."""
    actor = form.staff.actor
    return await _do(
        request,
        conversation_id,
        form,
        lambda session: talks.take(session, conversation_id, actor.login, actor.name),
    )


@router.post("/seat/{conversation_id}/say")
async def say(request: Request, conversation_id: uuid.UUID, form: PostedForm) -> Response:
    """Send a message to the citizen; whoever answers a talk that waits has taken it."""
    text, actor = form.text("text"), form.staff.actor

    async def speak(session: AsyncSession) -> None:
        if not 0 < len(text) <= MAX_REPLY:
            raise InvalidInput(f"请写 1 至 {MAX_REPLY} 字")
        await talks.take(session, conversation_id, actor.login, actor.name)
        await talks.speak(session, conversation_id, actor.login, [said(text)])

    return await _do(request, conversation_id, form, speak, typed=text)


@router.post("/seat/{conversation_id}/note")
async def note(request: Request, conversation_id: uuid.UUID, form: PostedForm) -> Response:
    """Write down what only seats read."""
    text, login = form.text("note")[:MAX_NOTE], form.staff.actor.login
    return await _do(
        request, conversation_id, form, lambda s: talks.note(s, conversation_id, login, text)
    )


@router.post("/seat/{conversation_id}/transfer")
async def transfer(request: Request, conversation_id: uuid.UUID, form: PostedForm) -> Response:
    """Pass the talk on to another seat or queue."""
    login = form.staff.actor.login
    target, why = form.text("target"), form.text("why")[:MAX_NOTE]

    async def pass_on(session: AsyncSession) -> None:
        await talks.transfer(session, conversation_id, login, target, why)

    return await _do(
        request, conversation_id, form, pass_on, then=link("/console/seat", done="transfer")
    )


@router.post("/seat/{conversation_id}/settle")
async def settle(request: Request, conversation_id: uuid.UUID, form: PostedForm) -> Response:
    """Classify and close a contact that was settled on the spot (直接办结)."""
    login = form.staff.actor.login

    async def classify(session: AsyncSession) -> None:
        await talks.classify(
            session,
            conversation_id,
            login,
            _one_of(Outcome, form.text("outcome")),
            _one_of(CaseType, form.text("type")),
            form.text("category")[:16] or None,
            form.text("subject")[:200],
        )

    return await _do(
        request, conversation_id, form, classify, then=link("/console/seat", done="settle")
    )


@router.post("/seat/{conversation_id}/hand-back")
async def hand_back(request: Request, conversation_id: uuid.UUID, form: PostedForm) -> Response:
    """Let the assistant speak again."""
    login = form.staff.actor.login
    return await _do(
        request,
        conversation_id,
        form,
        lambda s: talks.hand_back(s, conversation_id, login),
        then=link("/console/seat", done="hand_back"),
    )


@router.post("/seat/{conversation_id}/end")
async def end(request: Request, conversation_id: uuid.UUID, form: PostedForm) -> Response:
    """End the person's service."""
    login = form.staff.actor.login
    return await _do(
        request,
        conversation_id,
        form,
        lambda s: talks.end(s, conversation_id, login),
        then=link("/console/seat", done="end"),
    )


@router.post("/seat/{conversation_id}/supplement")
async def amend(request: Request, conversation_id: uuid.UUID, form: PostedForm) -> Response:
    """Add what was said to a case that was filed in this talk."""
    number, text, actor = form.text("number"), form.text("text"), form.staff.actor

    async def add(session: AsyncSession) -> None:
        await talks.owned(session, conversation_id, actor.login)
        numbers = await ConsoleRepository(session, actor).numbers_from(conversation_id)
        if number not in numbers:
            raise NotFound("这张工单不是在本对话里登记的。")
        case = await CaseRepository(session, actor).by_number(number)
        if case is None:
            raise NotFound("没有找到这张工单。")
        key = f"seat:{form.text('key')}"
        await supplement(session, case.id, key, text, now(), by=actor)
        reply = said(f"已把您补充的情况记入工单 {number}，承办单位会看到。")
        await talks.speak(session, conversation_id, actor.login, [reply])

    return await _do(request, conversation_id, form, add, done="supplement")


def _one_of(words: type[Word], value: str) -> Word:
    try:
        return words(value)
    except ValueError as error:
        raise InvalidInput("请选择类型和结果") from error


async def _do(
    request: Request,
    conversation_id: uuid.UUID,
    form: Posted,
    act: Callable[[AsyncSession], Awaitable[None]],
    *,
    typed: str = "",
    done: str = "",
    then: str = "",
) -> Response:
    """Do it in one transaction; a refusal is shown on the page of the talk, with what was typed."""
    form.staff.actor.require(*SEAT_ROLES)
    try:
        async with database_of(request).unit_of_work() as session:
            await act(session)
    except (Conflict, InvalidInput) as error:
        message = "；".join([error.message, *error.fields.values()])
        return await show(
            request, form.staff, conversation_id, error.status, typed=typed, problem=message
        )
    return RedirectResponse(then or link(f"/console/seat/{conversation_id}", done=done), 303)
