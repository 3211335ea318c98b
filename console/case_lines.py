"""The lines of a case page: parts as a tree, clocks, requests and history. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cases.states import GONE, OPEN, Action, MainState, SubState
from cases.views import ApprovalView, CaseView, ClockView, EventView, PartView
from cases.vocabulary import ActorKind, Audience, ClockKind, ClockState, Part
from console.clock import Clock, Light, clock
from console.wording import happened
from core.calendar import LOCAL
from units.tree import UnitTree


@dataclass(frozen=True)
class PartLine:
    """A unit's part; ``depth`` 0 for units of the line's own choosing, 1 and more below them."""

    part: PartView
    unit: str
    depth: int
    clock: Clock
    running: bool
    handler: str


@dataclass(frozen=True)
class ClockLine:
    """A time limit beside the handling one."""

    name: str
    whose: str
    clock: Clock
    due_at: datetime
    provisional: bool
    basis: str
    statutory: bool


@dataclass(frozen=True)
class RequestLine:
    """Something a unit asked for, with names instead of codes."""

    request: ApprovalView
    unit: str
    asked_by: str
    proposed: str
    decider: str
    decided_by: str


@dataclass(frozen=True)
class HistoryLine:
    at: str
    text: str
    reason: str
    quote: str
    pictures: list[uuid.UUID]
    audience: str
    kind: str


# A unit's clock runs until it has answered.
_WORKING = frozenset(
    {SubState.PENDING_ACCEPTANCE, SubState.IN_PROGRESS, SubState.PENDING_SIGNATURE}
)
_AUDIENCES = {Audience.STAFF: "", Audience.CITIZEN: "市民可见", Audience.PUBLIC: "公开"}
_CARDS = {
    Action.YELLOW: "yellow",
    Action.RED: "red",
    Action.ESCALATE: "red",
    Action.SUPERVISE: "red",
}


def part_lines(
    view: CaseView, tree: UnitTree, names: dict[str, str], at: datetime
) -> tuple[list[PartLine], list[PartLine]]:
    """The parts that count, each unit followed by those below it, and those that do not any more."""

    def line(part: PartView, depth: int) -> PartLine:
        running = part.state in _WORKING and view.state in OPEN
        due = _answered(part) if part.answered_at and not running else clock(part.due_at, at)
        handler = names.get(part.handler or "", part.handler or "")
        return PartLine(part, tree.name(part.unit), depth, due, running, handler)

    counting = [p for p in view.parts if p.state not in GONE]
    known = {p.id for p in counting}

    def branch(parent: int | None, depth: int) -> Iterable[PartLine]:
        for part in counting:
            above = part.parent_id if part.parent_id in known else None
            if above == parent:
                yield line(part, depth)
                yield from branch(part.id, depth + 1)

    return list(branch(None, 0)), [line(p, 0) for p in view.parts if p.state in GONE]


def clock_lines(
    view: CaseView, tree: UnitTree, at: datetime, return_until: datetime | None
) -> list[ClockLine]:
    """The limits that run beside the handling one: the line's own by date, then statutory ones.

    ``return_until`` is until when the reader's unit may hand the case back, None when it may not.
    """
    units = {p.id: tree.short(p.unit) for p in view.parts}
    running = [c for c in view.clocks if c.state is ClockState.RUNNING]
    lines = [
        ClockLine(
            c.name,
            units.get(c.part_id or 0, ""),
            _light(c, at),
            c.due_at,
            c.provisional,
            c.basis,
            c.kind is ClockKind.STATUTORY,
        )
        for c in running
        if c.kind is not ClockKind.HANDLE
    ]
    if return_until is not None and return_until > at:
        left = clock(return_until, at)
        lines.append(ClockLine("可申请退单", "", left, return_until, False, "", False))
    return sorted(lines, key=lambda one: (one.statutory, one.due_at))


def handling(view: CaseView, at: datetime) -> tuple[Clock, datetime]:
    """The large clock: the reader's own part while it runs, else the case; and when it ends."""
    lead = next((p for p in view.parts if p.part is Part.LEAD and p.state not in GONE), None)
    part = view.own or lead
    due_at = view.own.due_at if view.own else view.due_at
    if view.state is MainState.SUSPENDED:
        return Clock(Light.OFF, "已挂账"), due_at
    if part is not None and part.answered_at and part.state not in _WORKING:
        return _answered(part), due_at
    if view.state not in OPEN:
        return clock(due_at, at, stopped=True, closed_at=view.closed_at), due_at
    return _handle_light(view, part.id if part else None, due_at, at), due_at


def _answered(part: PartView) -> Clock:
    """The clock of a unit that has answered: in time or not."""
    assert part.answered_at is not None
    late = part.answered_at > part.due_at
    return Clock(Light.RED if late else Light.OFF, "超期答复" if late else "按期答复")


def request_lines(view: CaseView, tree: UnitTree, names: dict[str, str]) -> list[RequestLine]:
    """Requests: what waits first, of that what the reader may decide; then the newest."""
    return [
        RequestLine(
            one,
            tree.name(one.unit),
            names.get(one.asked_by, one.asked_by),
            tree.name(one.proposed_unit),
            tree.name(one.decided_by_unit) or "热线",
            names.get(one.decided_by or "", one.decided_by or ""),
        )
        for one in sorted(
            view.approvals,
            key=lambda a: (a.decided_at is not None, not a.decidable, -a.asked_at.timestamp()),
        )
    ]


def history_lines(
    events: Sequence[EventView], tree: UnitTree, names: dict[str, str], *, citizen_only: bool
) -> list[HistoryLine]:
    """The history, newest first; with ``citizen_only`` what the citizen may read as well."""
    return [
        HistoryLine(
            event.at.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M"),
            happened(event, tree, names),
            event.reason,
            event.text or "",
            pictures_of(event),
            _AUDIENCES[event.audience],
            _CARDS.get(event.action, "citizen" if event.actor_kind is ActorKind.CITIZEN else ""),
        )
        for event in reversed(events)
        if not citizen_only or event.audience is not Audience.STAFF
    ]


def pictures_of(event: EventView) -> list[uuid.UUID]:
    """The pictures that came with a line of history."""
    return [uuid.UUID(one) for one in event.data.get("attachments", [])]


def logins_of(view: CaseView) -> set[str]:
    """Everybody whose name the page tells."""
    found: set[str | None] = {event.actor for event in view.events}
    found |= {part.handler for part in view.parts}
    found |= {one.asked_by for one in view.approvals} | {one.decided_by for one in view.approvals}
    if view.callback:
        found |= {str(attempt.get("by")) for attempt in view.callback.attempts}
    return {login for login in found if login}


def _light(limit: ClockView, at: datetime) -> Clock:
    """Yellow from the moment that the limit itself warns of."""
    shown = clock(limit.due_at, at)
    if shown.light is Light.RED:
        return shown
    return replace(shown, light=Light.YELLOW if at >= limit.yellow_at else Light.GREEN)


def _handle_light(view: CaseView, part_id: int | None, due_at: datetime, at: datetime) -> Clock:
    running = next(
        (
            c
            for c in view.clocks
            if c.kind is ClockKind.HANDLE
            and c.state is ClockState.RUNNING
            and c.part_id == part_id
            and part_id is not None
        ),
        None,
    )
    return _light(running, at) if running else clock(due_at, at)
