"""Who sees which case, and of whom: role × unit × secrecy."""

from __future__ import annotations

from itertools import product

import pytest
from town import DISPATCHER, NOW, POWER, URBAN, Register, person

from cases import service
from cases.repository import CaseFilter, CaseRepository
from cases.states import Action, MainState, SubState
from cases.vocabulary import CaseType, Urgency
from core.database import Database
from core.errors import NotFound
from core.identity import UNIT_ROLES, Actor, Role

SECRECY = {
    "plain": {},
    "confidential": {"confidential": True},
    "report": {"type": CaseType.REPORT},
    "anonymous": {"anonymous": True},
}
# The unit that has the case, the one above it, one that assists, one that has nothing to do.
PLACES = {
    "chengdong.wanghu": ("chengdong.wanghu",),
    "chengdong": ("chengdong", "chengdong.wanghu"),
    "power": ("power",),
    "urban": ("urban",),
}
INVOLVED = {"chengdong.wanghu", "chengdong", "power"}


def reads(role: Role, unit: str) -> bool:
    if role is Role.KNOWLEDGE_EDITOR:
        return False
    return role not in UNIT_ROLES or unit in INVOLVED


def knows(role: Role, secrecy: str) -> bool:
    if secrecy == "anonymous":
        return False
    return secrecy == "plain" or role in {Role.DISPATCHER, Role.SEAT, Role.SUPERVISOR}


@pytest.mark.parametrize("secrecy", SECRECY)
async def test_matrix(city: Database, file: Register, secrecy: str) -> None:
    done = await file(
        lead="chengdong.wanghu", assists=["power"], on_behalf_of="李奶奶", **SECRECY[secrecy]
    )
    for role, unit in product(Role, PLACES):
        actor = Actor("x", "x", role, unit, frozenset(PLACES[unit]))
        async with city.unit_of_work() as session:
            repository = CaseRepository(session, actor)
            page = await repository.queue(CaseFilter())
            assert page.total == reads(role, unit) == len(page.rows), (role, unit)
            assert sum((await repository.counts()).values()) == page.total
            assert (await repository.by_number(done.number) is not None) == reads(role, unit)
            if not reads(role, unit):
                with pytest.raises(NotFound):
                    await repository.view(done.case_id)
                continue
            view = await repository.view(done.case_id)
        told = repr(view) + repr(page)
        for secret in ("张小明", "13800001234", "李奶奶"):
            expected = knows(role, secrecy) or (
                # Of a plain case the masked detail still carries the name that was told in it.
                secrecy == "plain" and secret == "张小明"
            )
            assert (secret in told) == expected, (role, unit, secret)
        assert (view.identity is not None) == knows(role, secrecy)
        assert (view.conversation_id is not None) == knows(role, secrecy)


async def test_search_does_not_find_a_secret_name(city: Database, file: Register) -> None:
    await file(lead="urban", type=CaseType.REPORT)
    for text, found in [("张小明", 0), ("13800001234", 0), ("路灯", 1)]:
        async with city.unit_of_work() as session:
            page = await CaseRepository(session, URBAN).queue(CaseFilter(text=text))
        assert page.total == found, text


async def test_a_unit_loses_sight_of_what_was_taken_or_returned(
    city: Database, file: Register
) -> None:
    taken, returned = await file(lead="urban"), await file(lead="urban")
    async with city.unit_of_work() as session:
        await service.reassign(session, DISPATCHER, taken.case_id, 1, "power", "改", NOW)
        await service.return_to_dispatcher(session, URBAN, returned.case_id, 1, "不归我", NOW)
    async with city.unit_of_work() as session:
        assert (await CaseRepository(session, URBAN).queue(CaseFilter())).total == 0
        assert (await CaseRepository(session, POWER).queue(CaseFilter())).total == 1


async def test_the_queue_is_by_urgency_then_by_due_date(city: Database, file: Register) -> None:
    late = await file(title="慢")
    early = await file(title="快", type=CaseType.CONSULTATION)
    urgent = await file(title="急", urgency=Urgency.URGENT)
    async with city.unit_of_work() as session:
        repository = CaseRepository(session, DISPATCHER)
        page = await repository.queue(CaseFilter())
        second = await repository.queue(CaseFilter(), limit=1, offset=1)
    assert [r.id for r in page.rows] == [urgent.case_id, early.case_id, late.case_id]
    assert ([r.id for r in second.rows], second.total) == ([early.case_id], 3)


async def test_filters(city: Database, file: Register) -> None:
    waiting = await file(title="100%的积水_深")
    lamp = await file(lead="urban", assists=["power"])
    async with city.unit_of_work() as session:
        await service.accept(session, POWER, lamp.case_id, 1, NOW)
    supervisor = person(Role.SUPERVISOR)
    wanted = [
        (supervisor, CaseFilter(), {waiting, lamp}),
        (supervisor, CaseFilter(states=[MainState.PENDING_DISPATCH]), {waiting}),
        (supervisor, CaseFilter(units=["urban"]), {lamp}),
        (supervisor, CaseFilter(units=["chengdong"]), set()),
        (supervisor, CaseFilter(part_states=[SubState.IN_PROGRESS]), {lamp}),
        (supervisor, CaseFilter(text="100%"), {waiting}),
        (supervisor, CaseFilter(text="积水_"), {waiting}),
        (supervisor, CaseFilter(text="路_灯"), set()),
        (supervisor, CaseFilter(text="\x00"), {waiting, lamp}),
        (supervisor, CaseFilter(text=lamp.number), {lamp}),
        (supervisor, CaseFilter(overdue_at=NOW), set()),
        (supervisor, CaseFilter(overdue_at=NOW.replace(month=9)), {waiting, lamp}),
        (URBAN, CaseFilter(), {lamp}),
        (URBAN, CaseFilter(part_states=[SubState.IN_PROGRESS]), set()),
        (POWER, CaseFilter(part_states=[SubState.IN_PROGRESS]), {lamp}),
        (URBAN, CaseFilter(units=["power"]), set()),
    ]
    for actor, filter, expected in wanted:
        async with city.unit_of_work() as session:
            page = await CaseRepository(session, actor).queue(filter)
        assert {r.id for r in page.rows} == {e.case_id for e in expected}, filter
        assert page.total == len(expected)


async def test_a_closed_case_is_not_overdue(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    async with city.unit_of_work() as session:
        await service.withdraw(session, done.case_id, "k", NOW)
        page = await CaseRepository(session, DISPATCHER).queue(
            CaseFilter(overdue_at=NOW.replace(year=2030))
        )
    assert page.total == 0


async def test_a_row_names_its_leading_unit(city: Database, file: Register) -> None:
    await file(lead="urban", assists=["power"])
    async with city.unit_of_work() as session:
        [row] = (await CaseRepository(session, POWER).queue(CaseFilter())).rows
    assert row.lead == "urban"


async def test_buttons_follow_the_own_part(city: Database, file: Register) -> None:
    done = await file(lead="urban", assists=["power"])
    async with city.unit_of_work() as session:
        await service.accept(session, POWER, done.case_id, 1, NOW)
    for actor, expected in [
        (URBAN, {Action.ACCEPT, Action.RETURN}),
        (POWER, {Action.RETURN, Action.ANSWER}),
        (DISPATCHER, {Action.REASSIGN}),
        (person(Role.SEAT), {Action.URGE, Action.SUPPLEMENT, Action.WITHDRAW}),
        (person(Role.ADMINISTRATOR), set()),
    ]:
        async with city.unit_of_work() as session:
            view = await CaseRepository(session, actor).view(done.case_id)
        assert view.actions == expected, actor
        assert view.lead == "urban"
