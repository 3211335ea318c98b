"""A call that Twilio brings is taken at a seat's page: history, draft, case, a third person, the end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from test_calls import LAMP, stored, talk_of
from town import Register

from bot.calls.models import Call
from bot.gateway import Answered
from bot.seats.repository import SeatRepository
from bot.seats.tasks import list_left
from console.staff import COOKIE
from core.database import now
from core.identity import Role, open_session
from core.models import StaffAccount
from intake.service import Intake
from kb.service import KnowledgeBase
from routing.service import Router
from tests.console.console_app import Browser
from tests.integrations.phone.phone_line import Ring
from tests.integrations.phone.twilio_rest import TwilioRest
from units.gazetteer import Gazetteer
from units.tree import UnitTree

TELEPHONE = "0000-12348801"
CALLER = "13800001234"


@pytest.fixture
async def seat(line: FastAPI) -> AsyncIterator[Browser]:
    """A seat that is there, at the pages of the service that the calls reach."""
    async with line.state.database.unit_of_work() as session:
        tree = await UnitTree.load(session)
        router = await Router.load(session, tree)
        intake = Intake(router, await Gazetteer.load(session), tree)
        account = StaffAccount(
            login="seat", name="示例·话务员", role=Role.SEAT, unit="hotline", password_hash="x"
        )
        session.add(account)
        await session.flush()
        token = await open_session(session, account)
        await SeatRepository(session).set_state("seat", "on")
    line.state.city = SimpleNamespace(tree=tree, router=router, intake=intake)
    line.state.knowledge = KnowledgeBase(None)
    transport = httpx.ASGITransport(app=line)
    async with httpx.AsyncClient(transport=transport, base_url="http://line.test") as http:
        http.cookies.set(COOKIE, token, path="/console")
        browser = Browser(http)
        await browser.send("/console/seat", "/console/seat/state", state="on", telephone=TELEPHONE)
        yield browser


async def test_a_simulated_call_at_the_seat(
    line: FastAPI, call: Ring, rest: TwilioRest, seat: Browser, file: Register
) -> None:
    earlier = await file(phone=CALLER, title="望湖路井盖响")
    phone = call()
    await phone.ring()
    await phone.say(LAMP)
    await phone.press("0")
    conversation = (await talk_of(line, phone)).id
    page = f"/console/seat/{conversation}"
    assert "来电 138****1234" in (await seat.get("/console/seat/news")).text
    before = (await seat.get(page)).text
    assert "等候接听" in before and earlier.number in before and CALLER not in before

    done = await seat.send(page, f"{page}/call/answer")
    assert done.headers["location"] == page
    await phone.follow(rest.orders[0][1]["Twiml"])
    assert phone.dialled is not None
    assert "与座席通话中" in (await seat.get(page)).text
    await seat.send(page, f"{page}/call/three-way", number="119")
    assert rest.orders[-1][1]["To"] == "119"

    assert "念给来电人" in (await seat.get(f"{page}/case")).text
    form = unescape((await seat.get(f"{page}/case")).text)
    assert LAMP in form and f'value="{CALLER}"' in form
    fields = {"source": "phone", "detail": LAMP, "phone": CALLER, "step": "file"}
    done = await seat.send(f"{page}/case", f"{page}/case", **fields)
    assert done.headers["location"] == f"{page}?done=filed_call"
    assert re.search(r"工单 \d{13}", (await seat.get(page)).text)

    await seat.send(page, f"{page}/call/hang-up")
    await phone.hang_up()
    assert (await stored(line, phone)).state == "ended"
    # What follows the call is the seat's: it classifies, then it is free again.
    assert 'value="wrap" aria-pressed="true"' in (await seat.get("/console/seat")).text
    done = await seat.send(page, f"{page}/settle", outcome="answered", type="help")
    assert done.status_code == 303
    assert (await talk_of(line, phone)).owner == "assistant"


async def test_who_hangs_up_before_is_on_the_list(
    line: FastAPI, call: Ring, rest: TwilioRest, seat: Browser
) -> None:
    phone = call(times=3)
    await phone.ring()
    await phone.press("0")
    await phone.hang_up()
    page = "/console/seat/callbacks"
    html = (await seat.get(page)).text
    assert html.count("未接来电</span>") == 1 and "138****1234" in html
    take = re.search(r"/callbacks/(\d+)/take", html)
    assert take is not None
    await seat.send(page, f"{page}/{take[1]}/take")
    done = await seat.send(page, f"{page}/{take[1]}/dial")
    assert done.headers["location"] == f"{page}?done=dialled"
    assert [order[1]["To"] for order in rest.orders] == ["+8600012348801", "+8613800001234"]


@pytest.mark.parametrize(
    ("dialled", "told"),
    [
        ("completed", ""),
        ("no-answer", "119 没有接通，已请市民直接拨打 119。"),
        ("", "是否接通不明"),
    ],
)
async def test_an_emergency_that_hung_up_is_called_back_first(
    line: FastAPI, call: Ring, seat: Browser, dialled: str, told: str
) -> None:
    ordinary = call(number="+8613900005678")
    await ordinary.ring()
    await ordinary.press("0")
    await ordinary.hang_up()
    phone = call(times=3)
    await phone.ring()
    await phone.say("快来人我家着火了")
    if dialled:
        await phone.dial_ends(dialled)
    assert "来电 138****1234" in (await seat.get("/console/seat/news")).text
    await phone.hang_up()

    news = (await seat.get("/console/seat/news")).text
    assert "来电 138" not in news and 'data-waiting="0"' in news
    page = (await seat.get(f"/console/seat/{(await talk_of(line, phone)).id}")).text
    for line_told in ("没有接通，已请市民", "是否接通不明"):
        assert (line_told in page) == (line_told in told)
    assert told in page
    # Its alarm rings on until somebody answers it.
    assert "紧急告警" in news
    html = (await seat.get("/console/seat/callbacks")).text
    assert html.count("紧急求助</span>") == html.count("未接来电</span>") == 1
    assert html.index("138****1234") < html.index("139****5678")


async def test_an_emergency_that_hung_up_before_the_answer_is_not_offered(
    line: FastAPI, call: Ring, seat: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, gateway = call(), line.state.voice.gateway
    take = gateway.take_from_door

    async def and_hang_up(*asked: object) -> Answered:
        answered: Answered = await take(*asked)
        await phone.hang_up()
        return answered

    monkeypatch.setattr(gateway, "take_from_door", and_hang_up)
    await phone.ring()
    await phone.say("快来人我家着火了")
    assert "来电 138" not in (await seat.get("/console/seat/news")).text
    assert (await seat.get("/console/seat/callbacks")).text.count("紧急求助</span>") == 1


async def test_at_once_is_promised_only_when_a_seat_is_free(
    line: FastAPI, call: Ring, seat: Browser
) -> None:
    phone = call()
    await phone.ring()
    await phone.press("0")
    assert "马上为您接通" in (await phone.press("0"))[-1]
    async with line.state.database.unit_of_work() as session:
        await SeatRepository(session).set_state("seat", "off")
    said = (await phone.press("0"))[-1]
    assert "马上为您接通" not in said and "座席一有空就为您接通，请不要挂断" in said


@pytest.mark.parametrize("said", ["转人工", "不亮，快来人，有人触电了"])
async def test_who_hangs_up_during_a_slow_turn_is_on_the_list_and_not_offered(
    line: FastAPI, call: Ring, seat: Browser, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    phone, voice = call(), line.state.voice
    take, slow = voice.gateway.take_from_door, asyncio.Event()

    async def slowly(*asked: Any) -> Answered:
        await slow.wait()
        answered: Answered = await take(*asked)
        return answered

    await phone.ring()
    monkeypatch.setattr(voice.gateway, "take_from_door", slowly)
    monkeypatch.setattr(voice, "patience", 0.01)
    gather = phone.waiting
    assert gather is not None
    url = gather.attrib["action"]
    answer = await phone.post(url, phone._fields(SpeechResult=said, Confidence="0.9"))
    assert "请稍等" in answer.text
    await phone.hang_up()
    [turn] = voice._turns
    slow.set()
    await turn
    assert "来电 138" not in (await seat.get("/console/seat/news")).text
    assert "没有人在等候" in (await seat.get("/console/seat")).text
    reason = "未接来电" if said == "转人工" else "紧急求助"
    assert (await seat.get("/console/seat/callbacks")).text.count(f"{reason}</span>") == 1


async def test_a_call_that_ended_while_the_service_was_down_does_not_wait(
    line: FastAPI, call: Ring, seat: Browser
) -> None:
    phone, going_on = call(), call(number="+8613900005678")
    for one in (phone, going_on):
        await one.ring()
        await one.press("0")
    async with line.state.database.unit_of_work() as session:
        ended = (await stored(line, phone)).id
        await session.execute(
            update(Call).where(Call.id == ended).values(state="ended", ended_at=now())
        )
    async with line.state.database.unit_of_work() as session:
        assert await list_left(session, now()) == 1
    news = (await seat.get("/console/seat/news")).text
    assert "来电 138" not in news and "来电 139" in news
    assert (await seat.get("/console/seat/callbacks")).text.count("未接来电</span>") == 1
