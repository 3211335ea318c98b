"""Who sees which case, and of whom: role × unit × secrecy."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy import update
from town import DISPATCHER, NOW, POWER, URBAN, Register, person

from cases import service
from cases.models import Callback, Case, CaseLink, SubCase
from cases.repository import CaseFilter, CaseRepository
from cases.service import Request
from cases.states import IDENTITY_ROLES, TRANSITIONS, Action, MainState, SubState
from cases.views import own_part, sees_notes
from cases.vocabulary import ApprovalKind, CaseType, LinkKind, Part, Solved, Urgency
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
    # A callback clerk has no business with a case that is not answered yet.
    if role in {Role.KNOWLEDGE_EDITOR, Role.CALLBACK_CLERK}:
        return False
    return role not in UNIT_ROLES or unit in INVOLVED


def knows(secrecy: str) -> bool:
    """Whoever reads a plain case knows; in a secret one nobody does without asking."""
    return secrecy == "plain"


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
            assert (await repository.by_number(done.number) is not None) == reads(role, unit)
            if not reads(role, unit):
                with pytest.raises(NotFound):
                    await repository.view(done.case_id)
                continue
            view = await repository.view(done.case_id)
        told = repr(view) + repr(page)
        for secret in ("张小明", "13800001234", "李奶奶"):
            assert (secret in told) == knows(secrecy), (role, unit, secret)
        assert (view.identity is not None) == knows(secrecy)
        assert (view.conversation_id is not None) == knows(secrecy)
        may_open = secrecy in {"confidential", "report"} and role in IDENTITY_ROLES
        assert (Action.OPEN_IDENTITY in view.actions) == may_open, (role, unit)


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
    wanted = Request(ApprovalKind.RETURN, "不归我", "目录 A0312", "power")
    async with city.unit_of_work() as session:
        await service.reassign(session, DISPATCHER, taken.case_id, 1, "power", "改", NOW)
        asked = await service.ask(session, URBAN, returned.case_id, 1, wanted, NOW)
    async with city.unit_of_work() as session:
        assert (await CaseRepository(session, URBAN).queue(CaseFilter())).total == 1
        await service.decide(session, DISPATCHER, asked.id, 2, True, "同意", NOW)
    async with city.unit_of_work() as session:
        assert (await CaseRepository(session, URBAN).queue(CaseFilter())).total == 0
        assert (await CaseRepository(session, POWER).queue(CaseFilter())).total == 1


async def test_what_waits_is_by_urgency_then_by_due_date_and_the_rest_newest_first(
    city: Database, file: Register
) -> None:
    late = await file(title="慢")
    early = await file(title="快", type=CaseType.CONSULTATION)
    urgent = await file(title="急", urgency=Urgency.URGENT)
    waiting = CaseFilter(states=[MainState.PENDING_DISPATCH])
    async with city.unit_of_work() as session:
        repository = CaseRepository(session, DISPATCHER)
        page = await repository.queue(waiting)
        second = await repository.queue(waiting, limit=1, offset=1)
        everything = await repository.rows(CaseFilter())
        totals = await repository.totals([waiting, CaseFilter(states=[MainState.CLOSED])])
        own = await CaseRepository(session, URBAN).totals([CaseFilter(), waiting])
    assert [r.id for r in page.rows] == [urgent.case_id, early.case_id, late.case_id]
    assert ([r.id for r in second.rows], second.total) == ([early.case_id], 3)
    assert [r.id for r in everything] == [urgent.case_id, early.case_id, late.case_id]
    assert totals == [3, 0]
    assert own == [0, 0]


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
        (supervisor, CaseFilter(text="%_"), set()),
        (supervisor, CaseFilter(text="路_灯"), set()),
        (supervisor, CaseFilter(text="\x00"), {waiting, lamp}),
        (supervisor, CaseFilter(text=lamp.number), {lamp}),
        (supervisor, CaseFilter(overdue_at=NOW), set()),
        (supervisor, CaseFilter(overdue_at=NOW.replace(month=9)), {waiting, lamp}),
        (supervisor, CaseFilter(due_from=NOW.replace(month=9)), set()),
        (supervisor, CaseFilter(handler=POWER.login), {lamp}),
        (URBAN, CaseFilter(handler=POWER.login), set()),
        (URBAN, CaseFilter(overdue_at=NOW.replace(month=9)), {lamp}),
        (URBAN, CaseFilter(overdue_at=NOW), set()),
        (URBAN, CaseFilter(due_from=NOW, overdue_at=NOW.replace(month=9)), {lamp}),
        (URBAN, CaseFilter(due_from=NOW.replace(month=9)), set()),
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
    desk = {
        Action.RECALL,
        Action.REASSIGN,
        Action.ADD_ASSIST,
        Action.ATTACH,
        Action.CORRECT,
        Action.MERGE,
        Action.SPLIT,
    }
    working = {
        Action.CONTACT,
        Action.INTERIM,
        Action.DELEGATE,
        Action.REDO,
        Action.RETURN,
        Action.EXTEND,
        Action.ANSWER,
        Action.ATTACH,
    }
    asking = {Action.URGE, Action.SUPPLEMENT, Action.WITHDRAW}
    for actor, expected in [
        (URBAN, {Action.ACCEPT, Action.RETURN, Action.ATTACH}),
        (POWER, working),
        (DISPATCHER, desk),
        (person(Role.SUPERVISOR), desk | {Action.SUPERVISE}),
        (person(Role.SEAT), asking | {Action.CORRECT, Action.ATTACH}),
        (person(Role.ADMINISTRATOR), set()),
    ]:
        async with city.unit_of_work() as session:
            view = await CaseRepository(session, actor).view(done.case_id)
        assert view.actions == expected, actor
        assert view.lead == "urban"
        for part in view.parts:
            own = actor.unit == part.unit
            about_it = {a for a in expected if TRANSITIONS[a].sub_from is not None}
            assert part.allowed == (about_it if own else set())
            assert (view.own is part) == own


async def test_what_is_asked_for_is_not_asked_again(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    wanted = Request(ApprovalKind.EXTENSION, "等配件", days=3)
    async with city.unit_of_work() as session:
        await service.accept(session, URBAN, done.case_id, 1, NOW)
        asked = await service.ask(session, URBAN, done.case_id, 2, wanted, NOW)
        view = await CaseRepository(session, URBAN).view(done.case_id)
        assert Action.EXTEND not in view.actions
        [approval] = view.approvals
        assert (approval.id, approval.days, approval.decidable) == (asked.id, 3, False)
        [approval] = (await CaseRepository(session, DISPATCHER).view(done.case_id)).approvals
        assert approval.decidable
        await service.decide(session, DISPATCHER, asked.id, 3, True, "同意", NOW)
    async with city.unit_of_work() as session:
        view = await CaseRepository(session, URBAN).view(done.case_id)
    assert view.extended and Action.EXTEND not in view.actions


# Who reads the notes of a part of chengdong.wanghu, which works for chengdong; urban assists.
NOTES = [
    (person(Role.DISPATCHER), True),
    (person(Role.SEAT), True),
    (person(Role.SUPERVISOR), True),
    (person(Role.ADMINISTRATOR), True),
    (person(Role.CALLBACK_CLERK), False),
    (person(Role.KNOWLEDGE_EDITOR), False),
    (person(Role.UNIT_CLERK, "chengdong.wanghu"), True),
    (person(Role.UNIT_LEADER, "chengdong.wanghu"), True),
    (person(Role.UNIT_CLERK, "chengdong", "chengdong.wanghu"), True),
    (person(Role.UNIT_CLERK, "urban"), False),
    (person(Role.UNIT_LEADER, "urban"), False),
]


@pytest.mark.parametrize(("actor", "reads_them"), NOTES, ids=lambda v: getattr(v, "login", v))
def test_who_reads_the_notes_of_a_part(actor: Actor, reads_them: bool) -> None:
    assert sees_notes(actor, "chengdong.wanghu") == reads_them


async def test_another_unit_sees_the_answer_of_a_part_and_nothing_else(
    city: Database, file: Register
) -> None:
    done = await file(lead="urban", assists=["power"])
    async with city.unit_of_work() as session:
        await service.accept(session, POWER, done.case_id, 1, NOW)
        await service.contact(session, POWER, done.case_id, 2, True, "约了周五", NOW)
        await service.answer(session, POWER, done.case_id, 3, "线路已查", "内部：缺人", NOW)
    for actor, sees in [(URBAN, False), (POWER, True), (DISPATCHER, True)]:
        async with city.unit_of_work() as session:
            view = await CaseRepository(session, actor).view(done.case_id)
        told = repr(view)
        assert "线路已查" in told
        for words in ("内部：缺人", "约了周五"):
            assert (words in told) == sees, actor
        part = next(p for p in view.parts if p.unit == "power")
        assert (part.handler == POWER.login) == sees
        assert any(c.part_id == part.id for c in view.clocks) == sees
        assert any(e.sub_case_id == part.id for e in view.events) == sees


def test_the_own_part_is_that_of_the_own_unit_else_the_nearest_below() -> None:
    def part(id: int, unit: str, role: Part, parent: int | None, state: SubState) -> SubCase:
        return SubCase(id=id, unit=unit, role=role, parent_id=parent, state=state)

    works = SubState.IN_PROGRESS
    above = part(1, "urban", Part.LEAD, None, works)
    middle = part(2, "chengdong", Part.ASSIST, None, works)
    low = part(3, "chengdong.wanghu", Part.DELEGATE, 2, works)
    gone = part(4, "chengdong", Part.ASSIST, None, SubState.RETURNED)
    district = person(Role.UNIT_CLERK, "chengdong", "chengdong.wanghu")
    city = person(Role.UNIT_CLERK, "city", "urban", "chengdong", "chengdong.wanghu")
    street = person(Role.UNIT_LEADER, "chengdong.wanghu")
    for actor, parts, expected in [
        (district, [above, low, middle], middle),
        (district, [above, low, gone], low),
        (district, [above], None),
        (street, [above, middle, low], low),
        (city, [low, middle], middle),
        (city, [low, middle, above], above),
        (DISPATCHER, [above, middle], None),
    ]:
        assert own_part(actor, parts) is expected


async def test_of_merged_cases_units_see_only_the_one_they_went_into(
    city: Database, file: Register
) -> None:
    target, child = await file(lead="urban"), await file(lead="urban")
    async with city.unit_of_work() as session:
        await session.execute(
            update(Case)
            .where(Case.id == child.case_id)
            .values(merged_into=target.case_id, state=MainState.MERGED)
        )
        session.add(
            CaseLink(
                kind=LinkKind.MERGE, from_case_id=child.case_id, to_case_id=target.case_id, at=NOW
            )
        )
    async with city.unit_of_work() as session:
        unit, desk = CaseRepository(session, URBAN), CaseRepository(session, DISPATCHER)
        assert [r.id for r in await unit.rows(CaseFilter())] == [target.case_id]
        with pytest.raises(NotFound):
            await unit.view(child.case_id)
        assert (await unit.view(target.case_id)).links == []
        assert len(await desk.rows(CaseFilter())) == 2
        [link] = (await desk.view(target.case_id)).links
        assert (link.number, link.outgoing) == (child.number, False)
        merged = await desk.view(child.case_id)
    assert merged.merged_into == target.number
    assert [link.outgoing for link in merged.links] == [True]


async def test_a_callback_clerk_sees_what_was_answered(city: Database, file: Register) -> None:
    clerk = person(Role.CALLBACK_CLERK)
    open_one, done = await file(lead="urban"), await file(lead="urban")
    async with city.unit_of_work() as session:
        await service.accept(session, URBAN, done.case_id, 1, NOW)
        await service.answer(session, URBAN, done.case_id, 2, "修好了", "内部：换灯泡", NOW)
        await service.pass_check(session, DISPATCHER, done.case_id, 3, NOW)
    async with city.unit_of_work() as session:
        repository = CaseRepository(session, clerk)
        assert [r.id for r in await repository.rows(CaseFilter())] == [done.case_id]
        view = await repository.view(done.case_id)
        with pytest.raises(NotFound):
            await repository.view(open_one.case_id)
    assert view.callback is not None and Action.CALL_BACK in view.actions
    assert view.identity is not None and view.identity.phone == "13800001234"
    assert "内部：换灯泡" not in repr(view)


async def test_the_words_of_a_callback_are_not_for_the_unit(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    async with city.unit_of_work() as session:
        await service.accept(session, URBAN, done.case_id, 1, NOW)
        await service.answer(session, URBAN, done.case_id, 2, "修好了", "", NOW)
        await service.pass_check(session, DISPATCHER, done.case_id, 3, NOW)
        await session.execute(
            update(Callback).values(
                state="done", solved="no", satisfied="dissatisfied", note="我是老王，灯没修"
            )
        )
    for actor, sees in [(URBAN, False), (DISPATCHER, True)]:
        async with city.unit_of_work() as session:
            view = await CaseRepository(session, actor).view(done.case_id)
        assert view.callback is not None and view.callback.solved is Solved.NO
        assert ("老王" in repr(view)) == sees
