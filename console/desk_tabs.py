"""The tabs of each desk: which cases stand under which heading. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cases.queues import CaseFilter, Mark
from cases.states import OPEN, MainState, SubState
from console.clock import SOON


@dataclass(frozen=True)
class Tab:
    """One view of a queue; ``late`` and ``soon`` are about the clock, ``mine`` about the reader."""

    key: str
    name: str
    states: tuple[MainState, ...] = ()
    part_states: tuple[SubState, ...] = ()
    marks: tuple[Mark, ...] = ()
    late: bool = False
    soon: bool = False
    mine: bool = False

    def narrow(self, wanted: CaseFilter, login: str, at: datetime) -> CaseFilter:
        """``wanted``, for this tab only."""
        if self.late:
            wanted = replace(wanted, overdue_at=at)
        if self.soon:
            wanted = replace(wanted, overdue_at=at + SOON, due_from=at)
        if self.mine:
            wanted = replace(wanted, handler=login)
        marks = {*wanted.marks, *self.marks}
        return replace(wanted, states=self.states, part_states=self.part_states, marks=marks)


_WORK = (SubState.PENDING_ACCEPTANCE, SubState.IN_PROGRESS, SubState.PENDING_SIGNATURE)
DISPATCH_TABS = (
    Tab("pending", "待派单", (MainState.PENDING_DISPATCH,)),
    Tab("consultation", "会商", (MainState.CONSULTATION,)),
    Tab("dispatched", "待签收", (MainState.DISPATCHED,)),
    Tab("in_progress", "办理中", (MainState.IN_PROGRESS,)),
    Tab("answered", "待审核", (MainState.ANSWERED,)),
    Tab("suspended", "挂账", (MainState.SUSPENDED,)),
    Tab("callback", "待回访", (MainState.CALLBACK,)),
    Tab("closed", "已办结", (MainState.CLOSED,)),
    Tab("all", "全部"),
    Tab("late", "超期", late=True),
)
UNIT_TABS = (
    Tab("pending", "待签收", part_states=(SubState.PENDING_ACCEPTANCE,)),
    Tab("mine", "我办理的", part_states=_WORK, mine=True),
    Tab("in_progress", "办理中", part_states=(SubState.IN_PROGRESS,)),
    Tab("signature", "待签发", part_states=(SubState.PENDING_SIGNATURE,)),
    Tab("answered", "已答复", part_states=(SubState.ANSWERED,)),
    Tab("soon", "即将到期", soon=True),
    Tab("late", "超期", late=True),
    Tab("suspended", "挂账", part_states=(SubState.SUSPENDED,)),
    Tab("closed", "已办结", part_states=(SubState.CLOSED, SubState.ENDED)),
    Tab("all", "全部"),
)
SUPERVISION_TABS = (
    Tab("late", "超期", late=True),
    Tab("soon", "即将到期", soon=True),
    Tab("supervised", "督办中", tuple(OPEN), marks=(Mark.SUPERVISED,)),
    Tab("asking", "有申请", marks=(Mark.ASKING,)),
    Tab("returned", "退过单", marks=(Mark.RETURNED,)),
    Tab("reworked", "重办", marks=(Mark.REWORKED,)),
    Tab("wrong", "自动派错", marks=(Mark.WRONG_AUTOMATIC,)),
    Tab("suspended", "挂账", (MainState.SUSPENDED,)),
    Tab("all", "全部"),
)


def landing(tabs: Sequence[Tab], counts: Mapping[str, int], first: str) -> str:
    """Key of the tab to open on: from ``first`` on, the first one with something in it."""
    keys = [t.key for t in tabs]
    return next((key for key in keys[keys.index(first) :] if counts[key]), first)


def tab_of(tabs: Sequence[Tab], key: str) -> Tab:
    """The tab with ``key``, else the first."""
    return next((t for t in tabs if t.key == key), tabs[0])
