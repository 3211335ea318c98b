"""A rating link that was used: whoever comes back to it is told so calmly."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from town import DISPATCHER, URBAN, Register, city, file

from cases import service as cases
from cases.models import Case
from core.database import Database, now
from core.errors import NotFound
from core.models import CalendarYear
from core.privacy import encrypt
from integrations import web
from kb.service import KnowledgeBase
from reviews.models import Rectification, Review, ServiceRecord
from reviews.reviewer import reviewer_of
from reviews.service import review_link
from reviews.signed_links import record_link
from units.tree import UnitTree

__all__ = ["city", "file"]


@pytest.fixture
async def link(city: Database, file: Register) -> str:
    """The rating link of a case that was answered just now."""
    done, at = await file(lead="urban"), now()
    async with city.unit_of_work() as session:
        for year in (at.year, at.year + 1):
            await session.merge(CalendarYear(year=year, announced=True))
        await cases.accept(session, URBAN, done.case_id, 1, at)
        await cases.answer(session, URBAN, done.case_id, 2, "修好了", "", at)
        return review_link(await cases.pass_check(session, DISPATCHER, done.case_id, 3, at))


@pytest.fixture
async def visitor(city: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.database = city
    app.state.knowledge = KnowledgeBase(None)
    async with city.unit_of_work() as session:
        app.state.city = SimpleNamespace(tree=await UnitTree.load(session))
    app.include_router(web.router)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://line.test") as http:
        yield http


async def test_a_used_link_says_thanks(visitor: httpx.AsyncClient, link: str) -> None:
    assert (await visitor.post(link, data={"grade": "5"})).status_code == 200
    for again in (await visitor.get(link), await visitor.post(link, data={"grade": "4"})):
        assert again.status_code == 410
        assert "您已经评价过了，谢谢" in again.text
        assert not re.search("已失效|错误代码", again.text)


@pytest.mark.parametrize("consent", [False, True])
async def test_whether_the_unit_may_know_is_said_as_it_was_chosen(
    visitor: httpx.AsyncClient, link: str, consent: bool
) -> None:
    chosen = {"named": "yes"} if consent else {}
    told = (await visitor.post(link, data={"grade": "1", "text": "没修好", **chosen})).text
    assert ("您已同意" in told) is consent and ("不会随评价提供" in told) is not consent
    assert "查进度" in told


async def test_a_link_of_an_earlier_round_leads_to_the_latest(
    visitor: httpx.AsyncClient, link: str, city: Database
) -> None:
    async with city.unit_of_work() as session:
        await session.execute(update(Case).values(round=Case.round + 1))
    told = await visitor.get(link)
    assert told.status_code == 410
    assert "请用最近一次的评价链接" in told.text and "错误代码" not in told.text


async def record(city: Database, **changes: Any) -> str:
    """The link of a service that was finished an hour ago, as ``changes`` say."""
    at = now()
    values: dict[str, Any] = {
        "project_no": "SL261129000001",
        "item_name": "占道许可",
        "unit": "urban",
        "channel": 5,
        "status": 3,
        "accepted_at": at - timedelta(days=30),
        "finished_at": at - timedelta(hours=1),
        "source": "hall",
        "applicant": encrypt('{"name": "示例·甲", "phone": "13800001234"}'),
    }
    async with city.unit_of_work() as session:
        for year in (at.year, at.year + 1):
            await session.merge(CalendarYear(year=year, announced=True))
        made = ServiceRecord(**(values | changes))
        session.add(made)
        await session.flush()
        return record_link(made.id)


@pytest.mark.parametrize(
    ("named", "consent"), [({}, False), ({"named": "yes"}, True)], ids=["unnamed", "named"]
)
async def test_a_finished_service_is_rated_once_by_its_link(
    visitor: httpx.AsyncClient, city: Database, named: dict[str, str], consent: bool
) -> None:
    path = await record(city)
    page = (await visitor.get(path)).text
    assert "占道许可" in page and "示例市城市管理局" in page and "SL261129000001" not in page
    wrong = await visitor.post(path, data={"grade": "1", **named})
    assert wrong.status_code == 422 and "请勾选原因或写几句" in wrong.text
    assert ('value="yes" checked' in wrong.text) is consent
    words = "找示例·甲，13800001234"
    given = await visitor.post(path, data={"grade": "1", "text": words, **named})
    assert given.status_code == 200 and "改完后回访" in given.text
    assert ("您已同意" in given.text) is consent
    for again in (await visitor.get(path), await visitor.post(path, data={"grade": "5"})):
        assert again.status_code == 410 and "您已经评价过了，谢谢" in again.text
    async with city.sessions() as session:
        review = (await session.scalars(select(Review))).one()
        unit = (await session.scalars(select(Rectification.unit))).one()
    assert (review.link, review.grade, review.named, unit) == ("exact", 1, consent, "urban")
    assert "13800001234" not in review.text and "示例·甲" not in review.text
    assert (reviewer_of(URBAN, review) is not None) is consent


@pytest.mark.parametrize(
    ("changes", "end", "status", "told"),
    [
        ({}, "x", 404, "链接不对"),
        ({"status": 2, "finished_at": None}, "", 409, "还没有办结"),
        ({"finished_at": now() - timedelta(days=40)}, "", 410, "评价时间已经过了"),
    ],
    ids=["forged", "unfinished", "late"],
)
async def test_a_link_of_a_service_that_cannot_be_used(
    visitor: httpx.AsyncClient,
    city: Database,
    changes: dict[str, Any],
    end: str,
    status: int,
    told: str,
) -> None:
    path = await record(city, **changes) + end
    for answer in (
        visitor.get(path),
        visitor.post(path, data={"grade": "5"}),
        visitor.post(path, data={}),
    ):
        if end:
            with pytest.raises(NotFound, match=told):
                await answer
            continue
        shown = await answer
        assert shown.status_code == status and told in shown.text
