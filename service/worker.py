"""Background work: what leaves the outbox, and who handles it."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from contextlib import AsyncExitStack
from typing import Any

import procrastinate
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository, tasks
from bot.actions.rating import invitation
from bot.models import Conversation
from cases.callback_tasks import close_answered_cases
from cases.repository import CaseRepository
from cases.service import CASE_ANSWERED, CASE_PROGRESS, review_path
from cases.tasks import recompute_clocks_nightly, watch_clocks
from console.merging import carry_out_mergers
from core.database import Database
from core.jobs import connected, retry_stalled
from core.logging import configure_logging
from core.outbox import delivery
from core.replies import say
from core.settings import get_settings
from kb.tasks import publish_planned_entries
from notices.tasks import look_after_deliveries
from service import wechat

log = structlog.get_logger(__name__)

# Declared by being imported; named here so that nobody takes the import for unused.
PERIODIC = (
    tasks.close_idle_contacts,
    watch_clocks,
    recompute_clocks_nightly,
    retry_stalled,
    close_answered_cases,
    carry_out_mergers,
    publish_planned_entries,
    look_after_deliveries,
)


def connect_delivery(database: Database) -> None:
    """Tell the outbox where its messages go."""
    delivery.database = database
    delivery.handlers = {CASE_ANSWERED: _case_answered, CASE_PROGRESS: _case_progress}


async def run(jobs: procrastinate.App) -> None:
    """Work until cancelled. Whatever ends the work, a lost database above all, it begins again."""
    while True:
        try:
            await jobs.run_worker_async(
                install_signal_handlers=False,
                concurrency=4,
                delete_jobs="successful",
                # Lines become due within seconds, and a job in the future announces nothing.
                fetch_job_polling_interval=1.0,
            )
        except Exception as error:
            log.error("worker_ended", exc_info=error)
        await asyncio.sleep(2)


async def _case_answered(session: AsyncSession, payload: dict[str, Any]) -> None:
    """Tell the citizen in the conversation the case came from, and invite a review."""
    case = await CaseRepository(session, None).get(int(payload["case_id"]))
    conversation = await _conversation(session, payload)
    if conversation is None or case.round != payload["round"]:
        return
    conversation.context = {**conversation.context, "case": case.number}
    link = review_path(case.number, case.id, case.round)
    reply = invitation(case.number, link, case.citizen_answer)
    await repository.append(session, conversation.id, "system", [reply])


async def _case_progress(session: AsyncSession, payload: dict[str, Any]) -> None:
    """Tell the citizen what happened in between: an interim answer, another date."""
    conversation = await _conversation(session, payload)
    if conversation is not None:
        reply = say(f"工单 {payload['number']}：{payload['text']}", ("查进度", "case:progress"))
        await repository.append(session, conversation.id, "system", [reply])


async def _conversation(session: AsyncSession, payload: dict[str, Any]) -> Conversation | None:
    if payload.get("conversation_id") is None:
        return None
    wanted = uuid.UUID(str(payload["conversation_id"]))
    return await repository.find_conversation(session, wanted, lock=True)


def main() -> None:
    """The worker as a process of its own, until interrupted."""
    settings = get_settings()
    configure_logging(settings.log_level, settings.log_format)

    async def work() -> None:
        database = Database.from_settings(settings)
        connect_delivery(database)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.close)
            wechat.connect_channel(stack, settings, database)
            await run(await stack.enter_async_context(connected(database.url)))

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(work())
