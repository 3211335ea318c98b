"""What rings: the banner on every page of seats and supervisors, and the list of alarms."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from bot.seats import callbacks, ringing, talks
from bot.seats.models import Alarm
from bot.seats.repository import SeatRepository
from console.case_advice import intake_of
from console.clock import duration
from console.menu import SEAT_ROLES
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, PostedForm, Staff, database_of, tree_of
from console.wording import DONE
from core.calendar import LOCAL
from core.database import now
from core.errors import Conflict, NotFound
from core.privacy import decrypt
from core.settings import get_settings
from intake.form import UNKNOWN, Place
from intake.placing import recommend

router = console_router()
_WORDS_SHOWN = 200


@dataclass(frozen=True)
class AlarmLine:
    """An alarm as a seat reads it; ``duty`` is the unit on call for a hazard, with its number."""

    id: int
    conversation: uuid.UUID
    kind: str
    number: str
    hazard: bool
    words: str
    place: str
    duty: str
    raised_at: datetime
    ringing_for: str
    climbed: bool
    taken: str
    taken_at: datetime | None
    closed: str
    closed_at: datetime | None
    note: str


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
        last = await seats.last_messages([c.id for c in own])
        _, waiting = await seats.waiting(await seats.skills_of(login), limit=0)
        due = await callbacks.due(session, at)
    ringing_here = [a for a in found if _rings(staff, a, at)]
    unread = [c.id for c in own if c.id in last and last[c.id][1] == "citizen"]
    return render(
        request,
        "_seat_news.html",
        ringing=[_line(request, a, at, {}) for a in ringing_here],
        unread=len(unread),
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
    return render(
        request,
        "seat_alarms.html",
        alarms=[_line(request, a, at, names) for a in found],
        past=[_line(request, a, at, names) for a in past],
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


def _climbs_after() -> timedelta:
    return timedelta(seconds=get_settings().alarm_climbs_after)


def _rings(staff: Staff, alarm: Alarm, at: datetime) -> bool:
    taken = alarm.taken_at is not None
    return ringing.rings_for(staff.actor.role, alarm.raised_at, taken, at, _climbs_after())


def _line(request: Request, alarm: Alarm, at: datetime, names: dict[str, str]) -> AlarmLine:
    words = decrypt(alarm.words)
    places = intake_of(request).hear(words, "inform").places
    return AlarmLine(
        alarm.id,
        alarm.conversation_id,
        alarm.kind,
        alarm.number,
        alarm.hazard,
        words if len(words) <= _WORDS_SHOWN else f"…{words[-_WORDS_SHOWN:]}",
        "、".join(dict.fromkeys(place.label or place.text for place in places)),
        _duty(request, words) if alarm.hazard else "",
        alarm.raised_at,
        duration((alarm.taken_at or at) - alarm.raised_at),
        at - alarm.raised_at >= _climbs_after(),
        names.get(alarm.taken_by or "", alarm.taken_by or ""),
        alarm.taken_at,
        names.get(alarm.closed_by or "", alarm.closed_by or ""),
        alarm.closed_at,
        alarm.note,
    )


def _duty(request: Request, words: str) -> str:
    """The unit that has to act on a hazard (险情), with the number of whoever is on duty there."""
    intake, tree = intake_of(request), tree_of(request)
    places = intake.hear(words, "inform").places
    where, unsure = intake.territories(places[0] if places else Place(text=UNKNOWN))
    today = now().astimezone(LOCAL).date()
    for one in recommend(intake.router, intake.about(words), where, today, unsure):
        unit = tree.get(one.dispatch.lead)
        if unit is not None and unit.duty_phone:
            return f"{unit.name} 值班电话 {unit.duty_phone}"
    return ""
