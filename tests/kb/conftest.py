"""What tests of the commands ``hotline kb …`` share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

import kb.loading
import units.loading
from core.database import Database
from core.settings import get_settings
from tests.conftest import emptied
from tests.kb.samples import CITY


@pytest.fixture
def command_database(schema: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Commands of this process use the scratch database."""
    monkeypatch.setenv("DATABASE_URL", schema.url)
    get_settings.cache_clear()
    yield schema
    get_settings.cache_clear()


@pytest.fixture(scope="module")
async def loaded_city(schema: Database) -> AsyncIterator[Database]:
    """The sample city; the tests of a module build on each other's rows."""
    await emptied(schema)
    async with schema.unit_of_work() as session:
        await units.loading.load(session, CITY)
        await kb.loading.load(session, CITY)
    yield schema
