"""A notice goes first, then a policy by its name, then what a window demanded."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.database import Database
from kb.models import GivenAnswer, OpenQuestion
from kb.recording import record
from kb.reply import Answer
from kb.service import KnowledgeBase
from tests.kb.samples import TODAY, complete
from tests.kb.test_answer_kinds import AT, notice, policy


@pytest.fixture
async def knowledge() -> KnowledgeBase:
    knowledge = KnowledgeBase(None)
    replaced = policy(code="P-0", name="渔民旧补贴", superseded_by="P-1")
    await knowledge.take([complete(valid_to="2026-06-30"), notice(), policy(), replaced])
    return knowledge


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("滨河路停水了", "notice", "抢修管道"),
        ("渔民创业补贴给多少", "answer", "5000 元"),
        ("渔民旧补贴给多少", "expired", "现行的是“渔民创业补贴”"),
        ("窗口还要我交无犯罪记录证明", "answer", "材料里没有“无犯罪记录证明”"),
        ("窗口还要我交购船合同", "answer", "每个人都要交"),
    ],
)
def test_what_goes_first(knowledge: KnowledgeBase, text: str, kind: str, part: str) -> None:
    answer = knowledge.answer(text, "T-001", TODAY, moment=AT)
    assert answer.kind == kind
    assert part in answer.text


def test_a_notice_that_ended_and_a_guide_that_expired_are_silent(knowledge: KnowledgeBase) -> None:
    late = knowledge.answer("滨河路停水了", None, TODAY, moment=AT + timedelta(days=1))
    assert late.kind != "notice"
    july = TODAY + timedelta(days=40)
    assert "购船合同" not in knowledge.answer("窗口还要我交购船合同", "T-001", july).text


async def test_a_turn_is_recorded_once_and_masked(
    knowledge: KnowledgeBase, database: Database
) -> None:
    conversation, turn = uuid.uuid4(), uuid.uuid4()
    answer = knowledge.answer("渔民创业补贴给多少", None, TODAY, moment=AT)
    unknown = Answer(kind="unknown", text="", choices=[("渔船登记", "item:T-001:fee")])
    async with database.unit_of_work() as session:
        for _ in range(2):
            await record(session, answer, "我是13800000000", conversation, turn)
            await record(session, unknown, "怪问题", conversation, turn)
        given = (await session.scalars(select(GivenAnswer))).all()
        asked = (await session.scalars(select(OpenQuestion))).all()
    assert [(one.code, one.version) for one in given] == [("P-1", 1)]
    assert "13800000000" not in given[0].question
    assert [(one.question, one.nearest) for one in asked] == [("怪问题", ["T-001"])]
