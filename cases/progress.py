"""What a citizen sees of a case: its state, its dates and the public answer, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from cases.clocks import review_window
from cases.models import Case, CaseEvent
from cases.numbers import code_fits, review_path, tidy_number
from cases.repository import CaseRepository
from cases.states import MAIN_STATE_NAMES, Action, MainState
from cases.vocabulary import TYPE_NAMES, ActorKind, Audience, CaseType
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
class PublicCase:
    """A case for the citizen whose matter it is; times are aware, in the city's zone.

    ``due_provisional``: the date may move when a year's holidays are announced. ``answer`` is
    there once the case is closed, ``review_link`` (a path) while it can be rated.
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
    closed_at: datetime | None
    unit: str | None
    answer: str | None
    timeline: list[Step]
    review_link: str | None


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


async def _show(session: AsyncSession, case: Case, units: UnitNames, now: datetime) -> PublicCase:
    repository = CaseRepository(session, None)
    lead = await repository.lead(case.id)
    events = await repository.events(case.id)
    link = None
    if case.closed_at and case.rated_round != case.round:
        until = review_window(await load_calendar(session), case.closed_at)
        link = review_path(case.number, case.id, case.round) if now <= until else None
    type, state = CaseType(case.type), MainState(case.state)
    return PublicCase(
        number=case.number,
        title=case.title,
        type=type,
        type_name=TYPE_NAMES[type],
        state=state,
        state_name=MAIN_STATE_NAMES[state],
        created_at=case.created_at.astimezone(LOCAL),
        due_at=case.due_at.astimezone(LOCAL),
        due_provisional=case.due_provisional,
        closed_at=case.closed_at.astimezone(LOCAL) if case.closed_at else None,
        unit=units.name(lead.unit) if lead else None,
        answer=case.public_answer,
        timeline=[Step(e.at.astimezone(LOCAL), _text(e, units)) for e in events if _public(e)],
        review_link=link,
    )


def _public(event: CaseEvent) -> bool:
    return event.audience != Audience.STAFF


def _text(event: CaseEvent, units: UnitNames) -> str:
    code = event.data.get("unit")
    unit = units.name(code) if code else "承办单位"
    you = "您" if event.actor_kind == ActorKind.CITIZEN else "话务员代您"
    return {
        Action.REGISTER: "诉求已登记",
        Action.DISPATCH: f"已派往{unit}",
        Action.REASSIGN: f"已改由{unit}办理",
        Action.ACCEPT: f"{unit}已签收",
        Action.RETURN: "正在重新确定承办单位",
        Action.ANSWER: f"{unit}已提交办理结果",
        Action.CLOSE: "工单已办结",
        Action.URGE: f"{you}催办",
        Action.SUPPLEMENT: f"{you}补充了情况",
        Action.WITHDRAW: f"{you}撤回了诉求",
        Action.REVIEW: "您作了评价",
    }[Action(event.action)]
