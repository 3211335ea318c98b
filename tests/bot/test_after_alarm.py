"""After an alarm words lead back to the assistant, and no second emergency is lost."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

import units.loading
from bot.actions.after_alarm import follows_advice, wants_back
from bot.actions.executor import respond
from bot.actions.talk import Talk
from bot.city import City, Line
from bot.models import Conversation
from core.database import Database
from core.replies import Reply
from intake.service import open_draft, start_draft
from kb.service import KnowledgeBase
from tests.kb.samples import CITY, complete

BACK = [
    "没事了",
    "火灭了",
    "火已经扑灭了，虚惊一场",
    "回到智能助手",
    "我已经打了110了",
    "报过警了",
    "救护车到了",
    "孩子找到了",
    "不等人工了",
    "点错了",
    "没事了，继续评价",
    "继续评价",
]
NOT_BACK = [
    "打了110了没人接",
    "火还没灭",
    "已经打了119了还没来",
    "人救出来了但是好多血",
    "就在望湖路18号",
    "三楼还有人",
    "火灭了又烧起来",
    "怎么还不来",
]


@pytest.mark.parametrize("text", BACK)
def test_words_that_lead_back(text: str) -> None:
    assert wants_back(text)


@pytest.mark.parametrize("text", NOT_BACK)
def test_words_that_stay_with_the_alarm(text: str) -> None:
    assert not wants_back(text)


@pytest.mark.parametrize(
    ("text", "follows"),
    [
        ("好好好我出来了", True),
        ("嗯，窗户打开了", True),
        ("阀门关了", True),
        ("好的但是我爸还在里面没出来", False),
        ("出来了，可是手一直流血", False),
        ("有人拿刀进来了", False),
        ("好的，有人拿刀追我", False),
        ("知道了。", True),
    ],
)
def test_who_follows_the_advice_tells_no_other_emergency(text: str, follows: bool) -> None:
    assert follows_advice(text) is follows


@pytest.fixture
async def line(database: Database) -> Line:
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
    async with database.unit_of_work() as session:
        city = await City.load(session, None)
    knowledge = KnowledgeBase(None)
    await knowledge.take([complete()])
    return Line(database, knowledge, city, None)


async def say(
    line: Line,
    text: str,
    act: str,
    *,
    reason: str = "紧急：火灾（119）",
    context: dict[str, Any] | None = None,
    hazard: bool = False,
) -> tuple[list[Reply], Conversation]:
    """What is answered to ``text`` in a talk that was handed over for ``reason``."""
    async with line.database.unit_of_work() as session:
        conversation = Conversation(
            id=uuid.uuid4(),
            token_hash="x",
            channel="web",
            context=context or {},
            owner="person",
            handover_reason=reason,
        )
        session.add(conversation)
        await session.flush()
        draft = await start_draft(session, conversation.id) if hazard else None
        talk = Talk(line, session, conversation, draft, uuid.uuid4(), text, act, 0.9)
        return await respond(talk), conversation


async def test_the_assistant_goes_on_and_the_alarm_keeps_its_reason(line: Line) -> None:
    [reply], talk = await say(line, "火灭了，没事了", "inform")
    assert "值班人员会继续跟进" in reply.text
    assert (talk.owner, talk.handover_reason) == ("assistant", "紧急：火灾（119）")


async def test_a_question_that_a_guide_answers_leads_back(line: Line) -> None:
    replies, talk = await say(line, "渔船登记要什么材料", "ask_guide")
    assert replies[0].text.startswith("【渔船登记】")
    assert "值班人员会继续跟进" in replies[-1].text
    assert talk.owner == "assistant"


async def test_who_asks_for_help_stays_with_the_person(line: Line) -> None:
    [reply], talk = await say(line, "消防车怎么还没来？", "ask_progress")
    assert reply.text.startswith("已收到")
    assert talk.owner == "person"


async def test_a_second_emergency_is_another_alarm(line: Line) -> None:
    [reply], talk = await say(line, "火灭了，可是我爸晕倒了叫不醒", "emergency")
    assert reply.card is not None
    assert reply.card["numbers"][0] == "120"
    assert (talk.owner, talk.handover_reason) == ("person", "紧急：急病或受伤（120）")


@pytest.mark.parametrize("hazard", [False, True])
async def test_a_review_that_the_alarm_broke_into_goes_on(line: Line, hazard: bool) -> None:
    review = {"said": {"item": "渔船登记"}, "grade": 2, "text": ""}
    replies, talk = await say(
        line, "没事了，继续评价", "inform", context={"rating": review}, hazard=hazard
    )
    assert "接着评价" in replies[0].text
    assert "哪里不满意" in replies[1].text
    assert talk.owner == "assistant"
    assert talk.context["awaiting"] == "service_reason"
    async with line.database.sessions() as session:
        assert await open_draft(session, talk.id) is None
