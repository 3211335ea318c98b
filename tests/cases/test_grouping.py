"""Like matters of many people as one: who sees what, what is undone, who joins by itself."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from joined import PHONES, WHY, at_once, do, finish, life, load, rows, seen, three
from town import DISPATCHER, NOW, URBAN, Register, person

from cases import grouping, joining, service
from cases.models import Callback, Case, CaseClock, StaffNotice
from cases.repository import CaseFilter, CaseRepository
from cases.vocabulary import CaseType
from core.database import Database
from core.errors import Conflict, InvalidInput, NotAllowed
from core.identity import Role
from core.models import OutboxMessage


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
