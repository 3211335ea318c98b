"""Which card a clock has earned, who gets it, and in what words. Pure.

Source: 山东省级 2017 (到期前 1 工作日黄牌, 超 1 工作日红牌) as domain 2.1 cites it; how far a card
climbs is a default of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cases.states import DECIDES, Action
from cases.vocabulary import ApprovalKind, ClockKind
from core.calendar import LOCAL
from core.identity import Role

# Clocks of the line's own desks; all others are a unit's.
_DESKS = {
    ClockKind.DISPATCH: Role.DISPATCHER,
    ClockKind.CONSULTATION: Role.DISPATCHER,
    ClockKind.CHECK: Role.DISPATCHER,
    ClockKind.CALLBACK: Role.CALLBACK_CLERK,
}


@dataclass(frozen=True)
class Reading:
    """A running clock as it stands: when it warns, ends and climbs, and which cards are out."""

    yellow_at: datetime
    due_at: datetime
    escalate_at: datetime | None
    yellow_sent: bool = False
    red_sent: bool = False
    escalated: bool = False


@dataclass(frozen=True)
class Owner:
    """Who has to act before a clock ends: a unit, or a role of the line (``unit`` empty)."""

    unit: str = ""
    role: Role | None = None


def cards(clock: Reading, now: datetime) -> list[Action]:
    """The cards to send now. What is late already is not warned of any more."""
    late = clock.due_at < now
    found = []
    if late and not clock.red_sent:
        found.append(Action.RED)
    if not late and not clock.yellow_sent and clock.yellow_at <= now < clock.due_at:
        found.append(Action.YELLOW)
    if clock.escalate_at is not None and clock.escalate_at <= now and not clock.escalated:
        found.append(Action.ESCALATE)
    return found


def owner(
    kind: ClockKind,
    unit: str | None,
    approval: ApprovalKind | None = None,
    decided_by_unit: str | None = None,
) -> Owner:
    """Who has to act on a clock of ``kind``: ``unit`` has the part it belongs to.

    Of a request it is whoever decides: the unit above for a return inside its tree, else the desk.
    A unit's clock in a case that no unit has is the dispatcher's.
    """
    if approval is not None:
        if decided_by_unit is not None:
            return Owner(unit=decided_by_unit)
        desk = Role.DISPATCHER in DECIDES[approval]
        return Owner(role=Role.DISPATCHER if desk else Role.SUPERVISOR)
    if kind in _DESKS or not unit:
        return Owner(role=_DESKS.get(kind, Role.DISPATCHER))
    return Owner(unit=unit)


def recipients(card: Action, to: Owner, above: str | None) -> list[Owner]:
    """Who gets a card: the owner; when late also the supervisors; when it climbs, they and the
    unit ``above`` the owner.
    """
    supervisors = Owner(role=Role.SUPERVISOR)
    if card is Action.YELLOW:
        return [to]
    found = [to] if card is Action.RED else []
    if card is Action.ESCALATE and to.unit and above:
        found.append(Owner(unit=above))
    return [*found, supervisors] if supervisors not in found else found


def words(card: Action, number: str, clock: str, due_at: datetime, unit: str) -> str:
    """What the notice says after its heading; ``unit`` is the owner's name, "" for the line."""
    due = f"{due_at.astimezone(LOCAL):%m月%d日 %H:%M}"
    whose = f"，承办单位：{unit}" if unit else ""
    rest = {
        Action.YELLOW: f"期限 {due}，请抓紧办理",
        Action.RED: f"期限 {due} 已过，请立即办理",
        Action.ESCALATE: f"期限 {due} 已过，仍未完成，请过问",
    }[card]
    return f"工单 {number} 的{clock}{whose}，{rest}"
