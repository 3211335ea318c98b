"""Service items follow a merged unit."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import units.loading
from core.database import Database, now
from kb import loading
from kb.models import Entry
from kb.succession import count, follow
from tests.kb.samples import CITY
from units.models import UnitSuccession


@pytest.fixture
async def sample(database: Database) -> Database:
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
        await loading.load(session, CITY)
    return database


async def test_items_follow_in_a_new_version_and_a_restart_undoes_nothing(
    sample: Database,
) -> None:
    async with sample.unit_of_work() as session:
        had, gets = await count(session, "housing-fund"), await count(session, "housing")
        before = await _versions(session, "housing-fund")
    assert had > 0
    with psycopg.connect(sample.url, autocommit=True) as listener:
        listener.execute("LISTEN kb_changed")
        async with sample.unit_of_work() as session:
            session.add(
                UnitSuccession(
                    old="housing-fund",
                    new="housing",
                    from_day=now().date(),
                    reason="文件",
                    by="admin",
                    done_at=now(),
                )
            )
            assert await follow(session, "housing-fund", "housing") == had
        assert list(listener.notifies(timeout=5, stop_after=1))
    async with sample.unit_of_work() as session:
        assert await count(session, "housing-fund") == 0
        assert await count(session, "housing") == had + gets
        report = await loading.load(session, CITY)
    assert (report.new, report.changed, report.withdrawn, report.rejected) == ([], [], [], [])
    async with sample.unit_of_work() as session:
        assert await follow(session, "housing-fund", "housing") == 0
        after = await _versions(session, "housing")
    assert {code: after[code] for code in before} == {c: v + 1 for c, v in before.items()}


async def _versions(session: AsyncSession, unit: str) -> dict[str, int]:
    rows = await session.execute(select(Entry.code, Entry.version).where(Entry.unit == unit))
    return dict(rows.tuples().all())
