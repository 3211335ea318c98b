"""WeChat's callback: who is refused, what comes twice, and that five seconds are enough."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from wechatpy.crypto import WeChatCrypto

from bot.models import Conversation
from integrations.wechat.endpoints import MAX_BODY
from integrations.wechat.messages import elements
from integrations.wechat.models import WeChatMessage
from tests.integrations.wechat.peer import (
    ACCOUNT,
    ANSWER_SECONDS,
    ENCODING_KEY,
    TOKEN,
    Request,
    WeChatPeer,
    make_xml,
    sign,
)
from tests.integrations.wechat.wechat_line import WeChatLine

PLAIN = pytest.mark.parametrize("sealed", [False])
BOTH = pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "plain"])
Make = Callable[[WeChatPeer], Request]
BOMB = '<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE xml [<!ENTITY b SYSTEM "file:///etc/hostname">]>'


def text(peer: WeChatPeer, said: str = "路灯坏了", **fields: str) -> dict[str, str]:
    return {**peer.message("text", Content=said), **fields}


def entities(declared: str) -> Make:
    def make(peer: WeChatPeer) -> Request:
        inner = make_xml(text(peer, "")).replace("<Content><![CDATA[]]>", "<Content>&b;")
        return peer.request_of(declared + inner)

    return make


def of_another_app(peer: WeChatPeer) -> Request:
    peer.crypto = WeChatCrypto(TOKEN, ENCODING_KEY, "wx0000000000000002")
    return peer.request(text(peer))


def in_plain_text(peer: WeChatPeer) -> Request:
    request = peer.request(text(peer))
    return Request(request.query, make_xml(text(peer)).encode())


def tampered(peer: WeChatPeer) -> Request:
    request, other = peer.request(text(peer)), peer.request(text(peer, "别的"))
    return Request(request.query, other.body)


def with_query(**changes: str) -> Make:
    def make(peer: WeChatPeer) -> Request:
        request = peer.request(text(peer))
        return Request({**request.query, **changes}, request.body)

    return make


REFUSED: dict[str, tuple[Make, int]] = {
    "forged": (with_query(signature="0" * 40), 403),
    "signature not ASCII": (with_query(signature="签名"), 403),
    "signed with another token": (with_query(signature=sign("x", "1", "2")), 403),
    "stale": (lambda peer: peer.request(text(peer), time.time() - 600), 403),
    "from the future": (lambda peer: peer.request(text(peer), time.time() + 600), 403),
    "time is no number": (with_query(timestamp="yesterday"), 422),
    "other account": (lambda peer: peer.request(text(peer, ToUserName="gh_2")), 403),
    "oversized": (lambda peer: peer.request(text(peer, "大" * MAX_BODY)), 413),
    "empty": (lambda peer: Request(peer.request(text(peer)).query, b""), 400),
    "not XML": (lambda peer: Request(peer.request(text(peer)).query, b'{"a": 1}'), 400),
    "wrong encoding": (lambda peer: peer.request_of(make_xml(text(peer)).encode("gbk")), 400),
    "entity expansion": (entities(BOMB), 400),
    "external entity": (entities(OUTSIDE), 400),
}
REFUSED_SEALED: dict[str, tuple[Make, int]] = {
    "other app": (of_another_app, 403),
    "plain text to a sealed account": (in_plain_text, 403),
    "another message's body": (tampered, 403),
    "message signature": (with_query(msg_signature="0" * 40), 403),
}


async def _refused(line: WeChatLine, make: Make, status: int) -> None:
    response = await line.play(line.peer.post, make(line.peer))
    assert response.status_code == status, response.text
    async with line.database.unit_of_work() as session:
        for table in (Conversation, WeChatMessage):
            assert await session.scalar(select(func.count()).select_from(table)) == 0


@BOTH
@pytest.mark.parametrize(("make", "status"), REFUSED.values(), ids=REFUSED)
async def test_what_is_not_wechats_is_refused(line: WeChatLine, make: Make, status: int) -> None:
    await _refused(line, make, status)


@pytest.mark.parametrize(("make", "status"), REFUSED_SEALED.values(), ids=REFUSED_SEALED)
async def test_a_sealed_account_takes_sealed_messages_only(
    line: WeChatLine, make: Make, status: int
) -> None:
    await _refused(line, make, status)


@BOTH
async def test_the_address_proves_to_be_ours(line: WeChatLine, sealed: bool) -> None:
    stamp, nonce = str(int(time.time())), "n"
    query = {"timestamp": stamp, "nonce": nonce, "signature": sign(TOKEN, stamp, nonce)}
    asked = {**query, "echostr": "12345"}
    given = await line.play(line.peer.get, asked)
    assert (given.status_code, given.text) == (200, "12345")
    forged = await line.play(line.peer.get, {**asked, "signature": "0" * 40})
    assert forged.status_code == 403 and "12345" not in forged.text
    if sealed:
        request = line.peer.request_of("echo-6789")
        echo = elements(request.body)["Encrypt"]
        given = await line.play(line.peer.get, {**request.query, "echostr": echo})
        assert given.text == "echo-6789"


@BOTH
async def test_a_message_asked_about_three_times_is_one_turn_with_one_answer(
    line: WeChatLine,
) -> None:
    message = text(line.peer)
    requests = [line.peer.request(message) for _ in range(4)]
    shown = []
    for request in requests:
        response = await line.play(line.peer.post, request)
        shown.append(line.peer.opened(response))
    assert shown == ["好的，请问在哪里？"] * 3 + [None]
    assert await line.turns() == 1
    assert line.assistant.heard == ["路灯坏了"]
    assert await line.push() == []


async def test_three_at_the_same_time_are_one_turn(line: WeChatLine) -> None:
    request = line.peer.request(text(line.peer))
    posted = [line.play(line.peer.post, request) for _ in range(3)]
    responses = await asyncio.gather(*posted)
    shown = [line.peer.opened(response) for response in responses]
    assert shown == ["好的，请问在哪里？"] * 3
    assert await line.turns() == 1
    assert line.assistant.heard == ["路灯坏了"]


@BOTH
async def test_an_event_that_comes_again_is_answered_once_in_the_transcript(
    line: WeChatLine,
) -> None:
    event = line.peer.event("subscribe", EventKey="")
    first, second = [await line.play(line.peer.deliver, event) for _ in range(2)]
    assert first is not None and first == second
    assert await line.push() == []


@PLAIN
async def test_a_signed_request_sent_again_with_another_body_is_refused(line: WeChatLine) -> None:
    request = line.peer.request(text(line.peer))
    assert (await line.play(line.peer.post, request)).status_code == 200
    other = Request(request.query, make_xml(text(line.peer, "另一句")).encode())
    assert (await line.play(line.peer.post, other)).status_code == 403
    assert await line.turns() == 1


async def test_messages_may_come_out_of_order(line: WeChatLine) -> None:
    earlier, later = text(line.peer, "先说的"), text(line.peer, "后说的")
    for message in (later, earlier, later):
        assert await line.play(line.peer.deliver, message) is not None
    assert line.assistant.heard == ["后说的", "先说的"]
    assert await line.turns() == 2


async def test_five_seconds_are_never_exceeded_while_the_assistant_is_slow(
    line: WeChatLine,
) -> None:
    line.assistant.gate.clear()
    first, second = text(line.peer), text(line.peer, "在望湖路")
    delivered = [line.play(line.peer.deliver, message) for message in (first, second)]
    assert await asyncio.gather(*delivered) == [None, None]
    assert line.peer.slowest < ANSWER_SECONDS
    line.assistant.gate.set()
    await line.answered(2)
    assert await line.push() == []
    await line.make_due()
    assert await line.push() == ["好的，请问在哪里？\n\n好的，请问在哪里？"]
    assert await line.push() == []
    assert sorted(line.assistant.heard) == ["在望湖路", "路灯坏了"]


async def test_what_a_process_that_died_had_kept_is_taken_and_told(line: WeChatLine) -> None:
    line.assistant.gate.clear()
    message = text(line.peer)
    request = line.peer.request(message)
    line.peer.grant(message)
    posting = asyncio.create_task(line.play(line.peer.post, request))
    await line.assistant.asked.wait()
    await line.door.close()
    await posting
    line.assistant.gate.set()
    await line.forget_who_began()
    assert await line.door.take_left_over() == 1
    assert await line.door.take_left_over() == 0
    await line.make_due()
    assert await line.push() == ["好的，请问在哪里？"]
    assert await line.turns() == 1


async def test_nothing_of_a_follower_is_kept_in_clear(line: WeChatLine) -> None:
    await line.say("我叫张小明")
    async with line.database.unit_of_work() as session:
        row = (await session.scalars(select(WeChatMessage))).one()
    kept = f"{row.key} {row.signed} {row.content} {row.answer}"
    assert "张小明" not in kept and "o-1" not in kept and ACCOUNT not in kept
