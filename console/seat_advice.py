"""What the assistant suggests to the seat while it is silent towards the citizen: an answer from the
knowledge base, a category and a unit, a summary. And the knowledge base to search beside the talk."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from bot.seats import talks
from bot.seats.plan import Priority
from bot.seats.repository import SeatRepository
from cases.vocabulary import TYPE_NAMES
from console.case_advice import intake_of
from console.menu import SEAT_ROLES
from console.render import link, render
from console.route import console_router
from console.seat import readable
from console.seat_case import matter_of_talk
from console.staff import CurrentStaff, PostedForm, database_of, tree_of
from console.transcript import mask_codes
from core.calendar import LOCAL
from core.database import now
from core.errors import NotFound
from core.replies import say
from intake import form
from intake.form import Matter
from intake.placing import recommend
from kb.choices import choice_value
from kb.endpoints import knowledge_of
from kb.reply import Answer
from kb.service import local_today

router = console_router()
_MOST_HITS = 6
_MOST_UNITS = 2
_LEAST_SCORE = 0.05
_QUESTION = 200


@dataclass(frozen=True)
class Found:
    """An entry that may help; ``value`` cites it."""

    name: str
    unit: str
    percent: int
    value: str


@dataclass(frozen=True)
class Advice:
    """What the line makes of the talk so far. ``units`` are names with how sure they are (0-100)."""

    matter: Matter
    title: str
    type: str
    units: list[tuple[str, int]]
    question: str
    answer: Answer | None


@router.get("/seat/{conversation_id}/advice")
async def advice_fragment(
    request: Request, conversation_id: uuid.UUID, staff: CurrentStaff
) -> Response:
    """The suggestions as they stand now. Raises NotFound or NotAllowed."""
    staff.actor.require(*SEAT_ROLES)
    async with database_of(request).unit_of_work() as session:
        conversation = await readable(session, staff, conversation_id)
        matter = await matter_of_talk(session, intake_of(request), conversation)
        words = await SeatRepository(session).citizen_words(conversation_id, 1)
    # Who is in danger is not told how a certificate is applied for.
    danger = conversation.owner == "person" and conversation.priority == Priority.EMERGENCY
    question = mask_codes(words[-1])[:_QUESTION] if words and not danger else ""
    answer = knowledge_of(request).answer(question, None, local_today()) if question else None
    advice = Advice(
        matter,
        form.title(matter) if matter.words else "",
        TYPE_NAMES[matter.type] if matter.type else "",
        [] if danger else _units(request, matter),
        question,
        answer if answer and answer.kind in ("answer", "units", "notice") else None,
    )
    mine = conversation.owner == "person" and conversation.seat == staff.actor.login
    return render(request, "_seat_advice.html", advice=advice, conversation=conversation, mine=mine)


@router.get("/seat/{conversation_id}/knowledge")
async def knowledge_fragment(
    request: Request, conversation_id: uuid.UUID, staff: CurrentStaff, q: str = ""
) -> Response:
    """Entries that ``q`` may mean, best first, each to be cited with one click."""
    staff.actor.require(*SEAT_ROLES)
    text = q.replace("\x00", "").strip()[:_QUESTION]
    async with database_of(request).unit_of_work() as session:
        conversation = await readable(session, staff, conversation_id)
    by_kind = knowledge_of(request).search_now.by_kind(text, _MOST_HITS, local_today())
    hits = sorted((h for hits in by_kind.values() for h in hits), key=lambda h: -h.strength)
    found = [
        Found(
            h.name,
            tree_of(request).name(h.unit),
            round(100 * h.score),
            choice_value(h.code, (), h.kind),
        )
        for h in hits[:_MOST_HITS]
        if text
    ]
    mine = conversation.owner == "person" and conversation.seat == staff.actor.login
    return render(
        request,
        "_seat_knowledge.html",
        found=found,
        text=text,
        conversation=conversation,
        mine=mine,
    )


@router.post("/seat/{conversation_id}/cite")
async def cite(request: Request, conversation_id: uuid.UUID, posted: PostedForm) -> Response:
    """Send the answer of an entry with its source and validity to the citizen.

    Raises NotFound for an entry that may not be answered from, and Conflict for a talk that is
    somebody else's.
    """
    posted.staff.actor.require(*SEAT_ROLES)
    login, question = posted.staff.actor.login, posted.text("question")[:_QUESTION]
    knowledge = knowledge_of(request)
    answer = (
        knowledge.answer(question, None, local_today())
        if question
        else knowledge.answer_choice(posted.text("value")[:300], local_today(), areas=())
    )
    if answer.kind not in ("answer", "units", "notice"):
        raise NotFound("这条知识现在不能引用，它可能刚被停用或已过有效期。")
    async with database_of(request).unit_of_work() as session:
        # Quick replies are the assistant's, which is silent now.
        reply = say(answer.text, card=answer.card)
        await talks.speak(session, conversation_id, login, [reply])
        if answer.code:
            conversation = await talks.found(session, conversation_id)
            conversation.context = {**conversation.context, "entry": answer.code}
    return RedirectResponse(link(f"/console/seat/{conversation_id}", done="cited"), 303)


def _units(request: Request, matter: Matter) -> list[tuple[str, int]]:
    if not matter.words:
        return []
    intake, tree = intake_of(request), tree_of(request)
    where, unsure = intake.territories(matter.place or form.Place(text=form.UNKNOWN))
    today = now().astimezone(LOCAL).date()
    ranked = recommend(intake.router, intake.about(matter.detail), where, today, unsure)
    return [
        (tree.name(one.dispatch.lead), round(100 * min(one.score, 1.0)))
        for one in ranked[:_MOST_UNITS]
        if one.score >= _LEAST_SCORE
    ]
