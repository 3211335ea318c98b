"""Catalogue entries follow a merged unit."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from town import NOW

from core.database import Database
from routing.catalogue import CatalogueEntry, match, settle
from routing.editing import ending
from routing.models import PastCase, Publication
from routing.repository import CatalogueRepository
from routing.succession import follow, following

JAN, JUL, DEC = date(2026, 1, 1), date(2026, 7, 1), date(2026, 12, 1)
JUN_30, NOV_30 = date(2026, 6, 30), date(2026, 11, 30)


def entry(lead: str, version: int = 1, code: str = "a", **more: Any) -> CatalogueEntry:
    fields: dict[str, Any] = {"category": "X0101", "basis": "清单", "valid_from": JAN}
    return CatalogueEntry(code=code, lead=lead, version=version, **{**fields, **more})


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([entry("fire")], []),
        ([entry("old")], [("a", 2, JUL, None, "new", ())]),
        ([entry("fire", assists=("old", "new"))], [("a", 2, JUL, None, "fire", ("new",))]),
        ([entry("old", assists=("new", "fire"))], [("a", 2, JUL, None, "new", ("fire",))]),
        # Over before the day, or over at the day.
        ([entry("old", valid_to=JUN_30)], []),
        ([entry("old"), ending(entry("old", 2), JUL)], []),
        ([entry("old", valid_to=NOV_30)], [("a", 2, JUL, NOV_30, "new", ())]),
        # Begins later.
        ([entry("old", valid_from=DEC)], [("a", 2, DEC, None, "new", ())]),
        # What is planned is planned again when the new version would overtake it.
        (
            [entry("old"), entry("fire", 2, valid_from=DEC)],
            [("a", 3, JUL, NOV_30, "new", ()), ("a", 4, DEC, None, "fire", ())],
        ),
        (
            [entry("fire"), entry("old", 2, valid_from=DEC)],
            [("a", 3, DEC, None, "new", ())],
        ),
        (
            [entry("old"), entry("old", code="b"), entry("fire", code="c")],
            [("a", 2, JUL, None, "new", ()), ("b", 2, JUL, None, "new", ())],
        ),
        # Its own districts' bureaus keep their names.
        ([entry("@district.old")], []),
    ],
)
def test_new_versions_name_the_successor(
    versions: list[CatalogueEntry], expected: list[tuple[Any, ...]]
) -> None:
    changed = following(versions, "old", "new", JUL)
    told = [(e.code, e.version, e.valid_from, e.valid_to, e.lead, e.assists) for e in changed]
    assert told == expected
    for day in (JAN, JUN_30, JUL, NOV_30, DEC):
        before = {e.code: e for e in settle(versions) if e.valid_on(day)}
        after = {e.code: e for e in settle([*versions, *changed]) if e.valid_on(day)}
        assert after.keys() == before.keys()
        for code, one in after.items():
            was = before[code].lead
            assert one.lead == ("new" if was == "old" and day >= JUL else was)


async def test_catalogue_and_past_cases_follow_and_history_stays(catalogue: Database) -> None:
    today = NOW.date()
    async with catalogue.unit_of_work() as session:
        before = await CatalogueRepository(session).versions()
        assert await follow(session, "admin", "urban", "power", today, NOW) == 1
    async with catalogue.unit_of_work() as session:
        repository = CatalogueRepository(session)
        entries = await repository.entries()
        rows = await repository.rows("A-03-12")
        publication = (await session.scalars(select(Publication))).one()
        units = set(await session.scalars(select(PastCase.unit)))
    assert [e for e in await _versions(catalogue) if e.version == 1] == before
    assert (rows[0].reason, rows[0].author, publication.by) == ("机构合并", "admin", "admin")
    assert units == {"power"}
    for day, lead in [(JAN, "urban"), (today, "power")]:
        found = match(entries, "A0312", "", None, day)
        assert found is not None and found.lead == lead


async def _versions(database: Database) -> list[CatalogueEntry]:
    async with database.unit_of_work() as session:
        return await CatalogueRepository(session).versions()
