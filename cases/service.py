"""What staff and citizens do to a case. Nothing here commits; every change adds a line to the
case's history in the same transaction.

Staff name the ``version`` of the case that they decided on. When it has changed since, the later
one gets Conflict and nothing happens: of two clerks at once one wins. All of these functions raise
NotFound for a case the actor may not see, NotAllowed for a role that may not, Conflict when the
state does not allow it, and InvalidInput when something needed is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.history import record
from cases.masking import hide_person, tidy
from cases.models import Case, SubCase
from cases.numbers import query_code, review_path
from cases.progress import PublicCase, look_up, public_case
from cases.registration import (
    Registered,
    Registration,
    close_contact,
    new_part,
    open_contact,
    phone_hash,
    register,
)
from cases.repository import CaseRepository
from cases.states import (
    ACTION_NAMES,
    GONE,
    MAIN_STATE_NAMES,
    OPEN_PARTS,
    SUB_STATE_NAMES,
    TRANSITIONS,
    Action,
    MainState,
    Refusal,
    SubState,
    main_state,
    refusal,
)
from cases.views import is_secret, own_part
from cases.vocabulary import ActorKind, Audience, Part
from core.errors import Conflict, InvalidInput, NotAllowed
from core.identity import ROLE_NAMES, Actor
from core.outbox import publish
from core.privacy import decrypt, encrypt

# Topic of the outbox; payload {case_id, number, conversation_id, round}.
CASE_CLOSED = "case_closed"

__all__ = [
    "CASE_CLOSED",
    "PublicCase",
    "Registered",
    "Registration",
    "accept",
    "answer",
    "close",
    "close_contact",
    "dispatch",
    "look_up",
    "open_contact",
    "phone_hash",
    "public_case",
    "query_code",
    "reassign",
    "record_review",
    "register",
    "return_to_dispatcher",
    "review_path",
    "supplement",
    "urge",
    "withdraw",
]


async def dispatch(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    unit: str,
    now: datetime,
    *,
    reason: str = "",
) -> Case:
    """Give a waiting case to ``unit`` as the leading one; returns the changed case."""
    case, parts = await _begin(session, actor, case_id, version, Action.DISPATCH)
    return await _give_lead(session, actor, case, parts, Action.DISPATCH, unit, reason, now)


async def reassign(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    unit: str,
    reason: str,
    now: datetime,
) -> Case:
    """Take the lead from its unit and give it to ``unit``; the reason stays in the history."""
    case, parts = await _begin(session, actor, case_id, version, Action.REASSIGN)
    _need(Action.REASSIGN, unit=unit, reason=reason)
    return await _give_lead(session, actor, case, parts, Action.REASSIGN, unit, reason, now)


async def accept(
    session: AsyncSession, actor: Actor, case_id: int, version: int, now: datetime
) -> Case:
    """The actor's unit takes on its part (签收)."""
    case, parts = await _begin(session, actor, case_id, version, Action.ACCEPT)
    part = _own(actor, parts)
    part.accepted_at = now
    return _move(session, actor, case, parts, part, Action.ACCEPT, now)


async def return_to_dispatcher(
    session: AsyncSession, actor: Actor, case_id: int, version: int, reason: str, now: datetime
) -> Case:
    """The actor's unit says its part is not its matter (退单); a leading part's case waits anew."""
    case, parts = await _begin(session, actor, case_id, version, Action.RETURN)
    _need(Action.RETURN, reason=reason)
    return _move(session, actor, case, parts, _own(actor, parts), Action.RETURN, now, reason)


async def answer(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    citizen_answer: str,
    internal_note: str,
    now: datetime,
) -> Case:
    """Write the unit's answer; until it is closed it may be written again.

    ``citizen_answer`` is what the citizen reads once the case is closed, ``internal_note`` is for
    staff and may be empty.
    """
    case, parts = await _begin(session, actor, case_id, version, Action.ANSWER)
    _need(Action.ANSWER, citizen_answer=citizen_answer)
    part = _own(actor, parts)
    part.citizen_answer, part.internal_note = tidy(citizen_answer), tidy(internal_note) or None
    part.answered_at = now
    return _move(session, actor, case, parts, part, Action.ANSWER, now)


async def close(
    session: AsyncSession, actor: Actor, case_id: int, version: int, now: datetime
) -> Case:
    """Close the unit's part (办结). With the leading part the case is closed: its answer becomes
    the public one, parts still open end with it, and `CASE_CLOSED` is published.
    """
    case, parts = await _begin(session, actor, case_id, version, Action.CLOSE)
    part = _own(actor, parts)
    part.closed_at = now
    _move(session, actor, case, parts, part, Action.CLOSE, now)
    if case.state == MainState.CLOSED:
        case.closed_at = now
        case.public_answer = part.citizen_answer
        _end_open_parts(session, case, parts, Action.CLOSE, now)
        await publish(
            session,
            CASE_CLOSED,
            f"{CASE_CLOSED}:{case.id}:{case.round}",
            {
                "case_id": case.id,
                "number": case.number,
                "conversation_id": await _conversation(session, case),
                "round": case.round,
            },
        )
    return case


async def urge(
    session: AsyncSession, case_id: int, key: str, now: datetime, *, by: Actor | None = None
) -> bool:
    """The citizen (or the seat ``by`` on the phone) asks to hurry. False: this ``key`` was known.

    Leaves ``version`` as it is: nothing that a clerk decides on has changed.
    """
    case = await _begin_citizen(session, case_id, key, Action.URGE, by)
    if case is None:
        return False
    _record_citizen(session, case, Action.URGE, key, now, by)
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
    case = await _begin_citizen(session, case_id, key, Action.SUPPLEMENT, by)
    if case is None:
        return False
    _need(Action.SUPPLEMENT, text=text)
    name = decrypt(case.name_encrypted) if case.name_encrypted else None
    phone = decrypt(case.phone_encrypted) if case.phone_encrypted else None
    masked = hide_person(tidy(text), name, phone, secret=is_secret(case) or case.anonymous)
    case.version += 1
    data = {"text": masked, "original": encrypt(tidy(text))}
    _record_citizen(session, case, Action.SUPPLEMENT, key, now, by, data=data)
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
    case = await _begin_citizen(session, case_id, key, Action.WITHDRAW, by)
    if case is None:
        return False
    before, case.state = case.state, MainState.WITHDRAWN
    case.version += 1
    _record_citizen(
        session, case, Action.WITHDRAW, key, now, by, before=before, reason=tidy(reason)
    )
    parts = await CaseRepository(session, None).parts(case.id)
    _end_open_parts(session, case, parts, Action.WITHDRAW, now)
    return True


def record_review(session: AsyncSession, case: Case, grade: int, now: datetime) -> None:
    """Note that this closing of ``case`` (locked by the caller) was rated with ``grade`` (1-5)."""
    case.rated_round = case.round
    record(
        session,
        case,
        Action.REVIEW,
        now,
        ActorKind.CITIZEN,
        before=case.state,
        audience=Audience.CITIZEN,
        data={"grade": grade, "round": case.round},
    )


async def _begin(
    session: AsyncSession, actor: Actor, case_id: int, version: int, action: Action
) -> tuple[Case, Sequence[SubCase]]:
    """Lock the case, then check that it is as the actor saw it and that the action is allowed."""
    repository = CaseRepository(session, actor)
    case = await repository.get(case_id, lock=True)
    if case.version != version:
        raise Conflict("这张工单刚刚有了新变化，请刷新后再操作", code="stale")
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


async def _begin_citizen(
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
            raise Conflict(f"这张工单{state}，不能再{ACTION_NAMES[action]}")


def _event_key(case: Case, action: Action, key: str) -> str:
    return f"{case.id}:{action}:{key}"


def _record_citizen(
    session: AsyncSession,
    case: Case,
    action: Action,
    key: str,
    now: datetime,
    by: Actor | None,
    *,
    before: str | None = None,
    reason: str = "",
    data: dict[str, str] | None = None,
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


def _need(action: Action, **given: str) -> None:
    """Raises InvalidInput for whatever the table asks for and ``given`` leaves empty."""
    missing = [n for n in TRANSITIONS[action].needed if n in given and not tidy(given[n])]
    if missing:
        raise InvalidInput(
            f"{ACTION_NAMES[action]}还缺少必填内容", fields=dict.fromkeys(missing, "必须填写")
        )


def _own(actor: Actor, parts: Sequence[SubCase]) -> SubCase:
    part = own_part(actor, parts)
    assert part is not None, "the table demands a part for this action"
    return part


def _move(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    parts: Sequence[SubCase],
    part: SubCase,
    action: Action,
    now: datetime,
    reason: str = "",
) -> Case:
    """Put ``part`` into the state the table gives, let the case follow, write it down."""
    to = TRANSITIONS[action].sub_to
    assert to is not None
    before, part.state = part.state, to
    case.state = main_state((Part(p.role), SubState(p.state)) for p in parts)
    case.version += 1
    record(
        session,
        case,
        action,
        now,
        actor,
        before=before,
        part=part,
        reason=tidy(reason),
        audience=Audience.CITIZEN if part.role == Part.LEAD else Audience.STAFF,
        data={"unit": part.unit},
    )
    return case


async def _give_lead(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    parts: Sequence[SubCase],
    action: Action,
    unit: str,
    reason: str,
    now: datetime,
) -> Case:
    live = [p for p in parts if SubState(p.state) not in GONE]
    if not await CaseRepository(session, actor).unit_is_active(unit):
        raise InvalidInput("没有这个承办单位", fields={"unit": "请从单位名录中选择"})
    if any(p.unit == unit and p.role == Part.LEAD for p in live):
        raise InvalidInput("这张工单已经由该单位主办", fields={"unit": "请选择别的单位"})
    for part in live:
        # Whoever assisted so far and leads from now on starts anew as the leading unit.
        if part.role == Part.LEAD or part.unit == unit:
            part.state = SubState.REASSIGNED
    await session.flush()
    session.add(new_part(case, unit, Part.LEAD, now))
    before, case.state = case.state, MainState.DISPATCHED
    case.version += 1
    taken = next((p.unit for p in live if p.role == Part.LEAD), None)
    record(
        session,
        case,
        action,
        now,
        actor,
        before=before,
        reason=tidy(reason),
        audience=Audience.CITIZEN,
        data={"unit": unit, **({"from_unit": taken} if taken else {})},
    )
    await session.flush()
    return case


def _end_open_parts(
    session: AsyncSession, case: Case, parts: Sequence[SubCase], action: Action, now: datetime
) -> None:
    to = TRANSITIONS[action].rest_to
    assert to is not None
    for part in parts:
        if SubState(part.state) in OPEN_PARTS:
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


async def _conversation(session: AsyncSession, case: Case) -> str | None:
    conversation = await CaseRepository(session, None).conversation_of(case)
    return str(conversation) if conversation else None
