"""What the citizen does to a case, alone or through a seat: urge, add, take back, ask for more.

Each request carries a ``key``: the same one again changes nothing and is told so. The ``version``
of the case is not asked for; the citizen decides on nothing that a clerk could have changed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from cases import timing
from cases.acting import end_open_parts, need, note
from cases.approvals import cancel_pending
from cases.clocks import reopen_window
from cases.closing import send_back_to_work
from cases.forwarding import forward
from cases.history import record
from cases.identity import person_of
from cases.masking import hide_person, tidy
from cases.models import Case
from cases.notices import tell_unit
from cases.repository import CaseRepository
from cases.states import (
    ACTION_NAMES,
    MAIN_STATE_NAMES,
    TRANSITIONS,
    Action,
    MainState,
    Refusal,
    refusal,
)
from cases.views import is_secret
from cases.vocabulary import ActorKind, Audience
from core.calendar import LOCAL
from core.calendar_store import load_calendar
from core.errors import Conflict, Gone, InvalidInput, NotAllowed
from core.identity import ROLE_NAMES, Actor
from core.privacy import encrypt


async def urge(
    session: AsyncSession, case_id: int, key: str, now: datetime, *, by: Actor | None = None
) -> bool:
    """The citizen (or the seat ``by`` on the phone) asks to hurry. False: this ``key`` was known.

    Leaves ``version`` as it is: nothing that a clerk decides on has changed.
    """
    forwarded = await forward(session, case_id, Action.URGE, key, now, by=by)
    if forwarded is not None:
        return forwarded
    case = await _begin(session, case_id, key, Action.URGE, by)
    if case is None:
        return False
    case.urges += 1
    _record(session, case, Action.URGE, key, now, by)
    await _tell_handling(session, case, Action.URGE, f"urge:{case.id}:{case.urges}", now)
    return True


async def supplement(
    session: AsyncSession,
    case_id: int,
    key: str,
    text: str,
    now: datetime,
    *,
    by: Actor | None = None,
) -> bool:
    """The citizen adds to what was said. False when this ``key`` was known."""
    forwarded = await forward(session, case_id, Action.SUPPLEMENT, key, now, text=text, by=by)
    if forwarded is not None:
        return forwarded
    case = await _begin(session, case_id, key, Action.SUPPLEMENT, by)
    if case is None:
        return False
    need(Action.SUPPLEMENT, text=text)
    name, phone = await person_of(session, case.id)
    # The words of a merged case are read by whoever works on the one it went into.
    hidden = is_secret(case) or case.anonymous or case.state == MainState.MERGED
    masked = hide_person(tidy(text), name, phone, secret=hidden)
    case.version += 1
    data = {"text": masked, "original": encrypt(tidy(text))}
    _record(session, case, Action.SUPPLEMENT, key, now, by, data=data)
    about = f"more:{case.id}:{case.version}"
    await _tell_handling(session, case, Action.SUPPLEMENT, about, now, text=masked)
    return True


async def withdraw(
    session: AsyncSession,
    case_id: int,
    key: str,
    now: datetime,
    *,
    reason: str = "",
    by: Actor | None = None,
) -> bool:
    """The citizen takes the matter back. False when this ``key`` was known."""
    forwarded = await forward(session, case_id, Action.WITHDRAW, key, now, by=by)
    if forwarded is not None:
        return forwarded
    case = await _begin(session, case_id, key, Action.WITHDRAW, by)
    if case is None:
        return False
    before, case.state = case.state, MainState.WITHDRAWN
    case.version += 1
    name, phone = await person_of(session, case.id)
    said = hide_person(tidy(reason), name, phone, secret=is_secret(case) or case.anonymous)
    _record(session, case, Action.WITHDRAW, key, now, by, before=before, reason=said)
    parts = await CaseRepository(session, None).parts(case.id)
    if before != MainState.MERGED:
        await _tell_handling(session, case, Action.WITHDRAW, f"withdrawn:{case.id}", now)
    for part in parts:
        await cancel_pending(session, case, part.id, now)
    to = TRANSITIONS[Action.WITHDRAW].rest_to
    assert to is not None
    end_open_parts(session, case, parts, Action.WITHDRAW, to, now)
    await timing.stop(session, case.id, now, cancel=True)
    return True


async def reopen(
    session: AsyncSession,
    case_id: int,
    key: str,
    reason: str,
    now: datetime,
    *,
    by: Actor | None = None,
) -> bool:
    """The citizen is not done with an answered case (重新办理). False when ``key`` was known.

    Raises Gone after the window (`cases.clocks.reopen_window`): then a new case is filed that
    names this one (`Registration.follows`).
    """
    case = await _begin(session, case_id, key, Action.REOPEN, by)
    if case is None:
        return False
    need(Action.REOPEN, reason=reason)
    until = reopen_window(await load_calendar(session), case.told_at or case.created_at)
    if now > until:
        raise Gone(
            f"重新办理的期限到 {until.astimezone(LOCAL):%Y年%m月%d日} 为止，已经过了；"
            "请另行反映，新工单会与这张关联",
            code="too_late",
        )
    name, phone = await person_of(session, case.id)
    said = hide_person(tidy(reason), name, phone, secret=is_secret(case) or case.anonymous)
    who = by or ActorKind.CITIZEN
    event_key = _event_key(case, Action.REOPEN, key)
    await send_back_to_work(session, who, case, said, now, key=event_key)
    return True


async def _begin(
    session: AsyncSession, case_id: int, key: str, action: Action, by: Actor | None
) -> Case | None:
    """Lock the case for a citizen's request; None when the request was already met."""
    if not 0 < len(key) <= 100:
        raise InvalidInput("请求编号须为 1 至 100 个字符", fields={"key": "长度不对"})
    repository = CaseRepository(session, by)
    case = await repository.get(case_id, lock=True)
    if await repository.event_by_key(_event_key(case, action, key)) is not None:
        return None
    party = by.role if by else ActorKind.CITIZEN
    match refusal(action, party, MainState(case.state)):
        case None:
            return case
        case Refusal.PARTY:
            who = ROLE_NAMES[by.role] if by else "您"
            raise NotAllowed(f"{who}不能{ACTION_NAMES[action]}")
        case _:
            state = MAIN_STATE_NAMES[MainState(case.state)]
            raise Conflict(f"这张工单{state}，不能{ACTION_NAMES[action]}")


_NOTICES = {Action.URGE: "urge", Action.SUPPLEMENT: "supplement", Action.WITHDRAW: "withdrawn"}


async def _tell_handling(
    session: AsyncSession, case: Case, action: Action, key: str, now: datetime, *, text: str = ""
) -> None:
    """Tell the leading unit; of a merged case that of the case it went into, which notes the
    words in its own history without saying whose they are."""
    repository = CaseRepository(session, None)
    worked_on = case
    if case.state == MainState.MERGED and case.merged_into is not None:
        worked_on = await repository.get(case.merged_into, lock=True)
        worked_on.urges += action is Action.URGE
        note(session, ActorKind.CITIZEN, worked_on, None, action, now, data={"text": text})
    lead = await repository.lead(worked_on.id)
    if lead is not None:
        await tell_unit(session, worked_on, lead.unit, _NOTICES[action], key, now)


def _event_key(case: Case, action: Action, key: str) -> str:
    return f"{case.id}:{action}:{key}"


def _record(
    session: AsyncSession,
    case: Case,
    action: Action,
    key: str,
    now: datetime,
    by: Actor | None,
    *,
    before: str | None = None,
    reason: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    record(
        session,
        case,
        action,
        now,
        by or ActorKind.CITIZEN,
        before=before or case.state,
        reason=reason,
        audience=Audience.CITIZEN,
        data=dict(data or {}),
        key=_event_key(case, action, key),
    )
