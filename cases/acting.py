"""What every action on a case begins and ends with: lock, check, change, write down.

Staff name the ``version`` of the case that they decided on. When it has changed since, the later
one gets Conflict and nothing happens: of two clerks at once one wins. Everything here raises
NotFound for a case the actor may not see, NotAllowed for a role that may not, Conflict when the
state does not allow it, and InvalidInput when something needed is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from cases.history import record
from cases.masking import tidy
from cases.models import Case, SubCase
from cases.repository import CaseRepository
from cases.states import (
    ACTION_NAMES,
    GONE,
    MAIN_STATE_NAMES,
    SUB_STATE_NAMES,
    TRANSITIONS,
    Action,
    MainState,
    Refusal,
    SubState,
    main_state,
    refusal,
)
from cases.views import own_part
from cases.vocabulary import ActorKind, Audience, Part
from core.errors import Conflict, InvalidInput, NotAllowed
from core.identity import ROLE_NAMES, Actor

STALE = "这张工单刚刚有了新变化，请刷新后再操作"


async def begin(
    session: AsyncSession, actor: Actor, case_id: int, version: int, action: Action
) -> tuple[Case, Sequence[SubCase]]:
    """Lock the case, check that it is as the actor saw it and that the action is allowed.

    Returns the case and all its parts, oldest first.
    """
    repository = CaseRepository(session, actor)
    case = await repository.get(case_id, lock=True)
    if case.version != version:
        raise Conflict(STALE, code="stale")
    parts = await repository.parts(case_id)
    mine = own_part(actor, parts)
    main, sub = MainState(case.state), SubState(mine.state) if mine else None
    match refusal(action, actor.role, main, sub):
        case Refusal.PARTY:
            raise NotAllowed(f"{ROLE_NAMES[actor.role]}不能{ACTION_NAMES[action]}")
        case Refusal.MAIN_STATE:
            raise Conflict(f"工单现在是“{MAIN_STATE_NAMES[main]}”，不能{ACTION_NAMES[action]}")
        case Refusal.SUB_STATE:
            now_is = SUB_STATE_NAMES[sub] if sub else "不在本单位"
            raise Conflict(f"本单位的办理状态是“{now_is}”，不能{ACTION_NAMES[action]}")
    return case, parts


def need(action: Action, **given: str) -> None:
    """Raises InvalidInput for whatever the table asks for and ``given`` leaves empty."""
    missing = [n for n in TRANSITIONS[action].needed if n in given and not tidy(given[n])]
    if missing:
        raise InvalidInput(
            f"{ACTION_NAMES[action]}还缺少必填内容", fields=dict.fromkeys(missing, "必须填写")
        )


def own(actor: Actor, parts: Sequence[SubCase]) -> SubCase:
    """The actor's part; `begin` has made sure that there is one."""
    part = own_part(actor, parts)
    assert part is not None, "the table demands a part for this action"
    return part


def lead_of(parts: Sequence[SubCase]) -> SubCase:
    """The leading part that counts, of a case that has one."""
    return next(p for p in parts if p.role == Part.LEAD and SubState(p.state) not in GONE)


def below(part: SubCase, parts: Sequence[SubCase]) -> list[SubCase]:
    """The parts that work for ``part``, also indirectly, and still count."""
    found: list[SubCase] = []
    above = {part.id}
    for one in parts:
        if one.parent_id in above and SubState(one.state) not in GONE:
            above.add(one.id)
            found.append(one)
    return found


def move(
    session: AsyncSession,
    actor: Actor | ActorKind,
    case: Case,
    parts: Sequence[SubCase],
    part: SubCase,
    action: Action,
    to: SubState,
    now: datetime,
    *,
    reason: str = "",
    data: dict[str, Any] | None = None,
    audience: Audience | None = None,
) -> None:
    """Put ``part`` into ``to``, let the case follow its leading part, and write it down.

    The citizen reads about the leading part unless ``audience`` says otherwise.
    """
    before, part.state = part.state, to
    case.state = main_state((Part(p.role), SubState(p.state)) for p in parts)
    case.version += 1
    for_citizen = Audience.CITIZEN if part.role == Part.LEAD else Audience.STAFF
    record(
        session,
        case,
        action,
        now,
        actor,
        before=before,
        part=part,
        reason=tidy(reason),
        audience=audience or for_citizen,
        data={"unit": part.unit, **(data or {})},
    )


def note(
    session: AsyncSession,
    actor: Actor | ActorKind,
    case: Case,
    part: SubCase | None,
    action: Action,
    now: datetime,
    *,
    reason: str = "",
    data: dict[str, Any] | None = None,
    audience: Audience = Audience.STAFF,
) -> None:
    """Write down what changes no state; the case is another version all the same."""
    case.version += 1
    record(
        session,
        case,
        action,
        now,
        actor,
        before=part.state if part else case.state,
        part=part,
        reason=tidy(reason),
        audience=audience,
        data=({"unit": part.unit} if part else {}) | (data or {}),
    )


def end_open_parts(
    session: AsyncSession,
    case: Case,
    parts: Sequence[SubCase],
    action: Action,
    to: SubState,
    now: datetime,
) -> None:
    """End what other units still do, because the case ended or lost its leading unit."""
    for part in parts:
        if SubState(part.state) not in _ENDED:
            before, part.state = part.state, to
            record(
                session,
                case,
                action,
                now,
                ActorKind.SYSTEM,
                before=before,
                part=part,
                data={"unit": part.unit},
            )


_ENDED = GONE | {SubState.CLOSED, SubState.WITHDRAWN, SubState.ENDED}
