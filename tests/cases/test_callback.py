"""Calling citizens: the queue, one clerk at a time, attempts, and what follows from the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from callback_case import CLERK, OTHER, SUPERVISOR, again, answer_it, answered, call_of
from sqlalchemy import func, select
from town import NOW, URBAN, person

from cases import callback, service
from cases.callback import Answers
from cases.callback_repository import CallbackRepository, Pile
from cases.callback_rules import LEASE, Cause, Consequence, Reached
from cases.callback_tasks import close_answered
from cases.models import Approval, Callback, CaseClock, CaseEvent, IdentityOpening
from cases.repository import CaseRepository
from cases.telling import CASE_PROGRESS
from cases.vocabulary import CaseType, Satisfied, Solved, Urgency
from core.calendar import LOCAL
from core.database import Database
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.identity import Actor, Role
from core.models import OutboxMessage
from reviews.models import Review

GOOD = Answers(True, Solved.YES, Satisfied.SATISFIED, None, "")
UNSOLVED = Answers(True, Solved.NO, Satisfied.DISSATISFIED, Cause.UNIT, "灯还是不亮")


async def do(
    city: Database, change: Callable[..., Awaitable[Any]], *given: Any, **more: Any
) -> Any:
    async with city.unit_of_work() as session:
        return await change(session, *given, **more)


async def took(city: Database, actor: Actor = CLERK, now: datetime = NOW) -> int:
    call = await do(city, callback.take_next, actor, now)
    assert call is not None
    return int(call.id)


async def pile(city: Database, wanted: Pile, now: datetime, actor: Actor = CLERK) -> list[int]:
    async with city.unit_of_work() as session:
        repository = CallbackRepository(session, actor)
        rows = await repository.pile(wanted, now, limit=50)
        assert (await repository.counts(now))[wanted] == len(rows)
    return [row.case.id for row in rows]


async def test_an_answered_case_waits_for_its_call_under_a_clock(city: Database) -> None:
    case = await answered(city)
    call = await call_of(city, case)
    assert (case.state, call.state, call.round) == ("callback", "waiting", 1)
    # Answered on a Wednesday: one working day, so until the end of Thursday.
    assert call.due_at == datetime(2026, 8, 6, 17, 30, tzinfo=LOCAL)
    assert await pile(city, Pile.NOW, NOW) == [case.id]


@pytest.mark.parametrize(
    "changes",
    [{"anonymous": True}, {"phone": None}, {"type": CaseType.CONSULTATION}],
)
async def test_nobody_to_ask_closes_at_once(city: Database, changes: dict[str, Any]) -> None:
    case = await answered(city, **changes)
    assert case.state == "closed"
    assert await pile(city, Pile.NOW, NOW) == []


async def test_urgent_calls_come_first_and_no_two_clerks_get_the_same(city: Database) -> None:
    normal = await answered(city)
    urgent = await answered(city, urgency=Urgency.URGENT)
    assert await pile(city, Pile.NOW, NOW) == [urgent.id, normal.id]

    async with city.unit_of_work() as one, city.unit_of_work() as two:
        first = await callback.take_next(one, CLERK, NOW)
        second = await callback.take_next(two, OTHER, NOW)
        third = await callback.take_next(two, person(Role.CALLBACK_CLERK, "x"), NOW)
    assert first is not None and second is not None
    assert (first.case_id, second.case_id, third) == (urgent.id, normal.id, None)
    assert await pile(city, Pile.MINE, NOW) == [urgent.id]


async def test_who_has_a_call_keeps_it_for_the_lease_only(city: Database) -> None:
    await answered(city)
    id = await took(city)
    assert await took(city, now=NOW + timedelta(minutes=5)) == id
    with pytest.raises(Conflict):
        await do(city, callback.claim, OTHER, id, NOW + timedelta(minutes=34))
    with pytest.raises(Conflict):
        await do(city, callback.finish, OTHER, id, GOOD, NOW)
    await do(city, callback.claim, OTHER, id, NOW + timedelta(minutes=5) + LEASE)
    with pytest.raises(Conflict):
        await do(city, callback.finish, CLERK, id, GOOD, NOW + LEASE)
    await do(city, callback.release, OTHER, id)
    assert await took(city) == id


async def test_two_clerks_claim_one_call(city: Database) -> None:
    call = await call_of(city, await answered(city))
    claims = (do(city, callback.claim, who, call.id, NOW) for who in (CLERK, OTHER))
    results = await asyncio.gather(*claims, return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["Callback", "Conflict"]


async def test_solved_and_satisfied_closes_and_writes_no_review(city: Database) -> None:
    case = await answered(city)
    done = await do(city, callback.finish, CLERK, await took(city), GOOD, NOW)
    assert done is Consequence.CLOSE
    case, call = await again(city, case), await call_of(city, case)
    assert (case.state, case.closed_at, case.round) == ("closed", NOW, 1)
    assert (call.state, call.contacted, call.solved) == ("done", True, "yes")
    assert (call.satisfied, call.asked_satisfied, call.done_by) == ("satisfied", True, CLERK.login)
    async with city.unit_of_work() as session:
        assert await session.scalar(select(func.count()).select_from(Review)) == 0
        clocks = await session.scalars(select(CaseClock.state).where(CaseClock.kind == "callback"))
        assert clocks.all() == ["met"]
        said = await session.scalar(select(CaseEvent.reason).where(CaseEvent.action == "call_back"))
    assert said == "已解决；满意"
    assert case.rated_round is None


async def test_unsolved_is_done_again_once_then_supervised(city: Database) -> None:
    case = await answered(city)
    first = await do(city, callback.finish, CLERK, await took(city), UNSOLVED, NOW)
    case = await again(city, case)
    assert first is Consequence.REWORK
    assert (case.state, case.round, case.reworks, case.supervised) == ("in_progress", 2, 1, False)
    assert case.due_at == datetime(2026, 8, 12, 17, 30, tzinfo=LOCAL)
    with pytest.raises(NotFound):
        await do(city, callback.claim, CLERK, (await call_of(city, case)).id, NOW)

    await answer_it(city, case.id)
    second = await do(city, callback.finish, CLERK, await took(city), UNSOLVED, NOW)
    case = await again(city, case)
    assert second is Consequence.SUPERVISE
    assert (case.state, case.round, case.reworks, case.supervised) == ("in_progress", 3, 2, True)


async def test_who_has_rated_is_not_asked_about_satisfaction(city: Database) -> None:
    case = await answered(city)
    async with city.unit_of_work() as session:
        service.record_review(session, await session.merge(case), 5, NOW)
    words = Answers(None, Solved.YES, Satisfied.DISSATISFIED, Cause.UNIT, "")
    done = await do(city, callback.finish, CLERK, await took(city), words, NOW)
    call = await call_of(city, case)
    assert done is Consequence.CLOSE
    assert (call.asked_satisfied, call.satisfied, call.solved) == (False, None, "yes")


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        (Answers(None, Solved.YES, None, None, ""), {"satisfied"}),
        (Answers(None, Solved.YES, Satisfied.DISSATISFIED, None, ""), {"cause"}),
        (Answers(None, Solved.NO, Satisfied.SATISFIED, None, " "), {"note"}),
        (Answers(None, Solved.YES, Satisfied.SATISFIED, None, "长" * 2001), {"note"}),
    ],
)
async def test_what_must_be_asked(city: Database, answers: Answers, missing: set[str]) -> None:
    await answered(city)
    with pytest.raises(InvalidInput) as refused:
        await do(city, callback.finish, CLERK, await took(city), answers, NOW)
    assert set(refused.value.fields) == missing


async def test_nobody_answers_three_times_on_two_half_days(city: Database) -> None:
    case = await answered(city)
    moments = [NOW, NOW.replace(hour=14), NOW + timedelta(days=1)]
    for number, now in enumerate(moments, 1):
        id = await took(city, now=now)
        call = await do(city, callback.not_reached, CLERK, id, Reached.NO_ANSWER, "", now)
        if number < 3:
            assert call.state == "waiting"
            assert await pile(city, Pile.LATER, now) == [case.id]
            assert await do(city, callback.take_next, CLERK, now) is None
    assert (call.state, len(call.attempts), call.solved) == ("unreachable", 3, None)
    assert await pile(city, Pile.UNREACHABLE, moments[-1]) == [case.id]
    async with city.unit_of_work() as session:
        told = await session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.topic == CASE_PROGRESS)
            .order_by(OutboxMessage.id)
        )
        words = [message.payload["text"] for message in told]
    assert ["没有打通，我们会再打" in one for one in words] == [True, True, False]

    # Told on a Wednesday: the window of five working days ends with the next one.
    end = datetime(2026, 8, 12, 17, 30, tzinfo=LOCAL)
    assert await do(city, close_answered, end - timedelta(minutes=1)) == 0
    assert await do(city, close_answered, end) == 1
    assert (await again(city, case)).state == "closed"
    assert await do(city, close_answered, end) == 0


async def test_two_workers_close_a_case_once(city: Database) -> None:
    case = await answered(city)
    id = await took(city)
    await do(city, callback.not_reached, CLERK, id, Reached.NO_ANSWER, "", NOW)
    async with city.unit_of_work() as session:
        call = await session.get_one(Callback, id)
        call.state = "unreachable"
    end = NOW + timedelta(days=30)
    closed = await asyncio.gather(*(do(city, close_answered, end) for _ in range(2)))
    assert sorted(closed) == [0, 1]
    async with city.unit_of_work() as session:
        events = await CaseRepository(session, None).events(case.id)
    assert [event.action for event in events].count("close") == 1


async def test_a_moment_agreed_on_is_kept(city: Database) -> None:
    case = await answered(city)
    then = NOW + timedelta(hours=1)
    id = await took(city)
    await do(city, callback.not_reached, CLERK, id, Reached.NO_ANSWER, "", NOW, again=then)
    assert await pile(city, Pile.NOW, then - timedelta(seconds=1)) == []
    assert await pile(city, Pile.NOW, then) == [case.id]


async def test_who_will_not_answer_is_left_alone(city: Database) -> None:
    case = await answered(city)
    id = await took(city)
    with pytest.raises(InvalidInput):
        await do(city, callback.not_reached, CLERK, id, Reached.REACHED, "", NOW)
    await do(city, callback.not_reached, CLERK, id, Reached.REFUSED, "不愿多说", NOW)
    call = await call_of(city, case)
    assert (call.state, call.solved, call.satisfied) == ("done", None, None)
    assert (await again(city, case)).state == "closed"


async def test_a_reopened_case_is_not_called_about(city: Database) -> None:
    case = await answered(city)
    id = await took(city)
    await do(city, service.reopen, case.id, "key", "又坏了", NOW)
    assert await pile(city, Pile.MINE, NOW, SUPERVISOR) == []
    with pytest.raises(NotFound):
        await do(city, callback.finish, CLERK, id, GOOD, NOW)
    with pytest.raises(Conflict):
        await do(city, callback.claim, SUPERVISOR, id, NOW)
    await do(city, close_answered, NOW)
    assert (await call_of(city, case)).state == "skipped"


async def test_whose_number_it_is_knows_only_who_has_the_call(city: Database) -> None:
    await answered(city)
    id = await took(city)

    async def number(actor: Actor) -> str | None:
        async with city.unit_of_work() as session:
            row = await CallbackRepository(session, actor).get(id)
            found = await callback.identity(session, actor, row)
            return found.phone if found else None

    assert await number(CLERK) == "13800001234"
    assert await number(OTHER) is None
    assert await number(SUPERVISOR) is None
    await do(city, callback.release, CLERK, id)
    assert await number(CLERK) is None


@pytest.mark.parametrize("changes", [{"confidential": True}, {"type": CaseType.REPORT}])
async def test_a_secret_caller_is_opened_with_a_reason(
    city: Database, changes: dict[str, Any]
) -> None:
    case = await answered(city, **changes)
    id = await took(city)

    async def name() -> str | None:
        async with city.unit_of_work() as session:
            row = await CallbackRepository(session, CLERK).get(id)
            found = await callback.identity(session, CLERK, row)
            return found.name if found else None

    assert await name() is None
    with pytest.raises(InvalidInput):
        await do(city, callback.open_secret, CLERK, id, " ", NOW)
    with pytest.raises(Conflict):
        await do(city, callback.open_secret, OTHER, id, "回访", NOW)
    await do(city, callback.open_secret, CLERK, id, "回访", NOW)
    assert await name() == "张小明"
    async with city.unit_of_work() as session:
        opening = (await session.scalars(select(IdentityOpening))).one()
    assert (opening.case_id, opening.login, opening.reason) == (case.id, CLERK.login, "回访")


async def test_what_the_clerk_notes_names_nobody_in_a_secret_case(city: Database) -> None:
    case = await answered(city, confidential=True)
    words = Answers(True, Solved.YES, Satisfied.SATISFIED, None, "张小明 13800001234 很满意")
    await do(city, callback.finish, CLERK, await took(city), words, NOW)
    for actor, reads in ((SUPERVISOR, True), (CLERK, True), (URBAN, False)):
        async with city.unit_of_work() as session:
            view = await CaseRepository(session, actor).view(case.id)
        lines = " ".join(event.reason for event in view.events)
        assert ("很满意" in lines) is reads, actor.role
        assert "张小明" not in lines and "13800001234" not in lines


async def test_a_supervisor_closes_as_unreasonable_only_after_a_rework(city: Database) -> None:
    case = await answered(city)
    id = (await call_of(city, case)).id
    close = callback.close_as_unreasonable
    with pytest.raises(NotAllowed):
        await do(city, close, CLERK, id, "无政策依据", "政策文件", NOW)
    with pytest.raises(Conflict):
        await do(city, close, SUPERVISOR, id, "无政策依据", "政策文件", NOW)
    await do(city, callback.finish, CLERK, await took(city), UNSOLVED, NOW)
    await answer_it(city, case.id)
    id = (await call_of(city, case)).id
    with pytest.raises(InvalidInput) as refused:
        await do(city, close, SUPERVISOR, id, "无政策依据", "", NOW)
    assert set(refused.value.fields) == {"basis"}
    await do(city, close, SUPERVISOR, id, "无政策依据", "政策文件", NOW)
    case = await again(city, case)
    assert (case.state, case.unreasonable) == ("closed", True)
    assert (await call_of(city, case)).state == "skipped"
    async with city.unit_of_work() as session:
        approval = (await session.scalars(select(Approval))).one()
    assert (approval.kind, approval.state, approval.basis) == (
        "unreasonable",
        "approved",
        "政策文件",
    )


@pytest.mark.parametrize("role", [r for r in Role if r not in callback.CALLERS])
async def test_who_does_not_call(city: Database, role: Role) -> None:
    call = await call_of(city, await answered(city))
    actor = person(role, "urban" if role in (Role.UNIT_CLERK, Role.UNIT_LEADER) else "hotline")
    for change in (
        (callback.take_next, actor, NOW),
        (callback.claim, actor, call.id, NOW),
        (callback.finish, actor, call.id, GOOD, NOW),
        (callback.not_reached, actor, call.id, Reached.NO_ANSWER, "", NOW),
        (callback.open_secret, actor, call.id, "看看", NOW),
    ):
        with pytest.raises(NotAllowed):
            await do(city, *change)
