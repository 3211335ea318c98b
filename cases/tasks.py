"""The clocks' background work: cards, escalation, cases to look at again, a changed calendar.

Any number of workers may do it at once. A case is one transaction under the lock of its row, the
same lock that every action takes: what one worker has locked another passes over, and what a
worker leaves unfinished when it dies, the next scan finds as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import procrastinate
import structlog
from sqlalchemy import BindParameter, Select, bindparam, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from cases import timing
from cases.cards import Owner, Reading, cards, owner, recipients, words
from cases.clocks import Measure
from cases.handling import wake_up
from cases.history import record
from cases.models import Approval, Case, CaseClock, SubCase
from cases.notices import tell_role, tell_unit
from cases.repository import CaseRepository
from cases.states import Action, MainState, refusal
from cases.timing import Timing
from cases.vocabulary import (
    ActorKind,
    ApprovalKind,
    Audience,
    ClockKind,
    ClockState,
    Part,
)
from core.database import Database, now
from core.identity import Role
from core.jobs import jobs
from core.outbox import delivery
from units.tree import UnitTree

log = structlog.get_logger(__name__)

# Cases looked for at once, and recomputed in one transaction.
SCAN = 500
BATCH = 100
# When these climb the case comes under supervision; the line's own delays concern no unit.
UNIT_CLOCKS = frozenset({ClockKind.SIGN, ClockKind.CONTACT, ClockKind.HANDLE, ClockKind.STATUTORY})
# Written into the statement, because a partial index is chosen only for a constant.
RUNNING: BindParameter[str] = bindparam(None, ClockState.RUNNING.value, literal_execute=True)


@jobs.periodic(cron="* * * * *")
@jobs.task(name="watch_clocks", queueing_lock="watch_clocks")
async def watch_clocks(timestamp: int) -> None:
    """Every minute: send the cards that have come due, take up what is to be looked at again."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    await watch(delivery.database, now())


@jobs.periodic(cron="17 3 * * *")
@jobs.task(name="recompute_clocks_nightly", queueing_lock="recompute_clocks_nightly")
async def recompute_clocks_nightly(timestamp: int) -> None:
    """Every night, for a clock that was started just while the calendar changed."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    await recompute(delivery.database, now())


@jobs.task(
    name="recompute_clocks",
    retry=procrastinate.RetryStrategy(max_attempts=8, exponential_wait=3),
)
async def recompute_clocks() -> None:
    """Apply a changed calendar to the running clocks; deferred with the change itself."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    await recompute(delivery.database, now())


async def watch(database: Database, at: datetime) -> int:
    """Send every card due at ``at``; returns how many.

    A case that another transaction has locked, or that fails, is left for the next scan.
    """
    done = 0
    tree: UnitTree | None = None
    while True:
        async with database.unit_of_work() as session:
            waiting = await _waiting(session, at)
            if waiting and tree is None:
                tree = await UnitTree.load(session)
        before = done
        for case_id in waiting:
            assert tree is not None
            try:
                async with database.unit_of_work() as session:
                    done += await send_cards(session, case_id, tree, at)
            except Exception as error:
                # One broken case must not keep the cards of all others back.
                log.error("clock_failed", case=case_id, exc_info=error)
        if done == before:
            return done


async def send_cards(session: AsyncSession, case_id: int, tree: UnitTree, at: datetime) -> int:
    """Send the cards of one case that are due at ``at``; returns how many, 0 when it is locked."""
    case = await session.scalar(
        select(Case)
        .where(Case.id == case_id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if case is None:
        return 0
    clocks = await session.scalars(
        select(CaseClock)
        .where(CaseClock.case_id == case_id, CaseClock.state == ClockState.RUNNING)
        .order_by(CaseClock.id)
        .execution_options(populate_existing=True)
    )
    sent = 0
    for clock in clocks.all():
        for card in cards(_reading(clock), at):
            sent += 1
            if clock.kind == ClockKind.LOOK_AGAIN:
                await _look_again(session, case, clock, at)
            else:
                await _send(session, tree, case, clock, card, at)
    return sent


async def recompute(database: Database, at: datetime) -> int:
    """Measure every running working-day clock by the present calendar, a batch a transaction.

    Returns how many dates moved. Begun anew after a kill it changes nothing twice.
    """
    moved, last = 0, 0
    while True:
        async with database.unit_of_work() as session:
            more, reached = await recompute_batch(session, last, at)
        moved += more
        if reached == last:
            return moved
        last = reached


async def recompute_batch(session: AsyncSession, last: int, at: datetime) -> tuple[int, int]:
    """The same for the cases that come after id ``last``: how many dates moved, and the last id."""
    cases = {case.id: case for case in await _next_batch(session, last)}
    times = await Timing.load(session)
    found = await session.execute(
        select(CaseClock, SubCase)
        .outerjoin(SubCase, SubCase.id == CaseClock.sub_case_id)
        .where(CaseClock.case_id.in_(cases), CaseClock.state == ClockState.RUNNING)
        # A unit above comes before those below, whose end depends on its.
        .order_by(CaseClock.sub_case_id.nulls_first(), CaseClock.id)
        .execution_options(populate_existing=True)
    )
    moved = 0
    for clock, part in found.tuples().all():
        before = clock.due_at
        await timing.set_moments(session, times, cases[clock.case_id], clock, part, at)
        if clock.due_at != before:
            _write_down(session, cases[clock.case_id], clock, part, before, at)
            moved += 1
    for case in cases.values():
        moved += _measure_waiting(session, times, case, at)
    return moved, max(cases, default=last)


def _measure_waiting(session: AsyncSession, times: Timing, case: Case, at: datetime) -> int:
    """A case that no unit has yet has no handling clock, but its citizen was told a date."""
    if case.state not in (MainState.PENDING_DISPATCH, MainState.CONSULTATION) or case.extended:
        return 0
    due, before = times.due(ClockKind.HANDLE, case, case.created_at), case.due_at
    case.due_at, case.due_provisional = due.at, due.provisional
    if due.at == before:
        return 0
    record(
        session,
        case,
        Action.RECOMPUTE,
        at,
        ActorKind.SYSTEM,
        reason="工作日历调整",
        audience=Audience.CITIZEN,
        data={"from": before.isoformat(), "due": due.at.isoformat()},
    )
    return 1


def _write_down(
    session: AsyncSession,
    case: Case,
    clock: CaseClock,
    part: SubCase | None,
    before: datetime,
    at: datetime,
) -> None:
    """A date that the calendar moved; the citizen reads of the one he or she was told."""
    told = clock.kind == ClockKind.HANDLE and part is not None and part.role == Part.LEAD
    data = {
        "clock": clock.name,
        "from": before.isoformat(),
        "due": clock.due_at.isoformat(),
        "provisional": clock.provisional,
    }
    record(
        session,
        case,
        Action.RECOMPUTE,
        at,
        ActorKind.SYSTEM,
        part=part,
        reason="工作日历调整",
        audience=Audience.CITIZEN if told else Audience.STAFF,
        data=data,
    )


async def _waiting(session: AsyncSession, at: datetime) -> list[int]:
    """Cases with a card to send, found by the partial indexes of the three moments."""

    def due(moment: str, sent: str) -> Select[int]:
        return (
            select(CaseClock.case_id)
            .where(
                CaseClock.state == RUNNING,
                getattr(CaseClock, sent).is_(None),
                getattr(CaseClock, moment) <= at,
            )
            .order_by(getattr(CaseClock, moment))
            .limit(SCAN)
        )

    found = union(
        due("yellow_at", "yellow_sent_at"),
        due("due_at", "red_sent_at"),
        due("escalate_at", "escalated_at"),
    )
    return sorted(await session.scalars(found))


async def _next_batch(session: AsyncSession, last: int) -> Sequence[Case]:
    """The next cases after id ``last`` whose dates hang from the calendar, locked in that order."""
    hang = (
        (CaseClock.measure == Measure.WORKING_DAYS)
        | (CaseClock.extra_days > 0)
        # A case that waits for its unit has a date and no handling clock yet.
        | (CaseClock.kind == ClockKind.DISPATCH)
    )
    running = (
        select(CaseClock.case_id)
        .where(CaseClock.state == RUNNING, CaseClock.case_id > last, hang)
        .distinct()
        .order_by(CaseClock.case_id)
        .limit(BATCH)
    )
    ids = (await session.scalars(running)).all()
    locked = select(Case).where(Case.id.in_(ids)).order_by(Case.id).with_for_update()
    return (await session.scalars(locked.execution_options(populate_existing=True))).all()


def _reading(clock: CaseClock) -> Reading:
    return Reading(
        clock.yellow_at,
        clock.due_at,
        clock.escalate_at,
        yellow_sent=clock.yellow_sent_at is not None,
        red_sent=clock.red_sent_at is not None,
        escalated=clock.escalated_at is not None,
    )


async def _send(
    session: AsyncSession,
    tree: UnitTree,
    case: Case,
    clock: CaseClock,
    card: Action,
    at: datetime,
) -> None:
    """Note the card on its clock, write it down, and tell whom it concerns."""
    kind = ClockKind(clock.kind)
    part = await _part_of(session, clock)
    approval = await session.get(Approval, clock.approval_id) if clock.approval_id else None
    to = owner(
        kind,
        part.unit if part else None,
        ApprovalKind(approval.kind) if approval else None,
        approval.decided_by_unit if approval else None,
    )
    _stamp(clock, card, at)
    data = {"clock": clock.name, "kind": clock.kind, "due": clock.due_at.isoformat()}
    about = part if clock.sub_case_id else None
    record(session, case, card, at, ActorKind.SYSTEM, part=about, data={"unit": to.unit, **data})
    text = words(card, case.number, clock.name, clock.due_at, tree.name(to.unit))
    for one in recipients(card, to, await _above(session, tree, to, part)):
        key = f"{card}:{clock.id}:{clock.due_at.timestamp():.0f}:{one.unit or one.role}"
        if one.unit:
            await tell_unit(session, case, one.unit, card, key, at, role=one.role, text=text)
        elif one.role:
            await tell_role(session, case, one.role, card, key, at, text=text)
    if card is Action.ESCALATE and kind in UNIT_CLOCKS and not case.supervised:
        case.supervised = True
        record(session, case, Action.SUPERVISE, at, ActorKind.SYSTEM, reason=text)
        if to.unit:
            key = f"supervise:{clock.id}:{to.unit}"
            await tell_unit(session, case, to.unit, "supervise", key, at, text=text)


def _stamp(clock: CaseClock, card: Action, at: datetime) -> None:
    if card is Action.ESCALATE:
        clock.escalated_at = at
        return
    if card is Action.RED:
        clock.red_sent_at = at
    # A warning that comes after the red card is none: it counts as sent.
    clock.yellow_sent_at = clock.yellow_sent_at or at


async def _part_of(session: AsyncSession, clock: CaseClock) -> SubCase | None:
    """The part that a clock belongs to; a clock of the whole case is its leading unit's."""
    if clock.sub_case_id is not None:
        return await session.get(SubCase, clock.sub_case_id)
    return await CaseRepository(session, None).lead(clock.case_id)


async def _above(
    session: AsyncSession, tree: UnitTree, to: Owner, part: SubCase | None
) -> str | None:
    """The unit that handed the work down, else the one above in the tree."""
    if part is not None and part.unit == to.unit and part.parent_id:
        return (await session.get_one(SubCase, part.parent_id)).unit
    return next((code for code in tree.ancestors(to.unit) if tree.units[code].active), None)


async def _look_again(session: AsyncSession, case: Case, clock: CaseClock, at: datetime) -> None:
    """The day has come: what was put aside (挂账) is worked on again."""
    clock.state, clock.stopped_at = ClockState.MET, at
    if refusal(Action.RESUME, ActorKind.SYSTEM, MainState(case.state)) is not None:
        clock.state = ClockState.CANCELLED
        return
    parts = await CaseRepository(session, None).parts(case.id)
    await wake_up(session, ActorKind.SYSTEM, case, parts, at)
    key = f"look_again:{clock.id}"
    await tell_role(session, case, Role.SUPERVISOR, "look_again", key, at, text=case.number)
