"""Background work: what leaves the outbox, and who handles it."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import procrastinate
from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository, tasks
from bot.actions.rating import invitation
from cases.repository import CaseRepository
from cases.service import CASE_CLOSED, review_path
from core.database import Database
from core.jobs import make_app
from core.logging import configure_logging
from core.outbox import delivery
from core.settings import Settings, get_settings

# Declared by being imported; named here so that nobody takes the import for unused.
PERIODIC = (tasks.close_idle_contacts,)


def make_jobs(settings: Settings) -> procrastinate.App:
    """The job queue of this process. Raises RuntimeError without a ``DATABASE_URL``."""
    if not settings.database_url:
        raise RuntimeError("DATABASE_URL is not set; start the line with `hotline run`")
    return make_app(settings.database_url)


def connect_delivery(database: Database) -> None:
    """Tell the outbox where its messages go."""
    delivery.database = database
    delivery.handlers = {CASE_CLOSED: _case_closed}


async def run(jobs: procrastinate.App) -> None:
    """Work until cancelled."""
    await jobs.run_worker_async(
        install_signal_handlers=False, concurrency=4, delete_jobs="successful"
    )


async def _case_closed(session: AsyncSession, payload: dict[str, Any]) -> None:
    """Tell the citizen in the conversation the case came from, and invite a review."""
    case = await CaseRepository(session, None).get(int(payload["case_id"]))
    if payload.get("conversation_id") is None or case.closed_at is None:
        return
    conversation = await repository.find_conversation(
        session, uuid.UUID(str(payload["conversation_id"])), lock=True
    )
    if conversation is None:
        return
    conversation.context = {**conversation.context, "case": case.number}
    link = review_path(case.number, case.id, case.round)
    reply = invitation(case.number, link, case.public_answer)
    await repository.append(session, conversation.id, "system", [reply])


def main() -> None:
    """The worker as a process of its own, until interrupted."""
    settings = get_settings()
    configure_logging(settings.log_level, settings.log_format)

    async def work() -> None:
        database = Database.from_settings(settings)
        connect_delivery(database)
        jobs = make_jobs(settings)
        async with jobs.open_async():
            await jobs.run_worker_async(concurrency=4, delete_jobs="successful")
        await database.close()

    asyncio.run(work())
