"""What the citizen of a merged case asks for reaches those who work on it, without a name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.acting import need
from cases.grouping import refresh
from cases.history import record
from cases.identity import person_of
from cases.joining import lock_target, open_link
from cases.masking import hide_person, tidy
from cases.models import Case
from cases.notices import tell_unit
from cases.repository import CaseRepository
from cases.states import ACTION_NAMES, TRANSITIONS, Action, MainState
from cases.vocabulary import ActorKind, Audience
from core.errors import InvalidInput, NotAllowed
from core.identity import ROLE_NAMES, Actor
from core.privacy import encrypt


async def forward(
    session: AsyncSession,
    case_id: int,
    action: Action,
    key: str,
    now: datetime,
    *,
    text: str = "",
    by: Actor | None = None,
) -> bool | None:
    """What a citizen asks of a merged case reaches those who work on it, without saying who asks.

    ``action`` is URGE, SUPPLEMENT (with ``text``) or WITHDRAW; ``key`` names the request. None: the
    case is not merged, so the caller goes on by itself. False: the request was known.
    """
    target = await lock_target(session, by, case_id)
    if target is None:
        return None
    repository = CaseRepository(session, by)
    case = await repository.get(case_id, lock=True)
    if case.state != MainState.MERGED:
        return None
    if not 0 < len(key) <= 100:
        raise InvalidInput("请求编号须为 1 至 100 个字符", fields={"key": "长度不对"})
    party = by.role if by else ActorKind.CITIZEN
    if party not in TRANSITIONS[action].parties:
        who = ROLE_NAMES[by.role] if by else "您"
        raise NotAllowed(f"{who}不能{ACTION_NAMES[action]}")
    need(action, text=text)
    event_key = f"{case.id}:{action}:{key}"
    if await repository.event_by_key(event_key) is not None:
        return False
    name, phone = await person_of(session, case.id)
    data = {}
    if text:
        data = {"text": hide_person(tidy(text), name, phone, secret=True)}
    before = case.state
    if action is Action.WITHDRAW:
        case.state, case.merged_into = MainState.WITHDRAWN, None
        case.version += 1
    own = data | ({"original": encrypt(tidy(text))} if text else {})
    record(
        session,
        case,
        action,
        now,
        by or ActorKind.CITIZEN,
        before=before,
        audience=Audience.CITIZEN,
        data=own,
        key=event_key,
    )
    await _pass_on(session, case, target, action, data, event_key, now)
    return True


async def _pass_on(
    session: AsyncSession,
    case: Case,
    target: Case,
    action: Action,
    data: Mapping[str, str],
    key: str,
    now: datetime,
) -> None:
    if action is Action.WITHDRAW:
        link = await open_link(session, case)
        if link is not None:
            link.undone_at = now
        if target.is_group:
            await refresh(session, target, now)
        return
    while target.state == MainState.MERGED and target.merged_into is not None:
        target = await CaseRepository(session, None).get(target.merged_into, lock=True)
    if action is Action.URGE:
        target.urges += 1
    else:
        target.version += 1
    record(
        session,
        target,
        action,
        now,
        ActorKind.CITIZEN,
        before=target.state,
        reason="来自并入的诉求",
        data=dict(data),
    )
    lead = await CaseRepository(session, None).lead(target.id)
    if lead is not None:
        kind = "urge" if action is Action.URGE else "supplement"
        await tell_unit(session, target, lead.unit, kind, f"forward:{key}", now)
