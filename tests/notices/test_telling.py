"""What happened to a case reaches whoever brought it: once, through one door, at a decent hour."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import time, timedelta
from typing import Any

import pytest
from recorder import Recorder
from sqlalchemy import func, select, text, update
from town import Register

from bot import repository
from bot.doors import conversation_at, open_conversation
from bot.models import Conversation
from bot.told import Transcripts
from cases.models import Case, Contact
from cases.service import Registered
from cases.telling import tell_answer, tell_citizen
from cases.vocabulary import Source
from core.database import Database, now
from core.jobs import connected
from core.outbox import delivery
from core.settings import get_settings
from notices.channels import Refused
from notices.models import Delivery
from notices.repository import choose_sms
from notices.telling import Teller
from notices.vocabulary import Kind

PHONE = "13800001234"
ALWAYS = {"quiet_from": time(0), "quiet_to": time(0)}


@pytest.fixture
async def teller(outbox: Database, wechat: Recorder, sms: Recorder) -> AsyncIterator[Teller]:
    """Whom the outbox hands its messages to; both doors are open, and no hour is quiet."""
    made = Teller(Transcripts(), get_settings().model_copy(update=ALWAYS))
    delivery.handlers = made.handlers
    yield made
    delivery.handlers = {}


async def work(database: Database) -> None:
    """Everything that is queued, as the worker does it."""
    async with connected(database.url) as jobs:
        await jobs.run_worker_async(wait=False, install_signal_handlers=False)


async def talk(database: Database, channel: str, address: str | None = None) -> uuid.UUID:
    async with database.unit_of_work() as session:
        if address is None:
            return (await open_conversation(session, channel))[0].id
        return await conversation_at(session, channel, address)


async def silent(database: Database, conversation: uuid.UUID) -> None:
    async with database.unit_of_work() as session:
        await session.execute(
            update(Conversation)
            .where(Conversation.id == conversation)
            .values(last_turn_at=now() - timedelta(hours=1))
        )


async def said(database: Database, conversation: uuid.UUID) -> list[str]:
    async with database.unit_of_work() as session:
        return [one.reply.text for one in await repository.transcript(session, conversation)]


async def tell(database: Database, filed: Registered, words: str = "已到现场查看") -> None:
    async with database.unit_of_work() as session:
        case = await session.get_one(Case, filed.case_id)
        await tell_citizen(session, case, f"interim:{words}", words)
    await work(database)


async def answer(database: Database, filed: Registered) -> None:
    async with database.unit_of_work() as session:
        case = await session.get_one(Case, filed.case_id)
        case.citizen_answer, case.told_at = "路灯已修好", now()
        await tell_answer(session, case)
    await work(database)


async def test_who_called_is_texted_number_and_code(
    teller: Teller, outbox: Database, sms: Recorder, file: Register
) -> None:
    call = await talk(outbox, "phone", "CA1")
    filed = await file(source=Source.PHONE, conversation_id=call)
    await work(outbox)
    [told] = sms.texts
    assert filed.number in told
    assert filed.query_code in told
    assert "http" not in told
    assert sms.sent[0].address == PHONE
    assert sms.sent[0].case_number == filed.number


async def test_a_confidential_case_says_nothing_but_its_number(
    teller: Teller, outbox: Database, sms: Recorder, wechat: Recorder, file: Register
) -> None:
    called = await file(
        source=Source.PHONE, conversation_id=await talk(outbox, "phone", "CA1"), confidential=True
    )
    chatted = await file(
        source=Source.WECHAT,
        conversation_id=await talk(outbox, "wechat", "openid"),
        confidential=True,
    )
    for filed in (called, chatted):
        await tell(outbox, filed)
        await answer(outbox, filed)
    told = [*sms.texts, *wechat.texts]
    assert len(told) == 5
    for words in told:
        assert called.number in words or chatted.number in words
        for secret in ("路灯", "现场", "望湖", called.query_code, chatted.query_code):
            assert secret not in words


async def test_wechat_hears_it_in_wechat_and_gets_no_text_message(
    teller: Teller, outbox: Database, sms: Recorder, wechat: Recorder, file: Register
) -> None:
    conversation = await talk(outbox, "wechat", "openid")
    filed = await file(source=Source.WECHAT, conversation_id=conversation)
    async with outbox.unit_of_work() as session:
        await choose_sms(session, filed.case_id, True)
    await tell(outbox, filed)
    await answer(outbox, filed)
    assert [message.kind for message in wechat.sent] == ["progress", "answered"]
    assert "路灯已修好" in wechat.texts[1]
    assert wechat.sent[1].choices[0].value == "review:5"
    assert sms.sent == []
    assert await said(outbox, conversation) == wechat.texts


async def test_who_left_wechat_is_texted_if_that_is_allowed(
    teller: Teller, outbox: Database, sms: Recorder, wechat: Recorder, file: Register
) -> None:
    filed, silent_one = [
        await file(source=Source.WECHAT, conversation_id=await talk(outbox, "wechat", openid))
        for openid in ("a", "b")
    ]
    async with outbox.unit_of_work() as session:
        await choose_sms(session, filed.case_id, True)
    wechat.problems = [Refused("已取消关注"), Refused("已取消关注")]
    await answer(outbox, filed)
    await answer(outbox, silent_one)
    [told] = sms.texts
    assert filed.number in told
    assert wechat.sent == []


async def test_a_web_page_shows_it_and_a_text_message_says_it_to_who_is_away(
    teller: Teller, outbox: Database, sms: Recorder, file: Register
) -> None:
    conversation = await talk(outbox, "web")
    filed = await file(conversation_id=conversation)
    await tell(outbox, filed, "没有同意短信")
    async with outbox.unit_of_work() as session:
        await choose_sms(session, filed.case_id, True)
    await tell(outbox, filed, "正在看页面")
    assert sms.sent == []
    await silent(outbox, conversation)
    await tell(outbox, filed, "已经离开")
    assert [message.address for message in sms.sent] == [PHONE]
    assert f"工单 {filed.number}：已经离开" in sms.texts[0]
    assert len(await said(outbox, conversation)) == 3


async def test_an_answer_by_text_asks_for_a_grade_and_opens_nothing_else(
    teller: Teller, outbox: Database, sms: Recorder, file: Register
) -> None:
    filed = await file(source=Source.PHONE, conversation_id=await talk(outbox, "phone", "CA1"))
    await work(outbox)
    await answer(outbox, filed)
    assert "路灯已修好" in sms.texts[-1]
    assert "5 非常满意" in sms.texts[-1]
    conversation = await talk(outbox, "sms", PHONE)
    async with outbox.unit_of_work() as session:
        # Whoever has the telephone of the family has not the case of the other.
        assert (await session.get_one(Conversation, conversation)).context == {}
        # Nobody has spoken there: it is no contact.
        assert not await session.scalar(
            select(func.count()).where(Contact.conversation_id == conversation)
        )
    assert await said(outbox, conversation) == sms.texts


async def test_an_answer_of_a_round_that_is_over_is_not_told(
    teller: Teller, outbox: Database, sms: Recorder, file: Register
) -> None:
    filed = await file(source=Source.PHONE, conversation_id=await talk(outbox, "phone", "CA1"))
    await work(outbox)
    async with outbox.unit_of_work() as session:
        case = await session.get_one(Case, filed.case_id)
        await tell_answer(session, case)
        case.round += 1
    await work(outbox)
    assert [message.kind for message in sms.sent] == ["filed"]


async def test_at_night_it_waits_until_the_morning(
    outbox: Database, sms: Recorder, file: Register, teller: Teller
) -> None:
    all_day = {"quiet_from": time(0), "quiet_to": time(23, 59, 59, 999999)}
    delivery.handlers = Teller(Transcripts(), get_settings().model_copy(update=all_day)).handlers
    filed = await file(source=Source.PHONE, conversation_id=await talk(outbox, "phone", "CA1"))
    await tell(outbox, filed)
    assert [message.kind for message in sms.sent] == ["filed"]
    async with outbox.unit_of_work() as session:
        held = await session.scalar(select(Delivery).where(Delivery.kind == Kind.PROGRESS))
        assert held is not None
        assert held.state == "held"
        held.not_before = now()
        await session.execute(
            text("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")
        )
    await work(outbox)
    assert [message.kind for message in sms.sent] == ["filed", "progress"]


async def test_a_case_without_a_person_is_told_nobody(
    teller: Teller, outbox: Database, sms: Recorder, wechat: Recorder, file: Register
) -> None:
    changes: dict[str, Any] = {"source": Source.PHONE, "phone": None, "anonymous": True}
    filed = await file(conversation_id=await talk(outbox, "phone", "CA1"), **changes)
    await tell(outbox, filed)
    assert sms.sent == wechat.sent == []
