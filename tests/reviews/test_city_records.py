"""The sample city's records and reviews: taken whole, linked, and only once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sqlalchemy import select
from town import NOW

import cases.loading
import kb.loading
import units.loading
from core.database import Database
from core.models import CalendarYear
from reviews.loading import load
from reviews.models import Rectification, Review, ServiceRecord

CITY = Path(__file__).parents[2] / "city"


async def test_the_sample_city_shows_every_way_of_linking(database: Database) -> None:
    async with database.unit_of_work() as session:
        session.add(CalendarYear(year=2026, announced=True))
        for room in (units.loading, kb.loading, cases.loading):
            await room.load(session, CITY)
        done = await load(session, CITY, NOW)
    assert done is not None and done.rejected == []
    assert (done.records.new, done.reviews.new, done.linked) == (30, 12, 7)
    async with database.unit_of_work() as session:
        assert await load(session, CITY, NOW) is None
        links = Counter(await session.scalars(select(Review.link)))
        states = list(await session.scalars(select(Rectification.state)))
        units_known = set(await session.scalars(select(ServiceRecord.unit)))
    assert links["exact"] == 7 and links["auto"] >= 2 and links["desk"] >= 1 and links["none"] >= 1
    assert len(states) >= 2 and set(states) == {"pending"}
    assert None not in units_known
