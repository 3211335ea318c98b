"""Figures equal to the same figures counted another way, in plain SQL, on generated reviews."""

from __future__ import annotations

import csv
import io
import random
from datetime import timedelta

import pytest
from sqlalchemy import text
from town import DISPATCHER, LEADER, NOW, POWER, SUPERVISOR, URBAN, Register

from cases import service as cases
from cases.measures import Span
from cases.vocabulary import CaseType, Source
from core.database import Database
from core.errors import NotAllowed, NotFound
from reviews.figures import Axis, Figure, TagGrowth, Tally, growing
from reviews.figures_repository import FigureRepository, Side
from reviews.grades import TAGS, Grade
from reviews.models import Review, ServiceRecord
from reviews.narrowing import Wanted
from reviews.public import as_csv, public_figures, public_reviews
from reviews.publishing import release, take_back
from reviews.rectifying import linked
from reviews.service import submit_for_case

DAY = NOW.date()
SPAN = Span(DAY - timedelta(days=29), DAY)
STATES = ("pending", "completed", "invalid", "impossible", "supervised", "unresolved", "withdrawn")
PLAIN = """
WITH r AS (
  SELECT v.*, s.unit, s.item_name, s.window, x.state, x.late, x.closed_at,
         NOT v.is_default AND x.state IS DISTINCT FROM 'invalid' AS valid
  FROM reviews v JOIN service_records s ON s.id = v.service_record_id
  LEFT JOIN rectifications x ON x.review_id = v.id
  WHERE (v.created_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN :first AND :last)
SELECT {key} AS key, count(*),
  sum(CASE WHEN is_default THEN 0 ELSE 1 END),
  sum(valid::int), sum((valid AND grade >= 3)::int), sum((valid AND grade <= 2)::int),
  count(*) FILTER (WHERE state NOT IN ('invalid', 'withdrawn')),
  count(*) FILTER (WHERE state = 'completed'),
  count(*) FILTER (WHERE state NOT IN ('invalid', 'withdrawn')
                   AND (late OR closed_at IS NOT NULL)),
  count(*) FILTER (WHERE state NOT IN ('invalid', 'withdrawn')
                   AND NOT late AND closed_at IS NOT NULL)
FROM r GROUP BY 1
"""
KEYS = {
    Axis.UNIT: "unit",
    Axis.ITEM: "nullif(item_name, '')",
    Axis.WINDOW: "nullif(\"window\", '')",
    Axis.CHANNEL: "channel",
    Axis.MONTH: "to_char(created_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM')",
}


def _review_of(record: ServiceRecord, dice: random.Random) -> Review:
    grade = Grade(dice.randint(1, 5))
    return Review(
        service_record_id=record.id,
        round=1,
        grade=grade,
        tags=dice.sample(sorted(TAGS[grade]), 2),
        channel=dice.choice(["window", "web", "sms"]),
        is_default=grade == 5 and dice.random() < 0.3,
        link="auto",
        created_at=NOW - timedelta(hours=dice.randint(0, 24 * 40)),
    )


@pytest.fixture
async def month(city: Database) -> Database:
    """300 reviews of service records over 40 days, by a fixed seed."""
    dice = random.Random(12345)
    async with city.unit_of_work() as session:
        records = [
            ServiceRecord(
                project_no=f"P{number}",
                item_code=f"I{number % 4}",
                item_name=f"事项{number % 4}",
                window=dice.choice(["", "1号窗", "2号窗"]),
                unit=dice.choice(["urban", "power"]),
                channel=4,
                status=3,
                accepted_at=NOW,
                source="hall",
            )
            for number in range(300)
        ]
        session.add_all(records)
        await session.flush()
        reviews = [_review_of(record, dice) for record in records]
        session.add_all(reviews)
        await session.flush()
        for review in reviews:
            one = await linked(session, review, review.created_at)
            if one is not None:
                one.state, one.late = dice.choice(STATES), dice.random() < 0.3
                if one.state not in ("pending", "supervised"):
                    one.closed_at = NOW
    return city


@pytest.mark.parametrize("axis", Axis)
async def test_the_same_by_another_way(month: Database, axis: Axis) -> None:
    async with month.unit_of_work() as session:
        repository = FigureRepository(session, SUPERVISOR)
        found = await repository.by(Wanted(SPAN), axis)
        total = await repository.total(Wanted(SPAN))
        rows = await session.execute(
            text(PLAIN.format(key=KEYS[axis])), {"first": SPAN.first, "last": SPAN.last}
        )
        plain = {row[0]: Tally(*row[1:]) for row in rows}
    assert found == plain
    assert len(plain) > 1
    assert total.every == sum(one.every for one in plain.values()) > 200
    assert total.due > total.timed > total.on_time > 0


@pytest.mark.parametrize("figure", Figure)
async def test_the_way_down_leads_to_as_many(month: Database, figure: Figure) -> None:
    async with month.unit_of_work() as session:
        repository = FigureRepository(session, SUPERVISOR)
        wanted = Wanted(SPAN, {"urban"})
        rate = (await repository.total(wanted)).rate(figure)
        rows, below = await repository.behind(wanted, figure, side=Side.ALL, limit=9, offset=0)
        _, missed = await repository.behind(wanted, figure, side=Side.MISSED, limit=9, offset=0)
    assert (below, below - missed) == (rate.below, rate.above)
    assert {row.unit for row in rows} == {"urban"}


async def test_a_unit_counts_its_own(month: Database) -> None:
    async with month.unit_of_work() as session:
        units = await FigureRepository(session, LEADER).by(Wanted(SPAN), Axis.UNIT)
    assert set(units) == {"urban"}


async def test_tags_and_guides(month: Database) -> None:
    async with month.unit_of_work() as session:
        repository = FigureRepository(session, SUPERVISOR)
        now, before = await repository.tags(Wanted(SPAN))
        beyond = await repository.beyond_the_guide(Wanted(SPAN))
        rows = await session.execute(
            text(
                "SELECT s.item_code, s.item_name, count(*) FROM reviews v "
                "JOIN service_records s ON s.id = v.service_record_id "
                "LEFT JOIN rectifications x ON x.review_id = v.id "
                "WHERE v.tags ?| ARRAY['108', '109'] AND x.state <> 'invalid' "
                "AND (v.created_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN :a AND :b "
                "GROUP BY 1, 2"
            ),
            {"a": SPAN.first, "b": SPAN.last},
        )
        assert sorted(beyond) == sorted(rows.tuples())
    assert sum(now.values()) > sum(before.values()) > 0


def test_growing() -> None:
    now = {"108": 5, "115": 3, "113": 2, "214": 3, "517": 9}
    assert growing(now, {"108": 1, "115": 3}) == [
        TagGrowth("108", 5, 1),
        TagGrowth("214", 3, 0),
        TagGrowth("517", 9, 0),
    ]


async def test_public_figures_hide_small_numbers(month: Database) -> None:
    async with month.unit_of_work() as session:
        await session.execute(
            text("UPDATE service_records SET unit = 'chengdong' WHERE project_no IN ('P1', 'P2')")
        )
        figures = await public_figures(session, DAY)
    assert set(figures.units) == {"urban", "power"}


async def test_only_what_was_released_is_public(city: Database, file: Register) -> None:
    ids = {}
    for name, changes in {
        "plain": {},
        "secret": {"confidential": True},
        "report": {"type": CaseType.REPORT},
    }.items():
        done = await file(lead="urban", **changes)
        async with city.unit_of_work() as session:
            await cases.accept(session, URBAN, done.case_id, 1, NOW)
            await cases.answer(session, URBAN, done.case_id, 2, "修好了", "", NOW)
            await cases.pass_check(session, DISPATCHER, done.case_id, 3, NOW)
            ids[name] = (
                await submit_for_case(session, done.case_id, Grade(2), [], "差", Source.WEB, NOW)
            ).id
    async with city.unit_of_work() as session:
        assert await public_reviews(session, limit=10) == ([], 0)
        for name in ("secret", "report"):
            with pytest.raises(NotFound):
                await release(session, SUPERVISOR, ids[name], "x", "", NOW)
        for actor in (URBAN, POWER, DISPATCHER):
            with pytest.raises(NotAllowed):
                await release(session, actor, ids["plain"], "x", "", NOW)
        words = "=张小明 13800001234 说灯不亮"
        await release(session, SUPERVISOR, ids["plain"], words, "已换灯", NOW)
        [shown], total = await public_reviews(session, limit=10)
        assert total == 1 and (shown.grade, shown.answer, shown.unit) == (
            "不满意",
            "已换灯",
            "urban",
        )
        assert "张小明" not in shown.text and "13800001234" not in shown.text
        [_, row] = list(csv.reader(io.StringIO(as_csv([shown], {"urban": "城管局"}))))
        assert row[2] == "城管局" and row[4].startswith("'=")
        # Made secret later, it is gone whatever was released.
        await session.execute(text("UPDATE cases SET confidential = true"))
        assert await public_reviews(session, limit=10) == ([], 0)
        await session.execute(text("UPDATE cases SET confidential = false"))
        await take_back(session, SUPERVISOR, ids["plain"])
        assert await public_reviews(session, limit=10) == ([], 0)
