"""“没有帮助” in the talk: a reason, a task of the owning unit, the question among the open ones."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import select

from bot.actions.executor import respond
from bot.actions.talk import Replies, Talk
from bot.city import City, Line
from bot.models import Conversation
from core.database import Database
from intake.service import Intake
from kb.loading import fingerprint
from kb.models import Feedback, OpenQuestion
from kb.repository import KnowledgeRepository
from kb.schemas import ItemContent, Status
from kb.service import KnowledgeBase
from routing.service import Router
from tests.kb.samples import COMPLETE
from units.gazetteer import Gazetteer
from units.tree import UnitTree


class Talker:
    """A citizen of the small city, whose knowledge base holds one item of the urban bureau."""

    def __init__(self, database: Database) -> None:
        self.database, self.id, self.knowledge = database, uuid.uuid4(), KnowledgeBase(None)

    async def begin(self) -> Talker:
        content = ItemContent.model_validate({**COMPLETE, "unit": "urban"})
        async with self.database.unit_of_work() as session:
            session.add(Conversation(id=self.id, token_hash="x", channel="web", context={}))
            await KnowledgeRepository(session).store(
                content, Status.PUBLISHED, 1, fingerprint=fingerprint(content), author="file"
            )
        async with self.database.unit_of_work() as session:
            await self.knowledge.refresh(session)
        return self

    async def say(self, text: str, act: str = "guide", value: str | None = None) -> Replies:
        async with self.database.unit_of_work() as session:
            tree = await UnitTree.load(session)
            router = await Router.load(session, tree)
            city = City(tree, router, Intake(router, await Gazetteer.load(session), tree))
            line = cast(Line, SimpleNamespace(city=city, knowledge=self.knowledge))
            conversation = await session.get_one(Conversation, self.id)
            talk = Talk(line, session, conversation, None, uuid.uuid4(), text, act, 0.95, value)
            return await respond(talk)

    async def choose(self, replies: Replies, title: str) -> Replies:
        """Press the quick reply of that title."""
        (value,) = [one.value for one in replies[0].choices if one.title == title]
        return await self.say(title, "choose", value)


@pytest.fixture
async def talker(city: Database) -> Talker:
    return await Talker(city).begin()


async def test_an_unhelpful_answer_goes_to_the_unit_with_its_reason(talker: Talker) -> None:
    answer = await talker.say("渔船登记要多少钱")
    assert "10元" in answer[0].text
    for _ in range(2):
        asked = await talker.choose(answer, "没有帮助")
        told = await talker.choose(asked, "内容不对")
        assert "示例市城市管理局" in told[0].text and "内容不对" in told[0].text
        assert {one.value for one in told[0].choices} == {"case:consult", "handoff"}
    async with talker.database.unit_of_work() as session:
        (task,) = await session.scalars(select(Feedback))
        assert (task.unit, task.reason, task.state) == ("urban", "内容不对", "open")
        (question,) = await session.scalars(select(OpenQuestion))
        assert (question.kind, question.nearest) == ("unhelpful", ["T-001"])
        conversation = await session.get_one(Conversation, talker.id)
        assert conversation.context["question"] == "渔船登记要多少钱"


@pytest.mark.parametrize("turn", ["nonsense", str(uuid.uuid4()), ""])
async def test_an_answer_that_was_never_given_takes_no_opinion(talker: Talker, turn: str) -> None:
    replies = await talker.say("没有帮助", "choose", f"feedback:{turn}:wrong")
    assert "找不到" in replies[0].text
    async with talker.database.unit_of_work() as session:
        assert (await session.scalars(select(Feedback))).all() == []


async def test_somebody_elses_answer_takes_no_opinion(talker: Talker) -> None:
    answer = await talker.say("渔船登记要多少钱")
    other = Talker(talker.database)
    async with talker.database.unit_of_work() as session:
        session.add(Conversation(id=other.id, token_hash="x", channel="web", context={}))
    assert "找不到" in (await other.choose(answer, "没有帮助"))[0].text


@pytest.mark.parametrize(("text", "kept"), [("啵叽啵叽13800001234", 1), ("？", 0)])
async def test_what_was_not_understood_stays_open_and_masked(
    talker: Talker, text: str, kept: int
) -> None:
    replies = await talker.say(text, act="nothing_known")
    assert "没有听懂" in replies[0].text
    async with talker.database.unit_of_work() as session:
        questions = (await session.scalars(select(OpenQuestion))).all()
    assert [question.kind for question in questions] == ["unclear"] * kept
    assert not any("13800001234" in question.question for question in questions)


async def test_an_opinion_in_words_asks_for_the_reason_and_takes_it_as_said(talker: Talker) -> None:
    await talker.say("渔船登记要多少钱")
    asked = await talker.say("没有帮助", "deny")
    assert "哪里不合适" in asked[0].text
    told = await talker.say("上面写的是去年的价，打13800001234也没人接", "file_case")
    assert "已记下" in told[0].text
    async with talker.database.unit_of_work() as session:
        (task,) = await session.scalars(select(Feedback))
        assert task.reason.startswith("上面写的是去年的价") and "13800001234" not in task.reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("没说清楚", "没说清楚"),
        ("答非所问", "不是我问的事"),
        ("这不管用", "办不成，不顶用"),
        (
            "没有帮助，窗口要的材料比这里写的多两样，来回跑了三趟",
            "窗口要的材料比这里写的多两样，来回跑了三趟",
        ),
    ],
)
async def test_an_opinion_that_says_why_is_kept_at_once(
    talker: Talker, said: str, reason: str
) -> None:
    await talker.say("渔船登记要多少钱")
    assert "已记下" in (await talker.say(said, "abuse"))[0].text
    async with talker.database.unit_of_work() as session:
        (task,) = await session.scalars(select(Feedback))
        assert task.reason == reason


@pytest.mark.parametrize("said", ["没得用", "莫得啥用啊", "没什么用处"])
async def test_an_opinion_in_dialect_works_as_the_button(talker: Talker, said: str) -> None:
    await talker.say("渔船登记要多少钱")
    assert "哪里不合适" in (await talker.say(said, "nothing_known"))[0].text


async def test_another_question_is_no_reason(talker: Talker) -> None:
    await talker.say("渔船登记要多少钱")
    await talker.say("没用", "deny")
    assert "渔政窗口" in (await talker.say("那在哪里办？", "ask_guide"))[0].text
    async with talker.database.unit_of_work() as session:
        assert (await session.scalars(select(Feedback))).all() == []


async def test_words_without_an_answer_before_are_no_opinion(talker: Talker) -> None:
    assert "哪里不合适" not in (await talker.say("没用", "deny"))[0].text


@pytest.mark.parametrize(
    ("said", "act", "answer"),
    [
        ("要带啥子", "file_case", "购船合同"),
        ("那我妈能替我办不", "file_case", "可以代办"),
        ("户口不在这儿中不中", "file_case", "【渔船登记】"),
        ("好多钱嘛", "nothing_known", "10元"),
        ("要等好久哦", "nothing_known", "5 个工作日"),
        ("要多久", "ask_progress", "5 个工作日"),
    ],
)
async def test_a_follow_up_in_dialect_keeps_the_entry(
    talker: Talker, said: str, act: str, answer: str
) -> None:
    await talker.say("渔船登记要多少钱")
    assert answer in (await talker.say(said, act))[0].text


@pytest.mark.parametrize(
    ("said", "answer"), [("好", "【渔船登记】"), ("要的", "【渔船登记】"), ("多少钱", "10元")]
)
async def test_the_only_offer_is_taken_up_in_words(talker: Talker, said: str, answer: str) -> None:
    offered = await talker.say("船舶", "ask_guide")
    assert [one.value for one in offered[0].choices] == ["item:T-001:overview"]
    assert answer in (await talker.say(said, "affirm"))[0].text
