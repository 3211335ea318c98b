"""The seat desk: who waits, what was said, and answering."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from console_app import Enter
from fastapi import FastAPI
from town import Register

from bot import farewell, repository
from bot.models import Conversation
from cases.numbers import make_number, query_code
from console.transcript import mask_codes
from core.database import now
from core.replies import say

NUMBER = make_number(now(), 7)
CODE = query_code(NUMBER)


async def talk(app: FastAPI, reason: str, minutes: int = 1, *lines: tuple[str, str]) -> uuid.UUID:
    conversation = uuid.uuid4()
    async with app.state.database.unit_of_work() as session:
        session.add(
            Conversation(
                id=conversation,
                channel="web",
                token_hash="x",
                owner="person",
                handed_over_at=now() - timedelta(minutes=minutes),
                handover_reason=reason,
                priority=0 if reason.startswith("紧急") else 2,
                context={},
            )
        )
        await session.flush()
        for speaker, text in lines:
            await repository.append(session, conversation, speaker, [say(text)])
    return conversation


async def test_emergencies_come_first_then_the_longest_waiting(enter: Enter, app: FastAPI) -> None:
    short, long = await talk(app, "市民要求", 3), await talk(app, "没有听懂", 30)
    urgent = await talk(app, "紧急：燃气泄漏（119）")
    seat = await enter("seat")
    for page in ("/console/seat", "/console/seat/waiting"):
        html = (await seat.get(page)).text
        places = [html.index(str(one)) for one in (urgent, long, short)]
        assert places == sorted(places)
        assert "已等 30 分钟" in html


async def test_a_seat_answers_and_hands_back(enter: Enter, app: FastAPI) -> None:
    conversation = await talk(app, "市民要求", 1, ("citizen", "在吗"))
    page, seat = f"/console/seat/{conversation}", await enter("seat")
    empty = await seat.send(page, f"{page}/say", text="  ")
    assert empty.status_code == 422
    done = await seat.send(page, f"{page}/say", text="您好 <请讲>")
    assert (done.status_code, done.headers["location"]) == (303, page)
    html = (await seat.get(page)).text
    assert "您好 &lt;请讲&gt;" in html and "示例·seat 接待中" in html
    last = int(html.split('data-after="')[1].split('"')[0])
    assert "您好" not in (await seat.get(f"{page}/lines", after=last)).text
    assert "您好" in (await seat.get(f"{page}/lines", after=last - 1)).text
    done = await seat.send(page, f"{page}/hand-back")
    assert done.headers["location"] == "/console/seat?done=hand_back"
    html = (await seat.get(page)).text
    assert "回复市民" not in html
    desk = (await seat.get("/console/seat")).text
    # It is no talk of the seat's any more, but one that has ended today.
    assert str(conversation) not in desk.partition("今天已结束")[0]
    assert str(conversation) in desk.partition("今天已结束")[2]


async def test_query_codes_are_not_shown(enter: Enter, app: FastAPI) -> None:
    lines = [
        ("assistant", f"已登记，工单编号 {NUMBER}，查询码 {CODE}，请保存好。"),
        ("citizen", f"我的码是{CODE}对吧"),
    ]
    conversation = await talk(app, "市民要求", 1, *lines)
    html = (await (await enter("seat")).get(f"/console/seat/{conversation}")).text
    assert NUMBER in html
    assert CODE not in html


@pytest.mark.parametrize("login", ["urban.clerk", "admin", "editor"])
async def test_others_read_no_conversation(enter: Enter, app: FastAPI, login: str) -> None:
    conversation = await talk(app, "市民要求", 1, ("citizen", "我叫张小明"))
    browser = await enter(login)
    for page in (f"/console/seat/{conversation}", f"/console/seat/{conversation}/lines"):
        assert (await browser.get(page)).status_code == 403


async def test_a_dispatcher_reads_but_does_not_speak(enter: Enter, app: FastAPI) -> None:
    conversation = await talk(app, "市民要求", 1, ("citizen", "在吗"))
    page, browser = f"/console/seat/{conversation}", await enter("dispatcher")
    assert (await browser.get(page)).status_code == 200
    assert (await browser.send(page, f"{page}/say", text="您好")).status_code == 403


async def test_the_citizens_grade_stands_above_the_talk(enter: Enter, app: FastAPI) -> None:
    conversation = await talk(app, "市民要求", 1, ("citizen", "在吗"))
    browser = await enter("seat")
    assert "话务评价" not in (await browser.get(f"/console/seat/{conversation}")).text
    async with app.state.database.unit_of_work() as session:
        await farewell.rate(session, conversation, 2, now())
    assert "话务评价：不满意" in (await browser.get(f"/console/seat/{conversation}")).text


async def test_unknown_conversations_are_not_found(enter: Enter) -> None:
    seat = await enter("seat")
    for unknown in (uuid.uuid4(), "nonsense"):
        assert (await seat.get(f"/console/seat/{unknown}")).status_code == 404
        assert (await seat.get(f"/console/seat/{unknown}/lines")).status_code == 404


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"编号 {NUMBER}，码 {CODE}", f"编号 {NUMBER}，码 ******"),
        ("查询码：234 567", "查询码：******"),
        ("查询码是 2-3-4-5-6-7。", "查询码是 ******。"),
        ("234567", "******"),
        ("我住 3 栋 502，电话 0000-12340000", "我住 3 栋 502，电话 0000-12340000"),
        ("欠了 120000 元", "欠了 120000 元"),
        ("", ""),
    ],
)
def test_masking(text: str, shown: str) -> None:
    assert mask_codes(text) == shown


@pytest.mark.parametrize("login", ["seat", "dispatcher", "supervisor"])
async def test_the_talk_of_a_secret_case_is_read_after_asking_with_a_reason(
    enter: Enter, app: FastAPI, file: Register, login: str
) -> None:
    conversation = await talk(app, "市民要求", 1, ("citizen", "我是张小明"))
    number = (await file(conversation_id=conversation, confidential=True)).number
    page, person = f"/console/seat/{conversation}", await enter(login)
    assert (await person.get(page)).status_code == 200  # it is being answered now
    async with app.state.database.unit_of_work() as session:
        (await session.get_one(Conversation, conversation)).owner = "assistant"
    for address in (page, f"{page}/lines"):
        refused = await person.get(address)
        assert refused.status_code == 403 and "张小明" not in refused.text
    opened = await person.act(number, "open_identity", reason="核实情况")
    assert opened.status_code in (200, 303)
    assert "张小明" in (await person.get(page)).text
