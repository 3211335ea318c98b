"""What the citizen sees with number and query code, and what a guesser does not learn."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete
from town import DISPATCHER, NOW, URBAN, Names, Register

from cases import service
from cases.numbers import make_number, query_code
from cases.progress import PublicCase, look_up, public_case
from cases.vocabulary import ApprovalKind
from core.database import Database
from core.errors import NotFound, TooManyTries
from core.models import CalendarDay, FailedTry

WRONG = "222222"
UNKNOWN = make_number(NOW, 999_999)


async def ask(database: Database, number: str, code: str) -> PublicCase | None:
    async with database.unit_of_work() as session:
        return await look_up(session, number, code, Names(), NOW)


async def close(database: Database, case_id: int) -> None:
    async with database.unit_of_work() as session:
        session.add(CalendarDay(day=NOW.date(), working=True))
        await service.accept(session, URBAN, case_id, 1, NOW)
        await service.answer(session, URBAN, case_id, 2, "路灯已修好", "内部：换灯泡", NOW)
        await service.pass_check(session, DISPATCHER, case_id, 3, NOW)


async def test_an_open_case(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    found = await ask(city, f" {done.number[:6]}-{done.number[6:]}", done.query_code)
    assert found is not None
    assert (found.title, found.type_name, found.state_name) == ("望湖路路灯不亮", "投诉", "待签收")
    assert found.unit == "示例市城市管理局"
    assert found.due_at == done.due.at
    assert (found.answer, found.closed_at, found.review_link) == (None, None, None)
    assert [step.text for step in found.timeline] == ["诉求已登记", "已派往示例市城市管理局"]


async def test_a_closed_case_shows_its_answer_and_where_to_rate(
    city: Database, file: Register
) -> None:
    done = await file(lead="urban", assists=["power"])
    await close(city, done.case_id)
    found = await ask(city, done.number, done.query_code)
    assert found is not None
    assert (found.state_name, found.answer, found.told_at) == ("已答复", "路灯已修好", NOW)
    assert found.review_link and found.review_link.startswith(f"/r/{done.number}-")
    assert [step.text for step in found.timeline][-3:] == [
        "示例市城市管理局已签收",
        "示例市城市管理局已提交办理结果",
        "办理结果已审核，答复如下",
    ]
    told = repr(found)
    for hidden in ("内部", "张小明", "13800001234", URBAN.login, "望湖路8号", "供电"):
        assert hidden not in told


async def test_an_answer_is_public_only_when_the_case_is_closed(
    city: Database, file: Register
) -> None:
    done = await file(lead="urban")
    async with city.unit_of_work() as session:
        await service.accept(session, URBAN, done.case_id, 1, NOW)
        await service.answer(session, URBAN, done.case_id, 2, "草稿答复", "", NOW)
    found = await ask(city, done.number, done.query_code)
    assert found is not None and "草稿" not in repr(found)


async def test_reasons_among_staff_stay_there(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    async with city.unit_of_work() as session:
        back = service.Request(ApprovalKind.RETURN, "推给电力", "无", "power")
        asked = await service.ask(session, URBAN, done.case_id, 1, back, NOW)
        case = await service.decide(session, DISPATCHER, asked.id, 2, True, "行吧", NOW)
        await service.dispatch(
            session, DISPATCHER, done.case_id, case.version, "power", NOW, reason="试试"
        )
    found = await ask(city, done.number, done.query_code)
    assert found is not None
    assert all(word not in repr(found) for word in ("推给", "行吧", "试试"))
    assert [s.text for s in found.timeline][-2:] == ["正在重新确定承办单位", "已派往示例市供电公司"]


async def test_the_rating_link_ends_with_the_window(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    await close(city, done.case_id)
    for days, there in [(7, True), (8, False)]:
        async with city.unit_of_work() as session:
            found = await public_case(session, done.case_id, Names(), NOW + timedelta(days=days))
        assert (found.review_link is not None) == there


async def test_an_unknown_number_and_a_wrong_code_look_alike(
    city: Database, file: Register
) -> None:
    done = await file()
    assert await ask(city, done.number, WRONG) is None
    assert await ask(city, UNKNOWN, query_code(UNKNOWN)) is None
    assert await ask(city, "不是编号", "123456") is None
    with pytest.raises(NotFound):
        async with city.unit_of_work() as session:
            await public_case(session, done.case_id + 1, Names(), NOW)


@pytest.mark.parametrize("known", [True, False])
async def test_five_wrong_tries_lock_the_number(
    city: Database, file: Register, known: bool
) -> None:
    done = await file()
    number = done.number if known else UNKNOWN
    for _ in range(5):
        assert await ask(city, number, WRONG) is None
    # In another spelling it is the same number still.
    with pytest.raises(TooManyTries):
        await ask(city, " ".join(number), query_code(number))
    other = await file()
    assert await ask(city, other.number, other.query_code)
    async with city.unit_of_work() as session:
        await session.execute(delete(FailedTry))
    assert (await ask(city, number, query_code(number)) is not None) == known


async def test_guesses_at_once_are_all_counted(city: Database, file: Register) -> None:
    done = await file()
    results = await asyncio.gather(
        *(ask(city, done.number, WRONG) for _ in range(12)), return_exceptions=True
    )
    assert sum(r is None for r in results) == 5
    assert sum(isinstance(r, TooManyTries) for r in results) == 7


async def test_the_right_code_forgets_the_wrong_ones(city: Database, file: Register) -> None:
    done = await file()
    for _ in range(3):
        for _ in range(4):
            assert await ask(city, done.number, WRONG) is None
        assert await ask(city, done.number, done.query_code)
