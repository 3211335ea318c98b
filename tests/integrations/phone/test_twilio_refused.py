"""What pretends to be Twilio, or is spoilt on the way, is refused and leaves nothing behind."""

from __future__ import annotations

from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from test_calls import LAMP

from bot.calls.models import Call
from bot.models import Conversation, Turn
from tests.integrations.phone.call_simulator import ACCOUNT, BASE, new_sid, signed
from tests.integrations.phone.phone_line import Ring

PATHS = (
    "/twilio/voice",
    "/twilio/voice/steps/1",
    "/twilio/voice/fallback",
    "/twilio/voice/status",
    "/twilio/voice/recording/CA1",
    "/twilio/voice/heard/CA1/call-1",
    "/twilio/sms",
    "/twilio/sms/status",
)
FORM = "application/x-www-form-urlencoded"


def fields(**more: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT,
        "CallSid": new_sid("CA"),
        "MessageSid": new_sid("SM"),
        "From": "+8613800001234",
        "Body": "路灯坏了",
        **more,
    }


async def rows(line: FastAPI) -> list[int]:
    async with line.state.database.unit_of_work() as session:
        counts = [
            await session.scalar(select(func.count()).select_from(table))
            for table in (Call, Conversation, Turn)
        ]
    return [count or 0 for count in counts]


@pytest.mark.parametrize("path", PATHS)
async def test_a_forged_request_is_refused_at_every_webhook(
    line: FastAPI, http: httpx.AsyncClient, path: str
) -> None:
    given, url = fields(), f"{BASE}{path}"
    good = signed(url, given)
    spoilt = [
        (given, {}),
        (given, {"X-Twilio-Signature": "AAAA"}),
        (given, signed(url, given, "another token")),
        (given, signed(url.replace("https", "http"), given)),
        (given, signed(f"{url}?step=2", given)),
        ({**given, "Body": "别的话"}, good),
        ({**given, "Extra": "1"}, good),
    ]
    for sent, headers in spoilt:
        assert (await http.post(url, data=sent, headers=headers)).status_code == 403
    assert await rows(line) == [0, 0, 0]


async def test_another_account_is_refused(line: FastAPI, http: httpx.AsyncClient) -> None:
    given = fields(AccountSid="AC" + "f" * 32)
    url = f"{BASE}/twilio/voice"
    answer = await http.post(url, data=given, headers=signed(url, given))
    assert answer.status_code == 403
    assert await rows(line) == [0, 0, 0]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"Body=" + b"a" * 70_000, FORM, 413),
        (b"Body=%ff%fe", FORM, 400),
        ("Body=路灯".encode("gbk"), FORM, 400),
        (b"Body=a&Body=b", FORM, 400),
        (b'{"Body": "a"}', "application/json", 400),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "text/xml", 400),
        (b"", FORM, 403),
    ],
)
async def test_spoilt_bodies_are_refused(
    line: FastAPI, http: httpx.AsyncClient, body: bytes, kind: str, status: int
) -> None:
    for path in ("/twilio/voice", "/twilio/sms"):
        headers = {"Content-Type": kind, "X-Twilio-Signature": "AAAA"}
        answer = await http.post(f"{BASE}{path}", content=body, headers=headers)
        assert answer.status_code == status
    assert await rows(line) == [0, 0, 0]


@pytest.mark.parametrize("sid", ["", "CA1", "CA" + "g" * 32, "../" + "a" * 31])
async def test_a_signed_request_with_no_call_is_refused(
    line: FastAPI, http: httpx.AsyncClient, sid: str
) -> None:
    given, url = fields(CallSid=sid), f"{BASE}/twilio/voice"
    answer = await http.post(url, data=given, headers=signed(url, given))
    assert answer.status_code == 422
    assert await rows(line) == [0, 0, 0]


async def test_odd_fields_of_a_signed_request_are_silence(call: Ring) -> None:
    phone = call()
    await phone.ring()
    assert phone.waiting is not None
    url = phone.waiting.attrib["action"]
    for odd in ({"Digits": "九"}, {"Digits": "1" * 40}, {"SpeechResult": " \x00 "}):
        heard = await phone.post(url, phone._fields(**odd))
        assert "没有听到" in heard.text


@pytest.mark.parametrize("confidence", ["nan", "inf", "-1", "2", "很高", ""])
async def test_an_odd_confidence_is_none(call: Ring, confidence: str) -> None:
    phone = call()
    await phone.ring()
    assert phone.waiting is not None
    given = phone._fields(SpeechResult=LAMP, Confidence=confidence)
    answer = await phone.post(phone.waiting.attrib["action"], given)
    assert "什么时候" in (await phone.follow(answer.text))[-1]


async def test_a_recorded_request_sent_again_does_nothing(line: FastAPI, call: Ring) -> None:
    phone = call()
    await phone.ring()
    await phone.say(LAMP)
    before = await rows(line)
    for url, given in phone.requests:
        headers = {**signed(url, given), "Content-Type": FORM}
        again = await phone.http.post(url, content=urlencode(given), headers=headers)
        assert again.status_code == 200
    assert await rows(line) == before
