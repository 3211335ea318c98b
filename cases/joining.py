"""Putting one case into another (并单), and taking it out again as it was.

国办函〔2025〕66号(五): 重复诉求原则上并单. A merged case keeps its citizen, its number and its own
answer; its units' work ends, and what is done is done in the other case. What it was before is kept
in `CaseLink.before`, so that it can be taken out as it was: its clocks have run on meanwhile, since
the citizen was promised a date.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases import timing
from cases.acting import STALE, begin, need
from cases.approvals import cancel_pending
from cases.desk import wait_for_dispatch
from cases.history import record
from cases.masking import tidy
from cases.models import Approval, Case, CaseClock, CaseLink, SubCase
from cases.notices import tell_unit
from cases.repository import CaseRepository
from cases.similar import same_person
from cases.states import (
    ACTION_NAMES,
    MAIN_STATE_NAMES,
    OPEN_PARTS,
    TRANSITIONS,
    UNANSWERED,
    Action,
    MainState,
    SubState,
    refusal,
)
from cases.views import is_secret
from cases.vocabulary import (
    ActorKind,
    ApprovalState,
    Audience,
    ClockState,
    LinkKind,
)
from core.errors import Conflict, InvalidInput, NotAllowed
from core.identity import ROLE_NAMES, Actor


async def merge(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    target_id: int,
    reason: str,
    now: datetime,
) -> Case:
    """Put a case into ``target_id`` (并单); returns the target.

    When both came from one person it also counts as an urge there (domain 2.2, point 9), and the
    unit reads what was said. Raises InvalidInput when the two may not be put together.
    """
    return await merge_many(session, actor, {case_id: version}, target_id, reason, now)


async def merge_many(
    session: AsyncSession,
    actor: Actor,
    versions: Mapping[int, int],
    target_id: int,
    reason: str,
    now: datetime,
) -> Case:
    """Put several cases (id → version) into one: all of them or, when one cannot be, none."""
    need(Action.MERGE, reason=reason)
    if not versions:
        raise InvalidInput("请选择要并入的工单", fields={"case": "请至少选择一张"})
    if target_id in versions:
        raise InvalidInput("不能把工单并入它自己", fields={"target": "请选择另一张工单"})
    locked = {
        case.id: (case, parts)
        for case, parts in await lock_all(session, actor, versions, Action.MERGE, also=target_id)
    }
    target = locked[target_id][0]
    for one in versions:
        case, parts = locked[one]
        alike = await same_person(session, case, target)
        check_fit(case, target, alike)
        await put_into(session, actor, case, parts, target, LinkKind.MERGE, reason, now)
        await _tell_target(session, actor, case, target, alike, now)
    await session.flush()
    return target


async def unmerge(
    session: AsyncSession,
    actor: Actor,
    case_id: int,
    version: int,
    reason: str,
    now: datetime,
) -> Case:
    """Take a case out again (撤销并单), as it was before; returns it.

    Possible until the answer was given. A group that loses its last member ends.
    """
    target = await lock_target(session, actor, case_id)
    case, parts = await begin(session, actor, case_id, version, Action.UNMERGE)
    need(Action.UNMERGE, reason=reason)
    link = await open_link(session, case)
    if target is None or link is None or link.to_case_id != target.id:
        raise Conflict(STALE, code="stale")
    await restore(session, actor, case, parts, target, link, reason, now)
    if target.is_group:
        # `cases.grouping` builds on this module.
        from cases.grouping import refresh

        await refresh(session, target, now)
    return case


async def put_into(
    session: AsyncSession,
    actor: Actor | ActorKind,
    case: Case,
    parts: Sequence[SubCase],
    target: Case,
    kind: LinkKind,
    reason: str,
    now: datetime,
) -> None:
    """Make a locked case part of a locked ``target``; what it was is kept for `restore`."""
    working = [part for part in parts if SubState(part.state) in OPEN_PARTS]
    before: dict[str, Any] = {
        "state": case.state,
        "parts": {str(part.id): part.state for part in working},
        "clocks": await _ids(
            session,
            CaseClock.id,
            CaseClock.case_id == case.id,
            CaseClock.state == ClockState.RUNNING,
        ),
        "approvals": await _ids(
            session,
            Approval.id,
            Approval.case_id == case.id,
            Approval.state == ApprovalState.PENDING,
        ),
    }
    for part in working:
        await cancel_pending(session, case, part.id, now)
        part.state = SubState.ENDED
    await timing.stop(session, case.id, now, cancel=True)
    was, case.state = case.state, MainState.MERGED
    case.merged_into = target.id
    case.version += 1
    session.add(
        CaseLink(
            kind=kind,
            from_case_id=case.id,
            to_case_id=target.id,
            at=now,
            by=actor.login if isinstance(actor, Actor) else None,
            reason=tidy(reason),
            before=before,
        )
    )
    data = {"number": target.number, "kind": kind}
    for one, state, number, audience in (
        (case, was, target.number, Audience.CITIZEN),
        (target, target.state, case.number, Audience.STAFF),
    ):
        record(
            session,
            one,
            Action.MERGE,
            now,
            actor,
            before=state,
            reason=tidy(reason),
            audience=audience,
            data=data | {"number": number},
        )
    await session.flush()


async def restore(
    session: AsyncSession,
    actor: Actor | ActorKind,
    case: Case,
    parts: Sequence[SubCase],
    target: Case,
    link: CaseLink,
    reason: str,
    now: datetime,
) -> None:
    """Undo `put_into` for a locked case and its locked target."""
    before = link.before
    for part in parts:
        if str(part.id) in before["parts"]:
            part.state = before["parts"][str(part.id)]
    for clock in await session.scalars(select(CaseClock).where(CaseClock.id.in_(before["clocks"]))):
        clock.state, clock.stopped_at = ClockState.RUNNING, None
    waiting = await session.scalars(select(Approval).where(Approval.id.in_(before["approvals"])))
    for approval in waiting:
        approval.state = ApprovalState.PENDING
    case.state, case.merged_into = before["state"], None
    case.version += 1
    link.undone_at = now
    link.undone_by = actor.login if isinstance(actor, Actor) else None
    if before.get("urged"):
        target.urges = max(0, target.urges - 1)
    if case.state == MainState.PENDING_DISPATCH:
        # One that joined on its own when it was registered has never waited at the desk.
        await wait_for_dispatch(session, case, now)
    for one, state, number, audience in (
        (case, MainState.MERGED, target.number, Audience.CITIZEN),
        (target, target.state, case.number, Audience.STAFF),
    ):
        record(
            session,
            one,
            Action.UNMERGE,
            now,
            actor,
            before=state,
            reason=tidy(reason),
            audience=audience,
            data={"number": number, "kind": link.kind},
        )
    await session.flush()


async def open_link(session: AsyncSession, case: Case) -> CaseLink | None:
    """The link by which ``case`` is in another one now."""
    found: CaseLink | None = await session.scalar(
        select(CaseLink)
        .where(
            CaseLink.from_case_id == case.id,
            CaseLink.kind.in_([LinkKind.MERGE, LinkKind.GROUP]),
            CaseLink.undone_at.is_(None),
        )
        .order_by(CaseLink.id.desc())
        .limit(1)
    )
    return found


def check_fit(case: Case, target: Case, same: bool) -> None:
    """Raises InvalidInput or Conflict when ``case`` may not go into ``target``.

    ``same``: both came from one person. Secret cases mix with nobody else's, since what is told
    about one would tell about the other; nor do cases about different units, which are hidden from
    different people.
    """
    state = MainState(target.state)
    if state not in UNANSWERED:
        raise Conflict(f"目标工单 {target.number} 现在是“{MAIN_STATE_NAMES[state]}”，不能再并入")
    if is_secret(case) != is_secret(target) or (is_secret(case) and not same):
        raise InvalidInput(
            "举报和保密工单只能与同一诉求人的保密工单合并",
            fields={"target": "请选择另一张工单"},
        )
    if case.about_unit != target.about_unit:
        raise InvalidInput(
            "两张工单反映的对象单位不同，不能合并", fields={"target": "请选择另一张工单"}
        )


async def _tell_target(
    session: AsyncSession, actor: Actor, case: Case, target: Case, same: bool, now: datetime
) -> None:
    """Let the target's unit know; by the same person it is an urge, with what was said."""
    lead = await CaseRepository(session, None).lead(target.id)
    kind = "joined"
    if same:
        kind = "urge"
        target.urges += 1
        link = await open_link(session, case)
        assert link is not None
        link.before = link.before | {"urged": True}
        record(
            session,
            target,
            Action.SUPPLEMENT,
            now,
            actor,
            before=target.state,
            reason=f"同一诉求人再次反映（工单 {case.number}）",
            data={"text": case.detail},
        )
    if lead is not None:
        await tell_unit(session, target, lead.unit, kind, f"merge:{case.id}:{case.version}", now)


async def lock_target(session: AsyncSession, actor: Actor | None, case_id: int) -> Case | None:
    """Lock what a merged case is in, before the case itself: answers go the same way.

    None for a case that is not merged.
    """
    repository = CaseRepository(session, actor)
    case = await repository.get(case_id)
    # Read anew: an earlier look in this transaction may be out of date.
    await session.refresh(case, ["state", "merged_into"])
    if case.state != MainState.MERGED or case.merged_into is None:
        return None
    return await CaseRepository(session, None).get(case.merged_into, lock=True)


async def _ids(session: AsyncSession, column: Any, *where: Any) -> list[int]:
    return list(await session.scalars(select(column).where(*where)))


def check_allowed(actor: Actor | ActorKind, case: Case, action: Action) -> None:
    """Raises NotAllowed or Conflict when the table refuses ``action`` to ``actor`` now."""
    party = actor.role if isinstance(actor, Actor) else actor
    state = MainState(case.state)
    why = refusal(action, party, state)
    if why is None:
        return
    if party not in TRANSITIONS[action].parties:
        who = ROLE_NAMES[actor.role] if isinstance(actor, Actor) else "系统"
        raise NotAllowed(f"{who}不能{ACTION_NAMES[action]}")
    raise Conflict(
        f"工单 {case.number} 现在是“{MAIN_STATE_NAMES[state]}”，不能{ACTION_NAMES[action]}"
    )


async def lock_all(
    session: AsyncSession,
    actor: Actor | ActorKind,
    versions: Mapping[int, int] | Collection[int],
    action: Action,
    *,
    also: int | None = None,
) -> list[tuple[Case, Sequence[SubCase]]]:
    """Lock cases in order of id, so that two clerks never wait for each other, and check each.

    Versions are asked of people only. ``also`` is locked with them but not checked.
    """
    repository = CaseRepository(session, actor if isinstance(actor, Actor) else None)
    locked = []
    for one in sorted({*versions, *([] if also is None else [also])}):
        case = await repository.get(one, lock=True)
        if one != also:
            if isinstance(versions, Mapping) and case.version != versions[one]:
                raise Conflict(f"工单 {case.number} 刚刚有了新变化，请刷新后再操作", code="stale")
            check_allowed(actor, case, action)
        locked.append((case, await repository.parts(one)))
    return locked
