"""The sample city's knowledge with both encoders, built once: encoding takes a minute."""

from __future__ import annotations

import pytest

from kb.service import KnowledgeBase
from language.e5 import Ranker, load_ranker
from language.encoder import Encoder, load_encoder
from language.remembered import RememberingEncoder
from tests.kb.samples import city_entries, complete


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
