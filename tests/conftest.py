"""Shared fixtures: a scratch database, and (in `tests/stack.py`) the running line."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from procrastinate.schema import SchemaManager

os.environ.setdefault("HOTLINE_SECRET_KEY", "tests-only-" + uuid.uuid4().hex)

from core.database import Base, Database
from core.jobs import make_app
from service import metadata  # noqa: F401  (every room's tables)


@pytest.fixture(scope="session")
def scratch_url(server_url: str) -> Iterator[str]:
    """An empty database on the test server, dropped at the end."""
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield server_url.rsplit("/", 1)[0] + "/" + name
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def server_url() -> str:
    """A PostgreSQL server: the developer's own, or the one of the running line."""
    return os.environ["HOTLINE_TEST_DATABASE_URL"]


@pytest.fixture(scope="session")
async def schema(scratch_url: str) -> AsyncIterator[Database]:
    """The scratch database with every table; jobs can be queued, nothing works them off."""
    database = Database(scratch_url, pool=5)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    with psycopg.connect(scratch_url, autocommit=True) as plain:
        plain.execute(SchemaManager.get_schema())
    make_app(scratch_url)
    yield database
    await database.close()


@pytest.fixture
async def database(schema: Database) -> AsyncIterator[Database]:
    """The scratch database, emptied before each test."""
    async with schema.unit_of_work() as session:
        for table in reversed(Base.metadata.sorted_tables):
            await session.execute(table.delete())
    yield schema
