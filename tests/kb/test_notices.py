"""A supervisor's notice is told at once, and until it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import units.loading
from core.database import Database
from core.errors import Conflict, InvalidInput, NotAllowed
from core.identity import Actor, Role
from kb.drafts import end_entry
from kb.notices import end_notice, publish_notice
from kb.schemas import Status
from kb.service import KnowledgeBase
from tests.kb.samples import CITY

NOW = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
RAW: dict[str, Any] = {
    "name": "望湖路停水",
    "unit": "water-supply",
    "topic": "停水",
    "text": "管道抢修。",
    "places": ["望湖路"],
    "starts_at": NOW.isoformat(),
    "ends_at": (NOW + timedelta(hours=8)).isoformat(),
}


def _actor(role: Role) -> Actor:
    return Actor(str(role), "示例", role, "hotline", frozenset({"hotline"}))


SUPERVISOR = _actor(Role.SUPERVISOR)


async def _told(database: Database, moment: datetime) -> list[str]:
    knowledge = KnowledgeBase(None)
    async with database.unit_of_work() as session:
        await knowledge.refresh(session)
    answer = knowledge.answer("望湖路怎么停水了", today=moment.date(), moment=moment)
    names = [notice.name for notice in knowledge.notices_in_force(moment)]
    assert (answer.kind == "notice") == bool(names)
    return names


async def test_a_notice_is_told_from_its_beginning_until_it_is_ended(database: Database) -> None:
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
    async with database.unit_of_work() as session:
        first = await publish_notice(session, SUPERVISOR, RAW, NOW)
        await session.flush()
        second = await publish_notice(session, SUPERVISOR, {**RAW, "name": "又停水"}, NOW)
        assert [first.code, second.code] == ["NOTICE-20260601-001", "NOTICE-20260601-002"]
    async with database.unit_of_work() as session:
        editor = _actor(Role.KNOWLEDGE_EDITOR)
        with pytest.raises(NotAllowed):
            await end_entry(session, editor, first.code, Status.WITHDRAWN, "一", NOW)
    assert set(await _told(database, NOW)) == {"望湖路停水", "又停水"}
    assert await _told(database, NOW + timedelta(hours=8)) == []
    async with database.unit_of_work() as session:
        await end_notice(session, SUPERVISOR, first.code, NOW)
        await session.flush()
        with pytest.raises(Conflict):
            await end_notice(session, SUPERVISOR, first.code, NOW)
    assert await _told(database, NOW) == ["又停水"]


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"ends_at": NOW.isoformat()}, "entry", "结束时间不晚于开始时间"),
        (
            {"starts_at": "2026-05-01T00:00:00+08:00", "ends_at": "2026-05-02T00:00:00+08:00"},
            "ends_at",
            "结束时间已过",
        ),
        ({"unit": "nobody"}, "unit", "请从单位名录中选择"),
        ({"areas": ["nowhere"]}, "areas", "请写区县、街道或社区的全名"),
        ({"areas": ["某区"]}, "areas.0", "请写区县、街道或社区的全名"),
        ({"topic": "地震"}, "topic", "请从列表中选择"),
        ({"starts_at": "马上"}, "starts_at", "请选择日期和时间"),
    ],
)
async def test_what_does_not_fit_is_refused(
    database: Database, changes: dict[str, Any], field: str, told: str
) -> None:
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
    async with database.unit_of_work() as session:
        with pytest.raises(InvalidInput) as refused:
            await publish_notice(session, SUPERVISOR, {**RAW, **changes}, NOW)
    assert refused.value.fields == {field: told}


@pytest.mark.parametrize("role", [Role.KNOWLEDGE_EDITOR, Role.UNIT_LEADER, Role.SEAT])
async def test_only_supervisors_publish_and_end(database: Database, role: Role) -> None:
    async with database.unit_of_work() as session:
        with pytest.raises(NotAllowed):
            await publish_notice(session, _actor(role), RAW, NOW)
        with pytest.raises(NotAllowed):
            await end_notice(session, _actor(role), "NOTICE-20260601-001", NOW)
