"""What rings: the banner on every page of seats and supervisors, and the list of alarms."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from bot.models import Conversation
from bot.seats import callbacks, ringing, talks
from bot.seats.models import Alarm
from bot.seats.plan import load_plan
from bot.seats.queueing import known_phone
from bot.seats.repository import SeatRepository
from console.menu import SEAT_ROLES
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.seat_alarm_lines import alarm_lines, climbs_after
from console.staff import CurrentStaff, PostedForm, Staff, database_of
from console.wording import DONE
from core.database import now
from core.errors import Conflict, NotFound
from core.privacy import mask_phone

router = console_router()
_CALLS_SHOWN = 3


@dataclass(frozen=True)
class CallLine:
    """A call that rings for this seat."""

    conversation: uuid.UUID
    phone: str
    queue: str
    since: datetime


def _call_line(talk: Conversation, phone: str | None) -> CallLine:
    return CallLine(
        talk.id,
        mask_phone(phone) if phone else "号码未显示",
        load_plan().get(talk.queue).name,
        talk.handed_over_at or talk.last_turn_at,
    )


@router.get("/seat/news")
async def news_fragment(request: Request, staff: CurrentStaff) -> Response:
    """What rings here, and how much waits. Asking for it shows that the seat is there."""
    staff.actor.require(*SEAT_ROLES)
    at, login = now(), staff.actor.login
    async with database_of(request).unit_of_work() as session:
        seats = SeatRepository(session)
        await seats.heard_from(login)
        found = await seats.open_alarms()
        own = await seats.talks_of(login)
        last = await seats.last_words([c.id for c in own])
        skills = await seats.skills_of(login)
        _, waiting = await seats.waiting(skills, limit=0)
        state = await seats.seat_state(login)
        free = state is not None and state.state == "on"
        calls = await seats.ringing_calls(skills, limit=_CALLS_SHOWN) if free else []
        phones = {c.id: await known_phone(session, c) for c in calls}
        due = await callbacks.due(session, at)
        here = [a for a in found if _rings(staff, a, at)]
        left = await callbacks.left_in_danger(session, [a.conversation_id for a in here])
        ringing_here = await alarm_lines(request, session, here, at, left=left)
    return render(
        request,
        "_seat_news.html",
        ringing=ringing_here,
        telephone=state.telephone if state else "",
        calls=[_call_line(c, phones[c.id]) for c in calls],
        unread=sum(words.unanswered for words in last.values()),
        waiting=waiting,
        due=due,
    )


@router.get("/seat/alarms")
async def alarms_page(
    request: Request, staff: CurrentStaff, done: str = "", page: int = 1
) -> Response:
    """Open alarms, and who answered and settled the past ones, when."""
    staff.actor.require(*SEAT_ROLES)
    at = now()
    async with database_of(request).unit_of_work() as session:
        seats = SeatRepository(session)
        found = await seats.open_alarms()
        _, total = await seats.past_alarms(limit=0, offset=0)
        paging = Paging(page, total)
        past, _ = await seats.past_alarms(limit=PAGE_SIZE, offset=paging.offset)
        logins = {who for a in [*found, *past] for who in (a.taken_by, a.closed_by) if who}
        names = await ConsoleRepository(session, staff.actor).staff_names(logins)
        left = await callbacks.left_in_danger(session, [a.conversation_id for a in found])
        open_lines = await alarm_lines(request, session, found, at, names, left)
        past_lines = await alarm_lines(request, session, past, at, names)
    return render(
        request,
        "seat_alarms.html",
        alarms=open_lines,
        past=past_lines,
        paging=paging,
        page_address=lambda page: link("/console/seat/alarms", page=page),
        done=DONE.get(done, ""),
    )


@router.post("/seat/alarms/{alarm_id}/answer")
async def answer(request: Request, alarm_id: int, form: PostedForm) -> Response:
    """A seat answers: it rings no more, and the talk is the seat's, unless another one has it.

    Raises NotFound.
    """
    form.staff.actor.require(*SEAT_ROLES)
    actor = form.staff.actor
    async with database_of(request).unit_of_work() as session:
        alarm = await SeatRepository(session).alarm(alarm_id)
        if alarm is None:
            raise NotFound("没有找到这条告警。")
        if alarm.taken_at is None:
            alarm.taken_by, alarm.taken_at = actor.login, now()
        conversation = alarm.conversation_id
    try:
        async with database_of(request).unit_of_work() as session:
            await talks.take(session, conversation, actor.login, actor.name)
    except Conflict:
        # Another seat talks to the citizen already, or the assistant does again.
        return RedirectResponse(link(f"/console/seat/{conversation}", done="answered"), 303)
    return RedirectResponse(f"/console/seat/{conversation}", 303)


@router.post("/seat/alarms/{alarm_id}/close")
async def close(request: Request, alarm_id: int, form: PostedForm) -> Response:
    """A person settles the alarm, with what came of it. Raises NotFound or InvalidInput."""
    form.staff.actor.require(*SEAT_ROLES)
    async with database_of(request).unit_of_work() as session:
        await ringing.close(session, alarm_id, form.staff.actor.login, form.text("note"))
    return RedirectResponse(link("/console/seat/alarms", done="alarm_closed"), 303)


def _rings(staff: Staff, alarm: Alarm, at: datetime) -> bool:
    taken = alarm.taken_at is not None
    return ringing.rings_for(staff.actor.role, alarm.raised_at, taken, at, climbs_after())
