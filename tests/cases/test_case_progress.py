"""What the citizen sees with number and query code, and what a guesser does not learn."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, update
from town import DISPATCHER, NOW, URBAN, Names, Register, person

from cases import service
from cases.models import Case, CaseClock, CaseEvent
from cases.numbers import make_number, query_code
from cases.progress import PublicCase, look_up, public_case, wording
from cases.repository import CaseRepository
from cases.service import Request
from cases.states import Action, MainState
from cases.vocabulary import ApprovalKind, Audience, ClockKind
from core.calendar import LOCAL
from core.database import Database
from core.errors import NotFound, TooManyTries
from core.identity import Role
from core.models import CalendarDay, FailedTry

WRONG = "222222"
UNKNOWN = make_number(NOW, 999_999)


async def ask(database: Database, number: str, code: str) -> PublicCase | None:
    async with database.unit_of_work() as session:
        return await look_up(session, number, code, Names(), NOW)


async def tell(database: Database, case_id: int) -> None:
    async with database.unit_of_work() as session:
        session.add(CalendarDay(day=NOW.date(), working=True))
        await service.accept(session, URBAN, case_id, 1, NOW)
        await service.answer(session, URBAN, case_id, 2, "路灯已修好", "内部：换灯泡", NOW)
        await service.pass_check(session, DISPATCHER, case_id, 3, NOW, remark="可以")


async def told_of(database: Database, case_id: int) -> PublicCase:
    async with database.unit_of_work() as session:
        return await public_case(session, case_id, Names(), NOW)


async def test_an_open_case(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    found = await ask(city, f" {done.number[:6]}-{done.number[6:]}", done.query_code)
    assert found is not None
    assert (found.title, found.type_name, found.state_name) == ("望湖路路灯不亮", "投诉", "待签收")
    assert found.unit == "示例市城市管理局"
    assert found.due_at == done.due.at
    assert [(d.name, d.at) for d in found.dates][:1] == [("预计答复", done.due.at)]
    assert (found.answer, found.told_at, found.review_link) == (None, None, None)
    assert [step.text for step in found.timeline] == ["诉求已登记", "已派往示例市城市管理局"]


async def test_a_told_case_shows_its_answer_and_where_to_rate(
    city: Database, file: Register
) -> None:
    done = await file(lead="urban", assists=["power"])
    await tell(city, done.case_id)
    found = await ask(city, done.number, done.query_code)
    assert found is not None
    assert (found.state_name, found.answer, found.told_at) == ("已答复", "路灯已修好", NOW)
    assert (found.closed_at, found.dates) == (None, [])
    assert found.review_link and found.review_link.startswith(f"/r/{done.number}-")
    assert [step.text for step in found.timeline][-3:] == [
        "示例市城市管理局已签收",
        "示例市城市管理局已提交办理结果",
        "办理结果已审核，答复如下",
    ]
    told = repr(found)
    for hidden in ("内部", "张小明", "13800001234", URBAN.login, "望湖路8号", "供电", "可以"):
        assert hidden not in told


async def test_an_answer_is_there_only_when_it_was_checked(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    async with city.unit_of_work() as session:
        await service.accept(session, URBAN, done.case_id, 1, NOW)
        await service.answer(session, URBAN, done.case_id, 2, "草稿答复", "", NOW)
    found = await ask(city, done.number, done.query_code)
    assert found is not None and "草稿" not in repr(found)


async def test_a_new_round_takes_the_answer_back(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    await tell(city, done.case_id)
    async with city.unit_of_work() as session:
        await service.reopen(session, done.case_id, "again", "又不亮了", NOW)
    found = await told_of(city, done.case_id)
    assert (found.state_name, found.answer, found.review_link) == ("办理中", None, None)
    assert found.timeline[-1].text == "您要求重新办理"


async def test_reasons_among_staff_stay_there(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    wanted = Request(ApprovalKind.RETURN, "推给电力", "内部依据", "power")
    async with city.unit_of_work() as session:
        asked = await service.ask(session, URBAN, done.case_id, 1, wanted, NOW)
        case = await service.decide(session, DISPATCHER, asked.id, 2, True, "算了", NOW)
        await service.dispatch(
            session, DISPATCHER, done.case_id, case.version, "power", NOW, reason="试试"
        )
    found = await ask(city, done.number, done.query_code)
    assert found is not None
    for words in ("推给", "试试", "算了", "内部依据"):
        assert words not in repr(found)
    assert [s.text for s in found.timeline][-2:] == ["正在重新确定承办单位", "已派往示例市供电公司"]


async def test_interim_answers_extension_and_suspension_are_told(
    city: Database, file: Register
) -> None:
    done = await file(lead="urban")
    supervisor = person(Role.SUPERVISOR)
    longer = Request(ApprovalKind.EXTENSION, "等配件", days=3)
    aside = Request(ApprovalKind.SUSPENSION, "要等道路改造", until=date(2026, 10, 8))
    async with city.unit_of_work() as session:
        await service.accept(session, URBAN, done.case_id, 1, NOW)
        case = await service.interim(session, URBAN, done.case_id, 2, "配件已订", NOW)
        asked = await service.ask(session, URBAN, done.case_id, case.version, longer, NOW)
        case = await service.decide(session, DISPATCHER, asked.id, case.version, True, "同意", NOW)
        due = case.due_at
        asked = await service.ask(session, URBAN, done.case_id, case.version, aside, NOW)
        await service.decide(session, supervisor, asked.id, case.version, True, "同意", NOW)
    found = await told_of(city, done.case_id)
    assert due > done.due.at
    steps = [step.text for step in found.timeline]
    assert "示例市城市管理局阶段答复：配件已订" in steps
    assert f"情况复杂，办理期限延长到 {due.astimezone(LOCAL):%Y-%m-%d %H:%M}" in steps
    assert steps[-1] == "目前还不具备解决条件，已挂账，2026-10-08 前再次办理"
    assert (found.state_name, found.look_again_on) == ("已挂账", date(2026, 10, 8))


async def test_a_statutory_date_stands_beside_the_lines_own(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    async with city.unit_of_work() as session:
        for name, state in (("法定期限：立案", "running"), ("法定期限：旧", "cancelled")):
            session.add(
                CaseClock(
                    case_id=done.case_id,
                    kind=ClockKind.STATUTORY,
                    name=name,
                    rule="r",
                    state=state,
                    started_at=NOW,
                    amount=15,
                    measure="working_days",
                    due_at=NOW + timedelta(days=21),
                    provisional=True,
                    yellow_at=NOW,
                )
            )
    found = await told_of(city, done.case_id)
    assert [(d.name, d.provisional) for d in found.dates] == [
        ("预计答复", False),
        ("法定期限：立案", True),
    ]


async def test_a_merged_case_shows_how_the_other_goes_and_nothing_of_it(
    city: Database, file: Register
) -> None:
    target = await file(lead="urban", title="另一个人的标题", detail="另一个人的事情")
    child = await file(lead="power")
    async with city.unit_of_work() as session:
        await service.urge(session, target.case_id, "other", NOW)
        await session.execute(
            update(Case)
            .where(Case.id == child.case_id)
            .values(merged_into=target.case_id, state=MainState.MERGED)
        )
        await service.accept(session, URBAN, target.case_id, 1, NOW)
    found = await told_of(city, child.case_id)
    assert (found.number, found.title, found.state_name) == (
        child.number,
        "望湖路路灯不亮",
        "办理中",
    )
    assert found.unit == "示例市城市管理局"
    assert found.timeline[-1].text == "示例市城市管理局已签收"
    for hidden in (target.number, "另一个人", "催办"):
        assert hidden not in repr(found)


@pytest.mark.parametrize("action", Action)
def test_whatever_a_citizen_may_read_has_words(action: Action) -> None:
    event = CaseEvent(action=action, actor_kind="citizen", audience="citizen", data={})
    words = wording(event, Names())
    assert words is None or ("{" not in words and words.strip())


async def test_every_line_for_the_citizen_says_something(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    await tell(city, done.case_id)
    async with city.unit_of_work() as session:
        await service.reopen(session, done.case_id, "again", "又不亮了", NOW)
        events = await CaseRepository(session, None).events(done.case_id)
    found = await told_of(city, done.case_id)
    assert len(found.timeline) == sum(e.audience != Audience.STAFF for e in events)


async def test_the_rating_link_ends_with_the_window(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    await tell(city, done.case_id)
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
