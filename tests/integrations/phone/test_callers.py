"""Who rings: dropped calls taken up, shared and withheld numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from test_calls import LAMP, cases, file_case, talk_of

from bot.calls.models import Call
from cases.models import CaseEvent
from cases.numbers import query_code
from core.database import now
from tests.integrations.phone.call_simulator import CallSimulator
from tests.integrations.phone.phone_line import Ring


async def dropped(phone: CallSimulator) -> None:
    """Tell of the lamp, then the call breaks off."""
    await phone.ring()
    await phone.say(LAMP)
    await phone.hang_up()


async def test_a_dropped_call_is_taken_up_by_the_verified_number(line: FastAPI, call: Ring) -> None:
    first, again = call(vouched=True), call(vouched=True, times=3)
    await dropped(first)
    assert "接着登记请按1" in (await again.ring())[-1]
    assert "什么时候" in (await again.press("1"))[-1]
    await again.say("昨天晚上")
    await again.press("1#")
    assert "已登记" in (await again.press("1"))[-1]
    (case,) = await cases(line)
    assert "路灯" in case.detail
    assert (await talk_of(line, again)).id != (await talk_of(line, first)).id


@pytest.mark.parametrize("said", ["接着登记", "是的"])
async def test_taking_up_can_be_said(call: Ring, said: str) -> None:
    await dropped(call(vouched=True))
    again = call(vouched=True)
    await again.ring()
    assert "什么时候" in (await again.say(said))[-1]


async def test_something_else_leaves_the_dropped_matter(line: FastAPI, call: Ring) -> None:
    await dropped(call(vouched=True))
    for way in ("press", "say"):
        again = call(vouched=True)
        await again.ring()
        if way == "press":
            assert "请说您要办什么事" in (await again.press("2"))[-1]
        asked = (await again.say("湖滨路9号停电了，电表坏了"))[-1]
        assert "路灯" not in asked
        await again.press("0")
        await again.hang_up()
    assert await cases(line) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"vouched": False}, {"vouched": True}),
        ({"vouched": True}, {"vouched": False}),
        ({"vouched": True}, {"vouched": True, "number": "+8613900005678"}),
        ({"vouched": True, "number": "anonymous"}, {"vouched": True, "number": "anonymous"}),
    ],
)
async def test_nobody_else_is_offered_it(
    call: Ring, first: dict[str, object], second: dict[str, object]
) -> None:
    await dropped(call(**first))
    assert "接着登记" not in (await call(**second).ring())[-1]


async def test_it_is_not_offered_the_day_after(line: FastAPI, call: Ring) -> None:
    await dropped(call(vouched=True))
    async with line.state.database.unit_of_work() as session:
        await session.execute(update(Call).values(ended_at=now() - timedelta(hours=20)))
    assert "接着登记" not in (await call(vouched=True).ring())[-1]


async def test_a_shared_telephone_opens_nothing_without_number_and_code(
    line: FastAPI, call: Ring
) -> None:
    first = call(vouched=True)
    await first.ring()
    await file_case(first)
    await first.hang_up()
    (case,) = await cases(line)
    code = query_code(case.number)
    wrong = f"{(int(code) + 111111) % 1000000:06d}"
    for wish in ("查进度", "催一下我的工单", "撤回我的工单", "非常不满意"):
        second = call(vouched=True)
        greeted = await second.ring()
        heard = await second.say(wish)
        heard += await second.press(f"{case.number}#")
        heard += await second.press(f"{wrong}#")
        told = "".join([*greeted, *heard])
        assert "路灯" not in told and "已催办" not in told and "撤回后" not in told
        await second.hang_up()
    async with line.state.database.unit_of_work() as session:
        events = set(await session.scalars(select(CaseEvent.action)))
    assert not events & {"urge", "withdraw", "supplement"}


async def test_number_and_code_open_the_case_spoken_or_pressed(line: FastAPI, call: Ring) -> None:
    first = call()
    await first.ring()
    await file_case(first)
    await first.hang_up()
    (case,) = await cases(line)
    spoken = "".join("零一二三四五六七八九"[int(digit)] for digit in case.number)
    second = call(number="+8613900005678")
    await second.ring()
    assert "井号" in (await second.say("查进度"))[-1]
    assert "查询码" in (await second.say(f"编号是{spoken}"))[-1]
    assert "路灯" in (await second.press(f"{query_code(case.number)}#"))[-1]


async def test_calls_with_withheld_numbers_are_strangers(line: FastAPI, call: Ring) -> None:
    first, second = call(number="anonymous"), call(number="anonymous")
    for phone in (first, second):
        await phone.ring()
    await first.say(LAMP)
    asked = (await first.say("昨天晚上"))[-1]
    assert "请留一个联系电话" in asked
    assert "1 3 9" not in asked
    summed = (await first.press("13900005678#"))[-1]
    assert "尾号 5 6 7 8" in summed
    assert (await talk_of(line, first)).id != (await talk_of(line, second)).id
