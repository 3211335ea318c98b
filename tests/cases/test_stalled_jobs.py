"""What a worker had begun when it died is done by another."""

from __future__ import annotations

from sqlalchemy import text

from core.database import Database
from core.jobs import connected, retry_stalled

_BEGUN = text(
    "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, queueing_lock) "
    "VALUES ('default', :task, '{}', 'doing', :lock)"
)


async def test_a_dead_workers_jobs_are_given_back_to_the_queue(database: Database) -> None:
    async with database.unit_of_work() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))
        await session.execute(_BEGUN, {"task": "recompute_clocks", "lock": None})
        # The same periodic job waits already: the begun one is given up.
        await session.execute(_BEGUN, {"task": "watch_clocks", "lock": "watch_clocks"})
    async with connected(database.url):
        await retry_stalled(timestamp=0)
        await retry_stalled(timestamp=120)
    async with database.unit_of_work() as session:
        found = await session.execute(
            text("SELECT task_name, status::text, attempts FROM procrastinate_jobs")
        )
        assert [tuple(row) for row in found] == [("recompute_clocks", "todo", 1)]
        await session.execute(text("DELETE FROM procrastinate_jobs"))
