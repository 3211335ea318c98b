"""A carrier's gateway on the same ports: the same call, the same texts, its own ways of being forged."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update
from test_calls import LAMP, cases

from bot.calls.models import Call, CallRecording
from bot.calls.repository import missed
from bot.models import Conversation, Turn
from integrations.carrier.exchange import CarrierTexts
from integrations.carrier.models import CarrierNonce
from integrations.sms.channel import TextChannel
from notices.channels import register
from notices.models import Delivery
from tests.integrations.phone.carrier_peer import BASE, CarrierCall, CarrierPeer, headers, post
from tests.integrations.phone.phone_line import SECRET
from tests.integrations.phone.text_simulator import send_all


async def rows(line: FastAPI) -> list[int]:
    async with line.state.database.unit_of_work() as session:
        return [
            await session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Call, Conversation, Turn)
        ]


async def test_a_case_is_filed_through_a_carrier(line: FastAPI, http: httpx.AsyncClient) -> None:
    phone = CarrierCall(http, SECRET, times=3)
    assert "智能助手" in (await phone.ring())[0]
    await phone.say(LAMP)
    await phone.say("昨天晚上")
    await phone.press("1#")
    assert "已登记" in (await phone.press("1"))[-1]
    (case,) = await cases(line)
    assert case.source == "phone"
    await phone.tell("recorded", recording="r1", address="https://carrier.example/r1", seconds=9)
    assert await phone.tell("hung_up") == []
    assert await phone.tell("said", text="还有") == []
    assert phone.actions == [{"do": "hang_up"}]
    async with line.state.database.unit_of_work() as session:
        assert await session.scalar(select(func.count()).select_from(CallRecording)) == 1


async def test_an_emergency_is_dialled_and_a_dropped_call_taken_up(
    line: FastAPI, http: httpx.AsyncClient
) -> None:
    first = CarrierCall(http, SECRET, verified=True)
    await first.ring()
    await first.say(LAMP)
    await first.tell("hung_up")
    again = CarrierCall(http, SECRET, verified=True)
    assert "接着登记请按1" in (await again.ring())[0]
    assert "什么时候" in (await again.press("1"))[0]
    await again.say("快来人我家着火了")
    assert again.actions[-1] == {"do": "dial", "number": "0000-12340119"}
    assert "没有接通" in (await again.tell("returned", reached=False))[-1]
    await again.tell("hung_up")
    async with line.state.database.unit_of_work() as session:
        assert [one.call_id for one in await missed(session)] == [again.id]


async def test_texts_come_and_go_through_a_carrier(
    line: FastAPI, http: httpx.AsyncClient, carrier: CarrierPeer
) -> None:
    settings = carrier.settings(line.state.settings)
    database = line.state.database
    register(TextChannel(database, CarrierTexts(settings)), pushes_lines=True)
    told = {"id": "t1", "number": "13800001234", "body": LAMP}
    for _ in range(3):
        assert (await post(http, SECRET, "/carrier/sms", told)).status_code == 204
    await send_all(database)
    ((path, order),) = carrier.orders
    assert (path, order["number"]) == ("/text", "13800001234")
    assert "什么时候" in order["body"]
    async with database.unit_of_work() as session:
        sent = (await session.scalars(select(Delivery))).one()
    arrived = {"id": sent.provider_id, "received": True}
    for _ in range(2):
        answer = await post(http, SECRET, "/carrier/sms/receipt", arrived)
        assert answer.status_code == 204
    async with database.unit_of_work() as session:
        assert (await session.scalars(select(Delivery.state))).one() == "received"


STARTED = {"call": "c1", "event": "started", "caller": "13800001234"}


@pytest.mark.parametrize("path", ["/carrier/voice", "/carrier/sms", "/carrier/sms/receipt"])
async def test_forged_and_stale_requests_are_refused(
    line: FastAPI, http: httpx.AsyncClient, path: str
) -> None:
    body = json.dumps(STARTED).encode()
    good = headers(SECRET, path, body)
    for given, sent in (
        ({}, body),
        ({**good, "X-Signature": "0" * 64}, body),
        ({**good, "X-Signature": "签名".encode()}, body),
        (headers("another secret", path, body), body),
        (headers(SECRET, "/carrier/other", body), body),
        (good, body + b" "),
        ({**good, "X-Nonce": uuid.uuid4().hex}, body),
        (headers(SECRET, path, body, age=330), body),
        (headers(SECRET, path, body, age=-330), body),
        (headers(SECRET, path, body, nonce="short"), body),
    ):
        answer = await http.post(f"{BASE}{path}", content=sent, headers=given)
        assert answer.status_code == 403, given
    assert await rows(line) == [0, 0, 0]


async def test_a_recorded_request_is_refused(line: FastAPI, http: httpx.AsyncClient) -> None:
    body = json.dumps(STARTED).encode()
    given = headers(SECRET, "/carrier/voice", body)
    url = f"{BASE}/carrier/voice"
    assert (await http.post(url, content=body, headers=given)).status_code == 200
    assert (await http.post(url, content=body, headers=given)).status_code == 403
    async with line.state.database.unit_of_work() as session:
        # Nonces are forgotten only long after their signature has gone stale.
        await session.execute(
            update(CarrierNonce).values(at=CarrierNonce.at - timedelta(minutes=11))
        )
    assert (await http.post(url, content=body, headers=given)).status_code == 403


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (b"\xff\xfe{}", 400),
        ('{"call": "路灯"}'.encode("gbk"), 400),
        (b"not json", 422),
        (b"[]", 422),
        (b"{" + b"[" * 5000, 422),
        (json.dumps({**STARTED, "call": "../x"}).encode(), 422),
        (json.dumps({**STARTED, "event": "explode"}).encode(), 422),
        (json.dumps({**STARTED, "step": -1}).encode(), 422),
        (json.dumps({**STARTED, "confidence": 7}).encode(), 422),
        (json.dumps({**STARTED, "extra": 1}).encode(), 422),
        (json.dumps({"call": "unknown", "event": "said", "text": "喂"}).encode(), 404),
        (b" " * 70_000, 413),
    ],
)
async def test_spoilt_events_are_refused(
    line: FastAPI, http: httpx.AsyncClient, told: bytes, status: int
) -> None:
    given = headers(SECRET, "/carrier/voice", told)
    answer = await http.post(f"{BASE}/carrier/voice", content=told, headers=given)
    assert answer.status_code == status, answer.text
    assert await rows(line) == [0, 0, 0]
