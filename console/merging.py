"""A merger of units (机构合并) across the rooms: what it would touch, and doing all of it at once.

Open cases, catalogue, items, past cases and staff accounts follow the successor in one
transaction; history keeps the old name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

import cases.succession
import kb.succession
import routing.succession
from cases.models import SubCase
from cases.states import OPEN_PARTS
from core.calendar import LOCAL
from core.database import now
from core.errors import HotlineError, InvalidInput
from core.identity import Actor, Role
from core.jobs import jobs
from core.models import StaffAccount
from core.outbox import delivery
from routing.catalogue import CatalogueEntry
from routing.checks import Finding
from routing.editing import city_of
from routing.repository import CatalogueRepository
from units.models import UnitSuccession
from units.succession import SuccessionRepository, refusal
from units.tree import UnitTree

log = structlog.get_logger(__name__)
MERGING_ROLES = frozenset({Role.ADMINISTRATOR})


@dataclass(frozen=True)
class Preview:
    """What a merger would touch, as it stands now; ``findings`` are what it would do wrong."""

    refusal: str | None
    parts: int
    entries: list[CatalogueEntry]
    items: int
    accounts: int
    units: list[str]
    places: int
    findings: list[Finding]

    @property
    def blocked(self) -> bool:
        return self.refusal is not None or any(finding.blocking for finding in self.findings)


async def preview(
    session: AsyncSession, tree: UnitTree, old: str, new: str, day: date, today: date
) -> Preview:
    """What would follow ``new`` if ``old`` were merged from ``day`` on."""
    start = max(day, today)
    entries = await routing.succession.affected(session, old, new, start)
    versions = await CatalogueRepository(session).versions()
    city = await city_of(session)
    wrong = routing.succession.findings(versions, entries, city, start)
    parts = select(func.count()).select_from(SubCase)
    accounts = select(func.count()).select_from(StaffAccount)
    return Preview(
        refusal=refusal(tree, old, new),
        parts=await session.scalar(parts.where(SubCase.unit == old, SubCase.state.in_(OPEN_PARTS)))
        or 0,
        entries=entries,
        items=await kb.succession.count(session, old),
        accounts=await session.scalar(accounts.where(StaffAccount.unit == old, StaffAccount.active))
        or 0,
        units=[tree.name(code) for code in tree.children(old) if tree.units[code].active],
        places=await SuccessionRepository(session).governed(old),
        findings=wrong,
    )


async def decide(
    session: AsyncSession, actor: Actor, old: str, new: str, day: date, reason: str, now: datetime
) -> UnitSuccession:
    """Merge ``old`` into ``new``: at once when the day has come, else it is planned for then.

    Raises InvalidInput when the units or the day do not fit or the catalogue would be left with
    something wrong; Conflict when the old unit has a merger already; NotAllowed.
    """
    actor.require(*MERGING_ROLES)
    if not reason:
        raise InvalidInput("请写明依据", fields={"reason": "请写明合并依据，会留在历史里"})
    today = now.astimezone(LOCAL).date()
    merger = UnitSuccession(
        old=old, new=new, from_day=day, reason=reason, by=actor.login, decided_at=now
    )
    await SuccessionRepository(session).plan(merger, today)
    wrong = (await preview(session, await UnitTree.load(session), old, new, day, today)).findings
    if any(finding.blocking for finding in wrong):
        raise InvalidInput(f"合并后目录 {wrong[0].subject}：{wrong[0].text}。请先改好目录。")
    if day <= today:
        await carry_out(session, merger, now)
    return merger


async def cancel(session: AsyncSession, actor: Actor, old: str) -> None:
    """Drop a planned merger. Raises Conflict when it took effect already, NotAllowed."""
    actor.require(*MERGING_ROLES)
    await SuccessionRepository(session).cancel(old)


async def carry_out(session: AsyncSession, merger: UnitSuccession, now: datetime) -> None:
    """Everything a merger means, in the caller's transaction. Raises InvalidInput."""
    old, new = merger.old, merger.new
    start = max(merger.from_day, now.astimezone(LOCAL).date())
    await SuccessionRepository(session).merge(merger)
    await routing.succession.follow(session, merger.by, old, new, start, now)
    await kb.succession.follow(session, old, new)
    await cases.succession.follow(session, old, new, now)
    await session.execute(update(StaffAccount).where(StaffAccount.unit == old).values(unit=new))
    merger.done_at = now
    await session.flush()


async def carry_out_due(session: AsyncSession, now: datetime) -> list[str]:
    """Carry out the planned mergers whose day has come; returns the units that were merged.

    One that can no longer be done (a unit was retired meanwhile) is left planned and logged.
    """
    done = []
    for merger in await SuccessionRepository(session).due(now.astimezone(LOCAL).date()):
        try:
            async with session.begin_nested():
                await carry_out(session, merger, now)
        except HotlineError as error:
            log.error("merger_failed", old=merger.old, new=merger.new, reason=error.message)
        else:
            done.append(merger.old)
    return done


@jobs.periodic(cron="6 * * * *")
@jobs.task(name="carry_out_mergers", queueing_lock="carry_out_mergers")
async def carry_out_mergers(timestamp: int) -> None:
    """Every hour, so that it happens soon after the day begins where the line is."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    async with delivery.database.unit_of_work() as session:
        for unit in await carry_out_due(session, now()):
            log.info("units_merged", old=unit)
