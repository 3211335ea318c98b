"""Service records and reviews of the sample city, all invented."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from kb.readers.unit_names import UnitNames
from reviews.codes import CodeSystem
from reviews.dates import AHEAD
from reviews.files import read
from reviews.importing import Report, take
from reviews.inviting import invite_nobody_yet
from reviews.link_service import find
from reviews.record_repository import RecordRepository
from reviews.tying import apply
from units.tree import UnitTree

FILE = "service-records.json"
_SOURCE = "city"


async def load(session: AsyncSession, folder: Path, now: datetime) -> Report | None:
    """Take the city's file in and link it, only while there is no record; None when there is.

    Afterwards the records are those of the platforms that deliver them. Raises UnusableFile.
    """
    if await RecordRepository(session).any():
        return None
    units = UnitNames((await UnitTree.load(session)).units.values())
    found = read(folder / FILE)
    # Its days are invented as well: a clock that is behind them refuses nothing.
    latest = datetime.max.replace(tzinfo=UTC) - AHEAD
    done = await take(session, found, _SOURCE, CodeSystem.NATIONAL, units, now, _silent, latest)
    await apply(session, await find(session, _silent), now)
    # All invented: their telephones are nobody's.
    await invite_nobody_yet(session, now)
    return done


async def _silent(rows: int) -> None:
    del rows
