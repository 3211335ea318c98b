"""Reviews of what was said: the same told again is one review."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from town import NOW

from core.database import Database
from core.errors import InvalidInput
from reviews.grades import Grade
from reviews.models import Review
from reviews.said import WINDOW, Given, submit_said, submit_told

PHONE, OTHER = "13800001234", "13800004321"
SAID = {"item": "占道许可", "time": "今天"}


def given(talk: str, phone: str = "", **said: str) -> Given:
    return Given(talk, Grade.SATISFIED, "web", said=said or SAID, phone=phone)


@pytest.mark.parametrize(
    ("first", "second", "later", "stored"),
    [
        (given("a"), given("a"), timedelta(hours=1), 1),
        (given("a"), given("a", item=" 占道许可 ", time="今天"), timedelta(hours=1), 1),
        (given("a", PHONE), given("b", PHONE), timedelta(hours=1), 1),
        (given("a", PHONE), given("b", OTHER), timedelta(hours=1), 2),
        (given("a"), given("b"), timedelta(hours=1), 2),
        (given("a", PHONE), given("a", PHONE), timedelta(days=1), 2),
        (given("a", PHONE), given("a", PHONE, item="居住证"), timedelta(hours=1), 2),
    ],
)
async def test_told_twice(
    city: Database, first: Given, second: Given, later: timedelta, stored: int
) -> None:
    for one, at in ((first, NOW), (second, NOW + later)):
        async with city.unit_of_work() as session:
            review = await submit_told(session, one, at)
        assert (review.created_at == at) is (one is first or stored == 2)
    async with city.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Review)) == stored


async def test_what_a_review_must_say_and_may_not(city: Database) -> None:
    async with city.unit_of_work() as session:
        with pytest.raises(InvalidInput):
            await submit_told(session, given("a", time="今天"), NOW)
        long = Given("k", Grade.DISSATISFIED, "qr", said={"number": "9" * 65}, name="甲" * 41)
        with pytest.raises(InvalidInput) as wrong:
            await submit_said(session, long, NOW, WINDOW)
    assert set(wrong.value.fields) == {"text", "number", "name"}
