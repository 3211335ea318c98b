"""What a merger of units (机构合并) means for the dispatch catalogue and the past cases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from routing.catalogue import CatalogueEntry, settle
from routing.checks import City, Finding, check, introduced
from routing.editing import add_versions, newest_version
from routing.models import PastCase
from routing.repository import CatalogueRepository


def following(
    versions: Iterable[CatalogueEntry], old: str, new: str, start: date
) -> list[CatalogueEntry]:
    """New versions that name ``new`` wherever ``old`` leads or assists from ``start`` on. Pure.

    Versions planned for later are planned again where a new one would overtake them.
    """
    lines = list(versions)
    changed: list[CatalogueEntry] = []
    for code in dict.fromkeys(line.code for line in lines):
        ones = [line for line in lines if line.code == code]
        number = newest_version(ones, code)
        held = sorted(settle(ones), key=lambda one: one.valid_from)
        begun = False
        for one in held:
            names_it = old in (one.lead, *one.assists)
            if (one.valid_to is not None and one.valid_to < start) or not (begun or names_it):
                continue
            begun = True
            number += 1
            first = max(start, one.valid_from)
            changed.append(replace(_renamed(one, old, new), valid_from=first, version=number))
    return changed


def findings(
    versions: list[CatalogueEntry], changed: list[CatalogueEntry], city: City, start: date
) -> list[Finding]:
    """What the ``changed`` versions would bring that was not wrong before. Pure."""
    return introduced(check(versions, city, start), check([*versions, *changed], city, start))


async def affected(session: AsyncSession, old: str, new: str, start: date) -> list[CatalogueEntry]:
    """The versions that a merger from ``start`` on would add."""
    return following(await CatalogueRepository(session).versions(), old, new, start)


async def follow(
    session: AsyncSession, by: str, old: str, new: str, start: date, now: datetime
) -> int:
    """Let catalogue and past cases name the successor; returns how many versions were added."""
    repository = CatalogueRepository(session)
    await repository.lock()
    changed = await affected(session, old, new, start)
    await add_versions(session, by, changed, "机构合并", now)
    for column in (PastCase.unit, PastCase.first_unit):
        await session.execute(update(PastCase).where(column == old).values({column: new}))
    return len(changed)


def _renamed(entry: CatalogueEntry, old: str, new: str) -> CatalogueEntry:
    lead = new if entry.lead == old else entry.lead
    assists = dict.fromkeys(new if unit == old else unit for unit in entry.assists)
    return replace(entry, lead=lead, assists=tuple(unit for unit in assists if unit != lead))
