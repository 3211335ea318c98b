"""A rating link that was used: whoever comes back to it is told so calmly."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from town import DISPATCHER, URBAN, Register, city, file

from cases import service as cases
from cases.models import Case
from core.database import Database, now
from core.models import CalendarYear
from integrations import web
from kb.service import KnowledgeBase
from reviews.service import review_link
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


async def test_a_link_of_an_earlier_round_leads_to_the_latest(
    visitor: httpx.AsyncClient, link: str, city: Database
) -> None:
    async with city.unit_of_work() as session:
        await session.execute(update(Case).values(round=Case.round + 1))
    told = await visitor.get(link)
    assert told.status_code == 410
    assert "请用最近一次的评价链接" in told.text and "错误代码" not in told.text
