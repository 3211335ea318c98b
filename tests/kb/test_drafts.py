"""A change of an entry takes two people, and never overwrites one that came in between."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

import units.loading
from core.database import Database
from core.errors import Conflict, HotlineError, InvalidInput, NotAllowed, NotFound
from core.identity import Actor, Role
from kb.drafts import (
    approve_draft,
    discard_draft,
    end_entry,
    publish_due,
    rebase_draft,
    reject_draft,
    reopen_draft,
    save_draft,
    start_draft,
    submit_draft,
)
from kb.drafts_repository import DraftRepository
from kb.models import Entry, EntryDraft
from kb.repository import KnowledgeRepository
from kb.schemas import Kind, Status
from tests.kb.samples import CITY, COMPLETE

NOW = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)


def _actor(role: Role, unit: str, login: str) -> Actor:
    return Actor(login, "示例", role, unit, frozenset({unit}))


AUTHOR = _actor(Role.KNOWLEDGE_EDITOR, "center", "editor")
SECOND = _actor(Role.KNOWLEDGE_EDITOR, "center", "editor2")
CLERK = _actor(Role.UNIT_CLERK, "agriculture", "clerk")
LEADER = _actor(Role.UNIT_LEADER, "agriculture", "leader")
OTHER = _actor(Role.UNIT_LEADER, "housing", "other")


@pytest.fixture
async def city(database: Database) -> Database:
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
    return database


async def _submitted(city: Database, actor: Actor = AUTHOR, **changes: Any) -> int:
    async with city.unit_of_work() as session:
        content = {**COMPLETE, **changes}
        draft = await start_draft(session, actor, Kind.ITEM, "T-001", content, NOW)
        await submit_draft(session, actor, draft.id, "新规定", NOW)
        return draft.id


async def test_a_second_person_publishes_and_the_history_names_both(city: Database) -> None:
    draft = await _submitted(city)
    async with city.unit_of_work() as session:
        await approve_draft(session, SECOND, draft, NOW)
    again = await _submitted(city, CLERK, name="渔船新登记")
    async with city.unit_of_work() as session:
        await approve_draft(session, LEADER, again, NOW)
    async with city.unit_of_work() as session:
        repository = KnowledgeRepository(session)
        (record,) = await repository.published()
        assert (record.name, record.version) == ("渔船新登记", 2)
        assert [(v.version, v.author, v.approver) for v in await repository.versions("T-001")] == [
            (2, "clerk", "leader"),
            (1, "editor", "editor2"),
        ]


@pytest.mark.parametrize(
    ("author", "actor", "error"),
    [
        (AUTHOR, AUTHOR, NotAllowed),
        (LEADER, LEADER, NotAllowed),
        (AUTHOR, CLERK, NotAllowed),
        (AUTHOR, OTHER, NotFound),
        (AUTHOR, _actor(Role.SEAT, "center", "seat"), NotAllowed),
    ],
)
async def test_who_may_not_approve(
    city: Database, author: Actor, actor: Actor, error: type[HotlineError]
) -> None:
    draft = await _submitted(city, author)
    async with city.unit_of_work() as session:
        with pytest.raises(error):
            await approve_draft(session, actor, draft, NOW)
        with pytest.raises(error):
            await reject_draft(session, actor, draft, "不对", NOW)


async def test_units_draft_and_see_their_own_only(city: Database) -> None:
    await _submitted(city)
    async with city.unit_of_work() as session:
        assert len(await DraftRepository(session, CLERK.units).listed(["submitted"])) == 1
        assert not await DraftRepository(session, OTHER.units).listed(["submitted"])
        with pytest.raises(NotAllowed):
            await start_draft(session, OTHER, Kind.ITEM, "T-002", COMPLETE, NOW)
        with pytest.raises(NotAllowed):
            taken = {**COMPLETE, "unit": "agriculture"}
            await start_draft(session, OTHER, Kind.ITEM, "T-003", taken, NOW)


async def test_unfinished_drafts_keep_what_was_typed_until_they_fit(city: Database) -> None:
    async with city.unit_of_work() as session:
        raw = {"unit": "agriculture", "name": "", "valid_from": "明天"}
        draft = await start_draft(session, AUTHOR, Kind.ITEM, "T-001", raw, NOW)
        with pytest.raises(InvalidInput) as refused:
            await submit_draft(session, AUTHOR, draft.id, "新事项", NOW)
        assert {"name", "valid_from"} <= set(refused.value.fields)
        assert (draft.state, draft.content) == ("draft", raw)
        await save_draft(session, AUTHOR, draft.id, 1, COMPLETE, NOW)
        with pytest.raises(Conflict):
            await save_draft(session, AUTHOR, draft.id, 1, raw, NOW)
        await submit_draft(session, AUTHOR, draft.id, "新事项", NOW)
    with pytest.raises(Conflict):
        await _submitted(city)


async def test_a_planned_draft_is_published_on_its_day_and_once(city: Database) -> None:
    draft = await _submitted(city)
    async with city.unit_of_work() as session:
        with pytest.raises(InvalidInput):
            await approve_draft(session, SECOND, draft, NOW, date(2026, 5, 31))
        await approve_draft(session, SECOND, draft, NOW, date(2026, 6, 3))
    async with city.unit_of_work() as session:
        assert await publish_due(session, NOW + timedelta(days=1)) == []
    async with city.unit_of_work() as one, city.unit_of_work() as two:
        assert await publish_due(one, NOW + timedelta(days=2)) == ["T-001"]
        assert await publish_due(two, NOW + timedelta(days=2)) == []
    async with city.unit_of_work() as session:
        assert await publish_due(session, NOW + timedelta(days=3)) == []
        assert len(await KnowledgeRepository(session).versions("T-001")) == 1


async def test_a_draft_never_overwrites_what_came_in_between(city: Database) -> None:
    first = await _submitted(city)
    async with city.unit_of_work() as session:
        await approve_draft(session, SECOND, first, NOW)
    later = await _submitted(city, name="改名")
    async with city.unit_of_work() as session:
        await approve_draft(session, SECOND, later, NOW, date(2026, 6, 3))
        await end_entry(session, CLERK, "T-001", Status.WITHDRAWN, "有误", NOW)
        assert not await KnowledgeRepository(session).published()
    async with city.unit_of_work() as session:
        assert await publish_due(session, NOW + timedelta(days=2)) == []
        draft = await session.get(EntryDraft, later)
        assert draft is not None and draft.state == "rejected"
        row = await session.scalar(select(Entry))
        assert row is not None and (row.status, row.version) == ("withdrawn", 2)
        with pytest.raises(Conflict):
            await end_entry(session, CLERK, "T-001", Status.WITHDRAWN, "有误", NOW)
        with pytest.raises(NotFound):
            await end_entry(session, OTHER, "T-001", Status.VOID, "有误", NOW)


async def test_an_author_takes_up_again_what_was_sent_back_given_up_or_called_back(
    city: Database,
) -> None:
    draft = await _submitted(city)
    async with city.unit_of_work() as session:
        with pytest.raises(NotAllowed):
            await reopen_draft(session, SECOND, draft, NOW)
        for end in (None, reject_draft, discard_draft, approve_draft):
            if end is reject_draft:
                await reject_draft(session, SECOND, draft, "不对", NOW)
            elif end is discard_draft:
                await discard_draft(session, AUTHOR, draft, NOW)
            elif end is approve_draft:
                await approve_draft(session, SECOND, draft, NOW, date(2026, 6, 3))
            again = await reopen_draft(session, AUTHOR, draft, NOW)
            assert (again.state, again.publish_on) == ("draft", None)
            with pytest.raises(Conflict):
                await reopen_draft(session, AUTHOR, draft, NOW)
            await submit_draft(session, AUTHOR, draft, "新规定", NOW)
        assert await publish_due(session, NOW + timedelta(days=9)) == []


async def test_a_draft_is_not_taken_up_beside_another_and_follows_on_a_newer_version(
    city: Database,
) -> None:
    first = await _submitted(city)
    async with city.unit_of_work() as session:
        await discard_draft(session, AUTHOR, first, NOW)
    second = await _submitted(city)
    async with city.unit_of_work() as session:
        with pytest.raises(Conflict):
            await reopen_draft(session, AUTHOR, first, NOW)
        await approve_draft(session, SECOND, second, NOW)
    async with city.unit_of_work() as session:
        with pytest.raises(Conflict):
            await reopen_draft(session, AUTHOR, second, NOW)
        await reopen_draft(session, AUTHOR, first, NOW)
        await submit_draft(session, AUTHOR, first, "新规定", NOW)
        with pytest.raises(Conflict):
            await approve_draft(session, SECOND, first, NOW)
    async with city.unit_of_work() as session:
        await reopen_draft(session, AUTHOR, first, NOW)
        with pytest.raises(NotAllowed):
            await rebase_draft(session, SECOND, first, 1, NOW)
        with pytest.raises(Conflict):
            await rebase_draft(session, AUTHOR, first, 2, NOW)
        await rebase_draft(session, AUTHOR, first, 1, NOW)
        await submit_draft(session, AUTHOR, first, "新规定", NOW)
        await approve_draft(session, SECOND, first, NOW)
        assert len(await KnowledgeRepository(session).versions("T-001")) == 2


async def test_a_unit_that_is_none_is_refused_when_submitted(city: Database) -> None:
    with pytest.raises(InvalidInput) as refused:
        await _submitted(city, unit="nobody")
    assert refused.value.fields == {"unit": "请从单位名录中选择"}


async def test_a_withdrawn_entry_may_still_be_void_and_nothing_more(city: Database) -> None:
    draft = await _submitted(city)
    async with city.unit_of_work() as session:
        await approve_draft(session, SECOND, draft, NOW)
    async with city.unit_of_work() as session:
        with pytest.raises(InvalidInput):
            await end_entry(session, AUTHOR, "T-001", Status.VOID, " ", NOW)
        for status in (Status.WITHDRAWN, Status.VOID):
            ended = await end_entry(session, AUTHOR, "T-001", status, "有误", NOW)
            assert ended.status == status
            await session.flush()
        with pytest.raises(Conflict):
            await end_entry(session, AUTHOR, "T-001", Status.WITHDRAWN, "有误", NOW)
