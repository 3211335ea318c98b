"""What happens to a case beyond the straight way: returns, delegation, approvals, rounds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from test_case_handling import do, history_of, parts_of
from town import (
    CALLER,
    DISPATCHER,
    DISTRICT,
    LEADER,
    NOW,
    POWER,
    STREET,
    SUPERVISOR,
    URBAN,
    Register,
    person,
)

from cases import closing, service
from cases.models import Approval, Callback, Case, CaseClock, CaseLink, StaffNotice
from cases.repository import CaseRepository
from cases.service import Request
from cases.vocabulary import ApprovalKind, CaseType, ClockKind, ClockState, Result, Urgency
from core.database import Database
from core.errors import Conflict, Gone, InvalidInput, NotAllowed, NotFound
from core.identity import Role
from core.models import OutboxMessage
from routing.models import PastCase
from units.models import Unit

RETURN = Request(ApprovalKind.RETURN, "属供电设施", "供电设施管理办法", "power")


async def version_of(database: Database, case_id: int) -> int:
    async with database.unit_of_work() as session:
        return (await session.get_one(Case, case_id)).version


async def act(database: Database, change: Any, actor: Any, case_id: int, *given: Any, **more: Any):
    version = await version_of(database, case_id)
    return await do(database, change, actor, case_id, version, *given, **more)


async def pending(database: Database) -> Approval:
    async with database.unit_of_work() as session:
        [approval] = await session.scalars(select(Approval).where(Approval.state == "pending"))
    return approval


async def decide(database: Database, actor: Any, approve: bool, said: str, **more: Any) -> Case:
    approval = await pending(database)
    version = await version_of(database, approval.case_id)
    return await do(database, service.decide, actor, approval.id, version, approve, said, **more)


async def answered(database: Database, file: Register, **matter: Any) -> int:
    """A case whose answer has passed the check."""
    done = await file(lead="urban", **matter)
    await act(database, service.accept, URBAN, done.case_id)
    result = Result.ADOPTED if matter.get("type") is CaseType.SUGGESTION else Result.SOLVED
    await act(
        database,
        service.answer,
        URBAN,
        done.case_id,
        "修好了",
        "换灯泡",
        result=result,
        result_reason="可行",
    )
    async with database.unit_of_work() as session:
        case = await session.get_one(Case, done.case_id)
    if case.state == "answered":
        await act(database, service.pass_check, DISPATCHER, done.case_id)
    return done.case_id


async def notices_of(database: Database, unit: str) -> list[str]:
    async with database.unit_of_work() as session:
        rows = await session.scalars(
            select(StaffNotice.kind).where(StaffNotice.unit == unit).order_by(StaffNotice.id)
        )
        return list(rows)


# ---- returns


async def test_a_return_waits_for_a_decision_while_the_unit_keeps_the_case(
    city: Database, file: Register
) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.ask, URBAN, id, RETURN)
    assert await parts_of(city, id) == [("urban", "lead", "pending_acceptance")]
    with pytest.raises(Conflict, match="正在审批"):
        await act(city, service.ask, URBAN, id, RETURN)
    with pytest.raises(NotAllowed):
        await decide(city, URBAN, True, "自己批")
    with pytest.raises(InvalidInput):
        await decide(city, DISPATCHER, True, " ")
    case = await decide(city, DISPATCHER, False, "路灯由城管维护")
    assert case.state == "dispatched"
    assert "decision" in await notices_of(city, "urban")


async def test_an_approved_return_goes_back_to_the_desk_or_straight_on(
    city: Database, file: Register
) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.ask, URBAN, id, RETURN)
    assert (await decide(city, DISPATCHER, True, "确属供电")).state == "pending_dispatch"
    with pytest.raises(NotFound):
        await act(city, service.accept, URBAN, id)
    second = (await file(lead="urban")).case_id
    await act(city, service.ask, URBAN, second, RETURN)
    case = await decide(city, DISPATCHER, True, "确属供电", unit="power")
    assert case.state == "dispatched"
    assert await parts_of(city, second) == [
        ("urban", "lead", "returned"),
        ("power", "lead", "pending_acceptance"),
    ]


async def test_the_second_return_leads_to_a_consultation_and_the_third_dispatch_is_final(
    city: Database, file: Register
) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.ask, URBAN, id, RETURN)
    await decide(city, DISPATCHER, True, "换一家", unit="power")
    back = Request(ApprovalKind.RETURN, "灯杆不归我", "职责清单", "urban")
    await act(city, service.ask, POWER, id, back)
    case = await decide(city, DISPATCHER, True, "两家都不认", unit="urban")
    assert case.state == "consultation"
    with pytest.raises(Conflict, match="会商中"):
        await act(city, service.dispatch, DISPATCHER, id, "urban")
    with pytest.raises(InvalidInput):
        await act(city, service.designate, DISPATCHER, id, "urban", " ")
    await act(city, service.designate, DISPATCHER, id, "urban", "会商确定由城管兜底")
    with pytest.raises(Conflict, match="不能再退单"):
        await act(city, service.ask, URBAN, id, RETURN)


async def test_a_late_return_is_refused(city: Database, file: Register) -> None:
    id = (await file(lead="urban")).case_id
    version = await version_of(city, id)
    async with city.unit_of_work() as session:
        with pytest.raises(Conflict, match="须由本单位办理"):
            await service.ask(session, URBAN, id, version, RETURN, NOW + timedelta(days=2))


# ---- down and up


async def test_a_unit_hands_down_inside_its_own_tree_only(city: Database, file: Register) -> None:
    id = (await file(lead="chengdong")).case_id
    await act(city, service.accept, DISTRICT, id)
    for unit in ("urban", "chengdong", "nowhere"):
        with pytest.raises(InvalidInput):
            await act(city, service.delegate, DISTRICT, id, unit, task="履职清单第3项")
    with pytest.raises(InvalidInput, match="依据"):
        await act(city, service.delegate, DISTRICT, id, "chengdong.wanghu", task="去看看")
    await act(city, service.delegate, DISTRICT, id, "chengdong.wanghu", task="履职清单第3项")
    assert await parts_of(city, id) == [
        ("chengdong", "lead", "in_progress"),
        ("chengdong.wanghu", "delegate", "pending_acceptance"),
    ]
    async with city.unit_of_work() as session:
        parts = await CaseRepository(session, None).parts(id)
    assert parts[1].due_at < parts[0].due_at


async def test_a_return_climbs_one_level_and_an_answer_too(city: Database, file: Register) -> None:
    id = (await file(lead="chengdong")).case_id
    await act(city, service.accept, DISTRICT, id)
    await act(city, service.delegate, DISTRICT, id, "chengdong.wanghu", task="履职清单第3项")
    up = Request(ApprovalKind.RETURN, "该段归社区", "网格图", "chengdong.wanghu.hubin")
    await act(city, service.ask, STREET, id, up)
    for outsider in (DISPATCHER, SUPERVISOR, STREET):
        with pytest.raises(NotAllowed):
            await decide(city, outsider, True, "不归我批")
    case = await decide(city, DISTRICT, False, "就是你们的")
    assert case.state == "in_progress"
    await act(city, service.accept, STREET, id)
    await act(city, service.answer, STREET, id, "已换灯", "现场照片在")
    assert "answered_below" in await notices_of(city, "chengdong")
    part = (await part_ids(city, id))[1]
    await act(city, service.redo, DISTRICT, id, part, "没写时间")
    assert (await parts_of(city, id))[1][2] == "in_progress"
    case = await act(city, service.answer, DISTRICT, id, "灯已修好", "")
    assert case.state == "answered"
    await act(city, service.pass_check, DISPATCHER, id)
    assert (await parts_of(city, id))[1][2] == "ended"


async def part_ids(database: Database, case_id: int) -> list[int]:
    async with database.unit_of_work() as session:
        return [p.id for p in await CaseRepository(session, None).parts(case_id)]


async def test_a_clerk_s_answer_waits_for_the_leader_s_signature(
    city: Database, file: Register
) -> None:
    async with city.unit_of_work() as session:
        await session.execute(update(Unit).where(Unit.code == "urban").values(answers_signed=True))
    id = (await file(lead="urban")).case_id
    await act(city, service.accept, URBAN, id)
    case = await act(city, service.answer, URBAN, id, "修好了", "")
    assert case.state == "in_progress"
    with pytest.raises(NotAllowed):
        await act(city, service.sign, URBAN, id)
    await act(city, service.send_back, LEADER, id, "写明日期")
    await act(city, service.answer, URBAN, id, "8月4日修好了", "")
    case = await act(city, service.sign, LEADER, id)
    assert case.state == "answered"


# ---- time


async def test_one_extension_is_asked_in_time_approved_and_told(
    city: Database, file: Register
) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.accept, URBAN, id)
    for days in (0, 11):
        with pytest.raises(InvalidInput):
            wanted = Request(ApprovalKind.EXTENSION, "等配件", days=days)
            await act(city, service.ask, URBAN, id, wanted)
    await act(city, service.ask, URBAN, id, Request(ApprovalKind.EXTENSION, "等配件", days=3))
    async with city.unit_of_work() as session:
        before = (await session.get_one(Case, id)).due_at
    case = await decide(city, SUPERVISOR, True, "情况属实")
    # Wednesday + 5 working days = next Wednesday; three more: the Monday after.
    assert (case.due_at - before).days == 5 and case.extended
    async with city.unit_of_work() as session:
        topics = list(await session.scalars(select(OutboxMessage.topic)))
    assert topics == ["case_progress"]
    with pytest.raises(Conflict, match="已经延期过一次"):
        await act(city, service.ask, URBAN, id, Request(ApprovalKind.EXTENSION, "再等", days=1))


async def test_what_cannot_be_solved_now_is_put_aside_with_a_date(
    city: Database, file: Register
) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.accept, URBAN, id)
    far = Request(ApprovalKind.SUSPENSION, "等改造", until=date(2028, 1, 1))
    with pytest.raises(InvalidInput):
        await act(city, service.ask, URBAN, id, far)
    wanted = Request(ApprovalKind.SUSPENSION, "等改造", until=date(2026, 10, 12))
    await act(city, service.ask, URBAN, id, wanted)
    with pytest.raises(NotAllowed):
        await decide(city, DISPATCHER, True, "同意")
    case = await decide(city, SUPERVISOR, True, "同意")
    assert (case.state, case.look_again_on) == ("suspended", date(2026, 10, 12))
    running = await running_clocks(city, id)
    assert ClockKind.HANDLE not in running and ClockKind.LOOK_AGAIN in running
    case = await act(city, service.resume, URBAN, id)
    assert (case.state, case.look_again_on) == ("in_progress", None)
    running = await running_clocks(city, id)
    assert ClockKind.HANDLE in running and ClockKind.LOOK_AGAIN not in running


async def running_clocks(database: Database, case_id: int) -> set[str]:
    async with database.unit_of_work() as session:
        rows = await session.scalars(
            select(CaseClock.kind).where(
                CaseClock.case_id == case_id, CaseClock.state == ClockState.RUNNING
            )
        )
        return set(rows)


async def test_the_citizen_s_date_stays_when_the_case_changes_hands(
    city: Database, file: Register
) -> None:
    done = await file(lead="urban")
    later = NOW + timedelta(days=1)
    async with city.unit_of_work() as session:
        case = await service.reassign(
            session, DISPATCHER, done.case_id, 1, "power", "归供电", later
        )
        assert case.due_at == done.due.at
        [lead] = [
            p for p in await CaseRepository(session, None).parts(case.id) if p.unit == "power"
        ]
        assert lead.due_at == done.due.at


async def test_a_case_that_turns_urgent_is_due_soon(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    urgent = service.Correction(urgency=Urgency.URGENT)
    case = await act(city, service.correct, DISPATCHER, done.case_id, urgent)
    assert case.due_at == NOW + timedelta(hours=2) and case.priority == 1
    assert (await history_of(city, done.case_id))[-1].data["changes"] == {
        "urgency": ["一般", "紧急"]
    }
    with pytest.raises(InvalidInput, match="没有改动"):
        await act(city, service.correct, DISPATCHER, done.case_id, urgent)


# ---- who never gets it


async def test_the_unit_complained_about_never_gets_the_case(
    city: Database, file: Register
) -> None:
    about = {"about_unit": "chengdong.wanghu", "lead": "chengdong.wanghu"}
    id = (await file(**about)).case_id
    assert await parts_of(city, id) == []
    for unit in ("chengdong.wanghu", "chengdong.wanghu.hubin"):
        with pytest.raises(InvalidInput, match="自办"):
            await act(city, service.dispatch, DISPATCHER, id, unit, reason="履职清单")
    await act(city, service.dispatch, DISPATCHER, id, "chengdong")
    await act(city, service.accept, DISTRICT, id)
    with pytest.raises(InvalidInput, match="自办"):
        await act(city, service.delegate, DISTRICT, id, "chengdong.wanghu", task="履职清单")


async def test_a_street_gets_a_case_only_by_its_duty_list(city: Database, file: Register) -> None:
    id = (await file()).case_id
    with pytest.raises(InvalidInput, match="依据"):
        await act(city, service.dispatch, DISPATCHER, id, "chengdong.wanghu", reason="就近")
    await act(
        city, service.dispatch, DISPATCHER, id, "chengdong.wanghu", reason="履职事项清单第12项"
    )


# ---- answer, check, rounds


@pytest.mark.parametrize(
    ("type", "result", "reason", "fits"),
    [
        (CaseType.COMPLAINT, Result.SOLVED, "", True),
        (CaseType.COMPLAINT, Result.UNSOLVED, "", False),
        (CaseType.COMPLAINT, Result.UNSOLVED, "产权有争议", True),
        (CaseType.COMPLAINT, Result.ADOPTED, "好", False),
        (CaseType.SUGGESTION, Result.SOLVED, "", False),
        (CaseType.SUGGESTION, Result.ADOPTED, "", False),
        (CaseType.SUGGESTION, Result.NOT_ADOPTED, "与规划不符", True),
    ],
)
async def test_a_result_fits_its_type_and_gives_its_reason(
    city: Database, file: Register, type: CaseType, result: Result, reason: str, fits: bool
) -> None:
    id = (await file(lead="urban", type=type)).case_id
    await act(city, service.accept, URBAN, id)
    answering = act(
        city, service.answer, URBAN, id, "答复", "", result=result, result_reason=reason
    )
    if fits:
        assert (await answering).state == "answered"
    else:
        with pytest.raises(InvalidInput):
            await answering


async def test_the_check_may_send_an_answer_back(city: Database, file: Register) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.accept, URBAN, id)
    await act(city, service.answer, URBAN, id, "已阅", "")
    case = await act(city, service.reject_check, DISPATCHER, id, "答非所问")
    assert case.state == "in_progress" and case.citizen_answer is None
    assert ClockKind.CHECK not in await running_clocks(city, id)
    with pytest.raises(NotAllowed):
        await act(city, service.pass_check, URBAN, id)


async def test_information_is_told_without_a_check_or_a_call(
    city: Database, file: Register
) -> None:
    id = await answered(city, file, type=CaseType.CONSULTATION)
    async with city.unit_of_work() as session:
        case = await session.get_one(Case, id)
        assert (case.state, case.citizen_answer) == ("closed", "修好了")
        assert not list(await session.scalars(select(Callback)))


async def test_nobody_is_called_who_left_no_number(city: Database, file: Register) -> None:
    id = await answered(city, file, anonymous=True)
    async with city.unit_of_work() as session:
        assert (await session.get_one(Case, id)).state == "closed"


async def test_rework_happens_once_and_then_under_supervision(
    city: Database, file: Register
) -> None:
    id = await answered(city, file)
    for round in (2, 3):
        async with city.unit_of_work() as session:
            case = await CaseRepository(session, CALLER).get(id, lock=True)
            await closing.rework(session, CALLER, case, "还是不亮", NOW)
            assert (case.state, case.round, case.supervised) == ("in_progress", round, round == 3)
            assert case.told_at is None
        await act(city, service.answer, URBAN, id, "这次修好了", "")
        await act(city, service.pass_check, DISPATCHER, id)
    async with city.unit_of_work() as session:
        rounds = list(await session.scalars(select(Callback.round).order_by(Callback.round)))
    assert rounds == [1, 2, 3]
    assert "supervise" in await notices_of(city, "urban")


async def test_a_citizen_reopens_within_the_window_and_files_anew_after_it(
    city: Database, file: Register
) -> None:
    id = await answered(city, file)
    assert await do(city, service.reopen, id, "k", "又坏了")
    assert not await do(city, service.reopen, id, "k", "又坏了")
    async with city.unit_of_work() as session:
        case = await session.get_one(Case, id)
        assert (case.state, case.round, case.reopens) == ("in_progress", 2, 1)
        number = case.number
    await act(city, service.answer, URBAN, id, "修好了", "")
    await act(city, service.pass_check, DISPATCHER, id)
    async with city.unit_of_work() as session:
        with pytest.raises(Gone, match="另行反映"):
            await service.reopen(session, id, "late", "又坏了", NOW + timedelta(days=60))
    later = await file(follows=number)
    async with city.unit_of_work() as session:
        [link] = await session.scalars(select(CaseLink))
    assert (link.kind, link.from_case_id, link.to_case_id) == ("follow_up", later.case_id, id)
    with pytest.raises(InvalidInput):
        await file(follows="2608050000000")


async def test_an_unreasonable_demand_ends_with_an_explanation(
    city: Database, file: Register
) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.accept, URBAN, id)
    wanted = Request(ApprovalKind.UNREASONABLE, "要求拆除合法路灯", "规划图")
    await act(city, service.ask, URBAN, id, wanted)
    case = await decide(city, SUPERVISOR, True, "该路灯合法，拆除影响他人出行，无法支持。")
    assert (case.state, case.unreasonable) == ("closed", True)
    assert case.citizen_answer == "该路灯合法，拆除影响他人出行，无法支持。"


async def test_requests_lapse_with_the_answer(city: Database, file: Register) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.accept, URBAN, id)
    await act(city, service.ask, URBAN, id, Request(ApprovalKind.EXTENSION, "等配件", days=3))
    asked = await pending(city)
    await act(city, service.answer, URBAN, id, "提前修好了", "")
    with pytest.raises(Conflict, match="已经处理过"):
        version = await version_of(city, id)
        await do(city, service.decide, SUPERVISOR, asked.id, version, True, "同意")


async def test_contact_and_interim_answers_are_kept_apart(city: Database, file: Register) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.accept, URBAN, id)
    await act(city, service.contact, URBAN, id, False, "无人接听")
    assert ClockKind.CONTACT in await running_clocks(city, id)
    await act(city, service.contact, URBAN, id, True, "已说明今晚维修")
    assert ClockKind.CONTACT not in await running_clocks(city, id)
    await act(city, service.interim, URBAN, id, "配件明天到")
    audiences = [(e.action, e.audience) for e in await history_of(city, id)][-3:]
    assert audiences == [("contact", "staff"), ("contact", "staff"), ("interim", "citizen")]


async def test_several_cases_go_to_one_unit_each_on_its_own(city: Database, file: Register) -> None:
    fresh, stale = (await file()).case_id, (await file(lead="urban")).case_id
    moved = await do(
        city, service.reassign_many, DISPATCHER, {fresh: 1, stale: 9}, "power", "归供电"
    )
    assert [(m.case_id, bool(m.problem)) for m in moved] == [(fresh, False), (stale, True)]
    assert (await parts_of(city, fresh))[0][:2] == ("power", "lead")


async def test_closed_cases_teach_the_router_but_secret_ones_do_not(
    city: Database, file: Register
) -> None:
    for matter in ({}, {"confidential": True}, {"type": CaseType.REPORT}):
        id = await answered(city, file, **matter)
        async with city.unit_of_work() as session:
            case = await session.get_one(Case, id, with_for_update=True)
            await service.close_case(session, CALLER, case, NOW)
    async with city.unit_of_work() as session:
        [learnt] = await session.scalars(select(PastCase))
    assert (learnt.unit, learnt.first_unit, learnt.automatic) == ("urban", "urban", True)
    assert "138" not in learnt.text.replace("138****", "")


async def test_nobody_but_the_leader_asks_for_an_exclusion(city: Database, file: Register) -> None:
    id = await answered(city, file)
    wanted = Request(ApprovalKind.EXCLUSION, "停电属外部原因", "停电公告")
    with pytest.raises(NotAllowed):
        await act(city, service.ask, URBAN, id, wanted)
    await act(city, service.ask, LEADER, id, wanted)
    case = await decide(city, SUPERVISOR, True, "属实")
    assert case.excluded


async def test_a_stranger_sees_no_approval(city: Database, file: Register) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.ask, URBAN, id, RETURN)
    with pytest.raises(NotFound):
        await decide(city, person(Role.UNIT_LEADER, "power"), True, "同意")


async def test_a_slip_is_taken_back_before_the_unit_signs(city: Database, file: Register) -> None:
    id = (await file()).case_id
    await act(city, service.dispatch, DISPATCHER, id, "power")
    case = await do(city, service.recall, DISPATCHER, id)
    assert (case.state, case.dispatches, case.first_unit) == ("pending_dispatch", 0, None)
    assert ClockKind.SIGN not in await running_clocks(city, id)
    await act(city, service.dispatch, DISPATCHER, id, "urban")
    async with city.unit_of_work() as session:
        with pytest.raises(Conflict, match="不能撤回"):
            await service.recall(session, DISPATCHER, id, NOW + timedelta(minutes=11))
    await act(city, service.accept, URBAN, id)
    with pytest.raises(Conflict, match="办理中"):
        await do(city, service.recall, DISPATCHER, id)


async def test_a_case_is_taken_from_the_unit_that_turns_out_to_be_accused(
    city: Database, file: Register
) -> None:
    id = (await file(lead="chengdong.wanghu")).case_id
    accused = service.Correction(about_unit="chengdong.wanghu")
    case = await act(city, service.correct, DISPATCHER, id, accused)
    assert case.state == "pending_dispatch"
    assert await parts_of(city, id) == [("chengdong.wanghu", "lead", "reassigned")]
    assert ClockKind.DISPATCH in await running_clocks(city, id)


async def test_what_was_granted_outlives_being_put_aside(city: Database, file: Register) -> None:
    id = (await file(lead="urban")).case_id
    await act(city, service.accept, URBAN, id)
    await act(city, service.ask, URBAN, id, Request(ApprovalKind.EXTENSION, "等配件", days=5))
    granted = (await decide(city, SUPERVISOR, True, "同意")).due_at
    wanted = Request(ApprovalKind.SUSPENSION, "等改造", until=date(2026, 10, 12))
    await act(city, service.ask, URBAN, id, wanted)
    await decide(city, SUPERVISOR, True, "同意")
    assert (await act(city, service.resume, URBAN, id)).due_at == granted


async def test_an_answer_gives_nobody_away(city: Database, file: Register) -> None:
    id = (await file(lead="urban", confidential=True)).case_id
    await act(city, service.accept, URBAN, id)
    words = "张小明（13800001234）反映属实"
    await act(city, service.answer, URBAN, id, words, words, public_answer=words)
    async with city.unit_of_work() as session:
        [part] = await CaseRepository(session, None).parts(id)
    for text in (part.citizen_answer, part.internal_note, part.public_answer):
        assert "张小明" not in text and "13800001234" not in text
