"""Entries of the small city's units, and what the console needs of the knowledge base."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from core.calendar import LOCAL
from core.database import Database, now
from kb.loading import fingerprint
from kb.repository import KnowledgeRepository
from kb.schemas import ItemContent, Status
from tests.kb.samples import COMPLETE

TODAY = now().astimezone(LOCAL).date()
LAMP: dict[str, Any] = {**COMPLETE, "code": "U-1", "name": "路灯报修", "unit": "urban"}
OTHERS = [
    {"code": "U-2", "name": "广告牌设置", "unit": "urban", "valid_to": str(TODAY + timedelta(9))},
    {"code": "P-1", "name": "用电报装", "unit": "power", "aliases": ["装电表"]},
    {"code": "P-2", "name": "一户多人口电价", "unit": "power", "valid_to": "2026-02-01"},
]


@pytest.fixture
async def entries(city: Database, app: FastAPI) -> Database:
    """The small city with four entries of two units, which the console's knowledge base knows."""
    async with city.unit_of_work() as session:
        repository = KnowledgeRepository(session)
        for raw in [LAMP, *({**COMPLETE, **changes} for changes in OTHERS)]:
            content = ItemContent.model_validate(raw)
            await repository.store(
                content, Status.PUBLISHED, 1, fingerprint=fingerprint(content), author="file"
            )
    async with city.unit_of_work() as session:
        await app.state.knowledge.refresh(session)
    return city
