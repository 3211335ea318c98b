"""The same ten conversations through web page, WeChat and telephone end in the same cases and
answers; whoever called is texted, and the telephone alone is enough to follow it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from core.database import Database
from tests.integrations.phone.call_simulator import CallSimulator
from tests.integrations.phone.twilio_rest import TwilioRest
from tests.integrations.wechat import peer as wechat
from tests.integrations.wechat.peer import WeChatPeer
from tests.journeys.accessible import assert_accessible
from tests.journeys.aside import aside
from tests.journeys.doors import (
    PHONE,
    Doors,
    Outcome,
    PhoneDoor,
    WebDoor,
    open_doors,
    outcome,
    tell,
    through_twilio,
)
from tests.journeys.people import (
    WAIT,
    contexts,
    empty_queue,
    holds,
    open_page,
    picture,
    sit_down,
)

__all__ = ["contexts"]
CALLER, CALLER_HERE = "+8613900000077", "13900000077"

# What is told, and what must come of it: cases, answers, who goes on with the talk.
STORIES = [
    ("望湖路8号的路灯昨天晚上开始不亮了", "case"),
    ("望湖路12号的工地昨天半夜还在施工，吵得睡不着", "case"),
    ("望湖路20号的餐馆从上个月起拖欠我工资", "case"),
    ("望湖路30号门口的垃圾从上周三起没人清运", "case"),
    ("我要投诉春晖路烧烤店，从上周三开始半夜油烟特别大，请为我的身份保密", "case"),
    ("身份证过期了怎么换", "answer"),
    ("高龄老人津贴怎么申请", "answer"),
    ("我要举报局长受贿", "way"),
    ("我家着火了，快来人", "person"),
    ("转人工", "person"),
]


@pytest.fixture(scope="module")
async def doors() -> AsyncIterator[Doors]:
    async with open_doors(WeChatPeer()) as opened:
        yield opened


async def test_ten_conversations_end_alike_at_every_door(doors: Doors) -> None:
    database = Database(str(doors.stack.ready["database_url"]), pool=2)
    try:
        for words, expected in STORIES:
            citizens = doors.citizens()
            heard = await asyncio.gather(*(tell(one, words) for one in citizens))
            ends = {one.channel: await outcome(database, one.channel) for one in citizens}
            web = ends["web"]
            assert ends == dict.fromkeys(ends, web), (words, ends, heard)
            _as_expected(web, expected, words)
            if "着火" in words:
                phone = citizens[-1]
                assert isinstance(phone, PhoneDoor)
                assert phone.call.dialled == "119"
    finally:
        await database.close()
    assert doors.platform.slowest < wechat.ANSWER_SECONDS


def _as_expected(end: Outcome, expected: str, words: str) -> None:
    found = {
        "case": len(end.cases) == 1 and end.owner == "assistant",
        "answer": bool(end.answers) and not end.cases,
        "way": bool(end.ways) and not end.cases and not end.answers,
        "person": end.owner == "person" and not end.cases,
    }
    assert found[expected], (words, end)


# What was said before, what is said, who goes on with the talk, and what a text door answers.
DANGERS = [
    ("望湖路的路灯坏了", "我不想活了", "person", "12356"),
    (None, "有人打我，不能说话", "person", "12110"),
    (None, "楼下半夜唱歌吵得我想死", "assistant", None),
]


async def test_danger_is_heard_alike_at_every_door(doors: Doors) -> None:
    database = Database(str(doors.stack.ready["database_url"]), pool=2)
    try:
        for before, words, owner, told in DANGERS:
            for door in doors.citizens():
                if before is not None:
                    await door.say(before)
                heard = await door.say(words)
                end = await outcome(database, door.channel)
                assert end.owner == owner, (door.channel, words, heard)
                if isinstance(door, PhoneDoor):
                    waits = door.call.waiting
                    assert waits is not None
                    assert (waits.tag == "Dial") == (owner == "person"), (words, heard)
                elif told is not None:
                    assert told in heard, (door.channel, words)
    finally:
        await database.close()


async def test_who_called_is_texted_and_follows_it_by_the_number_alone(doors: Doors) -> None:
    call = PhoneDoor(doors.twilio)
    spoken = re.sub(r"\D", "", await tell(call, "望湖路40号的路灯昨天晚上开始不亮了"))
    number = re.search(r"\d{13}", spoken)
    assert number is not None, spoken
    told = await doors.gateway.text(number[0])
    assert "查询码" in told
    page = WebDoor(doors.stack.address)
    assert "手机号" in await page.say("我前几天反映过问题，单号忘了，帮我查下进度")
    asked = await page.say(PHONE)
    assert "验证码" in asked
    code = re.search(r"\d{6}", await doors.gateway.text("验证码"))
    assert code is not None
    assert "不正确" in await page.say("123456")
    shown = await page.say(code[0])
    assert number[0] in shown
    # The confidential one of the same number is named and nothing more.
    assert "油烟" not in shown


def test_a_seat_on_the_telephone(
    doors: Doors, browser: Browser, contexts: list[BrowserContext]
) -> None:
    """A call comes in at the seat's page; caller and seat talk, and the case is written meanwhile."""
    stack = doors.stack
    empty_queue(stack)
    seat = open_page(browser, contexts)
    sit_down(seat, stack, "seat", telephone="0000-12348801")
    with aside() as beside:
        twilio, http = TwilioRest(), through_twilio(stack.address)
        beside.run(twilio.start(doors.orders_port))
        first, phone = CallSimulator(http, number=CALLER), CallSimulator(http, number=CALLER)
        # Who rang before has a case of that number.
        beside.run(first.ring())
        beside.run(first.say("望湖路50号的井盖响，从上周三开始的"))
        beside.run(first.press("1#"))
        beside.run(first.press("1"))
        beside.run(first.hang_up())

        beside.run(phone.ring())
        beside.run(phone.press("0"))
        incoming = seat.locator(".incoming")
        expect(incoming).to_contain_text("来电 139****0077", timeout=WAIT)
        picture(seat, "60-incoming-call")
        incoming.get_by_role("link", name="看来电人").click()
        caller = seat.get_by_role("region", name="来电人")
        expect(caller).to_contain_text("139****0077")
        expect(caller).to_contain_text(re.compile(r"\d{13} .*井盖"))
        panel = seat.get_by_role("region", name="通话")
        panel.get_by_role("button", name="接听", exact=True).click()
        expect(panel).to_contain_text("与座席通话中")
        beside.run(phone.follow(twilio.orders[0][1]["Twiml"]))
        assert twilio.orders[1][1]["To"] == "+8600012348801"

        beside.run(phone.talk("您好，12345，请讲", caller=False))
        beside.run(phone.talk("望湖路60号的路灯不亮了"))
        log = seat.get_by_role("log")
        expect(log).to_contain_text("您好，12345，请讲", timeout=WAIT)
        expect(log).to_contain_text("望湖路60号的路灯不亮了", timeout=WAIT)
        seat.get_by_label("第三方号码").fill("0000-12340110")
        seat.get_by_role("button", name="三方通话").click()
        expect(panel).to_contain_text("与座席通话中")
        assert twilio.orders[-1][1]["To"] == "+8600012340110"
        picture(seat, "61-call-talk")
        assert_accessible(seat)

        seat.get_by_role("link", name="按对话内容立工单").click()
        detail, since = (
            seat.get_by_label("情况（原话尽量保留）"),
            seat.get_by_label("时间", exact=True),
        )
        expect(detail).to_have_value(re.compile("路灯不亮"))
        expect(seat.get_by_label("联系电话")).to_have_value(CALLER_HERE)
        seat.get_by_label("诉求人姓名").fill("示例·赵")
        detail.fill("望湖路60号路灯不亮，影响学生晚归。")
        # More is said: it fills what is empty, and leaves alone what the seat has typed.
        beside.run(phone.talk("昨天晚上开始的"))
        expect(since).to_have_value(re.compile("昨天晚上"), timeout=WAIT)
        expect(detail).to_have_value("望湖路60号路灯不亮，影响学生晚归。")
        expect(seat.get_by_label("诉求人姓名")).to_have_value("示例·赵")
        picture(seat, "62-case-while-talking")
        assert_accessible(seat)
        seat.get_by_role("button", name="识别并核对").click()
        holds(seat, "识别结果")
        seat.get_by_role("button", name="确认登记").click()
        holds(seat, "请把编号和查询码念给来电人")

        # The seat hangs up its own telephone; the caller stays, and chooses.
        told = beside.run(phone.dial_ends("completed"))
        assert "回到智能助手请按1" in told[-1]
        seat.reload()
        holds(seat, "座席已离开，市民还在线")
        picture(seat, "63-seat-has-left")
        beside.run(phone.press("1"))
        seat.goto(stack.address + "/console/seat")
        ended = seat.get_by_role("group").filter(has_text="今天已结束")
        expect(ended).to_contain_text("待话后处理")
        expect(seat.get_by_role("button", name="话后处理")).to_have_attribute(
            "aria-pressed", "true"
        )
        picture(seat, "64-wrap-up")
        ended.get_by_role("link").first.click()
        holds(seat, "已经立了的请结束话后处理")
        assert_accessible(seat)
        seat.get_by_role("button", name="结束话后处理").click()
        holds(seat, "人工服务已结束")
        expect(seat.get_by_role("main")).not_to_contain_text("待话后处理")
        beside.run(phone.hang_up())
        beside.run(http.aclose())
        beside.run(twilio.stop())
