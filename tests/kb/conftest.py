"""What tests of the knowledge base share: the commands' database, and the sample city's knowledge
with both encoders, built once (encoding takes a minute)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

import kb.loading
import units.loading
from core.database import Database
from core.settings import get_settings
from kb.service import KnowledgeBase
from language.e5 import Ranker, load_ranker
from language.encoder import Encoder, load_encoder
from language.remembered import RememberingEncoder
from tests.conftest import emptied
from tests.kb.samples import CITY, city_entries, complete


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


@pytest.fixture(scope="session")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Encoder, Ranker]:
    """Both encoders; what one test has encoded the others need not."""
    folder = tmp_path_factory.mktemp("vectors")
    encoder, ranker = load_encoder(), load_ranker(folder)
    assert encoder is not None and ranker is not None
    return RememberingEncoder(encoder, folder / "sentences.npz"), ranker


@pytest.fixture(scope="session")
async def knowledge(encoders: tuple[Encoder, Ranker]) -> KnowledgeBase:
    """The sample city as the line answers from it, and an item that ends on 2026-06-30."""
    knowledge = KnowledgeBase(*encoders)
    await knowledge.take([*city_entries(), complete(valid_to="2026-06-30")])
    return knowledge
