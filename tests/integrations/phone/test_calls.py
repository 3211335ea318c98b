"""A call from the greeting to a filed case, and everything a caller does besides."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from bot import repository
from bot.assistant import Assistant
from bot.calls.models import Call
from bot.calls.repository import missed, number_of, recordings
from bot.gateway import Gateway
from bot.models import Conversation, Turn
from cases.models import Case
from cases.numbers import query_code
from core.database import Database
from core.privacy import decrypt
from integrations.voice.line import PATIENCE, VoiceLine
from integrations.voice.speech import one_by_one
from tests.integrations.phone.call_simulator import BASE, CallSimulator
from tests.integrations.phone.phone_assistant import AssistantPeer
from tests.integrations.phone.phone_line import Ring

LAMP = "望湖路8号的路灯不亮了"


async def file_case(phone: CallSimulator) -> list[str]:
    """Tell of the lamp and confirm with the keys; what was heard last."""
    await phone.say(LAMP)
    await phone.say("昨天晚上")
    await phone.press("1#")
    return await phone.press("1")


async def cases(line: FastAPI) -> list[Case]:
    async with line.state.database.unit_of_work() as session:
        return list(await session.scalars(select(Case).order_by(Case.id)))


async def stored(line: FastAPI, phone: CallSimulator) -> Call:
    async with line.state.database.unit_of_work() as session:
        return (await session.scalars(select(Call).where(Call.call_id == phone.sid))).one()


async def talk_of(line: FastAPI, phone: CallSimulator) -> Conversation:
    call = await stored(line, phone)
    async with line.state.database.unit_of_work() as session:
        return await session.get_one(Conversation, call.conversation_id)


async def test_a_case_is_filed_by_speech_and_keys_however_often_all_comes(
    line: FastAPI, call: Ring
) -> None:
    phone = call(times=3)
    assert "智能助手" in (await phone.ring())[0]
    assert "什么时候" in (await phone.say(LAMP))[-1]
    asked = (await phone.say("昨天晚上"))[-1]
    assert "尾号 1 2 3 4" in asked and "匿名反映请按2" in asked and "井号" in asked
    summed = (await phone.press("1#"))[-1]
    assert "望湖路8号" in summed and "确认提交请按1，修改请按2" in summed
    told = (await phone.press("1"))[-1]
    (case,) = await cases(line)
    assert case.source == "phone"
    assert one_by_one(case.number) in told
    assert one_by_one(query_code(case.number)) in told
    assert "http" not in told and case.number not in told
    async with line.state.database.unit_of_work() as session:
        lines = await repository.transcript(session, (await stored(line, phone)).conversation_id)
        turns = list(await session.scalars(select(Turn)))
    assert [one.speaker for one in lines] == ["citizen", "assistant"] * 4
    assert len(turns) == 4


async def test_what_is_named_counts_as_pressed(call: Ring) -> None:
    phone = call()
    await phone.ring()
    await phone.say(LAMP)
    await phone.say("昨天晚上")
    assert "联系：匿名" in (await phone.say("选二"))[-1]
    assert "直接说要改哪里" in (await phone.say("修改"))[-1]


async def test_what_was_heard_badly_is_confirmed(assistant: AssistantPeer, call: Ring) -> None:
    phone = call(times=2)
    await phone.ring()
    assert "我听到的是：望湖路的路灯坏了" in (await phone.say("望湖路的路灯坏了", 0.41))[-1]
    assert "我听到的是：望湖路的路灯坏了" in (await phone.press("*"))[-1]
    assert "再说一遍" in (await phone.press("2"))[-1]
    assert "我听到的是" in (await phone.say(LAMP, 0.3))[-1]
    assert assistant.turns == []
    assert "什么时候" in (await phone.press("1"))[-1]
    assert assistant.turns == [LAMP]
    assert "我听到的是：昨天晚上" in (await phone.say("昨天晚上", 0.5))[-1]
    assert "打您现在这个号码" in (await phone.say("对的", 0.9))[-1]
    assert assistant.turns == [LAMP, "昨天晚上"]


async def test_silence_is_asked_again_then_keys_then_a_person(line: FastAPI, call: Ring) -> None:
    phone = call(times=2)
    await phone.ring()
    assert "没有听到您说话" in (await phone.keep_silent())[-1]
    keys = (await phone.keep_silent())[-1]
    assert "办事咨询请按1，反映问题请按2，查进度请按3" in keys
    assert "已为您转人工" in (await phone.keep_silent())[-1]
    assert (await talk_of(line, phone)).owner == "person"


async def test_keys_offered_after_silence_work(call: Ring) -> None:
    phone = call()
    await phone.ring()
    await phone.keep_silent()
    await phone.keep_silent()
    assert "什么事" in (await phone.press("2"))[-1]


@pytest.mark.parametrize("way", ["key", "words", "unsure words"])
async def test_a_person_at_any_time(line: FastAPI, call: Ring, way: str) -> None:
    phone = call()
    await phone.ring()
    await phone.say(LAMP)
    if way == "key":
        heard = await phone.press("0")
    else:
        heard = await phone.say("转人工", 0.9 if way == "words" else 0.2)
    assert "已为您转人工" in heard[-1] and "填表" not in heard[-1]
    assert "要我们回拨请按1" in heard[-1]
    waiting = await stored(line, phone)
    assert waiting.state == "waiting" and waiting.waiting_since is not None
    assert "请不要挂断" in (await phone.keep_silent())[-1]
    assert "已收到" in (await phone.say("就在小区门口"))[-1]
    assert "我们继续" in (await phone.press("3"))[-1]
    assert (await stored(line, phone)).state == "assistant"


async def test_who_hangs_up_waiting_is_a_missed_call(line: FastAPI, call: Ring) -> None:
    phone, other = call(times=3), call(number="anonymous")
    for one in (phone, other):
        await one.ring()
    await phone.press("0")
    await phone.hang_up()
    await other.hang_up()
    async with line.state.database.unit_of_work() as session:
        (found,) = await missed(session)
        assert found.call_id == phone.sid and found.missed_at is not None
        assert number_of(found) == "13800001234"


async def test_who_waits_can_be_called_back_or_leave_a_message(line: FastAPI, call: Ring) -> None:
    back, message = call(), call(number="+8613900005678", times=2)
    for one in (back, message):
        await one.ring()
        await one.press("0")
    said = await back.press("1")
    assert "尾号 1 2 3 4" in said[-1] and back.ended
    await message.press("2")
    assert "留言已收到" in (await message.leave_message())[-1]
    await message.hang_up()
    async with line.state.database.unit_of_work() as session:
        found = await missed(session)
        assert [one.call_id for one in found] == [back.sid, message.sid]
        assert all(one.missed_at is None for one in found)
        (kept,) = await recordings(session, found[1].id)
        assert kept.seconds == 7 and decrypt(kept.address).startswith("https://")


async def test_a_withheld_number_cannot_be_called_back(call: Ring) -> None:
    phone = call(number="anonymous")
    await phone.ring()
    await phone.press("0")
    assert "没法回拨" in (await phone.press("1"))[-1]


@pytest.mark.parametrize("confidence", [0.95, 0.2])
async def test_an_emergency_within_a_form_is_connected_at_once(
    line: FastAPI, call: Ring, assistant: AssistantPeer, confidence: float
) -> None:
    phone = call(times=3)
    await phone.ring()
    await phone.say(LAMP)
    heard = await phone.say("快来人我家着火了", confidence)
    assert "正在为您转接 1 1 9" in heard[-1]
    assert phone.dialled == "+8600012340119"
    assert len(assistant.turns) == 1
    told = await phone.dial_ends("no-answer")
    assert "没有接通" in told[-1] and "拨打 1 1 9" in told[-1]
    talk = await talk_of(line, phone)
    assert talk.owner == "person" and str(talk.handover_reason).startswith("紧急")


async def test_a_number_without_entry_is_dialled_as_it_is(call: Ring) -> None:
    phone = call()
    await phone.ring()
    await phone.say("有人打我，不能说话")
    assert phone.dialled == "110"
    assert "还需要帮助" in (await phone.dial_ends("completed"))[-1]


async def test_who_wants_to_die_is_connected_in_the_middle_of_a_form(
    line: FastAPI, call: Ring
) -> None:
    phone = call()
    await phone.ring()
    await phone.say(LAMP)
    heard = await phone.say("我不想活了")
    assert "请不要挂断" in heard[-1] and phone.dialled in ("110", "120")
    assert str((await talk_of(line, phone)).handover_reason).startswith("紧急")


async def test_a_figure_of_speech_is_no_emergency(call: Ring) -> None:
    phone = call()
    await phone.ring()
    await phone.say("楼下的路灯坏了吵得我想死")
    assert phone.waiting is not None and phone.waiting.tag == "Gather"


async def test_a_slow_assistant_never_keeps_the_exchange_waiting(
    line: FastAPI, call: Ring, assistant: AssistantPeer
) -> None:
    line.state.voice.patience = 0.2
    assistant.slow = asyncio.Event()
    phone = call()
    await phone.ring()
    phone.on_wait = assistant.slow.set
    heard = await phone.say(LAMP)
    assert heard[0] == "请稍等。" and "什么时候" in heard[-1]
    assert len(assistant.turns) <= 2  # asked anew at most, acted upon once
    line.state.voice.patience = PATIENCE
    assert "打您现在这个号码" in (await phone.say("昨天晚上"))[-1]


async def test_a_process_that_dies_within_a_turn_loses_nothing(
    line: FastAPI, call: Ring, assistant: AssistantPeer
) -> None:
    phone = call()
    await phone.ring()
    assert phone.waiting is not None
    url = phone.waiting.attrib["action"]
    fields = phone._fields(SpeechResult=LAMP, Confidence="0.9")
    assistant.slow = asyncio.Event()
    request = asyncio.create_task(phone.post(url, fields))
    await assistant.arrived.wait()
    request.cancel()
    for turn in line.state.voice._turns:
        turn.cancel()
    # Another process takes over, and the exchange asks again.
    client = Assistant(line.state.settings)
    gateway = Gateway(line.state.database, client)
    line.state.voice = VoiceLine(line.state.database, gateway, "示例市")
    assistant.slow.set()
    answer = await phone.post(url, fields)
    assert "什么时候" in (await phone.follow(answer.text))[-1]
    async with line.state.database.unit_of_work() as session:
        lines = await repository.transcript(session, (await stored(line, phone)).conversation_id)
    assert [one.speaker for one in lines] == ["citizen", "assistant"]
    await client.close()


async def test_a_lost_database_is_waited_for(line: FastAPI, call: Ring) -> None:
    phone = call()
    await phone.ring()
    real = line.state.voice.database
    line.state.voice.database = Database("postgresql://nobody@127.0.0.1:1/none")
    phone.on_wait = lambda: setattr(line.state.voice, "database", real)
    heard = await phone.say(LAMP)
    assert "正在恢复" in heard[0] and len(heard) == 2
    assert "没有听到" in heard[1]
    assert "什么时候" in (await phone.say(LAMP))[-1]


async def test_without_the_assistant_the_call_goes_on(call: Ring, assistant: AssistantPeer) -> None:
    phone = call()
    await phone.ring()
    await assistant.stop()
    heard = await phone.say(LAMP)
    assert "没有响应" in heard[-1] and phone.waiting is not None
    assert "已为您转人工" in (await phone.press("0"))[-1]


async def test_what_comes_after_the_end_or_too_late_is_harmless(line: FastAPI, call: Ring) -> None:
    phone = call()
    await phone.callback(f"{BASE}/twilio/voice/status", CallStatus="completed")
    await phone.ring()
    await phone.say(LAMP)
    first = phone.requests[1]
    now = await phone.say("昨天晚上")
    again = await phone.post(*first)
    assert (await phone.follow(again.text))[-1] == now[-1]
    lost = await phone.post(f"{BASE}/twilio/voice/fallback", phone._fields(ErrorCode="11200"))
    assert (await phone.follow(lost.text))[-1] == now[-1]
    last = phone.requests[-1]
    await phone.hang_up()
    for url, fields in (first, last, phone.requests[0]):
        assert "<Hangup" in (await phone.post(url, fields)).text
    async with line.state.database.unit_of_work() as session:
        assert len(list(await session.scalars(select(Turn)))) == 2
        assert len(list(await session.scalars(select(Call)))) == 1


async def test_two_requests_of_one_step_at_once_act_once(line: FastAPI, call: Ring) -> None:
    phone = call()
    await phone.ring()
    assert phone.waiting is not None
    url = phone.waiting.attrib["action"]
    fields = phone._fields(SpeechResult=LAMP, Confidence="0.9")
    answers = await asyncio.gather(*(phone.post(url, fields) for _ in range(3)))
    assert len({one.text for one in answers}) == 1
    async with line.state.database.unit_of_work() as session:
        assert len(list(await session.scalars(select(Turn)))) == 1
