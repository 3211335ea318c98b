"""Merging, grouping and splitting cases: who sees what, what is undone, who wins."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import select
from town import DISPATCHER, NOW, POWER, URBAN, Register, person

from cases import approvals, grouping, joining, service, similar, splitting
from cases.models import Callback, Case, CaseClock, CaseEvent, StaffNotice, SubCase
from cases.repository import CaseFilter, CaseRepository
from cases.vocabulary import ApprovalKind, CaseType, LinkKind
from core.database import Database
from core.errors import Conflict, HotlineError, InvalidInput, NotAllowed, NotFound
from core.identity import Role
from core.models import OutboxMessage

PHONES = ("13800001234", "13900005678", "13700009012", "13600003456")
WHY = "重复反映"


async def do(database: Database, change: Callable[..., Awaitable[Any]], *given: Any, **more: Any):
    async with database.unit_of_work() as session:
        return await change(session, *given, now=NOW, **more)


async def load(database: Database, case_id: int) -> Case:
    async with database.unit_of_work() as session:
        return await session.get_one(Case, case_id)


async def rows(database: Database, model: type[Any], *where: Any) -> list[Any]:
    async with database.unit_of_work() as session:
        return list(await session.scalars(select(model).where(*where).order_by(model.id)))


async def life(database: Database, case_id: int) -> tuple[Any, ...]:
    """State, parts, running clocks and pending requests: everything that undoing brings back."""
    case = await load(database, case_id)
    parts = await rows(database, SubCase, SubCase.case_id == case_id)
    clocks = await rows(database, CaseClock, CaseClock.case_id == case_id)
    async with database.unit_of_work() as session:
        asked = await CaseRepository(session, None).approvals(case_id)
    return (
        case.state,
        [(p.unit, p.role, p.state) for p in parts],
        [(c.kind, c.state, c.due_at) for c in clocks],
        [(a.kind, a.state) for a in asked],
    )


async def three(file: Register, **changes: Any) -> list[int]:
    """The same matter of three people, in one place."""
    made = []
    for number, phone in enumerate(PHONES[:3]):
        done = await file(
            phone=phone,
            name=f"市民{'甲乙丙'[number]}某",
            place_text=f"望湖路{number}号" if changes.get("apart") else "望湖路8号3单元501",
            street="chengdong.wanghu",
            **{k: v for k, v in changes.items() if k != "apart"},
        )
        made.append(done.case_id)
    return made


# ------------------------------------------------------------------ merging


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


async def at_once(*tries: Awaitable[Any]) -> list[Any]:
    found = await asyncio.gather(*tries, return_exceptions=True)
    strange = [e for e in found if isinstance(e, BaseException) and not isinstance(e, HotlineError)]
    assert strange == []
    return [one for one in found if not isinstance(one, BaseException)]


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


async def finish(database: Database, case_id: int) -> None:
    version = (await load(database, case_id)).version
    await do(database, service.accept, URBAN, case_id, version)
    await do(database, service.answer, URBAN, case_id, version + 1, "路灯已修好", "")
    await do(database, service.pass_check, DISPATCHER, case_id, version + 2)


# ------------------------------------------------------------------ what citizens ask meanwhile


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


async def seen(database: Database, ids: Sequence[int]) -> dict[int, int]:
    return {one: (await load(database, one)).version for one in ids}


# ------------------------------------------------------------------ groups


async def test_a_group_is_one_case_for_the_unit_and_nobody_in_it(
    city: Database, file: Register
) -> None:
    ids = await three(file, lead="urban")
    earliest = min([(await load(city, one)).due_at for one in ids])
    parent = await do(city, grouping.group, DISPATCHER, await seen(city, ids), reason="同一盏灯")
    parent = await load(city, parent.id)
    assert (parent.is_group, parent.anonymous, parent.state) == (True, True, "dispatched")
    assert parent.title.startswith("同类诉求：望湖路8号")
    assert parent.title.endswith("（3 件）")
    assert parent.due_at <= earliest
    assert [(await life(city, one))[:2] for one in ids] == [
        ("merged", [("urban", "lead", "ended")])
    ] * 3
    async with city.unit_of_work() as session:
        repository = CaseRepository(session, URBAN)
        listed = (await repository.queue(CaseFilter())).rows
        view = await repository.view(parent.id)
    assert [row.id for row in listed] == [parent.id]
    assert view.identity is None
    assert view.conversation_id is None
    for word in (*PHONES, "市民", "某", "501", "单元"):
        assert word not in repr(view), word
    notices = await rows(city, StaffNotice, StaffNotice.case_id == parent.id)
    assert [(n.unit, n.kind) for n in notices] == [("urban", "dispatch")]


async def test_each_citizen_of_a_group_gets_the_answer_in_the_own_conversation(
    city: Database, file: Register
) -> None:
    ids = await three(file, lead="urban")
    parent = await do(city, grouping.group, DISPATCHER, await seen(city, ids))
    await finish(city, parent.id)
    told = await rows(city, OutboxMessage, OutboxMessage.topic == service.CASE_ANSWERED)
    talks = [m.payload["conversation_id"] for m in told if m.payload["case_id"] in ids]
    assert len(set(talks)) == 3
    assert None not in talks
    callbacks = await rows(city, Callback)
    assert sorted(c.case_id for c in callbacks) == ids
    assert (await load(city, parent.id)).state == "closed"
    for one in ids:
        case = await load(city, one)
        assert (case.state, case.citizen_answer, case.told_at) == ("callback", "路灯已修好", NOW)


async def test_what_is_told_meanwhile_reaches_every_citizen_once(
    city: Database, file: Register
) -> None:
    ids = await three(file, lead="urban")
    talk = uuid.uuid4()
    twice = [
        (await file(phone=PHONES[3], conversation_id=talk, title=f"路灯{n}")).case_id
        for n in range(2)
    ]
    await do(city, joining.merge, DISPATCHER, twice[0], 1, twice[1], WHY)
    parent = await do(city, grouping.group, DISPATCHER, await seen(city, [*ids, twice[1]]))
    case = await do(city, service.accept, URBAN, parent.id, parent.version)
    await do(city, service.interim, URBAN, parent.id, case.version, "备件已订，周五更换")
    told = await rows(city, OutboxMessage, OutboxMessage.topic == service.CASE_PROGRESS)
    numbers = {(await load(city, one)).number for one in (*ids, twice[1])}
    heard = [m.payload for m in told if m.payload["conversation_id"]]
    assert {m["number"] for m in heard} == numbers
    assert len(heard) == 4
    assert all("备件已订" in m["text"] for m in heard)


async def test_who_is_not_content_goes_on_alone(city: Database, file: Register) -> None:
    ids = await three(file, lead="urban")
    parent = await do(city, grouping.group, DISPATCHER, await seen(city, ids))
    await finish(city, parent.id)
    assert await do(city, service.reopen, ids[0], "k", "我家门口那盏还不亮")
    state, parts, *_ = await life(city, ids[0])
    assert state == "in_progress"
    assert parts[-1] == ("urban", "lead", "in_progress")
    assert (await load(city, ids[1])).state == "callback"
    async with city.unit_of_work() as session:
        assert (await CaseRepository(session, URBAN).view(ids[0])).state == "in_progress"


async def test_members_of_different_units_wait_for_the_desk(city: Database, file: Register) -> None:
    ids = [
        (await file(phone=PHONES[0], lead="urban")).case_id,
        (await file(phone=PHONES[1], lead="power")).case_id,
    ]
    parent = await do(city, grouping.group, DISPATCHER, await seen(city, ids))
    assert parent.state == "pending_dispatch"
    running = await rows(
        city, CaseClock, CaseClock.case_id == parent.id, CaseClock.state == "running"
    )
    assert {c.kind for c in running} == {"dispatch"}


@pytest.mark.parametrize("secret", [{"type": CaseType.REPORT}, {"confidential": True}])
async def test_secret_cases_are_never_grouped(
    city: Database, file: Register, secret: dict[str, Any]
) -> None:
    ids = [(await file(phone=PHONES[0])).case_id, (await file(phone=PHONES[1], **secret)).case_id]
    with pytest.raises(InvalidInput, match="保密"):
        await do(city, grouping.group, DISPATCHER, await seen(city, ids))
    assert {(await load(city, one)).merged_into for one in ids} == {None}


async def test_a_group_taken_apart_is_as_it_was(city: Database, file: Register) -> None:
    ids = await three(file, lead="urban")
    before = [await life(city, one) for one in ids]
    parent = await do(city, grouping.group, DISPATCHER, await seen(city, ids))
    with pytest.raises(NotAllowed):
        await do(city, grouping.ungroup, URBAN, parent.id, parent.version, "不是")
    with pytest.raises(InvalidInput):
        await do(city, grouping.ungroup, DISPATCHER, parent.id, parent.version, "")
    await do(city, grouping.ungroup, DISPATCHER, parent.id, parent.version, "不是一件事")
    assert [await life(city, one) for one in ids] == before
    state, parts, clocks, _ = await life(city, parent.id)
    assert (state, parts) == ("withdrawn", [("urban", "lead", "withdrawn")])
    assert "running" not in {state for _, state, _ in clocks}
    with pytest.raises(Conflict):
        again = (await load(city, parent.id)).version
        await do(city, grouping.ungroup, DISPATCHER, parent.id, again, "再来")


async def test_an_answered_group_cannot_be_taken_apart(city: Database, file: Register) -> None:
    ids = await three(file, lead="urban")
    parent = await do(city, grouping.group, DISPATCHER, await seen(city, ids))
    await finish(city, parent.id)
    version = (await load(city, parent.id)).version
    with pytest.raises(Conflict):
        await do(city, grouping.ungroup, DISPATCHER, parent.id, version, "晚了")
    with pytest.raises(Conflict):
        child = await load(city, ids[0])
        await do(city, joining.unmerge, DISPATCHER, ids[0], child.version, "晚了")


async def test_two_clerks_group_the_same_cases(city: Database, file: Register) -> None:
    ids = await three(file, lead="urban")
    versions = await seen(city, ids)
    won = await at_once(
        do(city, grouping.group, DISPATCHER, versions),
        do(city, grouping.group, person(Role.SUPERVISOR), versions),
    )
    assert len(won) == 1
    assert len(await rows(city, Case, Case.is_group)) == 1
    assert {(await load(city, one)).merged_into for one in ids} == {won[0].id}


async def test_one_taken_out_leaves_the_group(city: Database, file: Register) -> None:
    ids = await three(file, lead="urban")
    parent = await do(city, grouping.group, DISPATCHER, await seen(city, ids))
    child = await load(city, ids[2])
    await do(city, joining.unmerge, DISPATCHER, ids[2], child.version, "另一盏灯")
    assert (await load(city, ids[2])).state == "dispatched"
    assert "（2 件）" in (await load(city, parent.id)).title


async def test_a_later_case_joins_by_itself_and_is_undone_like_any(
    city: Database, file: Register
) -> None:
    ids = await three(file, lead="urban")
    parent = await do(city, grouping.group, DISPATCHER, await seen(city, ids))
    done = await file(
        phone=PHONES[3],
        lead="urban",
        place_text="望湖路8号",
        street="chengdong.wanghu",
        detail="望湖路8号门口路灯坏了三天",
    )
    late = await load(city, done.case_id)
    assert (late.state, late.merged_into, done.lead_unit) == ("merged", parent.id, "urban")
    assert "（4 件）" in (await load(city, parent.id)).title
    notices = await rows(
        city, StaffNotice, StaffNotice.unit == "urban", StaffNotice.case_id == late.id
    )
    assert notices == []
    await do(city, joining.unmerge, DISPATCHER, late.id, late.version, "另一盏灯")
    assert (await load(city, late.id)).state == "pending_dispatch"
    running = await rows(
        city, CaseClock, CaseClock.case_id == late.id, CaseClock.state == "running"
    )
    assert "dispatch" in {c.kind for c in running}


async def test_what_is_elsewhere_or_secret_does_not_join(city: Database, file: Register) -> None:
    ids = await three(file, lead="urban")
    await do(city, grouping.group, DISPATCHER, await seen(city, ids))
    for changes in (
        {"place_text": "望湖路88号", "detail": "望湖路88号路灯坏了", "title": "望湖路88号 路灯"},
        {"place_text": "望湖路8号", "confidential": True},
        {"place_text": "望湖路8号", "type": CaseType.REPORT},
    ):
        done = await file(phone=PHONES[3], street="chengdong.wanghu", **changes)
        assert (await load(city, done.case_id)).merged_into is None


# ------------------------------------------------------------------ splitting


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
