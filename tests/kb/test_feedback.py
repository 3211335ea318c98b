"""An answer that did not help becomes a task of the owning unit with a clock."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

import units.loading
from core.database import Database
from core.errors import Conflict, HotlineError, InvalidInput, NotAllowed, NotFound
from core.identity import Actor, Role
from kb.feedback import (
    QuestionKind,
    record_feedback,
    record_question,
    settle_feedback,
)
from kb.feedback_repository import FeedbackRepository
from kb.loading import fingerprint
from kb.models import Feedback, GivenAnswer, OpenQuestion
from kb.permissions import units_seen
from kb.repository import KnowledgeRepository
from kb.schemas import ItemContent, Status
from tests.kb.samples import CITY, COMPLETE

NOW = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)


def _actor(role: Role, unit: str = "agriculture") -> Actor:
    return Actor(f"{role}-{unit}", "示例", role, unit, frozenset({unit}))


EDITOR = _actor(Role.KNOWLEDGE_EDITOR, "center")
CLERK = _actor(Role.UNIT_CLERK)


@pytest.fixture
async def answered(database: Database) -> tuple[Database, int]:
    """An answer given from an item of the agriculture unit."""
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
    async with database.unit_of_work() as session:
        content = ItemContent.model_validate(COMPLETE)
        await KnowledgeRepository(session).store(
            content, Status.PUBLISHED, 1, fingerprint=fingerprint(content), author="file"
        )
        answer = GivenAnswer(
            code="T-001", version=1, aspects=["fee"], question="上户多少钱", at=NOW
        )
        session.add(answer)
        await session.flush()
        return database, answer.id


async def _tasks(session: AsyncSession, actor: Actor) -> list[Feedback]:
    rows = await FeedbackRepository(session, units_seen(actor)).tasks("open")
    return [feedback for feedback, _ in rows]


async def _questions(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(OpenQuestion)) or 0


async def test_an_unhelpful_answer_is_a_task_of_the_unit_once(
    answered: tuple[Database, int],
) -> None:
    database, answer = answered
    for reason in ("电话 13800001234 打不通", "又说一次"):
        async with database.unit_of_work() as session:
            await record_feedback(session, answer, False, reason, NOW)
    async with database.unit_of_work() as session:
        (task,) = await _tasks(session, CLERK)
        assert (task.unit, task.state, task.code) == ("agriculture", "open", "T-001")
        assert task.due_at is not None and task.due_at > NOW
        assert "13800001234" not in task.reason and "打不通" in task.reason
        assert [seen.id for seen in await _tasks(session, EDITOR)] == [task.id]
        assert not await _tasks(session, _actor(Role.UNIT_LEADER, "housing"))
        assert await _questions(session) == 1


async def test_a_helpful_answer_asks_nothing_of_anybody(answered: tuple[Database, int]) -> None:
    database, answer = answered
    async with database.unit_of_work() as session:
        said = await record_feedback(session, answer, True, "", NOW)
        assert (said.due_at, said.state) == (None, "done")
        assert not await _tasks(session, EDITOR)
        assert await _questions(session) == 0


@pytest.mark.parametrize(
    ("actor", "outcome", "note", "error"),
    [
        (_actor(Role.UNIT_CLERK, "housing"), "explained", "说明", NotFound),
        (_actor(Role.DISPATCHER), "explained", "说明", NotAllowed),
        (CLERK, "forgotten", "说明", InvalidInput),
        (CLERK, "no_change", " ", InvalidInput),
    ],
)
async def test_who_may_settle_and_how(
    answered: tuple[Database, int],
    actor: Actor,
    outcome: str,
    note: str,
    error: type[HotlineError],
) -> None:
    database, answer = answered
    async with database.unit_of_work() as session:
        said = await record_feedback(session, answer, False, "", NOW)
        with pytest.raises(error):
            await settle_feedback(session, actor, said.id, outcome, note, NOW)


async def test_a_task_is_settled_once(answered: tuple[Database, int]) -> None:
    database, answer = answered
    async with database.unit_of_work() as session:
        said = await record_feedback(session, answer, False, "", NOW)
        await settle_feedback(session, CLERK, said.id, "corrected", "", NOW)
    async with database.unit_of_work() as session:
        done = await session.scalar(select(Feedback))
        assert done is not None
        assert (done.state, done.outcome, done.handled_by) == ("done", "corrected", CLERK.login)
        with pytest.raises(Conflict):
            await settle_feedback(session, EDITOR, done.id, "corrected", "", NOW)


async def test_a_question_is_kept_masked_and_once_a_turn(database: Database) -> None:
    turn = uuid.uuid4()
    async with database.unit_of_work() as session:
        for _ in range(2):
            await record_question(
                session, "我是 13800001234，怎么办养蜂证", QuestionKind.UNKNOWN, NOW, turn_id=turn
            )
    async with database.unit_of_work() as session:
        kept = await session.scalar(select(OpenQuestion))
        assert kept is not None and await _questions(session) == 1
        assert "13800001234" not in kept.question
