"""The same ten conversations through web page, WeChat and telephone end in the same cases and
answers; whoever called is texted, and the telephone alone is enough to follow it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx
import pytest
from aiohttp import web
from call_simulator import ACCOUNT, BASE, LINE, TOKEN
from carrier_peer import CarrierPeer

from core.database import Database
from tests.integrations.wechat import peer as wechat
from tests.integrations.wechat.peer import WeChatPeer
from tests.journeys.doors import (
    PHONE,
    Door,
    Outcome,
    PhoneDoor,
    WebDoor,
    WeChatDoor,
    outcome,
    tell,
    through_twilio,
)
from tests.stack import Stack, running_line

SECRET = "carrier-secret-of-the-tests"
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


class Gateway(CarrierPeer):
    """The carrier's gateway, which tells what it was given to send."""

    came = asyncio.Event()

    async def _take(self, request: web.Request) -> web.Response:
        answer = await super()._take(request)
        self.came.set()
        return answer

    async def text(self, word: str) -> str:
        """The latest text to the telephone with ``word`` in it, once there is one."""
        async with asyncio.timeout(30):
            while not (found := self._texts(word)):
                self.came.clear()
                await self.came.wait()
        return found[-1]

    def _texts(self, word: str) -> list[str]:
        return [
            str(order["body"])
            for path, order in self.orders
            if path == "/text" and order["number"] == PHONE and word in str(order["body"])
        ]


@dataclass
class Doors:
    """The running line with every door open, and the platforms around it."""

    stack: Stack
    platform: WeChatPeer
    gateway: Gateway
    twilio: httpx.AsyncClient

    def citizens(self) -> list[Door]:
        """A new conversation at each door."""
        return [
            WebDoor(self.stack.address),
            WeChatDoor(self.platform),
            PhoneDoor(self.twilio),
        ]


@pytest.fixture(scope="module")
def platform() -> Iterator[WeChatPeer]:
    with WeChatPeer() as peer:
        yield peer


@pytest.fixture(scope="module")
async def doors(platform: WeChatPeer) -> AsyncIterator[Doors]:
    gateway = Gateway(SECRET)
    await gateway.start()
    settings = {
        **wechat.settings(platform.address),
        "twilio_account": ACCOUNT,
        "twilio_token": TOKEN,
        "twilio_number": LINE,
        "carrier_secret": SECRET,
        "carrier_url": gateway.address,
        "public_url": BASE,
        "quiet_from": "00:00",
        "quiet_to": "00:00",
    }
    line = running_line({f"HOTLINE_{name.upper()}": value for name, value in settings.items()})
    # The gateway answers from this loop, so nothing here may block it.
    stack = await asyncio.to_thread(line.__enter__)
    try:
        platform.callback = f"{stack.address}/wechat/callback"
        async with through_twilio(stack.address) as twilio:
            yield Doors(stack, platform, gateway, twilio)
    finally:
        await asyncio.to_thread(line.__exit__, None, None, None)
        await gateway.stop()


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
