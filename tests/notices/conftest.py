"""Fixtures of the outbox: the small city, two recording channels, and the worker's database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from recorder import Recorder
from sqlalchemy import text
from town import city, file

from core.database import Database
from core.outbox import delivery
from notices.channels import register, unregister_all

__all__ = ["city", "file"]


@pytest.fixture
async def outbox(database: Database) -> AsyncIterator[Database]:
    """The database that the background work is given."""
    delivery.database = database
    async with database.unit_of_work() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))
    yield database
    async with database.unit_of_work() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))


@pytest.fixture
async def wechat(outbox: Database) -> AsyncIterator[Recorder]:
    channel = Recorder("wechat")
    register(channel, pushes_lines=True)
    yield channel
    unregister_all()


@pytest.fixture
async def sms(outbox: Database) -> AsyncIterator[Recorder]:
    channel = Recorder("sms")
    register(channel, pushes_lines=True)
    yield channel
    unregister_all()
