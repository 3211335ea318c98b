"""The talk about guides: asked back twice at most, where one lives asked once, both units told."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

import units.loading
from bot.actions.executor import respond
from bot.actions.talk import Talk
from bot.city import City, Line
from bot.models import Conversation
from core.database import Database, now
from core.replies import Reply
from kb.models import GivenAnswer, OpenQuestion
from kb.schemas import NoticeRecord, PolicyRecord, Record
from kb.service import KnowledgeBase
from tests.kb.samples import CITY, bare, complete

WINDOWS = [
    {"name": "城东渔政窗口", "area": "chengdong", "address": "环湖路 1 号"},
    {"name": "临江渔政窗口", "area": "linjiang", "address": "江北路 1 号"},
    {"name": "市渔政窗口", "address": "渡口路 1 号"},
]
AGENTS = [
    {"area": "linjiang.dukou", "name": "老林", "phone": "0000-12340011"},
    {"area": "chengdong.dongdu", "name": "老董", "phone": "0000-12340012"},
]


class Chat:
    """One conversation; every turn is a transaction of its own, as in the running line."""

    def __init__(self, database: Database, knowledge: KnowledgeBase, city: City) -> None:
        self.database, self.id = database, uuid.uuid4()
        self.line = Line(database, knowledge, city, None)

    async def begin(self) -> None:
        async with self.database.unit_of_work() as session:
            session.add(Conversation(id=self.id, token_hash="x", channel="web", context={}))

    async def say(self, text: str, value: str | None = None, act: str = "ask_guide") -> Reply:
        async with self.database.unit_of_work() as session:
            conversation = await session.get_one(Conversation, self.id)
            talk = Talk(self.line, session, conversation, None, uuid.uuid4(), text, act, 0.9, value)
            [reply] = await respond(talk)
            return reply


@pytest.fixture
async def city(database: Database) -> City:
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
    async with database.unit_of_work() as session:
        return await City.load(session, None)


async def chat(database: Database, city: City, *records: Record) -> Chat:
    knowledge = KnowledgeBase(None)
    await knowledge.take(records)
    talk = Chat(database, knowledge, city)
    await talk.begin()
    return talk


def values(reply: Reply) -> list[str]:
    return [choice.value for choice in reply.choices]


async def test_windows_and_agents_of_where_the_citizen_lives_are_asked_for_once(
    database: Database, city: City
) -> None:
    item = complete(windows=WINDOWS, agents=AGENTS)
    talk = await chat(database, city, item)
    asked = await talk.say("渔船登记在哪里办")
    assert "您住在哪个区县" in asked.text and "城东渔政窗口" in asked.text
    told = await talk.say("我住临江区渡口街道", act="inform")
    assert "临江渔政窗口" in told.text and "市渔政窗口" in told.text
    assert "城东渔政窗口" not in told.text and "您住在" not in told.text
    agent = await talk.say("可以代办吗")
    assert "老林" in agent.text and "老董" not in agent.text and "您住在" not in agent.text


async def test_what_is_asked_of_several_waits_until_one_is_chosen(
    database: Database, city: City
) -> None:
    other = complete(code="T-002", name="渔船注销")
    talk = await chat(database, city, complete(), other)
    offered = values(await talk.say("渔船"))
    assert sorted(offered) == ["item:T-001:overview", "item:T-002:overview"]
    asked = await talk.say("要带啥子", act="file_case")
    assert "请先选" in asked.text
    assert values(asked) == [one.replace("overview", "materials") for one in offered]
    told = await talk.say("渔船登记", value="item:T-001:materials")
    assert "【渔船登记】" in told.text and "购船合同" in told.text
    # It is asked of no choice that was left behind.
    assert "请先选" not in (await talk.say("要带啥子")).text


async def test_where_the_citizen_lives_is_not_asked_when_it_was_said(
    database: Database, city: City
) -> None:
    talk = await chat(database, city, complete(windows=WINDOWS))
    told = await talk.say("我住城东区东渡街道，渔船登记去哪里办")
    assert "城东渔政窗口" in told.text and "临江渔政窗口" not in told.text
    assert "您住在" not in told.text


async def test_who_does_not_say_where_is_not_asked_again(database: Database, city: City) -> None:
    talk = await chat(database, city, complete(windows=WINDOWS))
    assert "您住在" in (await talk.say("渔船登记在哪里办")).text
    assert "10元/本" in (await talk.say("要多少钱")).text
    again = await talk.say("那在哪里办")
    assert "您住在" not in again.text and "市渔政窗口" in again.text


async def test_a_notice_for_one_district_is_told_once_it_is_known_where(
    database: Database, city: City
) -> None:
    notice = NoticeRecord.model_validate(
        {
            "code": "N-1", "name": "城东停水", "unit": "water", "unit_name": "示例市水务局",
            "topic": "停水", "text": "抢修管道。", "areas": ["chengdong"],
            "starts_at": now() - timedelta(hours=1), "ends_at": now() + timedelta(hours=1),
        }
    )  # fmt: skip
    talk = await chat(database, city, notice, complete())
    asked = await talk.say("停水了什么时候来水")
    assert "哪个区县" in asked.text
    assert "抢修管道" in (await talk.say("城东区", act="inform")).text
    elsewhere = await chat(database, city, notice, complete())
    await elsewhere.say("停水了什么时候来水")
    assert "抢修管道" not in (await elsewhere.say("临江区江北街道", act="inform")).text


@pytest.mark.parametrize("act", ["file_case", "ask_progress", "goodbye"])
async def test_whatever_is_said_of_it_a_notice_comes_first_and_once(
    database: Database, city: City, act: str
) -> None:
    notice = NoticeRecord.model_validate(
        {
            "code": "N-1", "name": "望湖路停水", "unit": "water", "unit_name": "示例市水务局",
            "topic": "停水", "text": "抢修管道。", "areas": ["chengdong"], "places": ["望湖路"],
            "starts_at": now() - timedelta(hours=1), "ends_at": now() + timedelta(hours=1),
        }
    )  # fmt: skip
    talk = await chat(database, city, notice, complete())
    first = await talk.say("望湖路没水了", act=act)
    assert "抢修管道" in first.text
    assert "case:consult" in values(first)
    assert "抢修管道" not in (await talk.say("望湖路没水了", act=act)).text


async def test_a_third_question_back_is_not_asked(database: Database, city: City) -> None:
    items = [
        complete(code="T-001", name="渔船登记", aliases=[], questions=[]),
        bare(code="T-002", name="渔船注销"),
        bare(code="T-003", name="渔船检验"),
    ]
    talk = await chat(database, city, *items)
    for _ in range(2):
        reply = await talk.say("渔船")
        assert reply.text.startswith("您问的是")
    given_up = await talk.say("渔船")
    assert "不再反复问您了" in given_up.text and "渔船注销" in given_up.text
    assert values(given_up)[-2:] == ["case:consult", "handoff"]
    async with database.unit_of_work() as session:
        assert [one.question for one in await session.scalars(select(OpenQuestion))] == ["渔船"]
    # An answer given begins the count anew.
    assert "工本费" in (await talk.say("", value="item:T-001:fee")).text
    assert (await talk.say("渔船")).text.startswith("您问的是")


async def test_units_that_say_different_things_are_told_apart(
    database: Database, city: City
) -> None:
    slow = {"legal": {"days": 20}, "promised": {"days": 15}}
    other = complete(code="T-009", unit="transport", unit_name="示例市交通运输局", limits=slow)
    talk = await chat(database, city, complete(), other)
    told = await talk.say("渔船登记要多久")
    first, second = told.text.split("▪ ")[1:]
    assert "说法不一样" in told.text
    assert "示例市农业农村局" in first and "承诺 5 个工作日" in first and "T-001" in first
    assert "示例市交通运输局" in second and "承诺 15 个工作日" in second and "T-009" in second
    assert values(told) == ["item:T-001:time", "item:T-009:time"]
    chosen = await talk.say("", value="item:T-009:time")
    assert "15 个工作日" in chosen.text and " 5 个" not in chosen.text
    # What was chosen stays, and a unit named is not asked about.
    assert "交通运输局" in (await talk.say("那收费吗")).text
    named = await talk.say("示例市农业农村局的渔船登记要多久")
    assert "承诺 5 个工作日" in named.text and "▪" not in named.text


async def test_what_expired_offers_what_replaced_it_a_person_and_a_case(
    database: Database, city: City
) -> None:
    old = complete(valid_from="2020-01-01", valid_to="2020-12-31", superseded_by="T-002")
    talk = await chat(database, city, old, bare(code="T-002", name="船舶登记", valid_from="2021-01-01"))  # fmt: skip
    expired = await talk.say("", value="item:T-001:fee")
    assert "10元" not in expired.text and "现行的是“船舶登记”" in expired.text
    assert values(expired) == ["item:T-002:overview", "case:consult", "handoff"]


async def test_a_policy_is_kept_for_follow_ups_and_recorded(database: Database, city: City) -> None:
    given: dict[str, Any] = {
        "code": "P-1", "name": "渔民创业补贴", "unit": "agriculture", "summary": "补贴渔民。",
        "unit_name": "示例市农业农村局", "issued_on": "2025-01-01", "valid_from": "2025-01-01",
        "normative": False, "benefits": [{"name": "补贴", "amount": "5000 元"}],
        "deadline": "2099-01-01",
    }  # fmt: skip
    talk = await chat(database, city, PolicyRecord.model_validate(given), complete())
    assert "5000 元" in (await talk.say("渔民创业补贴给多少", act="ask_policy")).text
    assert "申报截止：2099-01-01" in (await talk.say("什么时候截止")).text
    async with database.unit_of_work() as session:
        told = (await session.scalars(select(GivenAnswer).order_by(GivenAnswer.id))).all()
    assert [(one.code, one.aspects) for one in told] == [("P-1", ["amount"]), ("P-1", ["deadline"])]


async def test_what_nobody_knows_offers_a_case_and_a_person(database: Database, city: City) -> None:
    talk = await chat(database, city, complete())
    unknown = await talk.say("那要多久？")
    assert "没有可靠的答案" in unknown.text
    assert values(unknown)[-2:] == ["case:consult", "handoff"]
