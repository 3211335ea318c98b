"""Background work: what leaves the outbox, and who handles it."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import Any

import procrastinate
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository, tasks
from bot.actions.rating import invitation
from cases.repository import CaseRepository
from cases.service import CASE_CLOSED, review_path
from core.database import Database
from core.jobs import connected
from core.logging import configure_logging
from core.outbox import delivery
from core.settings import get_settings

log = structlog.get_logger(__name__)

# Declared by being imported; named here so that nobody takes the import for unused.
PERIODIC = (tasks.close_idle_contacts,)


def connect_delivery(database: Database) -> None:
    """Tell the outbox where its messages go."""
    delivery.database = database
    delivery.handlers = {CASE_CLOSED: _case_closed}


async def run(jobs: procrastinate.App) -> None:
    """Work until cancelled. Whatever ends the work, a lost database above all, it begins again."""
    while True:
        try:
            await jobs.run_worker_async(
                install_signal_handlers=False, concurrency=4, delete_jobs="successful"
            )
        except Exception as error:
            log.error("worker_ended", exc_info=error)
        await asyncio.sleep(2)


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
        async with connected(database.url) as jobs:
            await run(jobs)

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(work())
