"""The seat desk: conversations that wait for a person, and the talk itself."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from bot.models import Conversation
from bot.repository import find_conversation, transcript, waiting_for_person
from cases.vocabulary import SOURCE_NAMES, Source
from console.clock import duration
from console.menu import SEAT_ROLES, TRANSCRIPT_ROLES
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, Posted, PostedForm, Staff, database_of
from console.transcript import Said, as_said
from console.wording import DONE
from core.database import now
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound

router = console_router()
_EMERGENCY = "紧急"
_MOST_WAITING = 200
MAX_REPLY = 2000


class SeatGateway(Protocol):
    """What the seat needs of `bot.gateway.Gateway`."""

    async def say_as_person(
        self, conversation_id: uuid.UUID, actor_login: str, text: str
    ) -> None: ...

    async def hand_back(self, conversation_id: uuid.UUID) -> None: ...


@dataclass(frozen=True)
class Waiting:
    """One conversation of the queue."""

    id: uuid.UUID
    reason: str
    emergency: bool
    channel: str
    waiting: str
    seat: str


@router.get("/seat")
async def seat_desk(request: Request, staff: CurrentStaff, done: str = "") -> Response:
    """Who waits for a person: emergencies first, then whoever waited longest."""
    staff.actor.require(*SEAT_ROLES)
    return render(request, "seat.html", done=DONE.get(done, ""), **await _queue(request, staff))


@router.get("/seat/waiting")
async def waiting_fragment(request: Request, staff: CurrentStaff) -> Response:
    """The queue alone, for the page to renew itself."""
    staff.actor.require(*SEAT_ROLES)
    return render(request, "_waiting.html", **await _queue(request, staff))


@router.get("/seat/{conversation_id}")
async def conversation_page(
    request: Request, conversation_id: uuid.UUID, staff: CurrentStaff, done: str = ""
) -> Response:
    """The whole talk; raises NotFound."""
    staff.actor.require(*TRANSCRIPT_ROLES)
    return await _show(request, staff, conversation_id, done=done)


@router.get("/seat/{conversation_id}/lines")
async def lines_fragment(
    request: Request, conversation_id: uuid.UUID, staff: CurrentStaff, after: int = 0
) -> Response:
    """What was said after line ``after``, for the page to add."""
    staff.actor.require(*TRANSCRIPT_ROLES)
    async with database_of(request).unit_of_work() as session:
        await _check_secret(session, staff, await _found(session, conversation_id))
        lines = await _talk(session, conversation_id)
    return render(request, "_lines.html", lines=[line for line in lines if line.id > after])


@router.post("/seat/{conversation_id}/say")
async def say(request: Request, conversation_id: uuid.UUID, form: PostedForm) -> Response:
    """Send a message to the citizen."""
    _check(form)
    text = form.text("text")
    try:
        if not 0 < len(text) <= MAX_REPLY:
            raise InvalidInput(f"请写 1 至 {MAX_REPLY} 字")
        await _gateway(request).say_as_person(conversation_id, form.staff.actor.login, text)
    except (Conflict, InvalidInput) as error:
        return await _show(
            request, form.staff, conversation_id, error.status, typed=text, problem=error.message
        )
    return RedirectResponse(f"/console/seat/{conversation_id}", 303)


@router.post("/seat/{conversation_id}/hand-back")
async def hand_back(request: Request, conversation_id: uuid.UUID, form: PostedForm) -> Response:
    """Let the assistant speak again."""
    _check(form)
    await _gateway(request).hand_back(conversation_id)
    return RedirectResponse(link("/console/seat", done="hand_back"), 303)


def _check(form: Posted) -> None:
    form.staff.actor.require(*SEAT_ROLES)


def _gateway(request: Request) -> SeatGateway:
    gateway: SeatGateway = request.app.state.gateway
    return gateway


async def _queue(request: Request, staff: Staff) -> dict[str, Any]:
    at = now()
    async with database_of(request).unit_of_work() as session:
        found, total = await waiting_for_person(session, limit=_MOST_WAITING)
        seats = {c.seat for c in found if c.seat}
        names = await ConsoleRepository(session, staff.actor).staff_names(seats)
    lines = [
        Waiting(
            c.id,
            c.handover_reason or "未说明",
            _is_emergency(c),
            _channel(c),
            duration(at - (c.handed_over_at or c.last_turn_at)),
            names.get(c.seat, c.seat) if c.seat else "",
        )
        for c in found
    ]
    # Stable: within each group the longest waiting stays first.
    lines.sort(key=lambda line: not line.emergency)
    return {"waiting": lines, "total": total}


async def _show(
    request: Request,
    staff: Staff,
    conversation_id: uuid.UUID,
    status: int = 200,
    *,
    done: str = "",
    typed: str = "",
    problem: str = "",
) -> Response:
    async with database_of(request).unit_of_work() as session:
        conversation = await _found(session, conversation_id)
        await _check_secret(session, staff, conversation)
        lines = await _talk(session, conversation_id)
        repository = ConsoleRepository(session, staff.actor)
        numbers = await repository.numbers_from(conversation_id)
        names = await repository.staff_names([conversation.seat] if conversation.seat else [])
    return render(
        request,
        "conversation.html",
        status,
        conversation=conversation,
        channel=_channel(conversation),
        emergency=_is_emergency(conversation),
        seat=names.get(conversation.seat or "", conversation.seat or ""),
        may_talk=staff.actor.role in SEAT_ROLES and conversation.owner == "person",
        lines=lines,
        last=lines[-1].id if lines else 0,
        numbers=numbers,
        done=DONE.get(done, ""),
        typed=typed,
        problem=problem,
        most=MAX_REPLY,
    )


async def _found(session: AsyncSession, conversation_id: uuid.UUID) -> Conversation:
    conversation = await find_conversation(session, conversation_id)
    if conversation is None:
        raise NotFound("没有找到这个对话。")
    return conversation


async def _check_secret(session: AsyncSession, staff: Staff, conversation: Conversation) -> None:
    """The talk names who speaks: of a secret case it is read after asking, with a reason, except
    by whoever is to answer it now. Raises NotAllowed."""
    if conversation.owner == "person":
        return
    repository = ConsoleRepository(session, staff.actor)
    if numbers := await repository.unopened_secrets(conversation.id):
        raise NotAllowed(
            f"这段对话属于保密工单 {'、'.join(numbers)}，请先在工单页写明理由查看诉求人，再看对话。"
        )


async def _talk(session: AsyncSession, conversation_id: uuid.UUID) -> list[Said]:
    """All that was said. Read whole, because a code is told apart by its case number, which may
    stand lines above."""
    await _found(session, conversation_id)
    return as_said(await transcript(session, conversation_id, limit=1000))


def _is_emergency(conversation: Conversation) -> bool:
    return (conversation.handover_reason or "").startswith(_EMERGENCY)


def _channel(conversation: Conversation) -> str:
    try:
        return SOURCE_NAMES[Source(conversation.channel)]
    except ValueError:
        return conversation.channel
