"""The list of people to be called back: missed calls, talks left while waiting, wishes for a call."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from bot.seats import callbacks
from bot.seats.models import SeatCallback, SeatCallbackTry
from bot.seats.plan import load_plan
from bot.seats.repository import SeatRepository
from cases.vocabulary import SOURCE_NAMES, Source
from console.clock import duration
from console.list_tabs import ListTab
from console.menu import SEAT_ROLES
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.seat_alarm_lines import AlarmLine, of_emergencies
from console.staff import CurrentStaff, Posted, PostedForm, database_of
from console.wording import DONE
from core.database import now
from core.errors import Conflict, InvalidInput
from core.identity import Actor, Role
from core.privacy import decrypt, mask_phone

router = console_router()
_PATH = "/console/seat/callbacks"
_RESULTS = {**callbacks.RESULTS, "closed": "不再回拨"}


@dataclass(frozen=True)
class Entry:
    """One line of the list. The number is shown whole only to whoever has taken it."""

    id: int
    reason: str
    emergency: bool
    channel: str
    queue: str
    phone: str
    has_phone: bool
    conversation: uuid.UUID | None
    asked_at: datetime
    waiting: str
    not_before: datetime | None
    state: str
    holder: str
    mine: bool
    tries: list[tuple[str, str, datetime, str]]
    enough: bool
    danger: AlarmLine | None


@router.get("/seat/callbacks")
async def callbacks_page(
    request: Request, staff: CurrentStaff, tab: str = "open", page: int = 1, done: str = ""
) -> Response:
    """Who waits for a call of this seat's queues, due first; and who was called."""
    staff.actor.require(*SEAT_ROLES)
    problem = "" if done != "taken_by_other" else "这条已由其他座席领取。"
    return await show_callbacks(
        request, staff.actor, tab=tab, page=page, done=done, problem=problem
    )


@router.post("/seat/callbacks/{callback_id}/take")
async def take(request: Request, callback_id: int, form: PostedForm) -> Response:
    """This seat calls; nobody else does. The number is shown from here on."""
    login = form.staff.actor.login
    return await _do(request, form, lambda s: callbacks.take(s, callback_id, login), "")


@router.post("/seat/callbacks/{callback_id}/try")
async def note_try(request: Request, callback_id: int, form: PostedForm) -> Response:
    """What came of the call."""
    login, result, note = form.staff.actor.login, form.text("result"), form.text("note")
    return await _do(
        request,
        form,
        lambda s: callbacks.note_try(s, callback_id, login, result, note),
        "tried",
    )


@router.post("/seat/callbacks/{callback_id}/close")
async def close(request: Request, callback_id: int, form: PostedForm) -> Response:
    """Give up calling, with the reason."""
    login, note = form.staff.actor.login, form.text("note")
    return await _do(
        request, form, lambda s: callbacks.close(s, callback_id, login, note), "callback_closed"
    )


async def _do(
    request: Request, form: Posted, act: Callable[[AsyncSession], Awaitable[None]], done: str
) -> Response:
    form.staff.actor.require(*SEAT_ROLES)
    try:
        async with database_of(request).unit_of_work() as session:
            await act(session)
    except (Conflict, InvalidInput) as error:
        message = "；".join([error.message, *error.fields.values()])
        return await show_callbacks(request, form.staff.actor, error.status, problem=message)
    return RedirectResponse(link(_PATH, done=done), 303)


async def show_callbacks(
    request: Request,
    actor: Actor,
    status: int = 200,
    *,
    tab: str = "open",
    page: int = 1,
    done: str = "",
    problem: str = "",
) -> Response:
    """The list, with the ``problem`` of what was sent."""
    at, finished = now(), tab == "done"
    async with database_of(request).unit_of_work() as session:
        # Supervisors see to all queues.
        all_queues = actor.role is Role.SUPERVISOR
        seats = SeatRepository(session)
        skills = None if all_queues else await seats.skills_of(actor.login)
        totals = [
            (await callbacks.listed(session, done=d, skills=skills, limit=0, offset=0))[1]
            for d in (False, True)
        ]
        paging = Paging(page, totals[finished])
        rows, _ = await callbacks.listed(
            session, done=finished, skills=skills, limit=PAGE_SIZE, offset=paging.offset
        )
        tries = await callbacks.tries_of(session, [row.id for row in rows])
        logins = {row.taken_by for row in rows if row.taken_by}
        logins |= {one.by for some in tries.values() for one in some}
        names = await ConsoleRepository(session, actor).staff_names(logins)
        state = await seats.seat_state(actor.login)
        urgent = {
            row.conversation_id
            for row in rows
            if row.reason == callbacks.EMERGENCY and row.conversation_id
        }
        dangers = await of_emergencies(request, session, urgent, at)
    return render(
        request,
        "seat_callbacks.html",
        status,
        tabs=[
            ListTab("待回拨", totals[0], _PATH, not finished),
            ListTab("已办结", totals[1], link(_PATH, tab="done"), finished),
        ],
        entries=[
            _entry(
                row,
                tries[row.id],
                names,
                actor.login,
                at,
                dangers.get(row.conversation_id) if row.conversation_id else None,
            )
            for row in rows
        ],
        telephone=state.telephone if state else "",
        results=list(callbacks.RESULTS.items()),
        finished=finished,
        paging=paging,
        page_address=lambda page: link(_PATH, tab=tab, page=page),
        done=DONE.get(done, ""),
        problem=problem,
    )


def _entry(
    row: SeatCallback,
    tries: list[SeatCallbackTry],
    names: dict[str, str],
    login: str,
    at: datetime,
    danger: AlarmLine | None,
) -> Entry:
    mine = row.state == "taken" and row.taken_by == login
    phone = decrypt(row.phone) if row.phone else ""
    return Entry(
        row.id,
        callbacks.REASONS.get(row.reason, row.reason),
        row.reason == callbacks.EMERGENCY,
        SOURCE_NAMES[Source(row.channel)],
        load_plan().get(row.queue).name,
        phone if mine else mask_phone(phone),
        bool(phone),
        row.conversation_id,
        row.asked_at,
        duration((row.closed_at or at) - row.asked_at),
        row.not_before if row.not_before and row.not_before > at else None,
        row.state,
        names.get(row.taken_by or "", row.taken_by or ""),
        mine,
        [(_RESULTS.get(t.result, t.result), names.get(t.by, t.by), t.at, t.note) for t in tries],
        len(tries) >= callbacks.ENOUGH_TRIES,
        danger,
    )
