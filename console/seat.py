"""The seat desk: who waits in which queue, one's own talks, and a talk with all that helps to answer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from bot.calls.repository import of_conversation
from bot.models import Conversation
from bot.repository import find_conversation, transcript
from bot.seats import callbacks
from bot.seats.plan import Priority, load_plan
from bot.seats.queueing import known_phone
from bot.seats.repository import LastWords, SeatRepository
from bot.seats.talks import serves, wraps
from cases.repository import CaseRepository
from cases.service import phone_hash
from cases.vocabulary import OUTCOME_NAMES, SOURCE_NAMES, TYPE_NAMES, CaseType, Outcome, Source
from console.clock import duration
from console.menu import SEAT_ROLES, TRANSCRIPT_ROLES
from console.paging import PAGE_SIZE, Paging
from console.register_page import category_choices
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.seat_alarm_lines import alarm_lines, of_emergencies
from console.seat_words import CALL_STATES, STATES, NoteLine, preview
from console.staff import CurrentStaff, Staff, database_of
from console.transcript import Said, as_said, mask_codes
from console.wording import DONE
from core.calendar import LOCAL
from core.database import now
from core.errors import NotAllowed, NotFound
from core.privacy import mask_phone
from intake.service import open_draft, read
from reviews.grades import GRADE_NAMES, Grade

router = console_router()
_MOST_TAKEN = 50
_MOST_HISTORY = 8
MAX_REPLY = 2000
# How a contact ends that needs no case: the rest is for alarms and for cases.
_ON_THE_SPOT = (Outcome.ANSWERED, Outcome.REFERRED, Outcome.INVALID)


@dataclass(frozen=True)
class Waiting:
    """One talk of the desk; ``last`` is what the citizen said last in short, ``unread`` that no
    person has answered it, ``mine`` that this seat serves its queue."""

    id: uuid.UUID
    reason: str
    emergency: bool
    urgent: bool
    channel: str
    queue: str
    waiting: str
    seat: str
    last: str
    unread: bool
    mine: bool


@dataclass(frozen=True)
class EndedTalk:
    """A talk that this seat had today; ``wrap``: it has still to be classified (话后处理)."""

    id: uuid.UUID
    reason: str
    channel: str
    ended_at: datetime | None
    last: str
    wrap: bool


@router.get("/seat")
async def seat_desk(
    request: Request, staff: CurrentStaff, done: str = "", page: int = 1
) -> Response:
    """Who waits for a person: emergencies first, then whoever waited longest."""
    staff.actor.require(*SEAT_ROLES)
    return await show_desk(request, staff, page=page, done=done)


async def show_desk(
    request: Request,
    staff: Staff,
    status: int = 200,
    *,
    page: int = 1,
    done: str = "",
    problem: str = "",
) -> Response:
    """The desk, with the ``problem`` of what was sent."""
    desk = await _desk(request, staff, page)
    return render(request, "seat.html", status, done=DONE.get(done, ""), problem=problem, **desk)


@router.get("/seat/waiting")
async def waiting_fragment(request: Request, staff: CurrentStaff, page: int = 1) -> Response:
    """The lists alone, for the page to renew itself."""
    staff.actor.require(*SEAT_ROLES)
    return render(request, "_waiting.html", **await _desk(request, staff, page))


@router.get("/seat/{conversation_id}")
async def conversation_page(
    request: Request, conversation_id: uuid.UUID, staff: CurrentStaff, done: str = ""
) -> Response:
    """The whole talk; raises NotFound."""
    staff.actor.require(*TRANSCRIPT_ROLES)
    return await show(request, staff, conversation_id, done=done)


@router.get("/seat/{conversation_id}/lines")
async def lines_fragment(
    request: Request, conversation_id: uuid.UUID, staff: CurrentStaff, after: int = 0
) -> Response:
    """What was said after line ``after``, for the page to add."""
    staff.actor.require(*TRANSCRIPT_ROLES)
    async with database_of(request).unit_of_work() as session:
        conversation = await readable(session, staff, conversation_id)
        lines = await talk_lines(session, conversation_id)
        standing = await _standing(session, conversation)
    answer = render(request, "_lines.html", lines=[line for line in lines if line.id > after])
    answer.headers["X-Talk"] = standing
    return answer


async def _standing(session: AsyncSession, conversation: Conversation) -> str:
    """Who has the talk and how its call goes on: when it changes, the page is not true any more."""
    call = await of_conversation(session, conversation.id)
    known = [conversation.owner, conversation.seat or "-", call.state if call else "-"]
    return quote(" ".join(known))


async def _desk(request: Request, staff: Staff, page: int) -> dict[str, Any]:
    at, login = now(), staff.actor.login
    async with database_of(request).unit_of_work() as session:
        seats = SeatRepository(session)
        skills = await seats.skills_of(login)
        _, total = await seats.waiting(None, limit=0)
        paging = Paging(page, total)
        found, _ = await seats.waiting(None, limit=PAGE_SIZE, offset=paging.offset)
        own = await seats.talks_of(login)
        ended = await seats.served(login, _midnight(at), limit=_MOST_TAKEN)
        taken = [c for c in await seats.taken(limit=_MOST_TAKEN) if c.seat != login]
        every = [*own, *found, *taken, *ended]
        names = await ConsoleRepository(session, staff.actor).staff_names(
            {c.seat for c in every if c.seat}
        )
        last = await seats.last_words([c.id for c in every])
        urgent = [c.id for c in every if c.priority == Priority.EMERGENCY]
        dangers = await of_emergencies(request, session, urgent, at)
        online = await seats.seats(at)
        telephone = await _telephone(seats, staff)
        due = await callbacks.due(session, at)
    state = next((s.state for s in online if s.login == login), "off")

    def line(c: Conversation) -> Waiting:
        words, danger = last.get(c.id), dangers.get(c.id)
        return Waiting(
            c.id,
            c.handover_reason or "未说明",
            c.priority == Priority.EMERGENCY,
            c.priority == Priority.URGENT,
            channel_name(c),
            load_plan().get(c.queue).name,
            duration(at - (c.handed_over_at or c.last_turn_at)),
            names.get(c.seat, c.seat) if c.seat else "",
            danger.short if danger else preview(mask_codes(words.text)) if words else "",
            words is not None and words.unanswered,
            serves(skills, c),
        )

    return {
        "own": [line(c) for c in own],
        "waiting": [line(c) for c in found],
        "taken": [line(c) for c in taken],
        "ended": [_ended(c, login, last) for c in ended],
        "total": total,
        "paging": paging,
        "page_address": lambda page: link("/console/seat", page=page),
        "online": online,
        "state": state,
        "states": STATES,
        "telephone": telephone,
        "due": due,
        "queues": [q for q in load_plan().queues if q.code == "general" or q.code in skills],
    }


def _midnight(at: datetime) -> datetime:
    return at.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)


def _ended(conversation: Conversation, login: str, last: dict[uuid.UUID, LastWords]) -> EndedTalk:
    words = last.get(conversation.id)
    return EndedTalk(
        conversation.id,
        conversation.handover_reason or "未说明",
        channel_name(conversation),
        conversation.served_until,
        preview(mask_codes(words.text)) if words else "",
        wraps(conversation, login),
    )


async def show(
    request: Request,
    staff: Staff,
    conversation_id: uuid.UUID,
    status: int = 200,
    *,
    done: str = "",
    typed: str = "",
    problem: str = "",
) -> Response:
    """The page of a talk, with what was ``typed`` and the ``problem`` it had."""
    async with database_of(request).unit_of_work() as session:
        conversation = await readable(session, staff, conversation_id)
        lines = await talk_lines(session, conversation_id)
        beside = await _beside(request, session, staff, conversation)
        standing = await _standing(session, conversation)
    mine = conversation.owner == "person" and conversation.seat == staff.actor.login
    may_seat = staff.actor.role in SEAT_ROLES
    wrap = may_seat and wraps(conversation, staff.actor.login)
    return render(
        request,
        "conversation.html",
        status,
        conversation=conversation,
        channel=channel_name(conversation),
        queue=load_plan().get(conversation.queue).name,
        emergency=conversation.owner == "person" and conversation.priority == Priority.EMERGENCY,
        mine=mine and may_seat,
        wrap=wrap,
        transcribed=request.app.state.settings.transcribe_calls,
        rating=GRADE_NAMES[Grade(conversation.rating)] if conversation.rating else "",
        may_take=may_seat and conversation.owner == "person" and conversation.seat is None,
        may_seat=may_seat,
        lines=lines,
        last=max((line.id for line in lines), default=0),
        standing=standing,
        done=DONE.get(done, ""),
        typed=typed,
        problem=problem,
        most=MAX_REPLY,
        **beside,
    )


async def _beside(
    request: Request, session: AsyncSession, staff: Staff, conversation: Conversation
) -> dict[str, Any]:
    """What stands beside a talk: its cases, alarms, notes, who calls, where it can be passed on."""
    seats, repository = SeatRepository(session), ConsoleRepository(session, staff.actor)
    phone = await known_phone(session, conversation)
    history = (
        await repository.cases_of_phone(phone_hash(phone), limit=_MOST_HISTORY) if phone else []
    )
    notes = await seats.notes(conversation.id)
    online = [s for s in await seats.seats(now()) if s.login != staff.actor.login]
    logins = {n.by for n in notes} | ({conversation.seat} if conversation.seat else set())
    names = await repository.staff_names(logins)
    numbers = await repository.numbers_from(conversation.id)
    call = await of_conversation(session, conversation.id)
    cases = [await CaseRepository(session, staff.actor).by_number(n) for n in numbers]
    draft = await open_draft(session, conversation.id)
    categories = request.app.state.city.router.categories
    return {
        "call": call,
        "telephone": await _telephone(seats, staff),
        "call_state": CALL_STATES.get(call.state, call.state) if call else "",
        "seat": names.get(conversation.seat or "", conversation.seat or ""),
        "numbers": numbers,
        "filed": [case for case in cases if case is not None],
        "alarms": await alarm_lines(
            request, session, await seats.alarms_of(conversation.id), now()
        ),
        "notes": [NoteLine(names.get(n.by, n.by), n.text, n.at) for n in notes],
        "online": online,
        "other_queues": [q for q in load_plan().queues if q.code != conversation.queue],
        "phone": mask_phone(phone) if phone else "",
        "history": history,
        "pictures": read(draft).attachments if draft else [],
        "answers": await seats.ready_answers(),
        "types": [(t.value, TYPE_NAMES[t]) for t in CaseType],
        "outcomes": [(o.value, OUTCOME_NAMES[o]) for o in _ON_THE_SPOT],
        "categories": category_choices(categories),
    }


async def _telephone(seats: SeatRepository, staff: Staff) -> str:
    state = await seats.seat_state(staff.actor.login)
    return state.telephone if state else ""


async def readable(session: AsyncSession, staff: Staff, conversation_id: uuid.UUID) -> Conversation:
    """The talk, if the actor may read it. It names who speaks: of a secret case it is read after
    asking, with a reason, except by whoever is to answer it now. Raises NotFound or NotAllowed."""
    conversation = await find_conversation(session, conversation_id)
    if conversation is None:
        raise NotFound("没有找到这个对话。")
    if conversation.owner == "person":
        return conversation
    repository = ConsoleRepository(session, staff.actor)
    if numbers := await repository.unopened_secrets(conversation.id):
        raise NotAllowed(
            f"这段对话属于保密工单 {'、'.join(numbers)}，请先在工单页写明理由查看诉求人，再看对话。"
        )
    return conversation


async def talk_lines(session: AsyncSession, conversation_id: uuid.UUID) -> Sequence[Said]:
    """All that was said, in the order of its saying: what was transcribed late stands where it
    belongs. Read whole, because a code is told apart by its case number, which may stand lines above."""
    lines = await transcript(session, conversation_id, limit=1000)
    return as_said(sorted(lines, key=lambda line: (line.at, line.id)))


def channel_name(conversation: Conversation) -> str:
    """The door in words."""
    try:
        return SOURCE_NAMES[Source(conversation.channel)]
    except ValueError:
        return conversation.channel
