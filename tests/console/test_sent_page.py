"""What staff see of the outbox, and what they can do about what failed."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest
from console_app import Enter
from fastapi import FastAPI
from sqlalchemy import select, text, update
from town import Register

from cases.service import Registered
from core.database import Database
from core.replies import say
from notices.messages import Message
from notices.models import Delivery
from notices.service import enqueue
from notices.vocabulary import Kind, State

PAGE = "/console/sent"
PHONE, OPENID = "13800001234", "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"


@pytest.fixture
async def cases(app: FastAPI, file: Register) -> AsyncIterator[list[Registered]]:
    """A plain case and a confidential one, each with a message that failed, and a code."""
    database: Database = app.state.database
    filed = [await file(), await file(confidential=True)]
    async with database.unit_of_work() as session:
        for number, one in enumerate(filed):
            words = say(f"工单 {one.number}：第{number}件的内容，查询码 {one.query_code}")
            await enqueue(
                session,
                Message(f"n{number}", "sms", PHONE, Kind.PROGRESS, words, case_id=one.case_id),
            )
        await session.execute(update(Delivery).values(state=State.FAILED, error="号码停机"))
        await enqueue(session, Message("c", "sms", PHONE, Kind.CODE, say("验证码 345678")))
        line = Message("l", "wechat", OPENID, Kind.LINE, say("请问在哪里"), uuid.uuid4())
        await enqueue(session, line)
    yield filed
    async with database.unit_of_work() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))


async def test_staff_see_what_failed_and_why_but_not_to_whom(
    enter: Enter, cases: list[Registered]
) -> None:
    plain, secret = cases
    for login in ("dispatcher", "seat", "supervisor"):
        page = (await (await enter(login)).get(PAGE)).text
        assert page.count("号码停机") == 2
        assert "第0件的内容" in page
        assert "第1件的内容" not in page
        assert "138****1234" in page
        for hidden in (PHONE, OPENID, plain.query_code, secret.query_code, "345678"):
            assert hidden not in page
        every = (await (await enter(login)).get(PAGE, tab="all")).text
        assert "请问在哪里" not in every
        assert "345678" not in every
        assert OPENID not in every


@pytest.mark.parametrize("login", ["callback", "editor", "admin", "urban.clerk", "urban.leader"])
async def test_others_do_not(enter: Enter, cases: list[Registered], login: str) -> None:
    browser = await enter(login)
    assert (await browser.get(PAGE)).status_code == 403


async def test_the_list_is_narrowed_by_state_channel_and_case(
    enter: Enter, cases: list[Registered]
) -> None:
    seat = await enter("seat")
    assert "共 2 条" in (await seat.get(PAGE)).text
    assert "共 4 条" in (await seat.get(PAGE, tab="all")).text
    assert "共 1 条" in (await seat.get(PAGE, tab="all", channel="wechat")).text
    assert "共 2 条" in (await seat.get(PAGE, tab="waiting")).text
    one = (await seat.get(PAGE, tab="all", number=cases[0].number)).text
    assert "共 1 条" in one
    assert cases[1].number not in one
    assert "没有符合条件" in (await seat.get(PAGE, number="1234567890123")).text
    # What does not fit narrows nothing, or finds nothing; it breaks nothing.
    assert "共 4 条" in (await seat.get(PAGE, tab="all", channel="x", page=99)).text
    assert (await seat.get(PAGE, number="\x00' OR 1=1")).status_code == 200


async def test_what_failed_is_sent_again_once_and_only_knowingly(
    enter: Enter, app: FastAPI, cases: list[Registered]
) -> None:
    seat = await enter("seat")
    database: Database = app.state.database
    async with database.unit_of_work() as session:
        failed = await session.scalar(select(Delivery.id).where(Delivery.key == "n0"))
        code = await session.scalar(select(Delivery.id).where(Delivery.key == "c"))
        await session.execute(text("DELETE FROM procrastinate_jobs"))
        await session.execute(
            update(Delivery).where(Delivery.id == code).values(state=State.UNKNOWN)
        )
    address = f"{PAGE}/{failed}/again"
    assert (await seat.send(PAGE, address)).status_code == 422
    assert (await seat.send(PAGE, address, sure="yes")).status_code == 303
    assert (await seat.send(PAGE, address, sure="yes")).status_code == 409
    assert (await seat.send(PAGE, f"{PAGE}/{code}/again", sure="yes")).status_code == 409
    assert (await seat.send(PAGE, f"{PAGE}/999999999/again", sure="yes")).status_code == 404
    async with database.unit_of_work() as session:
        row = await session.get_one(Delivery, failed)
        assert (row.state, row.error, row.attempts) == ("queued", None, 0)
        jobs = await session.execute(
            text("SELECT task_name, (args->>'delivery_id')::int FROM procrastinate_jobs")
        )
        assert [tuple(job) for job in jobs] == [("send_delivery", failed)]


async def test_an_unknown_one_warns(enter: Enter, app: FastAPI, cases: list[Registered]) -> None:
    async with app.state.database.unit_of_work() as session:
        await session.execute(update(Delivery).values(state=State.UNKNOWN))
    assert "可能已经送达" in (await (await enter("seat")).get(PAGE)).text
