"""How entries stand on a day: the pure rule, and that the database finds the same ones."""

from __future__ import annotations

from datetime import date

import pytest

import units.loading
from core.database import Database
from kb.desk_repository import DeskRepository, Wanted
from kb.loading import fingerprint
from kb.repository import KnowledgeRepository
from kb.schemas import ItemContent, Kind, PolicyContent, Status
from kb.states import EntryState, state_of
from tests.kb.samples import CITY, COMPLETE

TODAY = date(2026, 6, 1)
# status, first day, last day, successor, state
CASES = [
    ("published", "2026-06-01", None, None, "live"),
    ("published", "2026-01-01", "2026-07-02", None, "live"),
    ("published", "2026-01-01", "2026-07-01", None, "ending"),
    ("published", "2026-01-01", "2026-06-01", None, "ending"),
    ("published", "2026-01-01", "2026-05-31", None, "ended"),
    ("published", "2026-06-02", None, None, "coming"),
    ("published", "2026-06-02", "2026-06-20", None, "coming"),
    ("published", "2026-01-01", None, "T-9", "superseded"),
    ("published", "2026-01-01", "2026-05-31", "T-9", "superseded"),
    ("withdrawn", "2026-01-01", None, None, "withdrawn"),
    ("void", "2026-01-01", "2026-05-31", "T-9", "void"),
]


@pytest.mark.parametrize(("status", "first", "last", "successor", "state"), CASES)
def test_how_an_entry_stands(
    status: str, first: str, last: str | None, successor: str | None, state: str
) -> None:
    end = date.fromisoformat(last) if last else None
    assert state_of(status, date.fromisoformat(first), end, successor, TODAY) == state


async def test_the_database_finds_entries_by_the_same_rule(database: Database) -> None:
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
    async with database.unit_of_work() as session:
        for number, (status, first, last, successor, _) in enumerate(CASES):
            content = ItemContent.model_validate(
                {
                    **COMPLETE,
                    "code": f"T-{number}",
                    "valid_from": first,
                    "valid_to": last,
                    "superseded_by": successor,
                }
            )
            await KnowledgeRepository(session).store(
                content, Status(status), 1, fingerprint=fingerprint(content), author="file"
            )
            await session.flush()
    async with database.unit_of_work() as session:
        repository = DeskRepository(session, None)
        found = {
            state: {
                entry.code
                for entry in await repository.entries(
                    Wanted(state=state), TODAY, own="", limit=50, offset=0
                )
            }
            for state in EntryState
        }
    for number, (*_, state) in enumerate(CASES):
        assert [one for one in EntryState if f"T-{number}" in found[one]] == [state]


async def test_the_day_a_policy_lapses_on_is_stored_and_units_see_their_own(
    database: Database,
) -> None:
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
    policy = PolicyContent.model_validate(
        {
            "code": "P-1",
            "name": "养蜂补贴",
            "unit": "agriculture",
            "issued_on": "2021-06-01",
            "summary": "每箱 50 元。",
            "valid_from": "2021-06-15",
        }
    )
    async with database.unit_of_work() as session:
        await KnowledgeRepository(session).store(
            policy, Status.PUBLISHED, 1, fingerprint=fingerprint(policy), author="file"
        )
    async with database.unit_of_work() as session:
        own, others = DeskRepository(session, {"agriculture"}), DeskRepository(session, {"housing"})
        (ending,) = await own.ending(TODAY, 30)
        assert ending.valid_to == date(2026, 6, 14)
        assert await others.ending(TODAY, 30) == []
        assert await own.count(Wanted("蜂", Kind.POLICY, "agriculture"), TODAY) == 1
        assert await others.count(Wanted("蜂"), TODAY) == 0 == await own.count(Wanted("船"), TODAY)
        assert await own.units_with_entries() == ["agriculture"]
        assert await others.entry("P-1") is None
