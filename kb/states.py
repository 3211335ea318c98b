"""How an entry stands on a day: answered from, ending soon, not yet, no more. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from kb.schemas import Status

# Days before its end on which an entry is listed to its owner [D].
AHEAD = 30


class EntryState(StrEnum):
    """An entry is answered from while it is live or ending."""

    LIVE = "live"
    ENDING = "ending"
    COMING = "coming"
    ENDED = "ended"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    VOID = "void"


STATE_NAMES = {
    EntryState.LIVE: "有效",
    EntryState.ENDING: "即将到期",
    EntryState.COMING: "未生效",
    EntryState.ENDED: "已过期",
    EntryState.SUPERSEDED: "已被替代",
    EntryState.WITHDRAWN: "已撤下",
    EntryState.VOID: "已作废",
}


def state_of(
    status: str, valid_from: date, valid_to: date | None, superseded_by: str | None, today: date
) -> EntryState:
    """How an entry stands on ``today``; both ends of its validity count."""
    if status != Status.PUBLISHED:
        return EntryState(status)
    if superseded_by:
        return EntryState.SUPERSEDED
    if today < valid_from:
        return EntryState.COMING
    if valid_to is None:
        return EntryState.LIVE
    if valid_to < today:
        return EntryState.ENDED
    return EntryState.ENDING if valid_to <= today + timedelta(days=AHEAD) else EntryState.LIVE
