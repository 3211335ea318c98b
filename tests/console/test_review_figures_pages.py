"""Figures of reviews on screen and as a file, and the way down; what the public reads of them."""

from __future__ import annotations

import html
import io
import json
import re

import pytest
from console_app import Enter
from fastapi import FastAPI
from openpyxl import load_workbook
from town import SUPERVISOR

import integrations.web
from core.calendar import LOCAL
from core.database import now
from reviews.figures import Axis
from reviews.models import Review, ServiceRecord
from reviews.publishing import release
from reviews.rectifying import linked

PAGE = "/console/review-figures"
NOW = now()
DAY = str(NOW.astimezone(LOCAL).date())
TODAY = {"from": DAY, "to": DAY}


@pytest.fixture
async def town(app: FastAPI) -> FastAPI:
    """Eight reviews of the urban bureau, two of them bad; one of the power company."""
    async with app.state.database.unit_of_work() as session:
        for number, grade in enumerate((5, 5, 4, 4, 3, 3, 2, 1, 1)):
            record = ServiceRecord(
                project_no=f"P{number}",
                item_code="I1",
                item_name="居住证办理",
                unit="power" if number == 8 else "urban",
                channel=4,
                status=3,
                accepted_at=NOW,
                source="hall",
            )
            session.add(record)
            await session.flush()
            review = Review(
                service_record_id=record.id,
                round=1,
                grade=grade,
                tags=["109"] if grade == 1 else [],
                text=f"评价{number}",
                channel="tablet",
                created_at=NOW,
            )
            session.add(review)
            await session.flush()
            await linked(session, review, NOW)
            if number == 7:
                await release(session, SUPERVISOR, review.id, "多要了一份材料", "已经改正", NOW)
    app.include_router(integrations.web.router)
    return app


async def test_figures_with_formulas_and_the_way_down(enter: Enter, town: FastAPI) -> None:
    browser = await enter("supervisor")
    page = (await browser.get(PAGE, **TODAY)).text
    card = page.split("<h2>好评率</h2>")[1].split("</li>")[0]
    said = " ".join(re.sub(r"<[^>]+>", " ", html.unescape(card)).split())
    assert said == "66.7% 6 ÷ 9 基本满意及以上 ÷ 有效评价 其余 3 条"
    assert "居住证办理" in page.split("与办事指南不一致的事项")[1]
    assert "没有比上一时段明显增多的标签" in page, "two are too few"
    assert "不画点" not in page
    address = html.unescape(re.search(r'href="([^"]+of=good_rate[^"]+which=missed[^"]*)"', page)[1])
    listed = (await browser.get(address)).text
    assert "共 3 条" in listed and "评价7" in listed and "评价0" not in listed
    for wrong in ({"of": "x"}, {"of": "good_rate", "which": "x"}):
        assert (await browser.get(f"{PAGE}/reviews", **wrong)).status_code == 404


@pytest.mark.parametrize("view", Axis)
async def test_every_axis_full_and_empty(enter: Enter, town: FastAPI, view: Axis) -> None:
    browser = await enter("supervisor")
    full = await browser.get(PAGE, **TODAY, view=view.value)
    empty = await browser.get(PAGE, **{"from": "2025-01-01", "to": "2025-01-31", "view": view})
    assert (full.status_code, empty.status_code) == (200, 200)
    assert "没有评价。" in empty.text and "没有评价。" not in full.text
    assert ("大厅评价器" in full.text) is (view is Axis.CHANNEL)


async def test_the_same_as_excel(enter: Enter, town: FastAPI) -> None:
    browser = await enter("supervisor")
    book = load_workbook(io.BytesIO((await browser.get(f"{PAGE}/export", **TODAY)).content))
    assert book.sheetnames == ["合计", "按单位", "按事项", "按窗口", "按渠道", "按月"]
    rows = [row for row in book["按单位"].iter_rows(values_only=True) if row[1] is not None]
    assert {row[0]: row[1] for row in rows[1:]} == {"示例市城市管理局": 8, "示例市供电公司": 1}


async def test_who_reads_figures(enter: Enter, town: FastAPI) -> None:
    leader = (await (await enter("urban.leader")).get(PAGE, **TODAY, view="unit")).text
    assert "示例市城市管理局" in leader and "示例市供电公司" not in leader
    for login in ("urban.clerk", "editor", "dispatcher"):
        assert (await (await enter(login)).get(PAGE)).status_code == 403


async def test_what_everybody_reads(enter: Enter, town: FastAPI) -> None:
    visitor = await enter()
    page = (await visitor.get("/reviews")).text
    assert "多要了一份材料" in page and "已经改正" in page
    assert "评价7" not in page, "what the citizen wrote is not public as it was written"
    assert "示例市城市管理局" in page and "75.0%，合格，8 条" in page
    data = json.loads((await visitor.get("/reviews/data.json")).text)
    assert [one["name"] for one in data["units"]] == ["示例市城市管理局"]
    assert (data["total"]["good"], data["total"]["valid"]) == (6, 9)
    assert [one["text"] for one in data["reviews"]] == ["多要了一份材料"]
    table = await visitor.get("/reviews/data.csv")
    assert table.text.startswith("\ufeff评价日期") and "多要了一份材料" in table.text
