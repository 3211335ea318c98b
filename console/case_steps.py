"""The way of a case as a picture: seven steps, where it stands, what is still to come. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cases.states import GONE, MainState
from cases.views import CaseView, PartView
from cases.vocabulary import CallbackState, Part


class Standing(StrEnum):
    DONE = "done"
    CURRENT = "current"
    AHEAD = "ahead"
    SKIPPED = "skipped"


STANDING_NAMES = {
    Standing.DONE: "已完成",
    Standing.CURRENT: "正在进行",
    Standing.AHEAD: "未到",
    Standing.SKIPPED: "无需",
}


@dataclass(frozen=True)
class Step:
    """One step; ``at`` is when it was done, ``note`` what is special about it now."""

    name: str
    standing: Standing
    at: datetime | None = None
    note: str = ""


NAMES = ("登记", "派单", "签收", "办理", "审核", "回访", "结案")
# The step a case is at, by its state.
_AT = {
    MainState.PENDING_DISPATCH: 1,
    MainState.CONSULTATION: 1,
    MainState.DISPATCHED: 2,
    MainState.IN_PROGRESS: 3,
    MainState.SUSPENDED: 3,
    MainState.ANSWERED: 4,
    MainState.CALLBACK: 5,
    MainState.CLOSED: 7,
}
_NOTES = {MainState.CONSULTATION: "会商中", MainState.SUSPENDED: "已挂账"}
_OVER = {MainState.WITHDRAWN: "已撤回", MainState.MERGED: "已并单"}


def steps(view: CaseView) -> list[Step]:
    """The steps of ``view`` in order. A withdrawn or merged case ends at the step it had reached."""
    lead = next((p for p in view.parts if p.part is Part.LEAD and p.state not in GONE), None)
    times = _times(view, lead)
    over = _OVER.get(view.state)
    if over:
        done = [Step(NAMES[0], Standing.DONE, view.created_at)]
        done += [
            Step(name, Standing.DONE, at)
            for name, at in zip(NAMES[1:4], times[1:4], strict=True)
            if at is not None
        ]
        return [*done, Step(over, Standing.CURRENT)]
    here = _AT[view.state]
    return [_step(view, index, name, here, times[index]) for index, name in enumerate(NAMES)]


def _step(view: CaseView, index: int, name: str, here: int, at: datetime | None) -> Step:
    if index == here:
        return Step(name, Standing.CURRENT, None, _NOTES.get(view.state, ""))
    if index > here:
        return Step(name, Standing.AHEAD)
    called = view.callback is not None and view.callback.state is not CallbackState.SKIPPED
    if name == "回访" and not called:
        return Step(name, Standing.SKIPPED)
    return Step(name, Standing.DONE, at)


def _times(view: CaseView, lead: PartView | None) -> list[datetime | None]:
    return [
        view.created_at,
        lead.created_at if lead else None,
        lead.accepted_at if lead else None,
        lead.answered_at if lead else None,
        view.told_at,
        view.callback.done_at if view.callback else None,
        view.closed_at,
    ]
