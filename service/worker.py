"""Background work: what leaves the outbox, and who handles it."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AsyncExitStack

import procrastinate
import structlog

from bot import tasks
from bot.seats.tasks import tend_queue
from bot.told import Transcripts
from cases.callback_tasks import close_answered_cases
from cases.tasks import recompute_clocks_nightly, watch_clocks
from console.merging import carry_out_mergers
from core.database import Database
from core.jobs import connected, retry_stalled
from core.logging import configure_logging
from core.outbox import delivery
from core.settings import Settings, get_settings
from kb.tasks import publish_planned_entries
from notices.tasks import look_after_deliveries
from notices.telling import Teller
from reviews.guides import report_guides
from reviews.inviting import invite_to_rate
from reviews.link_tasks import link_late_records, link_new_reviews
from reviews.rectification_tasks import (
    open_rectifications,
    recompute_rectifications,
    watch_rectifications,
)
from service import wechat
from service.doors import register_texts

log = structlog.get_logger(__name__)

# Declared by being imported; named here so that nobody takes the import for unused.
PERIODIC = (
    tasks.close_idle_contacts,
    watch_clocks,
    watch_rectifications,
    open_rectifications,
    recompute_rectifications,
    report_guides,
    invite_to_rate,
    link_new_reviews,
    link_late_records,
    recompute_clocks_nightly,
    retry_stalled,
    close_answered_cases,
    carry_out_mergers,
    publish_planned_entries,
    tend_queue,
    look_after_deliveries,
)


def connect_delivery(database: Database, settings: Settings) -> None:
    """Tell the outbox where its messages go."""
    delivery.database = database
    delivery.handlers = Teller(Transcripts(), settings).handlers


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


def main() -> None:
    """The worker as a process of its own, until interrupted."""
    settings = get_settings()
    configure_logging(settings.log_level, settings.log_format)

    async def work() -> None:
        database = Database.from_settings(settings)
        connect_delivery(database, settings)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.close)
            register_texts(database, settings)
            wechat.connect_channel(stack, settings, database)
            await run(await stack.enter_async_context(connected(database.url)))

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(work())
