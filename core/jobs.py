"""Background work: procrastinate on the same PostgreSQL, jobs deferred inside our transactions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import procrastinate
from procrastinate.jobs import Status
from procrastinate.tasks import Task
from sqlalchemy.ext.asyncio import AsyncSession

# Tasks are declared on this application; `connected` gives it the database of the process.
jobs = procrastinate.App(connector=procrastinate.PsycopgConnector())


@asynccontextmanager
async def connected(database_url: str) -> AsyncIterator[procrastinate.App]:
    """The application with every declared task, open on a database."""
    _, _, rest = database_url.partition("://")
    connector = procrastinate.PsycopgConnector(
        conninfo=f"postgresql://{rest}", min_size=1, max_size=4
    )
    # The same application, not a copy: periodic tasks are deferred through the one they know.
    with jobs.replace_connector(connector) as app:
        async with app.open_async():
            yield app


async def defer(session: AsyncSession, task: Task[Any, Any, Any], **arguments: Any) -> None:
    """Queue ``task`` in the transaction of ``session``: it runs if and only if that commits."""
    await defer_at(session, task, None, **arguments)


async def defer_at(
    session: AsyncSession,
    task: Task[Any, Any, Any],
    not_before: datetime | None,
    *,
    one_at_a_time: str | None = None,
    **arguments: Any,
) -> None:
    """The same, not before a moment; jobs of one ``one_at_a_time`` run one after the other."""
    raw = (await (await session.connection()).get_raw_connection()).driver_connection
    job = task.configure(connection=raw, schedule_at=not_before, lock=one_at_a_time)
    await job.defer_async(**arguments)


@jobs.periodic(cron="*/2 * * * *")
@jobs.task(name="retry_stalled", queueing_lock="retry_stalled")
async def retry_stalled(timestamp: int) -> None:
    """Every two minutes: give back to the queue what a worker that died had begun.

    Tasks are one transaction, or a series that can begin anew, so nothing happens twice. A
    periodic one that may wait only once is given up: its next turn comes anyway.
    """
    for job in await jobs.job_manager.get_stalled_jobs():
        if job.queueing_lock is None:
            await jobs.job_manager.retry_job(job)
        else:
            await jobs.job_manager.finish_job(job, Status.FAILED, delete_job=True)
