"""Several sources bring entries side by side: none ends or overwrites what another brought."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import units.loading
from core.database import Database
from core.identity import Actor, Role
from kb.drafts import end_entry
from kb.loading import LoadReport, fingerprint, plan, write
from kb.models import Entry
from kb.readers.reading import FileEntry
from kb.repository import Change, KnowledgeRepository
from kb.schemas import ItemContent, Status
from tests.kb.samples import CITY, COMPLETE
from tests.kb.test_drafts import NOW

EDITOR = Actor("editor", "示例", Role.KNOWLEDGE_EDITOR, "center", frozenset({"center"}))


@pytest.fixture
async def city(database: Database) -> Database:
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
    return database


def _content(code: str, **changes: Any) -> ItemContent:
    return ItemContent.model_validate({**COMPLETE, "code": code, "version": 1, **changes})


async def _bring(
    city: Database, source: str, *contents: ItemContent, withdraw: bool = True
) -> LoadReport:
    entries = [FileEntry(content, "a.yml", number) for number, content in enumerate(contents, 1)]
    async with city.unit_of_work() as session:
        found = await plan(session, entries, [], source, withdraw_missing=withdraw)
        await write(session, found)
    return found.report()


async def test_what_one_source_lacks_ends_no_entry_of_another(city: Database) -> None:
    assert (await _bring(city, "city", _content("T-001"))).new == ["T-001"]
    assert (await _bring(city, "省库", _content("T-002"), _content("T-003"))).withdrawn == []
    assert (await _bring(city, "city", _content("T-001"))).withdrawn == []
    assert (await _bring(city, "省库", _content("T-003"), withdraw=False)).withdrawn == []
    assert (await _bring(city, "省库", _content("T-003"))).withdrawn == ["T-002"]


async def test_a_code_belongs_to_the_source_that_brings_it_until_it_ends(city: Database) -> None:
    await _bring(city, "city", _content("T-001"))
    report = await _bring(city, "省库", _content("T-001", summary="另一种说法"))
    assert "已由来源“city”提供" in report.rejected[0].reason
    await _bring(city, "city")
    assert (await _bring(city, "省库", _content("T-001"))).changed == ["T-001"]
    assert (await _bring(city, "city")).withdrawn == []


async def test_the_plan_names_the_fields_that_change(city: Database) -> None:
    await _bring(city, "city", _content("T-001"))
    entry = FileEntry(_content("T-001", summary="新的说法", visits=0), "a.yml", 1)
    async with city.unit_of_work() as session:
        found = await plan(session, [entry], [], "city", withdraw_missing=True)
        assert [step.fields for step in found.changed] == [("summary", "visits")]
        await write(session, found)
    async with city.unit_of_work() as session:
        await end_entry(session, EDITOR, "T-001", Status.WITHDRAWN, "有误", NOW)
    # What an editor ended stays ended until the file says something else.
    assert (await _bring(city, "city", entry.content)).unchanged == ["T-001"]
    assert (await _bring(city, "city", _content("T-001"))).changed == ["T-001"]


async def test_changes_become_visible_in_the_order_of_their_numbers(city: Database) -> None:
    def change(code: str) -> Change:
        content = _content(code)
        return Change(content, Status.PUBLISHED, 1, fingerprint(content))

    async def write_late(started: asyncio.Event, may_end: asyncio.Event) -> None:
        async with city.unit_of_work() as session:
            await KnowledgeRepository(session).store_all([change("T-001")], author="file")
            started.set()
            await may_end.wait()

    async def write_after() -> int:
        async with city.unit_of_work() as session:
            await KnowledgeRepository(session).store_all([change("T-002")], author="file")
            return (await session.get_one(Entry, "T-002")).change

    started, may_end = asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(write_late(started, may_end))
    await started.wait()
    second = asyncio.create_task(write_after())
    done, _ = await asyncio.wait([second], timeout=0.3)
    assert not done, "a later number became visible before an earlier one"
    may_end.set()
    await first
    async with city.unit_of_work() as session:
        earlier = (await session.get_one(Entry, "T-001")).change
    assert earlier < await second
