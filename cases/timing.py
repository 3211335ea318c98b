"""The clocks of a case as rows: started, stopped, lengthened with what happens to it.

Nothing here commits. Whoever calls has locked the row of the case, which is what keeps a clock
from being started twice; the worker that sends the cards (`cases.tasks`) locks it as well.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.clock_defaults import with_own
from cases.clocks import (
    SHORT_YELLOW,
    Facts,
    Measure,
    Rule,
    best_rule,
    moments,
    nested_end,
    statutory_rules,
)
from cases.models import Approval, Case, CaseClock, ClockRule, SubCase
from cases.vocabulary import CLOCK_NAMES, CaseType, ClockKind, ClockState, Part, Urgency
from core.calendar import LOCAL, WORK_START, Due, WorkCalendar
from core.calendar_store import load_calendar

# Under this key a session keeps what it has loaded, with the transaction it was loaded in.
_LOADED = "cases.timing"


@dataclass(frozen=True)
class Timing:
    """The calendar and the time limits as they stand now."""

    calendar: WorkCalendar
    rules: list[Rule]

    @classmethod
    async def load(cls, session: AsyncSession) -> Timing:
        """The calendar of the staff, and the defaults with what the city set instead.

        Read once in a transaction: whatever happens to a case in it is measured alike.
        """
        transaction = session.get_transaction()
        known = session.info.get(_LOADED)
        if known is not None and known[0] is transaction and transaction is not None:
            return cast(Timing, known[1])
        own = [rule_of(row) for row in await session.scalars(select(ClockRule))]
        timing = cls(await load_calendar(session), with_own(own))
        session.info[_LOADED] = session.get_transaction(), timing
        return timing

    def rule(self, kind: ClockKind, case: Case) -> Rule:
        """The limit that counts for ``case``. Raises LookupError when there is none of the kind."""
        return best_rule(self.rules, kind, facts(case))

    def due(self, kind: ClockKind, case: Case, now: datetime) -> Due:
        """When a clock of ``kind`` that starts ``now`` would end."""
        return moments(self.calendar, self.rule(kind, case), now).due


def facts(case: Case) -> Facts:
    """What the rules look at in ``case``, which need not be stored yet."""
    return Facts(
        CaseType(case.type),
        Urgency(case.urgency),
        case.category,
        bool(case.around_the_clock),
        bool(case.complex),
    )


def rule_of(row: ClockRule) -> Rule:
    """A rule as the city set it. Raises ValueError when it makes no sense."""
    return Rule(
        code=row.code,
        kind=ClockKind(row.kind),
        name=row.name,
        amount=row.amount,
        measure=Measure(row.measure),
        yellow=row.yellow,
        escalate=row.escalate,
        type=CaseType(row.type) if row.type else None,
        urgency=Urgency(row.urgency) if row.urgency else None,
        category=row.category,
        around_the_clock=row.around_the_clock,
        complex=row.complex,
        basis=row.basis,
    )


async def start(
    session: AsyncSession,
    timing: Timing,
    case: Case,
    kind: ClockKind,
    now: datetime,
    *,
    part: SubCase | None = None,
    approval: Approval | None = None,
    not_after: datetime | None = None,
) -> CaseClock:
    """Start a clock; the one that runs already for the same thing is returned as it is.

    A handling clock gives its part the due date, and the case too when the part leads; that of a
    unit below ends before the one of the unit above. A look-again clock ends on the morning of
    ``case.look_again_on``.
    """
    await session.flush()
    known = await _running(session, case.id, kind, part, approval)
    if known is not None:
        return known
    if kind is ClockKind.LOOK_AGAIN:
        assert case.look_again_on is not None, "say first when to look again"
        not_after = datetime.combine(case.look_again_on, WORK_START, LOCAL)
        rule = _wait(not_after - now)
    else:
        rule = timing.rule(kind, case)
    if not_after is None and kind is ClockKind.HANDLE and part is not None and part.parent_id:
        not_after = await _end_above(session, timing, part.parent_id, now)
    return _run(session, timing, case, kind, rule, now, part, approval, not_after)


async def carry_over(
    session: AsyncSession, timing: Timing, case: Case, part: SubCase, now: datetime
) -> CaseClock:
    """Start the handling clock of a new leading or assisting ``part`` where the case's own began.

    What the citizen was promised does not move when the case changes hands: the last handling
    clock of a leading unit goes on, with its limit and extension, else the one since registration.
    """
    await session.flush()
    last = await session.scalar(
        select(CaseClock)
        .join(SubCase, SubCase.id == CaseClock.sub_case_id)
        .where(
            CaseClock.case_id == case.id,
            CaseClock.kind == ClockKind.HANDLE,
            SubCase.role == Part.LEAD,
        )
        .order_by(CaseClock.id.desc())
        .limit(1)
    )
    if last is None:
        return await start(session, timing, case, ClockKind.HANDLE, case.created_at, part=part)
    rule = _rule_behind(timing, last)
    clock = _run(session, timing, case, ClockKind.HANDLE, rule, last.started_at, part, None, None)
    clock.extra_days = last.extra_days
    if clock.extra_days:
        await set_moments(session, timing, case, clock, part, now)
    return clock


async def restart(
    session: AsyncSession,
    timing: Timing,
    case: Case,
    part: SubCase,
    now: datetime,
    *,
    rework: bool = False,
) -> CaseClock:
    """Begin the handling of ``part`` anew (重办, 重新办理, 恢复办理); its old clock is cancelled.

    With ``rework`` the limit of reworking counts.
    """
    await stop(session, case.id, now, kinds={ClockKind.HANDLE}, part_id=part.id, cancel=True)
    if not rework:
        return await start(session, timing, case, ClockKind.HANDLE, now, part=part)
    not_after = await _end_above(session, timing, part.parent_id, now) if part.parent_id else None
    rule = timing.rule(ClockKind.REWORK, case)
    return _run(session, timing, case, ClockKind.HANDLE, rule, now, part, None, not_after)


async def run_on(
    session: AsyncSession, timing: Timing, case: Case, part: SubCase, now: datetime
) -> None:
    """Let the handling clock that an answer had stopped run on: the answer was not good enough."""
    await session.flush()
    last = await session.scalar(
        select(CaseClock)
        .where(CaseClock.sub_case_id == part.id, CaseClock.kind == ClockKind.HANDLE)
        .order_by(CaseClock.id.desc())
        .limit(1)
    )
    if last is not None and last.state in (ClockState.MET, ClockState.MISSED):
        last.state, last.stopped_at = ClockState.RUNNING, None
        await set_moments(session, timing, case, last, part, now)


async def start_statutory(session: AsyncSession, timing: Timing, case: Case, now: datetime) -> None:
    """Start the legal limits that hold beside the line's own, each once."""
    await session.flush()
    running = set(
        await session.scalars(
            select(CaseClock.rule).where(
                CaseClock.case_id == case.id,
                CaseClock.kind == ClockKind.STATUTORY,
                CaseClock.state == ClockState.RUNNING,
            )
        )
    )
    for rule in statutory_rules(timing.rules, facts(case)):
        if rule.code not in running:
            _run(session, timing, case, ClockKind.STATUTORY, rule, now, None, None, None)


async def stop(
    session: AsyncSession,
    case_id: int,
    now: datetime,
    *,
    kinds: Collection[ClockKind] | None = None,
    part_id: int | None = None,
    approval_id: int | None = None,
    cancel: bool = False,
) -> None:
    """Stop the running clocks of a case: of ``kinds``, one part or one approval (None: any).

    They are met or, after their end, missed; with ``cancel`` what they measured is void.
    """
    statement = select(CaseClock).where(
        CaseClock.case_id == case_id, CaseClock.state == ClockState.RUNNING
    )
    if kinds is not None:
        statement = statement.where(CaseClock.kind.in_(kinds))
    if part_id is not None:
        statement = statement.where(CaseClock.sub_case_id == part_id)
    if approval_id is not None:
        statement = statement.where(CaseClock.approval_id == approval_id)
    for clock in await session.scalars(statement):
        ended = ClockState.MET if now <= clock.due_at else ClockState.MISSED
        clock.state = ClockState.CANCELLED if cancel else ended
        clock.stopped_at = now


async def extend(
    session: AsyncSession, timing: Timing, part: SubCase, days: int, now: datetime
) -> CaseClock | None:
    """Give ``part`` ``days`` more working days, and the units below it the room that makes.

    Returns its handling clock, None when none runs. A unit below cannot be given more than the
    unit above has.
    """
    await session.flush()
    case = await session.get_one(Case, part.case_id)
    clock = await _running(session, case.id, ClockKind.HANDLE, part, None)
    if clock is None:
        return None
    clock.extra_days += days
    await set_moments(session, timing, case, clock, part, now)
    await _follow(session, timing, case, part, now)
    return clock


async def set_moments(
    session: AsyncSession,
    timing: Timing,
    case: Case,
    clock: CaseClock,
    part: SubCase | None,
    now: datetime,
) -> None:
    """Work out a running clock anew, by the present calendar and its own amount.

    A card that went out for a moment that now lies ahead will go out again.
    """
    if part is not None and part.parent_id and clock.kind == ClockKind.HANDLE:
        above = await _end_above(session, timing, part.parent_id, clock.started_at)
        # When the unit above has answered already, the end it left stays.
        clock.not_after = above or clock.not_after
    found = moments(
        timing.calendar,
        _rule_behind(timing, clock),
        clock.started_at,
        extra_days=clock.extra_days,
        not_after=clock.not_after,
    )
    clock.due_at, clock.provisional = found.due.at, found.due.provisional
    clock.yellow_at, clock.escalate_at = found.yellow_at, found.escalate_at
    if clock.yellow_at > now:
        clock.yellow_sent_at = None
    if clock.due_at > now:
        clock.red_sent_at = None
    if clock.escalate_at is not None and clock.escalate_at > now:
        clock.escalated_at = None
    _tell_due(case, clock, part)


async def _follow(
    session: AsyncSession, timing: Timing, case: Case, part: SubCase, now: datetime
) -> None:
    """The same for every unit below ``part``."""
    await session.flush()
    below = await session.scalars(select(SubCase).where(SubCase.parent_id == part.id))
    for child in below.all():
        clock = await _running(session, case.id, ClockKind.HANDLE, child, None)
        if clock is not None:
            await set_moments(session, timing, case, clock, child, now)
            await _follow(session, timing, case, child, now)


def _rule_behind(timing: Timing, clock: CaseClock) -> Rule:
    """The rule a clock was started with, with the amount it was started with.

    When the rule is gone, it is warned of like a default and climbs a length later if it did before.
    """
    days = clock.measure == Measure.WORKING_DAYS
    known = next(
        (r for r in timing.rules if r.code == clock.rule and r.measure == clock.measure), None
    )
    later = (1 if days else clock.amount) if clock.escalate_at is not None else None
    return Rule(
        code=clock.rule,
        kind=ClockKind(clock.kind),
        name=clock.name,
        amount=clock.amount,
        measure=Measure(clock.measure),
        yellow=known.yellow if known else (1 if days else SHORT_YELLOW),
        escalate=known.escalate if known else later,
    )


async def _end_above(
    session: AsyncSession, timing: Timing, parent_id: int, started: datetime
) -> datetime | None:
    above = await session.scalar(
        select(CaseClock).where(
            CaseClock.sub_case_id == parent_id,
            CaseClock.kind == ClockKind.HANDLE,
            CaseClock.state == ClockState.RUNNING,
        )
    )
    if above is None:
        return None
    return nested_end(timing.calendar, Measure(above.measure), above.due_at, started)


async def _running(
    session: AsyncSession,
    case_id: int,
    kind: ClockKind,
    part: SubCase | None,
    approval: Approval | None,
) -> CaseClock | None:
    known: CaseClock | None = await session.scalar(
        select(CaseClock).where(
            CaseClock.case_id == case_id,
            CaseClock.kind == kind,
            CaseClock.state == ClockState.RUNNING,
            CaseClock.sub_case_id.is_not_distinct_from(part.id if part else None),
            CaseClock.approval_id.is_not_distinct_from(approval.id if approval else None),
        )
    )
    return known


def _wait(length: timedelta) -> Rule:
    """The whole hours till a day on which something is to be looked at: not a duty, no cards."""
    kind, hours = ClockKind.LOOK_AGAIN, max(1, ceil(length / timedelta(hours=1)))
    return Rule(kind, kind, CLOCK_NAMES[kind], hours, Measure.HOURS, yellow=0)


def _run(
    session: AsyncSession,
    timing: Timing,
    case: Case,
    kind: ClockKind,
    rule: Rule,
    now: datetime,
    part: SubCase | None,
    approval: Approval | None,
    not_after: datetime | None,
) -> CaseClock:
    found = moments(timing.calendar, rule, now, not_after=not_after)
    clock = CaseClock(
        case_id=case.id,
        sub_case_id=part.id if part else None,
        approval_id=approval.id if approval else None,
        kind=kind,
        name=rule.name,
        basis=rule.basis,
        rule=rule.code,
        state=ClockState.RUNNING,
        started_at=now,
        amount=rule.amount,
        measure=rule.measure,
        extra_days=0,
        not_after=not_after,
        due_at=found.due.at,
        provisional=found.due.provisional,
        yellow_at=found.yellow_at,
        escalate_at=found.escalate_at,
    )
    session.add(clock)
    _tell_due(case, clock, part)
    return clock


def _tell_due(case: Case, clock: CaseClock, part: SubCase | None) -> None:
    if clock.kind != ClockKind.HANDLE or part is None:
        return
    part.due_at = clock.due_at
    if part.role == Part.LEAD:
        case.due_at, case.due_provisional = clock.due_at, clock.provisional
