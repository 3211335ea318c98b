"""A case in the hands of staff and citizen: what changes, what is written down, who wins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from town import DISPATCHER, NOW, POWER, URBAN, Register, person

from cases import service
from cases.models import Case, CaseEvent, SubCase
from cases.repository import CaseRepository
from cases.vocabulary import ApprovalKind
from core.database import Database
from core.errors import Conflict, HotlineError, InvalidInput, NotAllowed, NotFound
from core.identity import Role
from core.models import OutboxMessage
from core.privacy import decrypt

SEAT = person(Role.SEAT)
LISTED = "属于镇街履职事项清单第 3 条"


async def do(database: Database, change: Callable[..., Awaitable[Any]], *given: Any, **more: Any):
    async with database.unit_of_work() as session:
        return await change(session, *given, now=NOW, **more)


async def parts_of(database: Database, case_id: int) -> list[tuple[str, str, str]]:
    async with database.unit_of_work() as session:
        parts = await CaseRepository(session, None).parts(case_id)
    return [(p.unit, p.role, p.state) for p in parts]


async def history_of(database: Database, case_id: int) -> list[CaseEvent]:
    async with database.unit_of_work() as session:
        return list(await CaseRepository(session, None).events(case_id))


async def test_the_whole_way(city: Database, file: Register) -> None:
    done = await file()
    id = done.case_id
    await do(city, service.dispatch, DISPATCHER, id, 1, "power")
    await do(city, service.reassign, DISPATCHER, id, 2, "urban", reason="路灯归城管")
    case = await do(city, service.accept, URBAN, id, 3)
    assert case.state == "in_progress"
    case = await do(city, service.answer, URBAN, id, 4, "路灯已修好", "换灯泡两只")
    assert (case.state, case.citizen_answer) == ("answered", None)
    case = await do(city, service.pass_check, DISPATCHER, id, 5)
    assert (case.state, case.citizen_answer, case.told_at) == ("callback", "路灯已修好", NOW)
    assert (case.closed_at, case.first_unit, case.dispatches) == (None, "power", 2)
    assert await parts_of(city, id) == [
        ("power", "lead", "reassigned"),
        ("urban", "lead", "closed"),
    ]
    history = await history_of(city, id)
    assert [(e.action, e.actor, e.from_state, e.to_state) for e in history] == [
        ("register", None, None, "pending_dispatch"),
        ("dispatch", DISPATCHER.login, "pending_dispatch", "dispatched"),
        ("reassign", DISPATCHER.login, "dispatched", "dispatched"),
        ("accept", URBAN.login, "pending_acceptance", "in_progress"),
        ("answer", URBAN.login, "in_progress", "answered"),
        ("pass", DISPATCHER.login, "answered", "closed"),
    ]
    assert (history[2].reason, history[2].data) == (
        "路灯归城管",
        {"unit": "urban", "from_unit": "power"},
    )


async def test_an_answer_is_announced_once_in_the_same_transaction(
    city: Database, file: Register
) -> None:
    done = await file(lead="urban")
    await do(city, service.accept, URBAN, done.case_id, 1)
    await do(city, service.answer, URBAN, done.case_id, 2, "好了", "")
    async with city.unit_of_work() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))
    with pytest.raises(RuntimeError):
        async with city.unit_of_work() as session:
            await service.pass_check(session, DISPATCHER, done.case_id, 3, NOW)
            raise RuntimeError("the process dies before the commit")
    async with city.unit_of_work() as session:
        assert (await session.scalars(select(OutboxMessage))).all() == []
    await do(city, service.pass_check, DISPATCHER, done.case_id, 3)
    async with city.unit_of_work() as session:
        [message] = (await session.scalars(select(OutboxMessage))).all()
        case = await session.get_one(Case, done.case_id)
        jobs = await session.scalar(text("SELECT count(*) FROM procrastinate_jobs"))
    assert (message.topic, message.key) == ("case_answered", f"case_answered:{case.id}:1")
    assert message.payload.keys() == {"case_id", "number", "conversation_id", "round"}
    assert message.payload["number"] == case.number
    assert message.payload["conversation_id"]
    assert jobs == 1


async def test_two_clerks_at_once_one_wins(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    results = await asyncio.gather(
        *(do(city, service.accept, URBAN, done.case_id, 1) for _ in range(2)),
        return_exceptions=True,
    )
    [lost] = [r for r in results if isinstance(r, BaseException)]
    assert isinstance(lost, Conflict) and "刷新" in lost.message
    assert [e.action for e in await history_of(city, done.case_id)].count("accept") == 1


async def test_reassigning_and_accepting_at_once_leaves_one_lead(
    city: Database, file: Register
) -> None:
    done = await file(lead="urban")
    results = await asyncio.gather(
        do(city, service.accept, URBAN, done.case_id, 1),
        do(city, service.reassign, DISPATCHER, done.case_id, 1, "power", reason="电力的事"),
        return_exceptions=True,
    )
    assert sum(isinstance(r, HotlineError) for r in results) == 1
    live = [p for p in await parts_of(city, done.case_id) if p[2] != "reassigned"]
    assert len(live) == 1


async def test_an_assisting_unit_does_not_move_the_case(city: Database, file: Register) -> None:
    done = await file(lead="urban", assists=["power"])
    id = done.case_id
    assert (await do(city, service.accept, POWER, id, 1)).state == "dispatched"
    assert (await do(city, service.answer, POWER, id, 2, "电源正常", "")).state == "dispatched"
    history = await history_of(city, id)
    assert {e.audience for e in history if e.actor == POWER.login} == {"staff"}


async def test_parts_still_open_end_with_the_leading_one(city: Database, file: Register) -> None:
    done = await file(lead="urban", assists=["power"])
    id = done.case_id
    await do(city, service.accept, URBAN, id, 1)
    await do(city, service.answer, URBAN, id, 2, "修好了", "")
    await do(city, service.pass_check, DISPATCHER, id, 3)
    assert await parts_of(city, id) == [("urban", "lead", "closed"), ("power", "assist", "ended")]
    last = (await history_of(city, id))[-1]
    assert (last.actor_kind, last.to_state) == ("system", "ended")
    with pytest.raises(Conflict, match="待回访"):
        await do(city, service.accept, POWER, id, 4)


async def test_an_assisting_unit_can_become_the_leading_one(city: Database, file: Register) -> None:
    done = await file(lead="urban", assists=["power"])
    await do(city, service.reassign, DISPATCHER, done.case_id, 1, "power", reason="以电为主")
    assert await parts_of(city, done.case_id) == [
        ("urban", "lead", "reassigned"),
        ("power", "assist", "reassigned"),
        ("power", "lead", "pending_acceptance"),
    ]


async def test_who_assisted_the_former_lead_is_asked_about(city: Database, file: Register) -> None:
    done = await file(lead="urban", assists=["power"])
    id = done.case_id
    with pytest.raises(InvalidInput) as refused:
        await do(city, service.reassign, DISPATCHER, id, 1, "chengdong.wanghu", reason=LISTED)
    assert "assists" in refused.value.fields
    [moved] = await do(city, service.reassign_many, DISPATCHER, {id: 1}, "chengdong.wanghu", LISTED)
    assert "打开工单改派" in moved.problem
    assert await parts_of(city, id) == [
        ("urban", "lead", "pending_acceptance"),
        ("power", "assist", "pending_acceptance"),
    ]
    await do(
        city, service.reassign, DISPATCHER, id, 1, "chengdong.wanghu", reason=LISTED,
        keep_assists=False,
    )  # fmt: skip
    assert await parts_of(city, id) == [
        ("urban", "lead", "reassigned"),
        ("power", "assist", "reassigned"),
        ("chengdong.wanghu", "lead", "pending_acceptance"),
    ]
    assert (await history_of(city, id))[-1].data["dropped"] == ["power"]
    # Kept where that is said.
    other = (await file(lead="urban", assists=["power"])).case_id
    await do(
        city, service.reassign, DISPATCHER, other, 1, "chengdong.wanghu", reason=LISTED,
        keep_assists=True,
    )  # fmt: skip
    assert ("power", "assist", "pending_acceptance") in await parts_of(city, other)


async def test_the_next_higher_unit_may_act_for_one_below(city: Database, file: Register) -> None:
    done = await file(lead="chengdong.wanghu")
    leader = person(Role.UNIT_LEADER, "chengdong", "chengdong.wanghu")
    assert (await do(city, service.accept, leader, done.case_id, 1)).state == "in_progress"


@pytest.mark.parametrize(
    ("unit", "reason", "field"),
    [
        ("power", " ", "reason"),
        ("gone", "错派", "unit"),
        ("nowhere", "错派", "unit"),
        ("urban", "错派", "unit"),
    ],
)
async def test_reassigning_needs_a_reason_and_another_living_unit(
    city: Database, file: Register, unit: str, reason: str, field: str
) -> None:
    done = await file(lead="urban")
    with pytest.raises(InvalidInput) as caught:
        await do(city, service.reassign, DISPATCHER, done.case_id, 1, unit, reason=reason)
    assert list(caught.value.fields) == [field]


async def test_returning_needs_a_reason_and_answering_words(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    empty = service.Request(ApprovalKind.RETURN, reason="", basis="", proposed_unit="")
    with pytest.raises(InvalidInput) as caught:
        await do(city, service.ask, URBAN, done.case_id, 1, empty)
    assert list(caught.value.fields) == ["reason", "basis", "proposed_unit"]
    await do(city, service.accept, URBAN, done.case_id, 1)
    with pytest.raises(InvalidInput):
        await do(city, service.answer, URBAN, done.case_id, 2, " ", "内部")


async def test_who_may_not_is_told_so(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    with pytest.raises(NotAllowed, match="话务员不能签收"):
        await do(city, service.accept, SEAT, done.case_id, 1)
    with pytest.raises(NotAllowed, match="承办人不能改派"):
        await do(city, service.reassign, URBAN, done.case_id, 1, "power", reason="不是我们的")
    with pytest.raises(NotFound):
        await do(city, service.accept, POWER, done.case_id, 1)


async def test_states_that_forbid_say_what_they_are(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    with pytest.raises(Conflict, match="工单现在是“待签收”，不能派单"):
        await do(city, service.dispatch, DISPATCHER, done.case_id, 1, "power")
    with pytest.raises(Conflict, match="本单位的办理状态是“待签收”，不能答复"):
        await do(city, service.answer, URBAN, done.case_id, 1, "好", "")


async def test_urging_counts_once_and_disturbs_no_clerk(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    assert await do(city, service.urge, done.case_id, "k1")
    assert not await do(city, service.urge, done.case_id, "k1")
    assert await do(city, service.urge, done.case_id, "k2", by=SEAT)
    history = await history_of(city, done.case_id)
    assert [(e.actor_kind, e.actor) for e in history if e.action == "urge"] == [
        ("citizen", None),
        ("staff", SEAT.login),
    ]
    await do(city, service.accept, URBAN, done.case_id, 1)


async def test_the_same_urge_twice_at_once_counts_once(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    results = await asyncio.gather(
        *(do(city, service.urge, done.case_id, "same") for _ in range(4))
    )
    assert sorted(results) == [False, False, False, True]


async def test_a_supplement_is_masked_kept_and_seen_before_the_next_step(
    city: Database, file: Register
) -> None:
    done = await file(lead="urban", confidential=True)
    words = "我是张小明，改打13900005678，在西门"
    assert await do(city, service.supplement, done.case_id, "k", words)
    assert not await do(city, service.supplement, done.case_id, "k", "别的话")
    event = (await history_of(city, done.case_id))[-1]
    assert event.data["text"] == "我是张**，改打139****5678，在西门"
    assert decrypt(event.data["original"]) == words
    with pytest.raises(Conflict):
        await do(city, service.accept, URBAN, done.case_id, 1)
    async with city.unit_of_work() as session:
        seen = await CaseRepository(session, URBAN).view(done.case_id)
        known = await CaseRepository(session, DISPATCHER).view(done.case_id)
    assert seen.events[-1].text == event.data["text"]
    # Of a secret case not even the line's desks see it without asking.
    assert known.events[-1].text == event.data["text"]
    assert seen.events[-1].data == {}


async def test_a_withdrawn_case_is_over_for_everybody(city: Database, file: Register) -> None:
    done = await file(lead="urban", assists=["power"])
    assert await do(city, service.withdraw, done.case_id, "k", reason="已经好了")
    assert not await do(city, service.withdraw, done.case_id, "k")
    assert {p[2] for p in await parts_of(city, done.case_id)} == {"withdrawn"}
    async with city.unit_of_work() as session:
        assert (await session.get_one(Case, done.case_id)).state == "withdrawn"
    with pytest.raises(Conflict, match="已撤回"):
        await do(city, service.accept, URBAN, done.case_id, 2)
    with pytest.raises(Conflict, match="不能催办"):
        await do(city, service.urge, done.case_id, "later")


async def test_the_database_itself_refuses_a_second_lead(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    with pytest.raises(Exception, match="uq_sub_cases_live_lead"):
        async with city.unit_of_work() as session:
            session.add(
                SubCase(
                    case_id=done.case_id,
                    unit="power",
                    role="lead",
                    state="in_progress",
                    due_at=NOW + timedelta(days=1),
                )
            )
