"""Entries that end soon, and the answers that were given from one."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

import units.loading
from core.database import Database
from core.errors import NotFound
from core.identity import Actor, Role
from kb.loading import fingerprint
from kb.models import GivenAnswer
from kb.reminders import answers_given, ending_soon
from kb.repository import KnowledgeRepository
from kb.schemas import ItemContent, Status
from tests.kb.samples import CITY, COMPLETE

NOW = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
TODAY = date(2026, 6, 1)
CLERK = Actor("clerk", "示例", Role.UNIT_CLERK, "agriculture", frozenset({"agriculture"}))
OTHER = Actor("other", "示例", Role.UNIT_LEADER, "housing", frozenset({"housing"}))


async def test_what_ends_soon_and_what_was_answered_is_the_owners(database: Database) -> None:
    ends = {"T-1": None, "T-2": "2026-05-31", "T-3": "2026-07-01", "T-4": "2026-06-01"}
    ends["T-5"] = "2026-07-02"
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
    async with database.unit_of_work() as session:
        for code, end in ends.items():
            content = ItemContent.model_validate({**COMPLETE, "code": code, "valid_to": end})
            await KnowledgeRepository(session).store(
                content, Status.PUBLISHED, 1, fingerprint=fingerprint(content), author="file"
            )
        for question in ("多少钱", "要多久"):
            session.add(GivenAnswer(code="T-1", version=1, aspects=[], question=question, at=NOW))
            await session.flush()
    async with database.unit_of_work() as session:
        assert [e.code for e in await ending_soon(session, CLERK, TODAY)] == ["T-4", "T-3"]
        assert not await ending_soon(session, OTHER, TODAY)
        answers, total = await answers_given(session, CLERK, "T-1", limit=1)
        assert ([answer.question for answer in answers], total) == (["要多久"], 2)
        with pytest.raises(NotFound):
            await answers_given(session, OTHER, "T-1")
