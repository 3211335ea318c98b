"""Merging cases: who sees what, what is undone, who wins, what citizens ask meanwhile."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from joined import PHONES, WHY, at_once, do, finish, life, load, rows, seen, three
from town import DISPATCHER, URBAN, Register, person

from cases import approvals, grouping, joining, service, similar
from cases.models import Case, CaseEvent, StaffNotice
from cases.repository import CaseFilter, CaseRepository
from cases.vocabulary import ApprovalKind, CaseType
from core.database import Database
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.identity import Role
from core.models import OutboxMessage


async def test_merging_ends_the_work_and_undoing_brings_it_back(
    city: Database, file: Register
) -> None:
    one, other = (await file(lead="urban")).case_id, (await file(lead="urban")).case_id
    case = await do(city, service.accept, URBAN, one, (await load(city, one)).version)
    asked = approvals.Request(ApprovalKind.EXTENSION, "材料未到", days=3)
    await do(city, service.ask, URBAN, one, case.version, asked)
    before, version = await life(city, one), (await load(city, one)).version
    assert before[3] == [("extension", "pending")]

    await do(city, joining.merge, DISPATCHER, one, version, other, WHY)
    merged = await load(city, one)
    assert (merged.state, merged.merged_into) == ("merged", other)
    _, parts, clocks, asked_now = await life(city, one)
    assert parts == [("urban", "lead", "ended")]
    assert "running" not in {state for _, state, _ in clocks}
    assert asked_now == [("extension", "cancelled")]

    await do(city, joining.unmerge, DISPATCHER, one, merged.version, "不是一件事")
    assert await life(city, one) == before
    back = await load(city, one)
    assert (back.merged_into, back.version) == (None, merged.version + 1)


async def test_both_histories_tell_of_it(city: Database, file: Register) -> None:
    one, other = await file(), await file()
    await do(city, joining.merge, DISPATCHER, one.case_id, 1, other.case_id, WHY)
    for case, number, audience in ((one, other, "citizen"), (other, one, "staff")):
        [event] = await rows(
            city, CaseEvent, CaseEvent.case_id == case.case_id, CaseEvent.action == "merge"
        )
        assert (event.data["number"], event.reason, event.actor) == (
            number.number,
            WHY,
            DISPATCHER.login,
        )
        assert event.audience == audience


async def test_the_same_person_again_counts_as_an_urge(city: Database, file: Register) -> None:
    one = await file(detail="路灯还是不亮，已经第三天")
    other = await file(lead="urban")
    version = (await load(city, one.case_id)).version
    await do(city, joining.merge, DISPATCHER, one.case_id, version, other.case_id, WHY)
    assert (await load(city, other.case_id)).urges == 1
    [event] = await rows(
        city, CaseEvent, CaseEvent.case_id == other.case_id, CaseEvent.action == "supplement"
    )
    assert event.data == {"text": "路灯还是不亮，已经第三天"}
    notices = await rows(city, StaffNotice, StaffNotice.case_id == other.case_id)
    assert [n.kind for n in notices if n.unit == "urban"] == ["dispatch", "urge"]
    merged = await load(city, one.case_id)
    await do(city, joining.unmerge, DISPATCHER, one.case_id, merged.version, "另一盏灯")
    assert (await load(city, other.case_id)).urges == 0


async def test_another_persons_words_stay_out_of_the_target(city: Database, file: Register) -> None:
    one = await file(phone=PHONES[1], name="李大河", detail="我是李大河，三楼的，灯坏了")
    other = await file(lead="urban")
    version = (await load(city, one.case_id)).version
    await do(city, joining.merge, DISPATCHER, one.case_id, version, other.case_id, WHY)
    async with city.unit_of_work() as session:
        seen = repr(await CaseRepository(session, URBAN).view(other.case_id))
    assert "李大河" not in seen
    assert PHONES[1] not in seen
    assert (await load(city, other.case_id)).urges == 0


async def test_an_anonymous_case_is_never_said_to_be_a_known_persons(
    city: Database, file: Register
) -> None:
    talk = uuid.uuid4()
    named = await file(conversation_id=talk, lead="urban")
    nameless = await file(conversation_id=talk, anonymous=True)
    assert await rows(city, StaffNotice, StaffNotice.kind == "same") == []
    async with city.unit_of_work() as session:
        found = await similar.neighbours(
            session, DISPATCHER, await session.get_one(Case, nameless.case_id)
        )
    assert [one.own for one in found] == []
    await do(city, joining.merge, DISPATCHER, nameless.case_id, 1, named.case_id, WHY)
    assert (await load(city, named.case_id)).urges == 0
    for one in (named, nameless):
        events = await rows(city, CaseEvent, CaseEvent.case_id == one.case_id)
        assert "同一诉求人" not in "".join(e.reason for e in events)


async def test_a_unit_sees_what_it_works_on_and_not_what_went_into_it(
    city: Database, file: Register
) -> None:
    one = await file(lead="urban", phone=PHONES[1])
    other = await file(lead="urban")
    version = (await load(city, one.case_id)).version
    await do(city, joining.merge, DISPATCHER, one.case_id, version, other.case_id, WHY)
    async with city.unit_of_work() as session:
        repository = CaseRepository(session, URBAN)
        with pytest.raises(NotFound):
            await repository.view(one.case_id)
        assert [row.id for row in (await repository.queue(CaseFilter())).rows] == [other.case_id]
        links = (await repository.view(other.case_id)).links
    assert links == []


@pytest.mark.parametrize("role", [Role.UNIT_CLERK, Role.SEAT, Role.CALLBACK_CLERK])
async def test_who_may_not_merge(city: Database, file: Register, role: Role) -> None:
    one, other = await file(lead="urban"), await file(lead="urban")
    unit = "urban" if role is Role.UNIT_CLERK else "hotline"
    version = (await load(city, one.case_id)).version
    with pytest.raises((NotAllowed, NotFound)):
        await do(city, joining.merge, person(role, unit), one.case_id, version, other.case_id, WHY)
    assert (await load(city, one.case_id)).state == "dispatched"


@pytest.mark.parametrize(
    ("mine", "target", "refusal"),
    [
        ({"type": CaseType.REPORT}, {}, InvalidInput),
        ({}, {"confidential": True}, InvalidInput),
        (
            {"type": CaseType.REPORT, "phone": PHONES[1]},
            {"type": CaseType.REPORT, "phone": PHONES[2]},
            InvalidInput,
        ),
        ({"about_unit": "urban"}, {}, InvalidInput),
    ],
)
async def test_what_does_not_go_together(
    city: Database, file: Register, mine: dict[str, Any], target: dict[str, Any], refusal: type
) -> None:
    one, other = await file(**mine), await file(**target)
    version = (await load(city, one.case_id)).version
    with pytest.raises(refusal):
        await do(city, joining.merge, DISPATCHER, one.case_id, version, other.case_id, WHY)
    assert (await load(city, one.case_id)).merged_into is None


async def test_two_reports_of_one_person_may_be_one(city: Database, file: Register) -> None:
    one, other = await file(type=CaseType.REPORT), await file(type=CaseType.REPORT)
    version = (await load(city, one.case_id)).version
    await do(city, joining.merge, DISPATCHER, one.case_id, version, other.case_id, WHY)
    assert (await load(city, one.case_id)).merged_into == other.case_id


async def test_refusals_of_state_version_and_reason(city: Database, file: Register) -> None:
    one, other, third = await file(), await file(), await file()
    for given, refusal in (
        ((one.case_id, 9, other.case_id, WHY), Conflict),
        ((one.case_id, 1, other.case_id, " "), InvalidInput),
        ((one.case_id, 1, one.case_id, WHY), InvalidInput),
        ((one.case_id, 1, 999_999, WHY), NotFound),
    ):
        with pytest.raises(refusal):
            await do(city, joining.merge, DISPATCHER, *given)
    await do(city, joining.merge, DISPATCHER, other.case_id, 1, third.case_id, WHY)
    with pytest.raises(Conflict, match="已并单"):
        await do(city, joining.merge, DISPATCHER, one.case_id, 1, other.case_id, WHY)
    with pytest.raises(Conflict, match="不能撤销并单"):
        await do(city, joining.unmerge, DISPATCHER, one.case_id, 1, "点错了")


async def test_several_go_into_one_or_none_does(city: Database, file: Register) -> None:
    ids = [(await file(phone=phone)).case_id for phone in PHONES]
    target, rest = ids[0], ids[1:]
    stale = dict.fromkeys(rest, 1) | {rest[-1]: 7}
    with pytest.raises(Conflict):
        await do(city, joining.merge_many, DISPATCHER, stale, target, WHY)
    assert {(await load(city, one)).state for one in rest} == {"pending_dispatch"}
    await do(city, joining.merge_many, DISPATCHER, dict.fromkeys(rest, 1), target, WHY)
    assert {(await load(city, one)).merged_into for one in rest} == {target}


async def test_two_clerks_merge_each_others_target(city: Database, file: Register) -> None:
    one, other = (await file()).case_id, (await file()).case_id
    won = await at_once(
        do(city, joining.merge, DISPATCHER, one, 1, other, WHY),
        do(city, joining.merge, DISPATCHER, other, 1, one, WHY),
    )
    assert len(won) == 1
    states = sorted([(await load(city, one)).state, (await load(city, other)).state])
    assert states == ["merged", "pending_dispatch"]


async def test_two_clerks_merge_one_case_into_two(city: Database, file: Register) -> None:
    one, left, right = [(await file(phone=phone)).case_id for phone in PHONES[:3]]
    won = await at_once(
        do(city, joining.merge, DISPATCHER, one, 1, left, WHY),
        do(city, joining.merge, DISPATCHER, one, 1, right, WHY),
    )
    assert len(won) == 1
    assert (await load(city, one)).merged_into == won[0].id
    assert len(await rows(city, CaseEvent, CaseEvent.action == "merge")) == 2


async def test_a_chain_is_answered_to_its_end_and_one_person_hears_once(
    city: Database, file: Register
) -> None:
    talk = uuid.uuid4()
    last = (await file(phone=PHONES[1])).case_id
    middle = (await file(conversation_id=talk)).case_id
    first = (await file(conversation_id=talk, lead="urban")).case_id
    await do(city, joining.merge, DISPATCHER, last, 1, middle, WHY)
    await do(
        city, joining.merge, DISPATCHER, middle, (await load(city, middle)).version, first, WHY
    )
    await finish(city, first)
    for one, state in ((first, "callback"), (middle, "closed"), (last, "callback")):
        case = await load(city, one)
        assert (case.state, case.citizen_answer) == (state, "路灯已修好")
    told = await rows(city, OutboxMessage, OutboxMessage.topic == service.CASE_ANSWERED)
    assert [m.payload["case_id"] for m in told] == [first, last]


async def test_what_a_merged_citizen_asks_reaches_the_unit_without_a_name(
    city: Database, file: Register
) -> None:
    one = await file(phone=PHONES[1], name="李大河")
    other = await file(lead="urban")
    await do(city, joining.merge, DISPATCHER, one.case_id, 1, other.case_id, WHY)
    assert await do(city, service.urge, one.case_id, "k1")
    assert not await do(city, service.urge, one.case_id, "k1")
    said = f"我是李大河，电话{PHONES[1]}，第二盏也坏了"
    assert await do(city, service.supplement, one.case_id, "k2", said)
    target = await load(city, other.case_id)
    assert target.urges == 1
    async with city.unit_of_work() as session:
        view = await CaseRepository(session, URBAN).view(other.case_id)
    text = next(e.text for e in view.events if e.action == "supplement")
    assert text is not None
    assert "第二盏也坏了" in text
    assert "李大河" not in repr(view)
    assert PHONES[1] not in repr(view)
    notices = await rows(city, StaffNotice, StaffNotice.unit == "urban")
    assert [n.kind for n in notices] == ["dispatch", "joined", "urge", "supplement"]


async def test_a_merged_citizen_may_withdraw_and_the_others_go_on(
    city: Database, file: Register
) -> None:
    ids = await three(file, lead="urban")
    parent = await do(city, grouping.group, DISPATCHER, await seen(city, ids))
    assert await do(city, service.withdraw, ids[0], "k")
    assert (await load(city, ids[0])).state == "withdrawn"
    assert "2 件" in (await load(city, parent.id)).title
    for one in ids[1:]:
        await do(city, service.withdraw, one, "k")
    assert (await load(city, parent.id)).state == "withdrawn"
