"""An emergency in a talk: the citizen gets the number and what to do, a seat is alarmed."""

from __future__ import annotations

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contacts import settle_contact
from bot.models import Conversation
from bot.seats.leaving import waits
from bot.seats.plan import Priority
from bot.seats.queueing import enqueue
from bot.seats.ringing import ring
from cases.vocabulary import Outcome
from core.replies import Reply, say
from intake.emergencies import Emergency, advice_text, cannot_speak
from intake.foreign_dangers import advice_in_english, is_english
from intake.service import read, start_draft, write

log = structlog.get_logger(__name__)

_ALARM = "紧急："


def awaits_help(conversation: Conversation) -> bool:
    """Whether a talk was handed over for an emergency and no seat has answered yet: what is said goes
    to the assistant all the same, for words may lead back, or tell the next emergency."""
    return waits(conversation) and (conversation.handover_reason or "").startswith(_ALARM)


async def raise_alarm(
    session: AsyncSession, conversation: Conversation, text: str, found: Emergency
) -> Reply:
    """Hand the talk to a person as urgent, and say the number and what to do until help comes.

    Of a hazard (险情) the words are kept in the draft as well: the unit responsible gets a case of
    it once somebody confirms it. Nothing is filed by itself.
    """
    await settle_contact(
        session, conversation.id, conversation.channel, Outcome.EMERGENCY, subject=text
    )
    if found.hazard:
        await _keep(session, conversation, text)
    await ring(session, conversation.id, text, found)
    if conversation.owner != "person" or conversation.seat is None:
        enqueue(conversation, f"{_ALARM}{found.kind}（{found.number}）", Priority.EMERGENCY)
    log.warning("emergency", number=found.number, emergency_kind=found.kind)
    numbers = [found.number, *found.also]
    advice = advice_text(found, by_phone=conversation.channel == "phone", silent=cannot_speak(text))
    if is_english(text):
        advice += f"\n{advice_in_english(found)}"
    return say(
        advice,
        card={"kind": "emergency", "numbers": numbers, "title": found.kind},
    )


async def _keep(session: AsyncSession, conversation: Conversation, text: str) -> None:
    draft = await start_draft(session, conversation.id)
    matter = read(draft)
    matter.words.append(text)
    matter.urgent = True
    write(draft, matter)
