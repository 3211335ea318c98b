"""A case from a talk: the form of the register, filled in from everything that was said."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from bot import repository
from bot.calls.repository import ENDED, of_conversation
from bot.models import Conversation
from bot.seats import talks
from bot.seats.queueing import known_phone
from cases.vocabulary import Source
from console.case_advice import intake_of
from console.menu import SEAT_ROLES
from console.register_page import draft_of, parsed, show, typed_of
from console.render import link, shown_picture
from console.repository import ConsoleRepository
from console.route import console_router
from console.seat import readable, talk_lines
from console.staff import CurrentStaff, PostedForm, database_of, tree_of
from console.transcript import mask_codes
from core.database import now
from core.errors import Conflict, InvalidInput
from core.privacy import new_token
from intake.by_staff import StaffEntry, entry_of, matter_from_talk, register_by_staff
from intake.form import Matter
from intake.service import Intake, last_filed, open_draft, read, receipt, start_draft
from notices.channels import can_text

router = console_router()
# So many cases of a conversation are followed in it by their number alone.
_REMEMBERED = 20
# Type, category and urgency are read from the words when they are checked, where nothing is chosen.
_FILLED_WHILE_TALKING = ("detail", "place", "since", "name", "phone", "on_behalf_of")


@router.get("/seat/{conversation_id}/case")
async def case_form(request: Request, conversation_id: uuid.UUID, staff: CurrentStaff) -> Response:
    """The form, filled in from everything said so far. Raises NotFound."""
    staff.actor.require(*SEAT_ROLES)
    async with database_of(request).unit_of_work() as session:
        conversation = await readable(session, staff, conversation_id)
        matter = await matter_with_number(session, request, conversation)
        lines = await talk_lines(session, conversation_id)
    typed = entry_of(matter, Source(conversation.channel), new_token())
    return _form(request, conversation_id, typed, lines=lines)


@router.get("/seat/{conversation_id}/case/draft")
async def case_draft(
    request: Request, conversation_id: uuid.UUID, staff: CurrentStaff
) -> JSONResponse:
    """What the form would be filled with now: for the open form, which takes it into the fields that
    nobody has typed in. Raises NotFound."""
    staff.actor.require(*SEAT_ROLES)
    async with database_of(request).unit_of_work() as session:
        conversation = await readable(session, staff, conversation_id)
        matter = await matter_with_number(session, request, conversation)
    filled = entry_of(matter, Source(conversation.channel), "")
    return JSONResponse({name: filled[name] for name in _FILLED_WHILE_TALKING})


@router.post("/seat/{conversation_id}/case")
async def file_case(request: Request, conversation_id: uuid.UUID, form: PostedForm) -> Response:
    """Shows what was understood, then files it and tells the citizen number and query code."""
    form.staff.actor.require(*SEAT_ROLES)
    typed = typed_of(form)
    try:
        entry = parsed(typed)
        if form.text("step") == "file":
            where = await _file(request, conversation_id, form, entry)
            done = "filed_call" if entry.source is Source.PHONE else "filed"
            return RedirectResponse(link(where, done=done), 303)
        draft = await draft_of(request, entry)
    except (InvalidInput, Conflict) as error:
        return _form(
            request, conversation_id, typed, error.status,
            problems=error.fields, message=error.message,
        )  # fmt: skip
    return _form(request, conversation_id, typed, draft=draft)


@router.get("/seat/{conversation_id}/pictures/{attachment_id}")
async def picture(
    request: Request, conversation_id: uuid.UUID, attachment_id: uuid.UUID, staff: CurrentStaff
) -> Response:
    """A picture that the citizen sent for the matter under way. Raises NotFound."""
    staff.actor.require(*SEAT_ROLES)
    async with database_of(request).unit_of_work() as session:
        await readable(session, staff, conversation_id)
        draft = await open_draft(session, conversation_id)
        found = None
        if draft is not None and str(attachment_id) in read(draft).attachments:
            found = await ConsoleRepository(session, staff.actor).attachment(attachment_id)
    return shown_picture(found)


async def matter_with_number(
    session: AsyncSession, request: Request, conversation: Conversation
) -> Matter:
    """`matter_of_talk` with the number that the citizen left or the door saw."""
    matter = await matter_of_talk(session, intake_of(request), conversation)
    if not matter.anonymous:
        matter.phone = matter.phone or await known_phone(session, conversation)
    return matter


async def matter_of_talk(
    session: AsyncSession, intake: Intake, conversation: Conversation
) -> Matter:
    """The matter under way in a talk: what was said since the last case was filed in it, and what
    the assistant's draft knows."""
    filed = await last_filed(session, conversation.id)
    since = filed.changed_at if filed else None
    said = await repository.matter_words(session, conversation.id, since)
    words = [mask_codes(text) for text in said]
    draft = await open_draft(session, conversation.id)
    return matter_from_talk(intake, words, read(draft) if draft else None)


async def _file(
    request: Request, conversation_id: uuid.UUID, form: PostedForm, entry: StaffEntry
) -> str:
    """File it once; the page to go on with."""
    actor, at, here = form.staff.actor, now(), f"/console/seat/{conversation_id}"
    async with database_of(request).unit_of_work() as session:
        conversation = await talks.in_hand(session, conversation_id, actor.login)
        # What was said until now becomes this case.
        draft = await start_draft(session, conversation_id)
        done = await register_by_staff(
            session,
            intake_of(request),
            entry,
            actor,
            at,
            conversation=conversation_id,
            attachments=read(draft).attachments,
        )
        if done.repeated:
            return here
        draft.state, draft.case_id, draft.changed_at = "filed", done.case_id, at
        filed = [*conversation.context.get("filed", []), done.number][-_REMEMBERED:]
        conversation.context = {**conversation.context, "case": done.number, "filed": filed}
        told = receipt([done], tree_of(request))
        await repository.append(session, conversation_id, "person", [told])
        call = await of_conversation(session, conversation_id)
        if call is not None and call.state == ENDED:
            # Nobody is on the line any more: with the case the talk is settled.
            await talks.settled(session, conversation, actor.login)
            return f"/console/register/{done.number}"
    return here


def _form(
    request: Request,
    conversation_id: uuid.UUID,
    typed: dict[str, Any],
    status: int = 200,
    **shown: Any,
) -> Response:
    return show(
        request,
        typed,
        status,
        address=f"/console/seat/{conversation_id}/case",
        sources=[Source(typed["source"])] if typed["source"] in set(Source) else list(Source),
        talk=conversation_id,
        texts=can_text(),
        **shown,
    )
