"""The same ten conversations through web page, WeChat and telephone end in the same cases and
answers; whoever called is texted, and the telephone alone is enough to follow it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from core.database import Database
from tests.integrations.wechat import peer as wechat
from tests.integrations.wechat.peer import WeChatPeer
from tests.journeys.doors import (
    PHONE,
    Doors,
    Outcome,
    PhoneDoor,
    WebDoor,
    open_doors,
    outcome,
    tell,
)

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
