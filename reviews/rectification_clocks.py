"""The limits of a rectification in working days: set with each step, measured anew by a changed calendar.

Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.clocks import Facts as ClockFacts
from cases.clocks import best_rule, moments
from cases.timing import Timing
from cases.vocabulary import CaseType, ClockKind
from core.calendar import LOCAL
from reviews.models import Rectification, RectificationEvent
from reviews.rectification import Action, State
from reviews.rectification_history import LINE, record
from reviews.rectification_repository import RectificationRepository

_STEPS = {
    State.PENDING: ClockKind.RECTIFY_VERIFY,
    State.APPEALED: ClockKind.RECTIFY_DECISION,
    State.IMPOSSIBLE_CLAIMED: ClockKind.RECTIFY_DECISION,
    State.CALLBACK: ClockKind.RECTIFY_CALLBACK,
}
# With these the whole begins, or begins anew.
BEGUN_ANEW = frozenset({Action.REOPEN, Action.UNSOLVED, Action.SECOND_BAD})
_BEGINNINGS = BEGUN_ANEW | {Action.OPEN}
# These leave the present step as it is.
_ASIDE = frozenset({Action.YELLOW, Action.RED, Action.RELEASE, Action.OPEN_CASE, Action.RECOMPUTE})


async def restart(session: AsyncSession, one: Rectification, now: datetime) -> None:
    """Begin the limit of the whole at ``now``; cards will be sent again."""
    one.yellow_sent_at = one.red_sent_at = None
    await set_due(session, one, now, 0)


async def set_due(
    session: AsyncSession, one: Rectification, start: datetime, extra_days: int
) -> None:
    """End of the whole that began at ``start``, ``extra_days`` working days later than the rule."""
    timing = await Timing.load(session)
    rule = best_rule(timing.rules, ClockKind.RECTIFY, ClockFacts(CaseType.OTHER))
    found = moments(timing.calendar, rule, start, extra_days=extra_days)
    one.due_at, one.due_provisional = found.due.at, found.due.provisional
    one.yellow_at = found.yellow_at


async def set_step(session: AsyncSession, one: Rectification, start: datetime) -> None:
    """End of the present step that began at ``start``; None where the step has no limit."""
    kind = _STEPS.get(State(one.state))
    one.step_due_at = None
    if kind is not None:
        timing = await Timing.load(session)
        rule = best_rule(timing.rules, kind, ClockFacts(CaseType.OTHER))
        one.step_due_at = moments(timing.calendar, rule, start).due.at


async def remeasure(session: AsyncSession, one: Rectification, now: datetime) -> bool:
    """Measure a locked open rectification by the present calendar; True when a date moved.

    A card that went out for a moment that now lies ahead will go out again; that it was late once
    stays.
    """
    events = await RectificationRepository(session, None).history(one.id)
    before = one.due_at, one.step_due_at
    if one.finished_at is None:
        start, extra_days = _whole(events)
        await set_due(session, one, start, extra_days)
        if one.yellow_at > now:
            one.yellow_sent_at = None
        if one.due_at > now:
            one.red_sent_at = None
    await set_step(session, one, [e.at for e in events if e.action not in _ASIDE][-1])
    if (one.due_at, one.step_due_at) == before:
        return False
    note = f"整改期限 {one.due_at.astimezone(LOCAL):%m月%d日 %H:%M}"
    one.version += 1
    record(session, one, one.state, Action.RECOMPUTE, LINE, None, now, note)
    return True


def _whole(events: Sequence[RectificationEvent]) -> tuple[datetime, int]:
    """When the present whole began, and how many working days were granted since."""
    start, asked, granted = events[0].at, 0, 0
    for event in events:
        if event.action in _BEGINNINGS:
            start, granted = event.at, 0
        elif event.action == Action.ASK_EXTENSION:
            asked = int(event.data.get("days", 0))
        elif event.action == Action.GRANT_EXTENSION:
            granted = asked
    return start, granted
