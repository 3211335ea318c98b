"""Shared fixtures: the running line, a scratch database on its server, and a browser."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import text

os.environ.setdefault("HOTLINE_SECRET_KEY", "tests-only-" + uuid.uuid4().hex)

from core.database import Base, Database
from service import metadata  # noqa: F401  (every room's tables)
from tests.stack import ROOT, Stack, running_line

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The one running line of the suite."""
    with running_line() as line:
        yield line


@pytest.fixture(scope="session")
def assistant_understand(stack: Stack) -> Callable[[str], tuple[str, float]]:
    """What the running assistant takes a text for: act and confidence (0..1)."""
    client = httpx.Client(base_url=stack.ready["assistant"], trust_env=False, timeout=30)
    headers = {"X-Hotline-Token": stack.secret("HOTLINE_ASSISTANT_TOKEN")}

    def understand(text: str) -> tuple[str, float]:
        answer = client.post("/webhooks/hotline/parse", json={"text": text}, headers=headers)
        intent = answer.raise_for_status().json()["intent"]
        return intent["name"], intent["confidence"]

    return understand


@pytest.fixture(scope="session")
def server_url(request: pytest.FixtureRequest) -> str:
    """A PostgreSQL server: the one of the running line, or one a developer keeps running."""
    own = os.environ.get("HOTLINE_TEST_DATABASE_URL")
    if own:
        return own
    line: Stack = request.getfixturevalue("stack")
    return str(line.ready["database_url"])


@pytest.fixture(scope="session")
def scratch_url(server_url: str) -> Iterator[str]:
    """An empty database on the test server, dropped at the end."""
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        # Nothing of it need outlive a crash: a commit does not wait for the disk.
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit TO off')
    yield server_url.rsplit("/", 1)[0] + "/" + name
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
async def schema(scratch_url: str) -> AsyncIterator[Database]:
    """The scratch database with every table."""
    from service import migrations

    migrations.upgrade(scratch_url)
    database = Database(scratch_url, pool=5)
    yield database
    await database.close()


@pytest.fixture
async def database(schema: Database) -> AsyncIterator[Database]:
    """The scratch database, emptied before each test."""
    await emptied(schema)
    yield schema


# They refuse to be deleted line by line.
HISTORIES = {
    "case_events",
    "identity_openings",
    "knowledge_versions",
    "rectification_events",
    "review_links",
}
TABLES = list(reversed(Base.metadata.sorted_tables))
ARE_FILLED = text("SELECT " + ", ".join(f"EXISTS (SELECT FROM {table.name})" for table in TABLES))


async def emptied(schema: Database) -> None:
    """Delete every row; most tables have none, which one question tells."""
    async with schema.unit_of_work() as session:
        filled = [
            t
            for t, is_filled in zip(TABLES, (await session.execute(ARE_FILLED)).one(), strict=True)
            if is_filled
        ]
        if histories := [table.name for table in filled if table.name in HISTORIES]:
            await session.execute(text(f"TRUNCATE {', '.join(histories)}"))
        for table in filled:
            if table.name not in HISTORIES:
                await session.execute(table.delete())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium, the one that `make test` found.

    Closed with its module: while Playwright runs, no other event loop can in the same thread.
    """
    found = subprocess.run(
        [sys.executable, "service/environments.py", "browser"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    path = found.stdout.strip().splitlines()[-1]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield launched
        launched.close()
