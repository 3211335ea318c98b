"""Background work: procrastinate on the same PostgreSQL, jobs deferred inside our transactions."""

from __future__ import annotations

from typing import Any

import procrastinate
from procrastinate.tasks import Task
from sqlalchemy.ext.asyncio import AsyncSession

# Tasks are declared here; a process that works or waits gives them its database by `make_app`.
jobs = procrastinate.App(connector=procrastinate.PsycopgConnector())


def make_app(database_url: str) -> procrastinate.App:
    """The same tasks on the database of this process."""
    _, _, rest = database_url.partition("://")
    return jobs.with_connector(
        procrastinate.PsycopgConnector(conninfo=f"postgresql://{rest}", min_size=1, max_size=4)
    )


async def defer(session: AsyncSession, task: Task[Any, Any, Any], **arguments: Any) -> None:
    """Queue ``task`` in the transaction of ``session``: it runs if and only if that commits."""
    raw = (await (await session.connection()).get_raw_connection()).driver_connection
    await task.configure(connection=raw).defer_async(**arguments)
