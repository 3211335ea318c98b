"""Text messages: turns and choices by digit, grades, 退订, receipts, long answers."""

from __future__ import annotations

import asyncio
import re
from datetime import time, timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update
from test_calls import LAMP, cases
from town import Register

from bot.doors import conversation_at
from bot.models import Turn
from bot.told import Transcripts
from cases.models import Case
from cases.numbers import query_code
from core.database import now
from core.replies import say
from core.settings import get_settings
from integrations.sms.line import STOPPED, TextLine
from notices.messages import Message
from notices.models import Delivery
from notices.service import choose_sms, enqueue
from notices.telling import Teller
from notices.vocabulary import Kind
from reviews.models import Review
from reviews.rectifying import FINISHED
from tests.integrations.phone.call_simulator import new_sid
from tests.integrations.phone.phone_assistant import AssistantPeer
from tests.integrations.phone.phone_line import Texting
from tests.integrations.phone.text_simulator import key, send_all
from tests.integrations.phone.twilio_rest import TwilioRest

NUMBER = "13800001234"


async def told_answer(line: FastAPI, file: Register, number: str = NUMBER) -> str:
    """A case is answered, and its citizen was told so by text; its number."""
    registered = await file(phone=number)
    async with line.state.database.unit_of_work() as session:
        case = await session.get_one(Case, registered.case_id)
        case.told_at = now()
        message = Message(
            key=key(),
            channel="sms",
            address=number,
            kind=Kind.ANSWERED,
            reply=say(f"您的工单 {case.number} 已有办理结果，请回复 1 到 5 评价，5 为非常满意。"),
            case_id=case.id,
        )
        await enqueue(session, message)
    await send_all(line.state.database)
    return registered.number


async def reviews(line: FastAPI) -> list[tuple[int, str]]:
    async with line.state.database.unit_of_work() as session:
        found = await session.scalars(select(Review).order_by(Review.id))
        return [(one.grade, one.text) for one in found]


async def deliveries(line: FastAPI) -> list[Delivery]:
    async with line.state.database.unit_of_work() as session:
        return list(await session.scalars(select(Delivery).order_by(Delivery.id)))


async def test_a_case_is_filed_by_text_however_often_all_comes(
    line: FastAPI, texting: Texting
) -> None:
    phone = texting(times=3)
    assert "什么时候" in (await phone.say(LAMP))[0]
    assert "可以打您现在这个号码" in (await phone.say("昨天晚上"))[0]
    summed = (await phone.say("1"))[0]
    assert "回复数字选择：1 确认提交，2 修改" in summed
    (told,) = await phone.say("1")
    (case,) = await cases(line)
    assert case.source == "sms"
    assert case.number in told and query_code(case.number) in told
    assert not re.search(r"https?://|/progress", told)
    async with line.state.database.unit_of_work() as session:
        assert await session.scalar(select(func.count()).select_from(Turn)) == 4


async def test_a_digit_that_is_no_choice_is_told_which_there_are(
    line: FastAPI, texting: Texting, assistant: AssistantPeer
) -> None:
    phone = texting(times=2)
    await phone.say(LAMP)
    await phone.say("昨天晚上")
    assert "1 确认提交，2 修改" in (await phone.say("1"))[0]
    heard = list(assistant.turns)
    (told,) = await phone.say("9")
    assert told.startswith("没有这个选项，请回复 1 到 ")
    assert "回复数字选择：1 确认提交，2 修改" in told
    assert assistant.turns == heard
    await phone.say("1")
    assert len(await cases(line)) == 1


async def test_every_number_has_its_own_conversation(line: FastAPI, texting: Texting) -> None:
    first, second = texting(), texting(number="+8613900005678")
    await first.say(LAMP)
    assert "望湖路" not in (await second.say("查进度"))[0]
    assert "什么时候" not in (await second.say("1"))[0]


@pytest.mark.parametrize(
    ("body", "grade", "reason"),
    [("5", 5, ""), ("3分", 3, ""), ("2 一直没人来修", 2, "一直没人来修")],
)
async def test_a_grade_by_digit_rates_the_case_told_of(
    line: FastAPI, texting: Texting, file: Register, body: str, grade: int, reason: str
) -> None:
    await told_answer(line, file)
    phone = texting(times=3)
    (told,) = await phone.say(body)
    assert "已记录您的评价" in told
    assert await reviews(line) == [(grade, reason)]
    (again,) = await phone.say("4")
    assert "已经评价过" in again
    assert await reviews(line) == [(grade, reason)]


async def test_a_bad_grade_is_asked_for_its_reason(
    line: FastAPI, texting: Texting, file: Register
) -> None:
    await told_answer(line, file)
    phone = texting()
    assert "加原因" in (await phone.say("1"))[0]
    assert await reviews(line) == []
    assert "核实整改" in (await phone.say("1，答非所问"))[0]
    assert await reviews(line) == [(1, "答非所问")]


@pytest.mark.parametrize(
    ("texts", "stored"),
    [
        (["1", "垃圾根本没清，来都没来人"], (1, "垃圾根本没清，来都没来人")),
        (["1", "1 垃圾根本没清，来都没来人"], (1, "垃圾根本没清，来都没来人")),
        (["2", "9", "2 还是有油烟"], (2, "还是有油烟")),
        (["2", "9", "还是有油烟"], (2, "还是有油烟")),
        (["1", "3天了都没人来"], (1, "3天了都没人来")),
        (["1", "5"], (5, "")),
        (["湖滨路9号停电了，电表坏了", "2 还是有油烟"], (2, "还是有油烟")),
        (["1", "转人工", "1 垃圾根本没清"], (1, "垃圾根本没清")),
    ],
)
async def test_the_reason_comes_in_a_text_of_its_own(
    line: FastAPI,
    texting: Texting,
    file: Register,
    texts: list[str],
    stored: tuple[int, str],
) -> None:
    await told_answer(line, file)
    phone = texting(times=2)
    for body in texts[:-1]:
        assert await phone.say(body) != []
        assert await reviews(line) == []
        # Another process: nothing is remembered outside the database.
        old = line.state.texts
        line.state.texts = TextLine(old.database, old.gateway)
    (told,) = await phone.say(texts[-1])
    assert "已记录您的评价" in told
    assert await reviews(line) == [stored]


async def test_an_asked_reason_is_not_invented(
    line: FastAPI, texting: Texting, file: Register, assistant: AssistantPeer
) -> None:
    await told_answer(line, file)
    phone = texting()
    before = new_sid("SM")
    await phone.say("湖滨路9号停电了，电表坏了", before)
    await told_answer(line, file)
    await phone.say("1")
    assert "没有这个选项，请回复 1 到 5" in (await phone.say("9"))[0]
    # An older text once more and what comes too late are no reason.
    await phone.say("湖滨路9号停电了，电表坏了", before)
    assert await reviews(line) == []
    async with line.state.database.unit_of_work() as session:
        await session.execute(update(Case).values(told_at=now() - timedelta(days=60)))
    await phone.say("路灯坏了")
    assert "路灯坏了" in assistant.turns[-1]
    assert await reviews(line) == []


async def test_an_emergency_is_no_reason(line: FastAPI, texting: Texting, file: Register) -> None:
    await told_answer(line, file)
    phone = texting()
    await phone.say("1")
    assert "110" in (await phone.say("有人打我，不能说话"))[0]
    assert await reviews(line) == []


@pytest.mark.parametrize("by_text", [True, False])
async def test_what_was_put_right_is_told_by_text(
    line: FastAPI, texting: Texting, file: Register, by_text: bool
) -> None:
    number = await told_answer(line, file)
    phone = texting()
    await phone.say("2 还是有油烟")
    settings = get_settings().model_copy(update={"quiet_from": time(0), "quiet_to": time(0)})
    async with line.state.database.unit_of_work() as session:
        (case,) = await session.scalars(select(Case).where(Case.number == number))
        await choose_sms(session, case.id, True)
        payload = {"case_id": case.id, "key": "x", "text": FINISHED}
        if by_text:
            payload["conversation_id"] = str(await conversation_at(session, "sms", NUMBER))
        await Teller(Transcripts(), settings).progress(session, payload)
    await send_all(line.state.database)
    to, body = phone.rest.texts()[-1]
    assert to == phone.number and "已经办理整改，我们会回访您。" in body


async def test_a_digit_from_another_number_rates_nothing(
    line: FastAPI, texting: Texting, file: Register
) -> None:
    await told_answer(line, file)
    await texting(number="+8613900005678").say("5")
    assert await reviews(line) == []


async def test_after_something_else_was_told_a_digit_is_a_choice(
    line: FastAPI, texting: Texting, file: Register
) -> None:
    await told_answer(line, file)
    phone = texting()
    await phone.say("湖滨路9号停电了，电表坏了")
    await phone.say("1")
    assert await reviews(line) == []


async def test_stop_is_kept_for_the_number_until_start(
    line: FastAPI, texting: Texting, rest: TwilioRest
) -> None:
    phone, other = texting(times=2), texting(number="+8613900005678")
    stop = new_sid("SM")
    assert await phone.say("退订", stop) == [STOPPED]
    assert await phone.say("TD") == []
    assert await phone.say(LAMP) == []
    refused = (await deliveries(line))[-1]
    assert (refused.state, refused.error) == ("failed", "市民已退订短信")
    assert await other.say(LAMP) != []
    assert await phone.say(" start ") == ["已恢复向您发送短信。不想再收到请回复“退订”。"]
    # The old message once more, long after.
    assert await phone.say("退订", stop) == []
    assert await phone.say("昨天晚上") != []


async def test_a_code_that_was_asked_for_reaches_a_number_that_said_stop(
    line: FastAPI, texting: Texting
) -> None:
    phone = texting()
    assert await phone.say("STOP") == []
    async with line.state.database.unit_of_work() as session:
        code = Message(key(), "sms", NUMBER, Kind.CODE, say("验证码 246810"))
        await enqueue(session, code)
    assert await phone.say(LAMP) == ["验证码 246810"]


async def test_receipts_come_late_twice_and_of_strangers(
    line: FastAPI, texting: Texting, rest: TwilioRest
) -> None:
    phone = texting(times=2)
    await phone.say(LAMP)
    (sent,) = await deliveries(line)
    assert sent.state == "sent" and sent.provider_id is not None
    await phone.receipt(new_sid("SM"), "delivered")
    await phone.receipt(sent.provider_id, "sent")
    await phone.receipt(sent.provider_id, "delivered")
    assert [one.state for one in await deliveries(line)] == ["received"]
    await phone.say("昨天晚上")
    failed = (await deliveries(line))[-1]
    assert failed.provider_id is not None
    await phone.receipt(failed.provider_id, "undelivered", "30003")
    assert [one.state for one in await deliveries(line)] == ["received", "failed"]


@pytest.mark.parametrize(
    ("refusal", "state"),
    [((400, 21610), "failed"), ((429, 20429), "queued"), ((500, 20500), "unknown")],
)
async def test_what_twilio_refuses_is_not_sent_twice(
    line: FastAPI, texting: Texting, rest: TwilioRest, refusal: tuple[int, int], state: str
) -> None:
    rest.refuse = refusal
    await texting().say(LAMP)
    assert [one.state for one in await deliveries(line)] == [state]


async def test_a_silent_platform_leaves_it_unknown(
    line: FastAPI, texting: Texting, rest: TwilioRest
) -> None:
    rest.silent = True
    await texting().say(LAMP)
    assert [one.state for one in await deliveries(line)] == ["unknown"]


async def test_a_slow_assistant_is_answered_by_a_text_of_its_own(
    line: FastAPI, texting: Texting, assistant: AssistantPeer
) -> None:
    line.state.texts.patience = 0.2
    assistant.slow = asyncio.Event()
    phone = texting()
    assert await phone.say(LAMP) == []
    assistant.slow.set()
    await asyncio.gather(*line.state.texts._turns)
    await send_all(line.state.database)
    assert "什么时候" in phone.rest.texts()[-1][1]


async def test_an_emergency_and_a_person_by_text(line: FastAPI, texting: Texting) -> None:
    phone = texting()
    assert "110" in (await phone.say("有人打我，不能说话"))[0]
    assert "已为您转人工" in (await texting(number="+8613900005678").say("转人工"))[0]


async def test_the_notice_is_one_text_that_names_the_case(
    line: FastAPI, file: Register, rest: TwilioRest
) -> None:
    number = await told_answer(line, file)
    ((to, body),) = rest.texts()
    assert to == "+8613800001234" and number in body
