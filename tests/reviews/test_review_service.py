"""Reviews: one for each closing, only by its link or the citizen, none invented."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from town import DISPATCHER, NOW, URBAN, Register

from cases import service as cases
from cases.models import Case, CaseEvent
from cases.vocabulary import CaseType, Source
from core.database import Database
from core.errors import Conflict, Gone, InvalidInput, NotFound
from core.models import CalendarYear
from reviews.grades import Grade
from reviews.models import Review
from reviews.service import (
    RatedThing,
    Submitted,
    rated_thing,
    review_link,
    reviews_of,
    submit,
    submit_for_case,
)


async def closed(database: Database, file: Register, **changes: Any) -> tuple[str, str, int]:
    """Number, token and id of a closed case."""
    done = await file(lead="urban", **changes)
    async with database.unit_of_work() as session:
        await session.merge(CalendarYear(year=2026, announced=True))
        await cases.accept(session, URBAN, done.case_id, 1, NOW)
        await cases.answer(session, URBAN, done.case_id, 2, "修好了", "", NOW)
        case = await cases.pass_check(session, DISPATCHER, done.case_id, 3, NOW)
    number, _, token = review_link(case).removeprefix("/r/").partition("-")
    return number, token, done.case_id


async def rate(
    database: Database,
    number: str,
    token: str,
    grade: int = 5,
    tags: list[str] | None = None,
    text: str = "",
    at: datetime = NOW,
) -> Submitted:
    async with database.unit_of_work() as session:
        return await submit(session, number, token, Grade(grade), tags or [], text, Source.WEB, at)


async def test_a_review_stands_on_its_case(city: Database, file: Register) -> None:
    number, token, case_id = await closed(city, file)
    done = await rate(city, number, token, 4, ["406"], "谢谢")
    assert (done.grade_name, done.case_number) == ("满意", number)
    async with city.unit_of_work() as session:
        [review] = (await reviews_of(session, [case_id]))[case_id]
        history = list(await session.scalars(select(CaseEvent).order_by(CaseEvent.id)))
        [stored] = await session.scalars(select(Review))
    assert (review.grade, review.tags, review.text) == (4, [("406", "只填一张表单")], "谢谢")
    assert not review.bad and not stored.is_default
    told = {"grade": 4, "round": 1, "named": False}
    assert (history[-1].action, history[-1].data) == ("review", told)


async def test_once_for_each_closing(city: Database, file: Register) -> None:
    number, token, case_id = await closed(city, file)
    await rate(city, number, token)
    with pytest.raises(Gone, match="已经评价过") as caught:
        await rate(city, number, token)
    assert caught.value.code == "already_rated"
    async with city.unit_of_work() as session:
        with pytest.raises(Gone):
            await rated_thing(session, number, token, NOW)
        with pytest.raises(Gone):
            await submit_for_case(session, case_id, Grade(5), [], "", Source.WECHAT, NOW)


async def test_twice_at_once_counts_once(city: Database, file: Register) -> None:
    number, token, _ = await closed(city, file)
    results = await asyncio.gather(
        *(rate(city, number, token) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(r, Submitted) for r in results) == 1
    assert sum(isinstance(r, Gone) for r in results) == 3


async def test_a_reopened_case_is_rated_anew_by_a_new_link(city: Database, file: Register) -> None:
    number, token, case_id = await closed(city, file)
    await rate(city, number, token)
    async with city.unit_of_work() as session:
        await session.execute(update(Case).values(round=2))
        new = review_link(await session.get_one(Case, case_id)).partition("-")[2]
    with pytest.raises(Gone, match="重新办理"):
        await rate(city, number, token)
    await rate(city, number, new, 2, [], "还是没修")
    async with city.unit_of_work() as session:
        assert [r.round for r in (await reviews_of(session, [case_id]))[case_id]] == [1, 2]


@pytest.mark.parametrize(
    ("after", "late"),
    [
        (timedelta(days=7, hours=7, minutes=30), False),
        (timedelta(days=7, hours=7, minutes=31), True),
    ],
)
async def test_the_window_is_five_working_days(
    city: Database, file: Register, after: timedelta, late: bool
) -> None:
    number, token, _ = await closed(city, file)
    if late:
        with pytest.raises(Gone, match="2026年08月12日") as caught:
            await rate(city, number, token, at=NOW + after)
        assert caught.value.code == "too_late"
    else:
        await rate(city, number, token, at=NOW + after)


async def test_forged_links_open_nothing(city: Database, file: Register) -> None:
    number, token, _ = await closed(city, file)
    _, other_token, _ = await closed(city, file)
    for given in [
        (number, other_token),
        (number, token[:-1] + ("0" if token[-1] != "0" else "1")),
        (number, "口令"),
        (number, ""),
        (number[:-1], token),
        ("x\x00", token),
    ]:
        with pytest.raises(NotFound):
            await rate(city, *given)


async def test_an_open_case_cannot_be_rated(city: Database, file: Register) -> None:
    done = await file(lead="urban")
    with pytest.raises(Conflict, match="还没有答复"):
        async with city.unit_of_work() as session:
            await submit_for_case(session, done.case_id, Grade(5), [], "", Source.WEB, NOW)


@pytest.mark.parametrize(
    ("grade", "tags", "text", "field"),
    [(1, [], "", "text"), (5, ["115"], "", "tags"), (4, [], "长" * 2001, "text")],
)
async def test_a_review_that_does_not_fit_leaves_nothing(
    city: Database, file: Register, grade: int, tags: list[str], text: str, field: str
) -> None:
    number, token, _ = await closed(city, file)
    with pytest.raises(InvalidInput) as caught:
        await rate(city, number, token, grade, tags, text)
    assert list(caught.value.fields) == [field]
    await rate(city, number, token)


async def test_who_reviews_is_not_in_what_the_unit_reads(city: Database, file: Register) -> None:
    number, token, case_id = await closed(city, file)
    await rate(city, number, token, 1, [], "我是张小明，13800001234，没人理我")
    async with city.unit_of_work() as session:
        [review] = (await reviews_of(session, [case_id]))[case_id]
    assert review.text == "我是张**，138****1234，没人理我"


@pytest.mark.parametrize(
    ("changes", "title"),
    [({}, "望湖路路灯不亮"), ({"confidential": True}, ""), ({"type": CaseType.REPORT}, "")],
)
async def test_the_page_of_a_link(
    city: Database, file: Register, changes: dict[str, Any], title: str
) -> None:
    number, token, _ = await closed(city, file, **changes)
    async with city.unit_of_work() as session:
        thing = await rated_thing(session, number, token, NOW)
    until = datetime(2026, 8, 12, 17, 30, tzinfo=NOW.tzinfo)
    assert thing == RatedThing(number, title, "urban", NOW, until)


async def test_the_citizen_in_the_dialogue_needs_no_link(city: Database, file: Register) -> None:
    number, _, case_id = await closed(city, file)
    async with city.unit_of_work() as session:
        done = await submit_for_case(session, case_id, Grade(2), ["214"], "", Source.WECHAT, NOW)
        found = await reviews_of(session, [case_id])
    assert done.case_number == number
    assert found[case_id][0].channel == "wechat"


async def test_cases_without_a_review_have_no_entry(city: Database, file: Register) -> None:
    _, _, case_id = await closed(city, file)
    async with city.unit_of_work() as session:
        assert await reviews_of(session, [case_id]) == {}
        assert await reviews_of(session, []) == {}
