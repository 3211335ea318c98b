"""One case of several matters: what becomes of it, and how that is undone."""

from __future__ import annotations

import pytest
from joined import PHONES, at_once, do, load, rows, seen, three
from town import DISPATCHER, POWER, Register, person

from cases import grouping, service, splitting
from cases.models import Case, CaseClock
from cases.repository import CaseRepository
from cases.vocabulary import CaseType, LinkKind
from core.database import Database
from core.errors import Conflict, InvalidInput, NotFound
from core.identity import Role
from core.models import OutboxMessage

PIECES = [
    splitting.Piece("望湖路路灯不亮", "路灯坏了，打13800001234找张小明"),
    splitting.Piece("望湖路井盖松动", "井盖一压就响", "A0311", "望湖路20号"),
    splitting.Piece("树枝遮挡信号灯", "路口的树要修剪", "A0304"),
]


async def test_a_case_of_several_matters_becomes_several(city: Database, file: Register) -> None:
    done = await file(lead="urban", urgency="urgent")
    version = (await load(city, done.case_id)).version
    made = await do(city, splitting.split, DISPATCHER, done.case_id, version, PIECES, "三件事")
    case = await load(city, done.case_id)
    assert (case.state, case.title, case.category) == ("dispatched", "望湖路路灯不亮", "A0312")
    assert PHONES[0] not in case.detail
    assert [(c.state, c.category, c.place_text, c.urgency) for c in made] == [
        ("pending_dispatch", "A0311", "望湖路20号", "urgent"),
        ("pending_dispatch", "A0304", case.place_text, "urgent"),
    ]
    async with city.unit_of_work() as session:
        repository = CaseRepository(session, DISPATCHER)
        views = [await repository.view(one.id) for one in made]
    assert {v.identity.phone for v in views if v.identity} == {PHONES[0]}
    assert {v.conversation_id for v in views} == {views[0].conversation_id}
    assert [[(n.kind, n.case_id) for n in v.links] for v in views] == [
        [(LinkKind.SPLIT, done.case_id)]
    ] * 2
    [told] = await rows(city, OutboxMessage, OutboxMessage.topic == service.CASE_PROGRESS)
    for one in made:
        assert one.number in told.payload["text"]
        assert service.query_code(one.number) in told.payload["text"]


async def test_a_split_is_undone_while_nobody_touched_it(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    before = await load(city, done.case_id)
    made = await do(
        city, splitting.split, DISPATCHER, done.case_id, before.version, PIECES, "三件事"
    )
    version = (await load(city, done.case_id)).version
    await do(city, splitting.unsplit, DISPATCHER, done.case_id, version, "是一件事")
    case = await load(city, done.case_id)
    assert (case.title, case.detail, case.state) == (before.title, before.detail, before.state)
    assert [(await load(city, one.id)).state for one in made] == ["withdrawn", "withdrawn"]
    with pytest.raises(Conflict, match="没有可以撤销"):
        await do(city, splitting.unsplit, DISPATCHER, done.case_id, case.version, "再来")


async def test_a_split_stays_once_one_of_its_cases_is_dispatched(
    city: Database, file: Register
) -> None:
    done = await file(lead="urban")
    version = (await load(city, done.case_id)).version
    made = await do(city, splitting.split, DISPATCHER, done.case_id, version, PIECES, "三件事")
    await do(city, service.dispatch, DISPATCHER, made[0].id, made[0].version, "power")
    version = (await load(city, done.case_id)).version
    with pytest.raises(Conflict, match="已经开始办理"):
        await do(city, splitting.unsplit, DISPATCHER, done.case_id, version, "是一件事")
    assert [(await load(city, one.id)).state for one in made] == ["dispatched", "pending_dispatch"]


async def test_a_split_secret_case_stays_secret(city: Database, file: Register) -> None:
    done = await file(type=CaseType.REPORT, about_unit="power", name="张小明")
    [made, _] = await do(city, splitting.split, DISPATCHER, done.case_id, 1, PIECES, "三件事")
    assert (made.type, made.about_unit) == ("report", "power")
    case = await load(city, done.case_id)
    assert "张小明" not in case.detail


@pytest.mark.parametrize(
    ("pieces", "refusal"),
    [
        (PIECES[:1], InvalidInput),
        (PIECES * 3, InvalidInput),
        ([PIECES[0], splitting.Piece("  ", "x")], InvalidInput),
        ([PIECES[0], splitting.Piece("井盖", "")], InvalidInput),
        ([], InvalidInput),
    ],
)
async def test_what_cannot_be_split(
    city: Database, file: Register, pieces: list[splitting.Piece], refusal: type
) -> None:
    done = await file()
    with pytest.raises(refusal):
        await do(city, splitting.split, DISPATCHER, done.case_id, 1, pieces, "")
    assert len(await rows(city, Case)) == 1


async def test_two_clerks_split_one_case(city: Database, file: Register) -> None:
    done = await file()
    won = await at_once(
        do(city, splitting.split, DISPATCHER, done.case_id, 1, PIECES, ""),
        do(city, splitting.split, person(Role.SUPERVISOR), done.case_id, 1, PIECES, ""),
    )
    assert len(won) == 1
    assert len(await rows(city, Case)) == 3


async def test_power_never_sees_what_it_has_no_part_in(city: Database, file: Register) -> None:
    ids = await three(file, lead="urban")
    parent = await do(city, grouping.group, DISPATCHER, await seen(city, ids))
    async with city.unit_of_work() as session:
        for one in (*ids, parent.id):
            with pytest.raises(NotFound):
                await CaseRepository(session, POWER).get(one)


async def test_clocks_of_members_do_not_ring_while_they_are_merged(
    city: Database, file: Register
) -> None:
    ids = await three(file, lead="urban")
    await do(city, grouping.group, DISPATCHER, await seen(city, ids))
    running = await rows(city, CaseClock, CaseClock.case_id.in_(ids), CaseClock.state == "running")
    assert running == []
