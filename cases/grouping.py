"""The same matter of many people (同类诉求): one parent case, one notice, and to each an answer.

Domain 2.2, point 9 [D]. The parent has no citizen: it shows how many, when and where, and a unit
sees nothing else. (群体性事件 is a term of the police and has nothing to do with it.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from cases import timing
from cases.acting import STALE, end_open_parts
from cases.approvals import cancel_pending
from cases.desk import give_lead, start_part, wait_for_dispatch
from cases.history import record
from cases.joining import lock_all, open_link, put_into, restore
from cases.likeness import coarse_place
from cases.masking import tidy
from cases.models import Case, Contact, SubCase
from cases.notices import tell_role, tell_unit
from cases.repository import CaseRepository
from cases.search import index_text
from cases.similar import GroupCandidate, find_group, find_same_of
from cases.states import (
    GONE,
    TRANSITIONS,
    UNANSWERED,
    Action,
    MainState,
    SubState,
)
from cases.timing import Timing
from cases.views import is_secret
from cases.vocabulary import (
    PRIORITY,
    ActorKind,
    ClockKind,
    LinkKind,
    Outcome,
    Part,
    Urgency,
)
from core.calendar import LOCAL
from core.errors import Conflict, InvalidInput, NotAllowed
from core.identity import ROLE_NAMES, Actor, Role
from routing.models import CategoryRow

_MOST_LISTED = 50
_Value = TypeVar("_Value")


async def group(
    session: AsyncSession,
    actor: Actor | ActorKind,
    versions: Mapping[int, int] | Collection[int],
    now: datetime,
    *,
    title: str = "",
    reason: str = "",
) -> Case:
    """Make a parent of at least two cases (id → version; of the line itself just ids).

    It goes to the unit that leads its members when they have one in common, else to the dispatch
    desk, and is due no later than the first of them. Raises InvalidInput when a secret case, a
    group or cases about different units are among them.
    """
    if len(versions) < 2:
        raise InvalidInput("同类诉求至少要有两张工单", fields={"case": "请至少选择两张"})
    members = await lock_all(session, actor, versions, Action.MERGE)
    cases = [case for case, _ in members]
    _check_members(cases)
    parent = await _new_parent(session, cases, tidy(title, 100), now)
    record(session, parent, Action.REGISTER, now, actor, reason=tidy(reason))
    why = tidy(reason) or "同类诉求合并办理"
    leads = {p.unit for _, parts in members for p in _live(parts) if p.role == Part.LEAD}
    assists = {p.unit for _, parts in members for p in _live(parts) if p.role == Part.ASSIST}
    for case, parts in members:
        await put_into(session, actor, case, parts, parent, LinkKind.GROUP, why, now)
    await _dispatch(session, parent, leads, assists, now)
    await session.flush()
    return parent


async def add(
    session: AsyncSession,
    actor: Actor | ActorKind,
    versions: Mapping[int, int] | Collection[int],
    parent_id: int,
    now: datetime,
    *,
    reason: str = "",
) -> Case:
    """Let more cases join an open group; returns the parent. Its unit is told once for each call.

    Raises Conflict when the group was answered meanwhile.
    """
    members = {
        case.id: (case, parts)
        for case, parts in await lock_all(session, actor, versions, Action.MERGE, also=parent_id)
    }
    parent, _ = members.pop(parent_id)
    if not parent.is_group or parent.state not in UNANSWERED:
        raise Conflict("这件同类诉求已经答复或撤销，不能再加入")
    cases = [case for case, _ in members.values()]
    _check_members(cases, parent)
    for case, parts in members.values():
        await put_into(
            session,
            actor,
            case,
            parts,
            parent,
            LinkKind.GROUP,
            tidy(reason) or "加入同类诉求",
            now,
        )
    await refresh(session, parent, now)
    lead = await CaseRepository(session, None).lead(parent.id)
    if lead is not None:
        key = f"joined:{parent.id}:{max(members)}:{now.isoformat()}"
        await tell_unit(session, parent, lead.unit, "joined", key, now)
    return parent


async def look_around(session: AsyncSession, case: Case, now: datetime) -> Case | None:
    """See whether a case just registered, and not dispatched yet, was told before.

    It joins the open group that it certainly belongs to: that one is returned. Of what is less
    certain the dispatch desk is told, which decides; None then.
    """
    found = await find_group(session, case)
    if found is not None and found.parent is not None and found.certain:
        reason = f"自动归入：{'，'.join(found.reasons)}"
        try:
            async with session.begin_nested():
                return await add(
                    session, ActorKind.SYSTEM, [case.id], found.parent, now, reason=reason
                )
        except (Conflict, InvalidInput):
            # Answered or taken apart in this very moment: the case goes its own way.
            await session.refresh(case)
    await _point_out(session, case, found, now)
    return None


async def ungroup(
    session: AsyncSession,
    actor: Actor,
    parent_id: int,
    version: int,
    reason: str,
    now: datetime,
) -> list[Case]:
    """Take a group apart (撤销成组): its members are as they were before; returns them.

    Possible until the group was answered.
    """
    if actor.role not in TRANSITIONS[Action.UNMERGE].parties:
        raise NotAllowed(f"{ROLE_NAMES[actor.role]}不能撤销成组")
    parent = await CaseRepository(session, actor).get(parent_id, lock=True)
    if parent.version != version:
        raise Conflict(STALE, code="stale")
    if not tidy(reason):
        raise InvalidInput("撤销成组还缺少必填内容", fields={"reason": "必须填写"})
    if not parent.is_group or parent.state not in UNANSWERED:
        raise Conflict("这件同类诉求已经答复或撤销，不能再拆开")
    repository = CaseRepository(session, None)
    members = list(await repository.merged_into(parent.id, lock=True))
    for case in members:
        link = await open_link(session, case)
        assert link is not None, "a merged case has the link it was merged by"
        parts = await repository.parts(case.id)
        await restore(session, actor, case, parts, parent, link, reason, now)
    await refresh(session, parent, now)
    return members


async def refresh(session: AsyncSession, parent: Case, now: datetime) -> None:
    """Tell anew how many, when and where; a locked group without members ends (已撤回)."""
    members = await CaseRepository(session, None).merged_into(parent.id)
    if not members:
        await _end(session, parent, now)
        return
    _describe(parent, members)
    parent.priority = min([parent.priority, *(case.priority for case in members)])
    await session.flush()


async def suggestion(session: AsyncSession, case: Case) -> GroupCandidate | None:
    """The group, or cases for one, that a clerk may put this case into; None once it is settled."""
    return await find_group(session, case) if case.state in UNANSWERED else None


async def _point_out(
    session: AsyncSession, case: Case, found: GroupCandidate | None, now: datetime
) -> None:
    """Tell the dispatch desk what may be the same. Whose cases they are is not said; a group that
    forms is told once, not with every member."""
    same = await find_same_of(session, case, now)
    if same is not None:
        text = f"与工单 {same.number} {'，'.join(same.reasons)}"
        await tell_role(session, case, Role.DISPATCHER, "same", f"same:{case.id}", now, text)
    if found is None:
        return
    text, first = "，".join(found.reasons), min(found.case_ids)
    if found.parent is not None:
        text, first = f"可加入 {found.parent_number}，{text}", case.id
    await tell_role(session, case, Role.DISPATCHER, "group", f"group:{first}", now, text)


def _check_members(cases: Sequence[Case], parent: Case | None = None) -> None:
    if any(is_secret(case) for case in cases):
        raise InvalidInput("举报和保密工单不能成组", fields={"case": "请去掉举报和保密工单"})
    if any(case.is_group for case in cases):
        raise InvalidInput("同类诉求的主单不能再成组", fields={"case": "请选择单个工单"})
    about = {case.about_unit for case in (*cases, *([parent] if parent else []))}
    if len(about) > 1:
        raise InvalidInput("反映的对象单位不同，不能成组", fields={"case": "请分开处理"})


async def _new_parent(
    session: AsyncSession, cases: Sequence[Case], title: str, now: datetime
) -> Case:
    """The parent as a stored case, as old as the first of its members: what that citizen was
    promised does not move."""
    first = min(cases, key=lambda case: (case.created_at, case.id))
    source = _most(case.source for case in cases)
    contact = Contact(
        source=source,
        outcome=Outcome.TRANSFERRED,
        subject="同类诉求",
        started_at=now,
        ended_at=now,
    )
    session.add(contact)
    await session.flush()
    urgency = min((Urgency(case.urgency) for case in cases), key=lambda one: PRIORITY[one])
    category = _most(case.category for case in cases)
    placed = [case for case in cases if case.category == category] or list(cases)
    place = _most(coarse_place(case.place_text) for case in placed)
    parent = Case(
        number=await CaseRepository(session, None).next_number(now),
        key=f"group:{contact.id}",
        contact_id=contact.id,
        type=_most(case.type for case in cases),
        category=category,
        title="",
        detail="",
        place_text=place,
        place_code=_shared(case.place_code for case in cases),
        street=_most(case.street for case in placed),
        district=_most(case.district for case in placed),
        urgency=urgency,
        priority=PRIORITY[urgency],
        around_the_clock=any(case.around_the_clock for case in cases),
        complex=any(case.complex for case in cases),
        # Nobody speaks in it, so there is nobody to name or to call.
        anonymous=True,
        about_unit=first.about_unit,
        attachments=[],
        state=MainState.PENDING_DISPATCH,
        source=source,
        created_at=first.created_at,
        is_group=True,
        version=1,
        routing={
            "subject": title or await _subject(session, category, place),
            "candidates": first.routing.get("candidates", []),
            "reasons": ["同类诉求，沿用各单的承办单位"],
        },
    )
    due = (await Timing.load(session)).due(ClockKind.HANDLE, parent, parent.created_at)
    parent.due_at, parent.due_provisional = due.at, due.provisional
    _describe(parent, cases)
    session.add(parent)
    await session.flush()
    contact.case_id, contact.type, contact.category = parent.id, parent.type, parent.category
    return parent


async def _subject(session: AsyncSession, category: str | None, place: str) -> str:
    """What it is about, in nobody's words: place and name of the category."""
    row = await session.get(CategoryRow, category) if category else None
    return f"{place} {row.name if row else '同一问题'}".strip()


async def _dispatch(
    session: AsyncSession, parent: Case, leads: set[str], assists: set[str], now: datetime
) -> None:
    if len(leads) != 1:
        await wait_for_dispatch(session, parent, now)
        return
    [lead] = leads
    # By the line itself: each of the members had been given to this unit with its reasons.
    await give_lead(
        session,
        ActorKind.SYSTEM,
        parent,
        [],
        Action.DISPATCH,
        lead,
        "各单的主办单位相同",
        now,
    )
    times = await Timing.load(session)
    for unit in sorted(assists - leads):
        await start_part(session, times, parent, unit, Part.ASSIST, now)


async def _end(session: AsyncSession, parent: Case, now: datetime) -> None:
    parts = await CaseRepository(session, None).parts(parent.id)
    for part in parts:
        await cancel_pending(session, parent, part.id, now)
    end_open_parts(session, parent, parts, Action.UNMERGE, SubState.WITHDRAWN, now)
    await timing.stop(session, parent.id, now, cancel=True)
    before, parent.state = parent.state, MainState.WITHDRAWN
    parent.version += 1
    record(session, parent, Action.UNMERGE, now, ActorKind.SYSTEM, before=before, reason="已无成员")
    lead = next((p for p in parts if p.role == Part.LEAD and SubState(p.state) not in GONE), None)
    if lead is not None:
        await tell_unit(session, parent, lead.unit, "withdrawn", f"ungroup:{parent.id}", now)
    await session.flush()


def _describe(parent: Case, members: Sequence[Case]) -> None:
    """Title and detail: how many, when and where; never what a single person said."""
    subject = parent.routing["subject"]
    parent.title = tidy(f"同类诉求：{subject}（{len(members)} 件）", 200)
    lines = [
        f"{number}. {case.created_at.astimezone(LOCAL):%m-%d %H:%M} "
        f"{coarse_place(case.place_text) or '地点不详'}"
        for number, case in enumerate(sorted(members, key=lambda one: one.created_at), 1)
    ]
    more = [f"……共 {len(members)} 件"] if len(lines) > _MOST_LISTED else []
    parent.detail = "\n".join(
        [f"共 {len(members)} 件反映：{subject}", *lines[:_MOST_LISTED], *more]
    )
    parent.search = index_text(parent.number, parent.title, parent.detail, parent.place_text)


def _live(parts: Sequence[SubCase]) -> list[SubCase]:
    return [part for part in parts if SubState(part.state) not in GONE]


def _most(values: Iterable[_Value]) -> _Value:
    return Counter(values).most_common(1)[0][0]


def _shared(values: Iterable[str | None]) -> str | None:
    found = set(values)
    return found.pop() if len(found) == 1 else None
