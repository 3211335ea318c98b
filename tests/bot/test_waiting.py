"""Waiting for a person: the place in the queue, what else there is, and who leaves."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from bot.doors import open_conversation
from bot.models import Conversation
from bot.seats.models import SeatCallback
from bot.seats.queueing import CALL_ME, LEAVE_CASE, WAIT, hand_over, while_waiting
from bot.seats.repository import SeatRepository
from bot.seats.tasks import LEFT_AFTER, LEFT_IN_DANGER_AFTER, list_left, tell_positions
from core.database import Database, now
from core.identity import Role
from core.models import StaffAccount
from core.privacy import decrypt
from core.replies import say
from intake.service import open_draft, read

PHONE = "13800000031"


async def _wait(
    session: AsyncSession, words: str = "我要人工", channel: str = "web"
) -> Conversation:
    conversation, _ = await open_conversation(session, channel)
    await repository.append(session, conversation.id, "citizen", [say(words)])
    await hand_over(session, conversation, "市民要求")
    return conversation


async def _seat(session: AsyncSession, login: str, *skills: str) -> None:
    session.add(
        StaffAccount(
            login=login,
            name=f"示例·{login}",
            role=Role.SEAT,
            unit="hotline",
            password_hash="x",
            skills=list(skills),
        )
    )
    await session.flush()
    await SeatRepository(session).set_state(login, "on")


async def _callbacks(session: AsyncSession) -> list[SeatCallback]:
    return list(await session.scalars(select(SeatCallback).order_by(SeatCallback.id)))


async def test_the_place_is_told_and_nobody_free_offers_other_ways(database: Database) -> None:
    async with database.unit_of_work() as session:
        first, _ = await open_conversation(session, "web")
        told = await hand_over(session, first, "市民要求")
        assert "前面还有 0 位" in told.text and "都在忙" in told.text
        assert {c.value for c in told.choices} == {WAIT[1], CALL_ME[1], LEAVE_CASE[1]}
        await _seat(session, "one")
        second, _ = await open_conversation(session, "web")
        told = await hand_over(session, second, "市民要求")
        assert "前面还有 1 位" in told.text and "都在忙" not in told.text
        [again] = await while_waiting(session, second, "还要多久")
        assert "前面还有 1 位" in again.text


async def test_who_serves_another_queue_is_not_free_for_this_one(database: Database) -> None:
    async with database.unit_of_work() as session:
        await _seat(session, "one")
        conversation, _ = await open_conversation(session, "web")
        await repository.append(
            session, conversation.id, "citizen", [say("I need an English speaker")]
        )
        conversation_told = await hand_over(session, conversation, "市民要求")
        if conversation.queue == "foreign":
            assert "都在忙" in conversation_told.text
        else:
            # Out of its hours the general seats take over, and it is said so.
            assert "外语座席的时间" in conversation_told.text


async def test_a_call_is_promised_to_the_number_that_is_given(database: Database) -> None:
    async with database.unit_of_work() as session:
        conversation = await _wait(session)
        [asked] = await while_waiting(session, conversation, CALL_ME[1])
        assert "电话号码" in asked.text
        assert conversation.owner == "person"
        [promised] = await while_waiting(session, conversation, f"打{PHONE}吧")
        assert PHONE[-4:] in promised.text and PHONE not in promised.text
        assert (conversation.owner, conversation.handed_over_at) == ("assistant", None)
        [entry] = await _callbacks(session)
        assert entry.reason == "asked" and decrypt(entry.phone or "") == PHONE


async def test_a_number_in_other_words_promises_nothing(database: Database) -> None:
    async with database.unit_of_work() as session:
        conversation = await _wait(session)
        await while_waiting(session, conversation, f"骗子的号码是{PHONE}")
        assert conversation.owner == "person"
        assert await _callbacks(session) == []


@pytest.mark.parametrize(
    ("said", "owner", "told"),
    [
        ("请人回电", "person", "电话号码"),
        ("你们给我回个电话吧", "person", "电话号码"),
        ("不等了，留下诉求", "assistant", "登记"),
        ("我不想等了", "assistant", "登记"),
        ("那就等着", "person", "好的，请稍候"),
        ("他不给我回电话", "person", "已收到"),
    ],
)
async def test_what_is_offered_can_be_said(
    database: Database, said: str, owner: str, told: str
) -> None:
    async with database.unit_of_work() as session:
        conversation = await _wait(session)
        [reply] = await while_waiting(session, conversation, said)
        assert conversation.owner == owner and told in reply.text


async def test_who_does_not_want_to_wait_leaves_a_case(database: Database) -> None:
    async with database.unit_of_work() as session:
        conversation = await _wait(session)
        [asked] = await while_waiting(session, conversation, LEAVE_CASE[1])
        assert conversation.owner == "assistant"
        draft = await open_draft(session, conversation.id)
        assert draft is not None and read(draft).awaiting == "matter"
        assert "登记" in asked.text


@pytest.mark.parametrize(
    ("silent", "channel", "priority", "listed"),
    [
        (LEFT_AFTER + timedelta(seconds=5), "web", 2, True),
        (LEFT_AFTER - timedelta(seconds=30), "web", 2, False),
        # Who writes from elsewhere has no page to close.
        (LEFT_AFTER * 9, "wechat", 2, False),
        (LEFT_IN_DANGER_AFTER - timedelta(seconds=20), "web", 0, False),
        (LEFT_IN_DANGER_AFTER + timedelta(seconds=5), "web", 0, True),
    ],
)
async def test_who_left_the_page_is_listed_once(
    database: Database, silent: timedelta, channel: str, priority: int, listed: bool
) -> None:
    async with database.unit_of_work() as session:
        conversation = await _wait(session, channel=channel)
        conversation.seen_at = conversation.last_turn_at = now() - silent
        conversation.priority = priority
        await session.flush()
        assert await list_left(session, now()) == int(listed)
        assert await list_left(session, now()) == 0
        found = await _callbacks(session)
        assert len(found) == int(listed)
        assert all(one.reason == ("left" if priority else "emergency") for one in found)
        assert conversation.owner == ("assistant" if listed else "person")


async def test_an_open_page_waits_on(database: Database) -> None:
    async with database.unit_of_work() as session:
        conversation = await _wait(session)
        conversation.seen_at = conversation.last_turn_at = now() - LEFT_AFTER * 2
        await session.flush()
        await SeatRepository(session).saw({conversation.id, uuid.uuid4()})
        assert await list_left(session, now()) == 0


async def test_the_place_is_told_anew_when_it_changed(database: Database) -> None:
    async with database.unit_of_work() as session:
        first, second = await _wait(session), await _wait(session)
        assert await tell_positions(session) == 0
        first.seat = "one"
        await session.flush()
        assert await tell_positions(session) == 1
        assert await tell_positions(session) == 0
        lines = await repository.transcript(session, second.id)
        assert "下一位就是您" in lines[-1].reply.text
