"""The seat's telephone: taking a call that rings, bringing in a third, hanging up, ringing back."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from bot.calls.models import Call
from bot.calls.repository import of_conversation
from bot.calls.switchboard import Switchboard
from bot.seats import callbacks, talks
from bot.seats.repository import SeatRepository
from console.menu import SEAT_ROLES
from console.render import link
from console.route import console_router
from console.seat import show
from console.seat_callbacks import show_callbacks
from console.staff import Posted, PostedForm, database_of
from core.errors import Conflict, HotlineError, InvalidInput, NotFound

router = console_router()
_NUMBER = re.compile(r"^\+?\d[\d-]{1,19}$")
_NO_TELEPHONE = "请填写您的座机或分机号码，来电会转接到那里；填过一次就记住。"


@router.post("/seat/{conversation_id}/call/answer")
async def answer(request: Request, conversation_id: uuid.UUID, form: PostedForm) -> Response:
    """Take the talk, and put the caller through to the seat's telephone, which is remembered when it
    comes with the form."""
    actor = form.staff.actor

    async def put_through(board: Switchboard, call: Call) -> None:
        await keep_telephone(request, form)
        telephone = await _telephone(request, actor.login)
        async with database_of(request).unit_of_work() as session:
            await talks.take(session, conversation_id, actor.login, actor.name)
        await board.transfer(call.id, telephone, actor.login)

    return await _do(request, conversation_id, form, put_through, mine=False)


@router.post("/seat/{conversation_id}/call/three-way")
async def three_way(request: Request, conversation_id: uuid.UUID, form: PostedForm) -> Response:
    """Bring one more person into the call (三方通话): 110, 119, 120, a unit on duty."""

    async def bring_in(board: Switchboard, call: Call) -> None:
        await board.three_way(call.id, _number(form, "number"))

    return await _do(request, conversation_id, form, bring_in)


@router.post("/seat/{conversation_id}/call/hang-up")
async def hang_up(request: Request, conversation_id: uuid.UUID, form: PostedForm) -> Response:
    """End the call; the talk stays the seat's for what follows (话后处理)."""

    async def end(board: Switchboard, call: Call) -> None:
        await board.hang_up(call.id)
        async with database_of(request).unit_of_work() as session:
            await SeatRepository(session).set_state(form.staff.actor.login, "wrap")

    return await _do(request, conversation_id, form, end)


@router.post("/seat/callbacks/{callback_id}/dial")
async def dial(request: Request, callback_id: int, form: PostedForm) -> Response:
    """Ring the seat and the citizen of a call into one room. The seat's telephone is remembered when
    it comes with the form; what does not work is told on the list. Raises NotFound."""
    form.staff.actor.require(*SEAT_ROLES)
    try:
        await _ring_back(request, callback_id, form)
    except NotFound:
        raise
    except HotlineError as error:
        message = "；".join([error.message, *error.fields.values()])
        return await show_callbacks(request, form.staff.actor, error.status, problem=message)
    return RedirectResponse(link("/console/seat/callbacks", done="dialled"), 303)


async def _ring_back(request: Request, callback_id: int, form: Posted) -> None:
    login = form.staff.actor.login
    await keep_telephone(request, form)
    telephone = await _telephone(request, login)
    async with database_of(request).unit_of_work() as session:
        entry = await callbacks.find(session, callback_id)
        if entry.state != "taken" or entry.taken_by != login:
            raise Conflict("请先领取这条回拨。")
        call = (
            await of_conversation(session, entry.conversation_id) if entry.conversation_id else None
        )
        if call is None:
            raise Conflict("这条回拨没有来电记录，请用座机直接拨打。")
        # Whoever has taken the entry may ring again after a try that reached nobody.
        call.called_back_at = call.called_back_by = None
    await _switchboard(request).call_back(call.id, telephone, login)


async def _do(
    request: Request,
    conversation_id: uuid.UUID,
    form: Posted,
    act: Callable[[Switchboard, Call], Awaitable[None]],
    *,
    mine: bool = True,
) -> Response:
    """The exchange is asked outside of any transaction; what it refuses is told on the talk's page."""
    form.staff.actor.require(*SEAT_ROLES)
    try:
        if mine:
            async with database_of(request).unit_of_work() as session:
                await talks.owned(session, conversation_id, form.staff.actor.login)
        await act(_switchboard(request), await _call(request, conversation_id))
    except NotFound:
        raise
    except HotlineError as error:
        message = "；".join([error.message, *error.fields.values()])
        return await show(request, form.staff, conversation_id, error.status, problem=message)
    return RedirectResponse(f"/console/seat/{conversation_id}", 303)


async def _call(request: Request, conversation_id: uuid.UUID) -> Call:
    async with database_of(request).unit_of_work() as session:
        call = await of_conversation(session, conversation_id)
    if call is None:
        raise NotFound("这个对话不是电话。")
    return call


async def keep_telephone(request: Request, form: Posted) -> None:
    """Remember the telephone that comes with ``form``, if one does. Raises InvalidInput."""
    if form.text("telephone"):
        number = _number(form, "telephone")
        async with database_of(request).unit_of_work() as session:
            await SeatRepository(session).set_telephone(form.staff.actor.login, number)


async def _telephone(request: Request, login: str) -> str:
    async with database_of(request).unit_of_work() as session:
        state = await SeatRepository(session).seat_state(login)
    if state is None or not state.telephone:
        raise InvalidInput(_NO_TELEPHONE)
    return state.telephone


def _switchboard(request: Request) -> Switchboard:
    board: Switchboard = request.app.state.switchboard
    return board


def _number(form: Posted, name: str) -> str:
    number = form.text(name)
    if not _NUMBER.match(number):
        raise InvalidInput("电话号码不对", fields={name: "只能是数字和短横"})
    return number
