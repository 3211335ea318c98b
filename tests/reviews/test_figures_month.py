"""The figures of a whole generated month, imported and linked, counted again in plain Python.

What is counted again comes from the generator and from the tables read row by row, never from the
queries of the figures.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from town import SUPERVISOR

import units.loading
from cases.measures import Span, Step, beginning
from core.calendar import LOCAL
from core.database import Database
from core.models import CalendarYear
from kb.readers.unit_names import UnitNames
from reviews.codes import CodeSystem
from reviews.figures import Axis, Figure, Tally
from reviews.figures_repository import FigureRepository, Side
from reviews.files import read
from reviews.grades import BAD, TAGS, Grade
from reviews.importing import take
from reviews.link_service import find
from reviews.narrowing import Wanted
from reviews.tying import apply
from service.bench_reviews_data import DAYS, FIRST_DAY, City, Generator
from units.tree import UnitTree

CITY = Path(__file__).resolve().parents[2] / "city"
# The month without its first and last days, so that both edges cut something off.
SPAN = Span(FIRST_DAY + timedelta(days=2), FIRST_DAY + timedelta(days=DAYS - 3))
NOW = datetime(2026, 8, 20, 10, 0, tzinfo=LOCAL)
STATES = ("pending", "completed", "invalid", "impossible", "supervised", "unresolved", "withdrawn")
ROWS = """
SELECT v.created_at, v.grade, v.is_default, v.channel, s.unit, s.item_name, s.window,
       x.state, x.late, x.closed_at
FROM reviews v LEFT JOIN service_records s ON s.id = v.service_record_id
LEFT JOIN rectifications x ON x.review_id = v.id
"""


async def _silent(rows: int) -> None:
    del rows


@pytest.fixture
async def month(database: Database, tmp_path: Path) -> Database:
    """1,500 services and 400 reviews of July by a fixed seed; every sixth review is bad, some are
    the platform's default, and what came of the bad ones is told by dice."""
    dice = random.Random(11)
    made = Generator(City.read(CITY), 11).month(1500, 400)
    for number, review in enumerate(made.reviews):
        if number % 6 == 0:
            grade = Grade(dice.choice([1, 2]))
            review |= {"satisfaction": int(grade), "evalDetail": [sorted(TAGS[grade])[0]]}
    file = tmp_path / "month.json"
    file.write_text(json.dumps({"projects": made.records, "evaluations": made.reviews}), "utf-8")
    async with database.unit_of_work() as session:
        session.add(CalendarYear(year=2026, announced=True))
        await units.loading.load(session, CITY)
        names = UnitNames((await UnitTree.load(session)).units.values())
        report = await take(session, read(file), "bench", CodeSystem.NATIONAL, names, NOW, _silent)
        assert not report.rejected
        await apply(session, await find(session, _silent), NOW)
    async with database.unit_of_work() as session:
        await session.execute(
            text("UPDATE reviews SET is_default = true WHERE id % 9 = 0 AND grade = 5")
        )
        ids = await session.scalars(text("SELECT id FROM rectifications ORDER BY id"))
        for one in ids.all():
            state, late = dice.choice(STATES), dice.random() < 0.3
            closed = None if state in ("pending", "supervised") else NOW
            await session.execute(
                text("UPDATE rectifications SET state=:s, late=:l, closed_at=:c WHERE id=:i"),
                {"s": state, "l": late, "c": closed, "i": one},
            )
    return database


def counted(tally: Tally, row: Any) -> Tally:
    """One more review, by the words of the formulas."""
    bad = row.grade in BAD
    valid = not row.is_default and row.state != "invalid"
    due = row.state is not None and row.state not in ("invalid", "withdrawn")
    timed = due and (row.closed_at is not None or row.late)
    return Tally(
        tally.every + 1,
        tally.given + (not row.is_default),
        tally.valid + valid,
        tally.good + (valid and not bad),
        tally.bad + (valid and bad),
        tally.due + due,
        tally.rectified + (due and row.state == "completed"),
        tally.timed + timed,
        tally.on_time + (timed and not row.late),
    )


async def test_every_figure_by_another_way(month: Database) -> None:
    plain: dict[object, dict[object, Tally]] = defaultdict(lambda: defaultdict(Tally))
    async with month.unit_of_work() as session:
        for row in await session.execute(text(ROWS)):
            day = row.created_at.astimezone(LOCAL).date()
            if not SPAN.first <= day <= SPAN.last:
                continue
            values = {
                "total": None,
                Axis.UNIT: row.unit or None,
                Axis.ITEM: row.item_name or None,
                Axis.WINDOW: row.window or None,
                Axis.CHANNEL: row.channel,
                Axis.MONTH: f"{day:%Y-%m}",
                **{("over time", step): beginning(day, step) for step in Step},
            }
            for kind, value in values.items():
                plain[kind][value] = counted(plain[kind][value], row)
        repository, wanted = FigureRepository(session, SUPERVISOR), Wanted(SPAN)
        total = await repository.total(wanted)
        assert total == plain["total"][None]
        assert min(total.given, total.bad, total.due, total.rectified, total.on_time) > 3
        assert total.every > total.given > total.valid
        for axis in Axis:
            assert await repository.by(wanted, axis) == plain[axis], axis
        for step in Step:
            assert await repository.over_time(wanted, step) == plain["over time", step], step
        # The way down from a row leads to as many as the row says.
        named = [one for one in plain[Axis.UNIT].items() if one[0]]
        unit, tally = max(named, key=lambda one: one[1].bad)
        for figure in Figure:
            rate = tally.rate(figure)
            for side, many in (
                (Side.ALL, rate.below),
                (Side.ABOVE, rate.above),
                (Side.MISSED, rate.missed),
            ):
                of = (Axis.UNIT, unit)
                _, found = await repository.behind(
                    wanted, figure, side=side, of=of, limit=1, offset=0
                )
                assert found == many, (figure, side)
        grades = await repository.grade_counts(replace(wanted, units={unit}))
        assert sum(grades.values()) == tally.every
