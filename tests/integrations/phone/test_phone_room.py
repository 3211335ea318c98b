"""Caller and seat in one room: what they say fills the draft while they talk; one leaves, the other stays."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from fastapi import FastAPI
from test_calls import LAMP, stored, talk_of
from test_phone_seat import CALLER, seat

from bot.calls.models import Call
from core.settings import Settings
from integrations.twilio.exchange import TwilioExchange
from tests.console.console_app import Browser
from tests.integrations.phone.call_simulator import CallSimulator
from tests.integrations.phone.phone_line import Ring
from tests.integrations.phone.twilio_rest import TwilioRest

__all__ = ["seat"]


async def in_room(line: FastAPI, phone: CallSimulator, rest: TwilioRest, seat: Browser) -> str:
    """Ring, wait and be taken; the page of the talk."""
    await phone.ring()
    await phone.press("0")
    page = f"/console/seat/{(await talk_of(line, phone)).id}"
    await seat.send(page, f"{page}/call/answer")
    await phone.follow(rest.orders[0][1]["Twiml"])
    return page


async def test_what_is_said_in_the_room_fills_the_draft(
    line: FastAPI, call: Ring, rest: TwilioRest, seat: Browser
) -> None:
    phone = call(times=3)
    page = await in_room(line, phone, rest, seat)
    assert "正在实时转写" in (await seat.get(page)).text
    empty = (await seat.get(f"{page}/case/draft")).json()
    assert (empty["detail"], empty["phone"]) == ("", CALLER)

    await phone.talk("您好，请问有什么可以帮您", caller=False)
    await phone.talk("望湖路", final=False)
    await phone.talk(LAMP)
    await phone.talk("昨天晚上开始的", number=9)
    lines = (await seat.get(f"{page}/lines", after=0)).text
    for words in (LAMP, "您好，请问", "昨天晚上开始的"):
        assert lines.count(words) == 1
    assert lines.index("您好，请问") < lines.index(LAMP)
    draft = (await seat.get(f"{page}/case/draft")).json()
    assert LAMP in draft["detail"] and "您好" not in draft["detail"]
    assert "昨天晚上" in draft["since"] and draft["place"]
    form = unescape((await seat.get(f"{page}/case")).text)
    assert LAMP in form and f'data-filled-from="{page}/case/draft"' in form


async def test_what_was_transcribed_late_stands_where_it_was_said(
    line: FastAPI, call: Ring, rest: TwilioRest, seat: Browser
) -> None:
    phone = call()
    page = await in_room(line, phone, rest, seat)
    async with line.state.database.unit_of_work() as session:
        begun = await session.get_one(Call, (await stored(line, phone)).id)
        begun.started_at -= timedelta(minutes=5)
    await phone.talk("好的，已经记下", caller=False, number=2)
    await phone.talk("就在桥头", number=1, ago=20)
    for html in ((await seat.get(page)).text, (await seat.get(f"{page}/lines", after=0)).text):
        assert 0 < html.index("就在桥头") < html.index("好的，已经记下")


async def test_a_caller_whose_seat_does_not_pick_up_waits_where_he_stood(
    line: FastAPI, call: Ring, rest: TwilioRest, seat: Browser
) -> None:
    phone, next_one = call(), call(number="+8613900005678")
    await phone.ring()
    await phone.press("0")
    await next_one.ring()
    await next_one.press("0")
    page = f"/console/seat/{(await talk_of(line, phone)).id}"
    await seat.send(page, f"{page}/call/answer")
    await phone.follow(rest.orders[0][1]["Twiml"])
    before = await talk_of(line, phone)
    here = (await seat.get(f"{page}/lines", after=0)).headers["X-Talk"]

    told = rest.orders[1][1]["StatusCallback"]
    for status in ("completed", "no-answer", "no-answer"):
        await phone.callback(told, CallSid="CA" + "0" * 32, CallStatus=status)
    assert [path for path, _ in rest.orders[2:]] == [f"/Calls/{phone.sid}.json"]
    heard = await phone.follow(rest.orders[2][1]["Twiml"])
    assert "话务员没有接起电话，您还在原来的位置" in heard[-1]
    assert "回拨请按1" in heard[-1] and "前面还有" not in heard[-1]
    assert phone.transcribed_to is None
    talk = await talk_of(line, phone)
    assert (talk.owner, talk.seat, talk.handed_over_at) == ("person", None, before.handed_over_at)
    assert (await stored(line, phone)).state == "waiting"

    # The seat is told why, is rung no more, and its page knows that it is not true any more.
    assert "座机没有接起" in (await seat.get(page)).text
    assert (await seat.get(f"{page}/lines", after=0)).headers["X-Talk"] != here
    assert 'value="break" aria-pressed="true"' in (await seat.get("/console/seat")).text
    assert 'data-calls="0"' in (await seat.get("/console/seat/news")).text
    # Whoever answers now gets the caller.
    assert (await seat.send(page, f"{page}/call/answer")).status_code == 303
    assert (await stored(line, phone)).state == "seat"


@pytest.mark.parametrize("hung_up", [False, True])
async def test_an_emergency_that_no_seat_picked_up_rings_again(
    line: FastAPI, call: Ring, rest: TwilioRest, seat: Browser, hung_up: bool
) -> None:
    phone = call()
    await phone.ring()
    await phone.say("快来人我家着火了")
    await phone.dial_ends("no-answer")
    page = f"/console/seat/{(await talk_of(line, phone)).id}"
    await seat.send(page, f"{page}/call/answer")
    assert "紧急告警" not in (await seat.get("/console/seat/news")).text
    if hung_up:
        await phone.hang_up()
    told = rest.orders[1][1]["StatusCallback"]
    rest.silent = True
    await phone.callback(told, CallSid="CA" + "0" * 32, CallStatus="busy")
    assert "紧急告警" in (await seat.get("/console/seat/news")).text
    talk = await talk_of(line, phone)
    assert (talk.owner, talk.priority) == (("assistant", 2) if hung_up else ("person", 0))
    listed = (await seat.get("/console/seat/callbacks")).text.count("紧急求助</span>")
    assert listed == int(hung_up)


async def test_spoilt_transcriptions_and_other_rooms_are_harmless(
    line: FastAPI, call: Ring, rest: TwilioRest, seat: Browser
) -> None:
    phone = call()
    page = await in_room(line, phone, rest, seat)
    before = (await seat.get(f"{page}/lines", after=0)).text
    url = phone.transcribed_to
    assert url is not None
    said = {
        "TranscriptionEvent": "transcription-content",
        "TranscriptionData": json.dumps({"transcript": "别人的话"}),
        "SequenceId": "1",
        "Track": "inbound_track",
        "Final": "true",
    }
    for spoilt in (
        {"TranscriptionData": "no json"},
        {"TranscriptionData": "[]"},
        {"TranscriptionData": json.dumps({"transcript": " "})},
        {"SequenceId": "-1"},
        {"SequenceId": "9" * 20},
        {"TranscriptionEvent": "transcription-started"},
    ):
        await phone.callback(url, **{**said, **spoilt})
    await phone.callback(re.sub(r"call-\w+$", "call-0", url), **said)
    await phone.callback(url.replace(phone.sid, "CA" + "0" * 32), **said)
    assert (await seat.get(f"{page}/lines", after=0)).text == before

    for _ in range(2):
        await phone.callback(url, TranscriptionEvent="transcription-error")
    assert (await seat.get(f"{page}/lines", after=0)).text.count("实时转写中断") == 1


async def test_without_transcription_the_page_says_so(
    line: FastAPI, call: Ring, rest: TwilioRest, seat: Browser
) -> None:
    settings: Settings = line.state.settings.model_copy(update={"transcribe_calls": False})
    line.state.settings = settings
    line.state.switchboard.register(TwilioExchange(settings))
    phone = call()
    page = await in_room(line, phone, rest, seat)
    assert phone.transcribed_to is None
    assert "没有开通实时转写" in (await seat.get(page)).text


async def test_a_seat_that_has_left_classifies_while_the_caller_goes_on(
    line: FastAPI, call: Ring, rest: TwilioRest, seat: Browser
) -> None:
    phone = call(times=2)
    page = await in_room(line, phone, rest, seat)
    heard = await phone.dial_ends("completed")
    assert "要继续找话务员请按2，回到智能助手请按1" in heard[-1]
    html = (await seat.get(page)).text
    assert "座席已离开，市民还在线" in html and "重新接通" in html
    assert 'value="wrap" aria-pressed="true"' in (await seat.get("/console/seat")).text
    assert "要继续找话务员请按2" in (await phone.keep_silent())[-1]

    assert "我们继续" in (await phone.press("1"))[-1]
    assert "什么时候" in (await phone.say(LAMP))[-1]
    desk = (await seat.get("/console/seat")).text
    assert "待话后处理" in desk.partition("今天已结束")[2]
    html = (await seat.get(page)).text
    assert "由智能助手接待" in html and f"{page}/hand-back" not in html
    done = await seat.send(page, f"{page}/settle", outcome="answered", type="help")
    assert done.status_code == 303
    assert "待话后处理" not in (await seat.get("/console/seat")).text
    # The caller's talk with the assistant was not disturbed.
    assert (await talk_of(line, phone)).owner == "assistant"
    assert "您现在这个号码" in (await phone.say("昨天晚上"))[-1]
    again = await seat.send("/console/seat", f"{page}/settle", outcome="answered", type="help")
    assert again.status_code == 409


async def test_who_is_left_by_the_seat_may_wait_again_or_be_given_back(
    line: FastAPI, call: Ring, rest: TwilioRest, seat: Browser
) -> None:
    phone = call()
    page = await in_room(line, phone, rest, seat)
    await phone.dial_ends("completed")
    assert "请不要挂断" in (await phone.say("我要继续找话务员"))[-1]
    talk = await talk_of(line, phone)
    assert (talk.owner, talk.seat, talk.context["wrap"]) == ("person", None, "seat")
    assert (await stored(line, phone)).state == "waiting"

    # Taken again, left again, and given back to the assistant by the seat itself.
    await seat.send(page, f"{page}/call/answer")
    await phone.follow(rest.orders[-2][1]["Twiml"])
    await phone.dial_ends("completed")
    await seat.send(page, f"{page}/hand-back")
    assert "智能助手继续为您服务" in (await phone.keep_silent())[-1]
    talk = await talk_of(line, phone)
    assert talk.owner == "assistant" and "wrap" not in talk.context


async def test_who_hangs_up_after_the_seat_has_left_stays_the_seats_to_file(
    line: FastAPI, call: Ring, rest: TwilioRest, seat: Browser
) -> None:
    phone = call()
    page = await in_room(line, phone, rest, seat)
    await phone.talk(LAMP)
    await phone.dial_ends("completed")
    assert "感谢您的来电" in (await phone.say("没有了，谢谢"))[-1] and phone.ended
    assert "没有人在等候" in (await seat.get("/console/seat")).text
    fields = {"source": "phone", "detail": LAMP, "phone": CALLER, "step": "file"}
    done = await seat.send(f"{page}/case", f"{page}/case", **fields)
    # Number and code, which the caller could not be told, are at hand for the one who filed it.
    assert "查询码" in (await seat.get(done.headers["location"].partition("?")[0])).text
    # The call is over and the case filed: nothing is left to do in the talk.
    talk = await talk_of(line, phone)
    assert (talk.owner, talk.seat, talk.served_by) == ("assistant", None, "seat")
