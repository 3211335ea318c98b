"""Transactions with an authority in the talk: how far they are, and how they were."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from recorder import Recorder
from sqlalchemy import select, text
from town import NOW

from bot.actions import executor, service_review
from bot.actions.records_meant import alike, is_about_a_record
from bot.actions.review_words import (
    ASKS_RECEIVED,
    WITHDRAWS,
    gives_no_reason,
    grade_of,
    impossible_date,
    is_matter,
    matter_of,
    only_names,
    reason_of,
    told,
)
from bot.actions.talk import Talk
from bot.calls.models import Call
from bot.city import Line
from bot.models import Conversation
from core.database import Database, now
from core.errors import TooManyTries
from core.privacy import encrypt
from kb.readers.unit_names import UnitNames
from notices.channels import register, unregister_all
from notices.messages import reply_of
from notices.models import Delivery
from reviews.codes import CodeSystem
from reviews.exchange import RecordRow
from reviews.files import At, Read
from reviews.importing import take
from reviews.link_tasks import link_again
from reviews.models import Rectification, Review, ServiceRecord
from reviews.own_records import find_number
from reviews.signed_links import record_of
from units.models import Unit
from units.tree import UnitTree

PHONE = "13800001234"
NATIONAL = CodeSystem.NATIONAL
ITEMS = [("居住证办理", "居住证"), ("占道许可", "占道经营")]
UNITS = {"示例市城市管理局": "示例市城市管理局", "城管局": "示例市城市管理局"}
NAMES = [name for names in ITEMS for name in names]


@pytest.mark.parametrize(
    ("words", "act", "expected"),
    [
        ("我的执照办到哪了", "ask_progress", True),
        ("我昨天办的居住证办好没", "ask_progress", True),
        ("查一下我的办件", "ask_progress", True),
        ("SL261102000001", "inform", True),
        ("补贴批下来没有", "ask_progress", True),
        ("我办的公司设立登记办到哪了", "ask_progress", True),
        ("我投诉的噪音处理得怎么样了", "ask_progress", False),
        ("查进度", "ask_progress", False),
        ("我的工单办到哪一步了", "ask_progress", False),
        ("营业执照怎么办", "ask_guide", False),
        ("2611220000011", "ask_progress", False),
        ("13800001234", "inform", False),
    ],
)
def test_about_a_record(words: str, act: str, expected: bool) -> None:
    assert is_about_a_record(words, act) is expected


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("办件sl261102000001，尾号2000", "SL261102000001"),
        ("110000000000202611020001", "110000000000202611020001"),
        ("工单2611220000011", None),
        ("电话13800001234", None),
    ],
)
def test_number_of_a_record(words: str, number: str | None) -> None:
    assert find_number(words) == number


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("我要给昨天办居住证打差评", {"item": "居住证", "time": "昨天"}),
        ("给政务中心3号窗口点个赞", {"place": "政务中心", "window": "3"}),
        (
            "昨天在示例市城市管理局办的占道经营，给好评",
            {"item": "占道经营", "unit": "示例市城市管理局", "time": "昨天"},
        ),
        ("十二号窗口态度太差，差评", {"window": "12"}),
        ("评价办件SL261102000001", {"number": "SL261102000001"}),
        ("上午办的老年卡给四星", {"item": "老年卡", "time": "上午"}),
        ("我要打差评", {}),
        ("我要给这次办理打差评", {}),
        ("给办理的事打一星", {}),
        ("昨天办居住登记，给好评", {"item": "居住登记", "time": "昨天"}),
        ("给行政审批局打差评", {"unit": "行政审批局"}),
        ("给城管局打差评", {"unit": "示例市城市管理局"}),
        ("2019年13月45日办的居住证，给差评", {"item": "居住证"}),
        ("昨天的服务太差，差评", {}),
    ],
)
def test_matter_of_a_review(words: str, expected: dict[str, str]) -> None:
    assert matter_of(words, [*NAMES, "办居住证"], UNITS) == expected


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("给城管局打差评", False),
        ("我要给昨天办居住证打差评", False),
        ("给城管局打差评，让我跑了三趟", True),
        ("城管局窗口没有人，差评", True),
    ],
)
def test_a_request_is_no_reason(words: str, told: bool) -> None:
    said = matter_of(words, NAMES, UNITS)
    assert reason_of(words, said, UNITS) == (words if told else "")


@pytest.mark.parametrize(
    ("words", "matter"),
    [
        ("养老金资格认证", True),
        ("居住证", True),
        ("5", False),
        ("你好", False),
        ("是的", False),
        ("是这次", False),
        ("我要给这次办理打差评", False),
        ("不知道", False),
        ("昨天", False),
        ("2019年13月45日", False),
        ("……", False),
    ],
)
def test_what_can_be_rated(words: str, matter: bool) -> None:
    assert is_matter(words) is matter


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("2019年13月45日", "2019年13月45日"),
        ("2月30日办的", "2月30日"),
        ("11月28日办的", None),
        ("昨天", None),
    ],
)
def test_dates_of_no_calendar(words: str, wrong: str | None) -> None:
    assert impossible_date(words) == wrong


@pytest.mark.parametrize(
    ("words", "none"),
    [
        ("不说原因", True),
        ("没什么，就是不爽", True),
        ("没有理由", True),
        ("不想说", True),
        ("没什么人管", False),
        ("不说清楚要什么材料", False),
    ],
)
def test_no_reason_in_words(words: str, none: bool) -> None:
    assert gives_no_reason(words) is none


@pytest.mark.parametrize(
    ("words", "withdraws", "asks"),
    [
        ("我要撤回刚才的差评", True, False),
        ("刚才的评价打错了", True, False),
        ("你们收到了吗", False, True),
        ("收到我的评价没有？", False, True),
        ("撤回我的投诉", False, False),
        ("我没收到快递", False, False),
    ],
)
def test_words_after_a_review(words: str, withdraws: bool, asks: bool) -> None:
    assert bool(WITHDRAWS.search(words)) is withdraws
    assert bool(ASKS_RECEIVED.search(words)) is asks


@pytest.mark.parametrize(
    ("words", "bare"),
    [("城管局", True), ("政务中心3号窗口。", True), ("城管局门口堵车", False), ("路灯坏了", False)],
)
def test_the_name_of_a_unit_alone(words: str, bare: bool) -> None:
    assert only_names(words, matter_of(words, (), UNITS), UNITS) is bare


def test_a_full_width_grade() -> None:
    assert [grade_of("１"), grade_of("５分")] == [1, 5]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("居住证那个", ["居住证签注"]),
        ("我的居住证办到哪了", ["居住证签注"]),
        ("营业执照", ["个体营业执照设立登记", "营业执照补领"]),
        ("公司的执照补领", ["营业执照补领"]),
        ("是", []),
        ("我的办件进度", []),
    ],
)
def test_which_record_is_meant(words: str, meant: list[str]) -> None:
    names = ["居住证签注", "个体营业执照设立登记", "营业执照补领"]
    found = alike(words, [ServiceRecord(item_name=name) for name in names])
    assert [one.item_name for one in found] == meant


def test_a_matter_in_words() -> None:
    said = {"item": "居住证办理", "time": "昨天", "place": "政务中心", "window": "3"}
    assert told(said) == "昨天在政务中心3号窗口办的居住证办理"


# Services of today may be later than the hour at which this runs.
LATEST = now() + timedelta(days=1)


class Chat:
    """One conversation through the turn of the line; every turn is a transaction of its own."""

    def __init__(self, database: Database, id: uuid.UUID) -> None:
        self.database, self.id = database, id
        self.choices: list[str] = []
        self.cards: list[dict[str, Any]] = []

    async def say(self, words: str, act: str = "inform", value: str | None = None) -> str:
        async with self.database.unit_of_work() as session:
            tree = await UnitTree.load(session)
            items = [SimpleNamespace(name=names[0], aliases=names[1:]) for names in ITEMS]
            knowledge = SimpleNamespace(items=lambda: items, notice=lambda *_, **__: None)
            intake = SimpleNamespace(
                gazetteer=SimpleNamespace(locate=lambda _: [], find=lambda _: [])
            )
            city = SimpleNamespace(tree=tree, intake=intake)
            line = cast(Line, SimpleNamespace(city=city, knowledge=knowledge))
            conversation = await session.get_one(Conversation, self.id)
            talk = Talk(line, session, conversation, None, uuid.uuid4(), words, act, 0.9, value)
            replies = await executor.respond(talk)
        self.cards = [reply.card for reply in replies if reply.card]
        self.choices = [choice.value for reply in replies for choice in reply.choices]
        return "\n".join(reply.text for reply in replies)

    async def choose(self, value: str) -> str:
        return await self.say("", "choose", value)


@pytest.fixture
async def chat(city: Database) -> AsyncIterator[Chat]:
    id = uuid.uuid4()
    async with city.unit_of_work() as session:
        session.add(Conversation(id=id, token_hash=id.hex, channel="web", context={}))
        units = UnitNames((await session.scalars(select(Unit))).all())
        at = At("test", 1)
        read = Read([(at, _record("SL260805000017")), (at, _running("SL260805000018"))], [])
        await take(session, read, "大厅", NATIONAL, units, NOW, _silent, LATEST)
    register(Recorder("sms"), pushes_lines=True)
    yield Chat(city, id)
    unregister_all()
    async with city.unit_of_work() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))


def _record(number: str, **more: Any) -> RecordRow:
    day = now().replace(hour=2, minute=0)
    plain = {"projectNo": number, "taskName": "占道许可", "deptName": "示例市城市管理局", "pf": 5}
    plain |= {"acceptDate": day, "resultDate": day, "mobile": PHONE, "userName": "示例甲"}
    return RecordRow.model_validate(plain | {"proStatus": 3} | more)


def _running(number: str) -> RecordRow:
    return _record(number, taskName="居住证办理", proStatus=2, resultDate=None, promiseDay=5)


async def _silent(rows: int) -> None:
    del rows


async def stored(database: Database) -> list[Review]:
    async with database.sessions() as session:
        return list(await session.scalars(select(Review).order_by(Review.id)))


async def test_progress_by_number_and_tail_then_a_review_of_it(chat: Chat) -> None:
    assert "后四位" in await chat.say("办件SL260805000017办好没", "ask_progress")
    assert "不对" in await chat.say("0000")
    shown = await chat.say("1234")
    assert "占道许可" in shown and "已办结" in shown and "示例甲" not in shown
    [card] = chat.cards
    assert card["title"] == "去评价" and record_of(card["url"].removeprefix("/rs/"))
    [rate] = [value for value in chat.choices if value.startswith("rate:")]
    assert "选一个等级" in await chat.choose(rate)
    assert "哪里不满意" in await chat.choose("rate:grade:1")
    assert "请先评价" in await chat.choose("rate:named")
    done = await chat.choose("rate:tag:115")
    assert "示例市城市管理局核实整改" in done and "让单位知道是我" in done
    [review] = await stored(chat.database)
    assert not review.named and chat.choices[0] == "rate:named"
    assert "会直接联系您" in await chat.choose("rate:named")
    assert "请先评价" in await chat.choose("rate:named")
    [review] = await stored(chat.database)
    assert review.named
    assert (review.link, review.grade, review.tags, review.channel) == ("exact", 1, ["115"], "web")
    async with chat.database.sessions() as session:
        assert (await session.scalars(select(Rectification.unit))).all() == ["urban"]
    assert "已经评价过" in await chat.choose(rate)
    # Once it is put right, whoever looks at it again is asked how that was; a word is enough.
    async with chat.database.unit_of_work() as session:
        one = (await session.scalars(select(Rectification))).one()
        one.state, one.finished_at, one.done = "completed", now(), "已改进"
    assert "已改进" in await chat.say("办件SL260805000017办好没", "ask_progress")
    assert chat.choices[-5:] == [f"second:{grade}" for grade in (5, 4, 3, 2, 1)]
    assert "整改到此结束" in await chat.say("基本满意", "review")
    assert "已改进" not in await chat.say("办件SL260805000017办好没", "ask_progress")
    assert "请先查到" in await chat.choose("second:1")


async def test_a_number_nobody_knows_and_one_with_a_wrong_tail_are_told_alike(chat: Chat) -> None:
    await chat.say("查办件SL260805000017", "ask_progress")
    wrong = await chat.say("0000")
    await chat.say("查办件SL260805999999", "ask_progress")
    assert await chat.say("1234") == wrong
    await chat.say("SL260805000017")
    for _ in range(4):
        await chat.say("0001")
    with pytest.raises(TooManyTries):
        await chat.say("1234")


async def come_from(chat: Chat, channel: str, *, verified: bool = False) -> None:
    """The talk is one by text message, or a call, from the telephone of the records."""
    async with chat.database.unit_of_work() as session:
        talk = await session.get_one(Conversation, chat.id)
        talk.channel, talk.context = channel, {"caller": encrypt(PHONE)}
        if channel == "phone":
            call = {"carrier": "test", "call_id": "1", "memory": "", "answer": ""}
            session.add(Call(**call, conversation_id=chat.id, verified=verified, started_at=now()))


@pytest.mark.parametrize(
    ("channel", "verified", "vouched"),
    [("sms", False, True), ("phone", True, True), ("phone", False, False), ("web", False, False)],
)
async def test_a_telephone_that_the_door_vouches_for_needs_no_proof(
    chat: Chat, channel: str, verified: bool, vouched: bool
) -> None:
    await come_from(chat, channel, verified=verified)
    told = await chat.say("查一下我的办件", "ask_progress")
    assert ("占道许可" in told) is vouched
    if vouched:
        assert "办理中" in await chat.say("居住证那个", "ask_guide")
        await chat.say("查一下我的办件", "ask_progress")
        assert "已办结" in await chat.say("第二个")
    else:
        assert "后四位" in told


async def test_a_telephone_of_several_people_lists_nothing(chat: Chat) -> None:
    async with chat.database.unit_of_work() as session:
        units = UnitNames((await session.scalars(select(Unit))).all())
        other = _record("SL260805000019", userName="示例乙", taskName="离婚登记")
        read = Read([(At("test", 9), other)], [])
        await take(session, read, "大厅", NATIONAL, units, NOW, _silent, LATEST)
    await come_from(chat, "sms")
    told = await chat.say("查一下我的办件", "ask_progress")
    assert "办件编号" in told and "离婚" not in told and "占道" not in told
    assert "占道许可" in await chat.say("SL260805000017")
    # And a review confirms none of them.
    done = await chat.say("今天办的离婚登记，给好评", "review")
    assert "已收到" in done


async def test_several_by_the_telephone(chat: Chat) -> None:
    assert "手机号" in await chat.say("我的执照办到哪了", "ask_progress")
    assert "验证码" in await chat.say(PHONE)
    async with chat.database.sessions() as session:
        [sent] = await session.scalars(select(Delivery).where(Delivery.kind == "code"))
        code = re.search(r"\d{6}", reply_of(sent).text)
    assert code is not None
    assert "不正确" in await chat.say("000000" if code[0] != "000000" else "111111")
    shown = await chat.say(f"验证码{code[0]}")
    assert shown.index("居住证办理") < shown.index("占道许可")
    assert "办理中" in await chat.choose(chat.choices[0])
    assert not [value for value in chat.choices if value.startswith("rate:")]
    assert "请说办件编号" in await chat.choose("record:open:999999")


async def test_a_bad_review_in_two_turns_finds_its_record(chat: Chat) -> None:
    asked = await chat.say("我要给今天办占道许可打差评", "review")
    assert "哪里不满意" in asked and "今天办的占道许可" in asked and "手机号" in asked
    done = await chat.say(f"让我跑了三趟，我电话{PHONE}")
    assert "不会告诉承办单位您是谁" in done and PHONE not in done
    await chat.say("我要给今天办占道许可打差评", "review")
    assert "今天已经收到" in await chat.say("跑了三趟")
    [review] = await stored(chat.database)
    assert (review.link, review.said) == ("none", {"item": "占道许可", "time": "今天"})
    assert review.text == "让我跑了三趟"
    await link_again(chat.database, now(), fresh=True)
    [review] = await stored(chat.database)
    assert review.link == "auto"


async def test_all_in_one_turn(chat: Chat) -> None:
    done = await chat.say("刚才办占道经营的那个窗口态度太差让我等两个小时，给差评", "review")
    assert "已收到" in done
    [review] = await stored(chat.database)
    assert review.grade == 1 and "等两个小时" in review.text


async def test_the_one_service_that_fits_is_confirmed_and_rated_once(chat: Chat) -> None:
    await come_from(chat, "sms")
    words = "今天办的占道经营让我跑了三趟，给差评"
    assert "您评价的是" in await chat.say(words, "review")
    done = await chat.say("是的", "affirm")
    assert re.search(r"示例市城市管理局核实整改，\d+ 月 \d+ 日前办结", done)
    [review] = await stored(chat.database)
    assert (review.link, review.channel, review.text) == ("exact", "sms", words)
    assert "只评价一次" in await chat.say(words, "review")
    assert len(await stored(chat.database)) == 1


async def test_a_service_that_was_not_meant_is_left_to_the_rules(chat: Chat) -> None:
    await come_from(chat, "sms")
    await chat.say("今天办的占道经营让我跑了三趟，给差评", "review")
    assert "对上以后" in await chat.choose("rate:is:no")
    [review] = await stored(chat.database)
    assert (review.link, review.said["item"]) == ("none", "占道经营")


@pytest.mark.parametrize("said", ["评价就行", None])
async def test_a_complaint_beside_a_review_is_asked_about(chat: Chat, said: str | None) -> None:
    await chat.say("我要投诉政务中心3号窗口态度太差，还要给差评", "file_case")
    assert chat.choices == ["rate:only", "rate:complain"]
    done = await chat.say(said, "review") if said else await chat.choose("rate:only")
    assert "已收到" in done
    [review] = await stored(chat.database)
    assert review.said == {"place": "政务中心", "window": "3"}


@pytest.mark.parametrize(
    ("words", "act", "expected"),
    [
        ("刚才办占道经营的窗口态度太差，给差评", "file_case", True),
        ("给政务中心3号窗口打五星", "file_case", True),
        ("我要评价", "review", True),
        ("商家因为我给了差评天天打电话骂我", "file_case", False),
        ("外卖给了差评，骑手找上门", "file_case", False),
        ("我要投诉他们恶意给我差评", "file_case", False),
        ("我要表扬政务中心的小王", "file_case", False),
        ("在哪里给差评", "review", False),
    ],
)
def test_what_rates_a_service(words: str, act: str, expected: bool) -> None:
    items = [SimpleNamespace(name=names[0], aliases=names[1:]) for names in ITEMS]
    city = SimpleNamespace(tree=SimpleNamespace(units={}))
    talk = SimpleNamespace(
        line=SimpleNamespace(city=city, knowledge=SimpleNamespace(items=lambda: items)),
        text=words,
        act=act,
        draft=None,
        context={},
    )
    assert service_review.wants(cast(Talk, talk)) is expected


async def test_what_is_missing_is_asked(chat: Chat) -> None:
    assert "哪件事" in await chat.say("我要评价", "review")
    assert "选一个等级" in await chat.say("昨天办的居住证")
    assert "已收到" in await chat.say("非常满意")
    [review] = await stored(chat.database)
    assert (review.grade, review.said) == (5, {"item": "居住证", "time": "昨天"})
    assert "哪件事" in await chat.say("给差评", "review")
    assert "不评价" in await chat.say("算了")
    assert len(await stored(chat.database)) == 1


async def finish_residence_permit(chat: Chat) -> None:
    """The second record of the telephone is finished too: 居住证办理, and looked at just now."""
    async with chat.database.unit_of_work() as session:
        [one] = await session.scalars(
            select(ServiceRecord).where(ServiceRecord.project_no == "SL260805000018")
        )
        one.status, one.finished_at = 3, now()


async def prove_telephone(chat: Chat) -> str:
    """Say the telephone and the code that was sent to it; what is told then."""
    await chat.say(PHONE)
    async with chat.database.sessions() as session:
        sent = select(Delivery).where(Delivery.kind == "code").order_by(Delivery.id.desc())
        code = re.search(r"\d{6}", reply_of((await session.scalars(sent)).first()).text)
    assert code is not None
    return await chat.say(code[0])


async def test_a_telephone_proved_by_code_is_known_from_there_on(chat: Chat) -> None:
    await finish_residence_permit(chat)
    await chat.say("我的居住证办到哪了", "ask_progress")
    shown = await prove_telephone(chat)
    assert "居住证办理" in shown and "占道许可" not in shown
    assert "您评价的是" in await chat.say("我要给今天办居住证打差评", "review")
    asked = await chat.say("是这次")
    assert "哪里不满意" in asked and "手机号" not in asked
    assert "核实整改" in await chat.say("没什么，就是不爽")
    [review] = await stored(chat.database)
    assert (review.link, review.text, review.grade) == ("exact", "没有说原因", 2)
    assert "占道许可" in await chat.say("查一下我的办件", "ask_progress")


async def test_the_service_just_shown_is_rated_without_its_name(chat: Chat) -> None:
    await come_from(chat, "sms")
    assert "占道许可" in await chat.say("SL260805000017")
    assert "占道许可" in await chat.say("SL260805000017")
    assert "哪里不满意" in await chat.say("我要给这次办理打差评", "review")
    assert "对“占道许可”的评价" in await chat.say("不说原因")
    assert "收到了：对“占道许可”的评价" in await chat.say("你们收到了吗", "chitchat")
    assert "不能自己撤回" in await chat.say("我要撤回刚才的差评", "withdraw")
    assert "刚才的评价已经收到" in await chat.say("示例市城市管理局", "file_case")
    assert "已经评价过" in await chat.say("我要打差评", "review")
    assert "办理中" in await chat.say("SL260805000018")
    assert "还没有办结" in await chat.say("我要给这次办理打差评", "review")
    assert len(await stored(chat.database)) == 1


async def test_rubbish_is_no_matter_and_no_reason(chat: Chat) -> None:
    assert "哪件事" in await chat.say("我要评价", "review")
    assert "没有听出" in await chat.say("5")
    assert "先不记评价" in await chat.say("你好", "greet")
    await chat.say("我要评价", "review")
    assert "没有“2019年13月45日”这一天" in await chat.say("2019年13月45日")
    assert "哪里不满意" in await chat.say("占道许可，差评")
    assert "没有听出原因" in await chat.say("5")
    assert "已收到" in await chat.say("太慢了")
    [review] = await stored(chat.database)
    assert (review.said, review.text) == ({"item": "占道许可"}, "太慢了")


async def test_asking_whose_record_it_is_ends(chat: Chat) -> None:
    assert "办件编号" in await chat.say("查一下我的办件", "ask_progress")
    assert "没有编号也能查" in await chat.say("不知道编号", "deny")
    assert "换个办法" in await chat.say("是", "affirm")
    assert chat.choices[:2] == ["record:phone", "handoff"]
    assert "验证码" in await chat.choose("record:phone")
    # A review is no answer, and is taken up at once.
    assert "哪里不满意" in await chat.say("我要给今天办占道许可打差评", "review")
    await chat.say("算了")
    await chat.say("查一下我的办件", "ask_progress")
    assert "居住证" in await prove_telephone(chat)
    assert "没有听出是哪一件" in await chat.say("是", "affirm")
    assert "占道许可" in await chat.say("２")


async def test_asking_whose_case_it_is_ends(chat: Chat) -> None:
    assert "查询码" in await chat.say("查进度", "ask_progress")
    assert "没有听到" in await chat.say("是", "affirm")
    assert "换个办法" in await chat.say("不是", "deny")
    await chat.say("查进度", "ask_progress")
    assert "哪里不满意" in await chat.say("我要给今天办占道许可打差评", "review")
