"""What a citizen sees of a case: its state, its dates and what was answered, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from cases.clocks import reopen_window, review_window
from cases.models import Case, CaseEvent
from cases.numbers import code_fits, review_path, tidy_number
from cases.repository import CaseRepository
from cases.states import MAIN_STATE_NAMES, UNANSWERED, Action, MainState, allowed_actions
from cases.vocabulary import TYPE_NAMES, ActorKind, Audience, CaseType, ClockKind, ClockState
from core.calendar import LOCAL
from core.calendar_store import load_calendar
from core.privacy import keyed_hash
from core.throttle import check_not_locked, forget_failures, record_failure

# Said for an unknown number and for a wrong code alike, so that numbers cannot be probed.
NOT_FOUND = "编号或查询码不对，请核对后再试"


class UnitNames(Protocol):
    """What is needed of `units.repository.UnitTree`."""

    def name(self, code: str) -> str: ...


@dataclass(frozen=True)
class Step:
    """One line of the public timeline."""

    at: datetime
    text: str


@dataclass(frozen=True)
class DueDate:
    """A date by which something must have happened; statutory ones stand beside the line's own."""

    name: str
    at: datetime
    provisional: bool


class Wish(StrEnum):
    """What the citizen may do to the own case; the words are those of `cases.states.Action`."""

    URGE = "urge"
    SUPPLEMENT = "supplement"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"


@dataclass(frozen=True)
class PublicCase:
    """A case for the citizen whose matter it is; times are aware, in the city's zone.

    ``due_provisional``: the date may move when a year's holidays are announced; ``dates`` are all
    that run, the line's own first. ``told_at`` and ``answer`` are there once the answer was
    checked, ``look_again_on`` while the matter is put aside, ``review_link`` (a path) while it can
    be rated. A case that was merged into another shows how that one goes, and nothing of what it
    is about. ``can`` is what the citizen may ask for now.
    """

    number: str
    title: str
    type: CaseType
    type_name: str
    state: MainState
    state_name: str
    created_at: datetime
    due_at: datetime
    due_provisional: bool
    dates: list[DueDate]
    told_at: datetime | None
    closed_at: datetime | None
    look_again_on: date | None
    unit: str | None
    answer: str | None
    timeline: list[Step]
    review_link: str | None
    can: list[Wish]


async def look_up(
    session: AsyncSession, number: str, code: str, units: UnitNames, now: datetime
) -> PublicCase | None:
    """The case behind number and query code, both as typed.

    None when they do not fit: the failure is counted in this transaction, so commit it, and then
    say `NOT_FOUND`. Raises TooManyTries while the number is locked after five wrong tries.
    """
    known = tidy_number(number)
    subject = f"case:{keyed_hash('lookup', known or number)[:40]}"
    await check_not_locked(session, subject)
    fits = code_fits(known or "", code)
    case = await CaseRepository(session, None).by_number(known) if known else None
    if case is None or not fits:
        await record_failure(session, subject)
        return None
    await forget_failures(session, subject)
    return await _show(session, case, units, now)


async def public_case(
    session: AsyncSession, case_id: int, units: UnitNames, now: datetime
) -> PublicCase:
    """The same for a caller known to be the citizen (the conversation it was filed in).

    Raises NotFound.
    """
    return await _show(session, await CaseRepository(session, None).get(case_id), units, now)


async def _wishes(session: AsyncSession, case: Case, now: datetime) -> list[Wish]:
    state = MainState.IN_PROGRESS if case.state == MainState.MERGED else MainState(case.state)
    allowed = allowed_actions(ActorKind.CITIZEN, state)
    can = [wish for wish in Wish if Action(wish) in allowed]
    if Wish.REOPEN in can:
        until = reopen_window(await load_calendar(session), case.told_at or case.created_at)
        if now > until or case.told_at is None:
            can.remove(Wish.REOPEN)
    return can


async def _show(session: AsyncSession, case: Case, units: UnitNames, now: datetime) -> PublicCase:
    repository = CaseRepository(session, None)
    worked_on = await repository.get(case.merged_into) if case.merged_into else case
    waits = case.state == MainState.MERGED
    going = worked_on if waits else case
    lead = await repository.lead(worked_on.id)
    link = None
    if case.told_at and case.rated_round != case.round:
        until = review_window(await load_calendar(session), case.told_at)
        link = review_path(case.number, case.id, case.round) if now <= until else None
    type, state = CaseType(case.type), MainState(going.state)
    return PublicCase(
        number=case.number,
        title=case.title,
        type=type,
        type_name=TYPE_NAMES[type],
        state=state,
        state_name=_STATE_NAMES.get(state, MAIN_STATE_NAMES[state]),
        created_at=case.created_at.astimezone(LOCAL),
        due_at=going.due_at.astimezone(LOCAL),
        due_provisional=going.due_provisional,
        dates=await _dates(repository, going),
        told_at=_local(case.told_at),
        closed_at=_local(case.closed_at),
        look_again_on=going.look_again_on,
        unit=units.name(lead.unit) if lead else None,
        answer=case.citizen_answer if case.told_at else None,
        timeline=await _timeline(repository, case, worked_on, units),
        review_link=link,
        can=await _wishes(session, case, now),
    )


async def _dates(repository: CaseRepository, case: Case) -> list[DueDate]:
    """The line's own date and the statutory ones; none of them once the case has ended."""
    if case.state not in UNANSWERED:
        return []
    own = [DueDate("预计答复", case.due_at.astimezone(LOCAL), case.due_provisional)]
    return own + [
        DueDate(clock.name, clock.due_at.astimezone(LOCAL), clock.provisional)
        for clock in await repository.clocks(case.id)
        if clock.kind == ClockKind.STATUTORY and clock.state == ClockState.RUNNING
    ]


async def _timeline(
    repository: CaseRepository, case: Case, worked_on: Case, units: UnitNames
) -> list[Step]:
    events = list(await repository.events(case.id))
    if worked_on is not case:
        # What others asked for there, and what they were told, is not this citizen's business.
        events += [
            event
            for event in await repository.events(worked_on.id)
            if event.action in _OF_THE_WORK and event.actor_kind != ActorKind.CITIZEN
        ]
        events.sort(key=lambda event: (event.at, event.id))
    return [
        Step(event.at.astimezone(LOCAL), text)
        for event in events
        if event.audience != Audience.STAFF and (text := wording(event, units))
    ]


def _local(at: datetime | None) -> datetime | None:
    return at.astimezone(LOCAL) if at else None


def wording(event: CaseEvent, units: UnitNames) -> str | None:
    """One line of the public timeline; None for what says nothing to the citizen."""
    code = event.data.get("unit")
    words = _WORDS[Action(event.action)]
    return words and words.format(
        unit=units.name(code) if code else "承办单位",
        you="您" if event.actor_kind == ActorKind.CITIZEN else "话务员代您",
        text=event.data.get("text", ""),
        due=_moment(event.data.get("due")),
        until=event.data.get("until", "约定日期"),
    )


def _moment(iso: str | None) -> str:
    return f"{datetime.fromisoformat(iso).astimezone(LOCAL):%Y-%m-%d %H:%M}" if iso else "新的日期"


# Words of the line that say nothing to a citizen.
_STATE_NAMES = {MainState.CONSULTATION: "正在确定承办单位", MainState.CALLBACK: "已答复"}

_WORDS: dict[Action, str | None] = {
    Action.REGISTER: "诉求已登记",
    Action.DISPATCH: "已派往{unit}",
    Action.DESIGNATE: "经会商，指定{unit}办理",
    Action.REASSIGN: "已改由{unit}办理",
    Action.ADD_ASSIST: "已请{unit}协助办理",
    Action.CORRECT: "登记内容已更正",
    Action.ACCEPT: "{unit}已签收",
    Action.CONTACT: "{unit}已联系",
    Action.INTERIM: "{unit}阶段答复：{text}",
    Action.DELEGATE: None,
    Action.REDO: None,
    Action.RECALL: "正在重新确定承办单位",
    Action.RETURN: "正在重新确定承办单位",
    Action.EXTEND: "情况复杂，办理期限延长到 {due}",
    Action.SUSPEND: "目前还不具备解决条件，已挂账，{until} 前再次办理",
    Action.CLAIM_UNREASONABLE: None,
    Action.EXCLUDE: None,
    Action.APPROVE: None,
    Action.REFUSE: None,
    Action.ATTACH: None,
    Action.ANSWER: "{unit}已提交办理结果",
    Action.SIGN: "{unit}已签发办理结果",
    Action.SEND_BACK: None,
    Action.PASS: "办理结果已审核，答复如下",
    Action.REJECT: "办理结果未通过审核，继续办理",
    Action.CALL_BACK: "已回访",
    Action.CLOSE: "工单已办结",
    Action.REWORK: "已要求{unit}重新办理",
    Action.REOPEN: "{you}要求重新办理",
    Action.SUPERVISE: "已列入督办",
    Action.RESUME: "已恢复办理",
    Action.URGE: "{you}催办",
    Action.SUPPLEMENT: "{you}补充了情况",
    Action.WITHDRAW: "{you}撤回了诉求",
    Action.MERGE: "与同一件事的其他反映合并办理",
    Action.UNMERGE: "恢复单独办理",
    Action.SPLIT: "其中的另一件事已分开办理",
    Action.OPEN_IDENTITY: None,
    Action.REVIEW: "您作了评价",
    Action.UNTIE_REVIEW: "一条评价与这件事无关，已解除",
    Action.YELLOW: None,
    Action.RED: None,
    Action.ESCALATE: None,
    Action.RECOMPUTE: "办理期限调整为 {due}",
    Action.SUCCEED: "承办单位变更为{unit}",
}
# What a unit does about a matter, as those read it whose cases were merged into one.
_OF_THE_WORK = frozenset(
    {
        Action.DISPATCH,
        Action.DESIGNATE,
        Action.REASSIGN,
        Action.ACCEPT,
        Action.INTERIM,
        Action.RECALL,
        Action.RETURN,
        Action.EXTEND,
        Action.SUSPEND,
        Action.ANSWER,
        Action.SIGN,
        Action.RESUME,
        Action.RECOMPUTE,
        Action.SUCCEED,
    }
)
