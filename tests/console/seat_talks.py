"""Talks that wait for a person, as the gateway would have left them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from sqlalchemy import update

from bot import repository
from bot.models import Conversation, Turn
from bot.seats.repository import SeatRepository
from cases.registration import open_contact
from cases.vocabulary import Source
from core.database import now
from core.models import StaffAccount
from core.privacy import encrypt
from core.replies import say


async def waiting_talk(
    app: FastAPI,
    *words: str,
    minutes: int = 1,
    seat: str | None = None,
    owner: str = "person",
    channel: str = "web",
    reason: str = "市民要求",
    **changes: Any,
) -> uuid.UUID:
    """A talk that was handed over ``minutes`` ago, after the citizen had said ``words``."""
    conversation, at = uuid.uuid4(), now() - timedelta(minutes=minutes)
    async with app.state.database.unit_of_work() as session:
        session.add(
            Conversation(
                id=conversation,
                channel=channel,
                token_hash="x",
                owner=owner,
                seat=seat,
                taken_at=at if seat else None,
                handed_over_at=at,
                handover_reason=reason,
                last_turn_at=at,
                context=changes.pop("context", {}),
                **changes,
            )
        )
        await session.flush()
        await open_contact(session, Source(channel), conversation, now())
        for number, text in enumerate(words):
            turn = Turn(
                id=uuid.uuid4(),
                conversation_id=conversation,
                client_id=f"t{number}",
                kind="text",
                heard=encrypt(text),
                state="answered",
                at=at + timedelta(seconds=number),
            )
            session.add(turn)
            await session.flush()
            await repository.append(session, conversation, "citizen", [say(text)], turn.id)
    return conversation


async def said_by(app: FastAPI, conversation: uuid.UUID, speaker: str) -> list[str]:
    """The lines of one speaker, in order."""
    async with app.state.database.unit_of_work() as session:
        lines = await repository.transcript(session, conversation)
    return [line.reply.text for line in lines if line.speaker == speaker]


async def state_of(app: FastAPI, conversation: uuid.UUID) -> Conversation:
    """The talk as it stands."""
    async with app.state.database.unit_of_work() as session:
        return await session.get_one(Conversation, conversation)


async def on_duty(app: FastAPI, login: str, *skills: str) -> None:
    """A seat that is there, with the queues it serves."""
    async with app.state.database.unit_of_work() as session:
        await session.execute(
            update(StaffAccount).where(StaffAccount.login == login).values(skills=list(skills))
        )
        await SeatRepository(session).set_state(login, "on")
