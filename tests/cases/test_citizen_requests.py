"""What a citizen asks with number and query code, and of a case that went into another."""

from __future__ import annotations

import pytest
from test_case_handling import history_of
from test_case_life import answered, notices_of
from town import DISPATCHER, NOW, Names, Register

from cases import joining
from cases.citizen_requests import Wanted, carry_out
from cases.models import Case
from cases.numbers import query_code
from cases.progress import PublicCase, Wish
from cases.service import Registered
from core.database import Database
from core.errors import Conflict, InvalidInput


async def ask(
    database: Database, done: Registered, wish: Wish, text: str = "", key: str = "k" * 8
) -> PublicCase | None:
    async with database.unit_of_work() as session:
        return await carry_out(
            session, done.number, done.query_code, Wanted(wish, key, text), Names(), NOW
        )


async def test_each_wish_is_done_once_and_shown(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    assert (await ask(city, done, Wish.URGE)).can == [Wish.URGE, Wish.SUPPLEMENT, Wish.WITHDRAW]
    await ask(city, done, Wish.URGE)
    assert [e.action for e in await history_of(city, done.case_id)].count("urge") == 1
    with pytest.raises(InvalidInput):
        await ask(city, done, Wish.SUPPLEMENT, " ")
    with pytest.raises(Conflict):
        await ask(city, done, Wish.REOPEN, "没修好")
    gone = await ask(city, done, Wish.WITHDRAW)
    assert (gone.state_name, gone.can) == ("已撤回", [])


async def test_an_answered_case_can_be_asked_for_again(city: Database, file: Register) -> None:
    id = await answered(city, file)
    async with city.unit_of_work() as session:
        case = await session.get_one(Case, id)
    done = Registered(id, case.number, query_code(case.number), None, None, False)
    again = await ask(city, done, Wish.REOPEN, "又坏了，打13800001234")
    assert again.state_name == "办理中"
    assert (await history_of(city, id))[-1].reason == "又坏了，打138****1234"


async def test_a_wrong_code_does_nothing(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    wrong = Registered(done.case_id, done.number, "234567", done.due, None, False)
    assert await ask(city, wrong, Wish.WITHDRAW) is None
    assert [e.action for e in await history_of(city, done.case_id)][-1] == "dispatch"


async def test_words_of_a_merged_case_reach_its_unit_without_saying_whose(
    city: Database, file: Register
) -> None:
    target = await file(lead="urban")
    other = await file(lead="urban", name="李小红", phone="13900005678")
    async with city.unit_of_work() as session:
        await joining.merge(session, DISPATCHER, other.case_id, 1, target.case_id, "同一盏灯", NOW)
    shown = await ask(city, other, Wish.SUPPLEMENT, "李小红补充：灯杆也歪了，13900005678")
    assert shown.can == [Wish.URGE, Wish.SUPPLEMENT, Wish.WITHDRAW]
    event = (await history_of(city, target.case_id))[-1]
    assert event.action == "supplement" and event.audience == "staff"
    assert "灯杆也歪了" in event.data["text"] and "李小红" not in str(event.data)
    assert "13900005678" not in str(event.data)
    assert "supplement" in await notices_of(city, "urban")
    await ask(city, other, Wish.URGE)
    async with city.unit_of_work() as session:
        assert (await session.get_one(Case, target.case_id)).urges == 1
    assert (await ask(city, other, Wish.WITHDRAW)).state_name == "已撤回"
    async with city.unit_of_work() as session:
        assert (await session.get_one(Case, target.case_id)).state == "dispatched"
