"""The page of figures: what it shows, to whom, and the way down to the cases."""

from __future__ import annotations

import html
import io
import re
from dataclasses import replace

import pytest
from closed_cases import Made, closed
from console_app import Browser, Enter
from fastapi import FastAPI
from openpyxl import load_workbook

from console.charts import column_chart, line_chart

PAGE = "/console/measures"
AUGUST = {"from": "2026-08-01", "to": "2026-08-31"}
PLAIN = Made()


@pytest.fixture
async def town(app: FastAPI) -> FastAPI:
    """Six cases of the urban bureau, four of them solved; one of the power company; one excluded."""
    async with app.state.database.unit_of_work() as session:
        for solved in ("yes", "yes", "yes", "yes", "no", "partly"):
            await closed(session, replace(PLAIN, solved=solved), title=f"路灯{solved}")
        await closed(session, replace(PLAIN, unit="power"), title="停电", category=None)
        excluded = replace(PLAIN, exclusion=("exclusion", "approved"))
        await closed(session, excluded, title="申诉过的", excluded=True)
        asked = replace(PLAIN, unit="power", exclusion=("exclusion", "pending"))
        await closed(session, asked, title="正在申诉")
    return app


async def _card(browser: Browser, name: str, **query: str) -> str:
    """The text of one card."""
    page = (await browser.get(PAGE, **(AUGUST | query))).text
    card = page.split(f"<h2>{name}</h2>")[1].split("</li>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(card)).split())


async def test_rates_stand_beside_their_formulas(enter: Enter, town: FastAPI) -> None:
    browser = await enter("supervisor")
    said = "75.0% 6 ÷ 8 市民说已解决的 ÷ 问到是否解决的回访 没有达到的 2 件"
    assert await _card(browser, "解决率") == said
    assert (
        await _card(browser, "自动派单准确率") == "— 0 ÷ 0 自动派单后没有改派的 ÷ 自动派单并办结的"
    )
    # Two of the power company are too few to be a rate.
    assert (await _card(browser, "解决率", unit="power")).startswith("2/2 件 ")
    assert (await _card(browser, "直接答复率")).startswith("0.0% 0 ÷ 9 当场答复的来访")
    page = (await browser.get(PAGE, **AUGUST)).text
    assert "怎么算的" in page and "响应率 20%" in page


async def test_the_way_down_to_the_cases(enter: Enter, town: FastAPI) -> None:
    browser = await enter("supervisor")
    page = (await browser.get(PAGE, **AUGUST, unit="urban")).text
    address = html.unescape(re.search(r'href="([^"]+of=solved[^"]+which=missed[^"]*)"', page)[1])
    listed = (await browser.get(address)).text
    assert "路灯no" in listed and "路灯partly" in listed and "路灯yes" not in listed
    assert "共 2 件" in listed
    number = re.search(r"/console/cases/(\d+)", listed)[1]
    assert (await browser.get(f"/console/cases/{number}")).status_code == 200
    for wrong in ({"of": "solved", "which": "x"}, {"of": "direct"}, {"of": "title"}, {}):
        assert (await browser.get(f"{PAGE}/cases", **wrong)).status_code == 404


@pytest.mark.parametrize("view", ["units", "categories", "time", "promise", "excluded", "x"])
async def test_every_view_opens_full_and_empty(enter: Enter, town: FastAPI, view: str) -> None:
    browser = await enter("supervisor")
    full = await browser.get(PAGE, **AUGUST, view=view)
    empty = await browser.get(PAGE, **{"from": "2025-01-01", "to": "2025-01-31", "view": view})
    assert (full.status_code, empty.status_code) == (200, 200)
    assert "没有办结的工单" in empty.text and "没有办结的工单" not in full.text
    assert "style=" not in full.text and "onclick" not in full.text


async def test_what_is_excluded_is_listed_with_who_decided(enter: Enter, town: FastAPI) -> None:
    page = (await (await enter("supervisor")).get(PAGE, **AUGUST, view="excluded")).text
    assert "申诉过的" in page and "示例·supervisor" in page and "依据：市政府令" in page
    assert "正在申诉" in page and "待审批，仍计入" in page


async def test_a_leader_sees_the_own_unit_only(enter: Enter, town: FastAPI) -> None:
    leader = await enter("urban.leader")
    for view in ("units", "categories", "time", "promise", "excluded"):
        page = (await leader.get(PAGE, **AUGUST, view=view)).text
        assert "办结 <b>6</b>" in page
        assert "停电" not in page and "供电公司" not in page and "正在申诉" not in page
    asked = (await leader.get(PAGE, **AUGUST, unit="power")).text
    assert "下面没有按它筛选" in asked and "办结 <b>6</b>" in asked
    listed = (await leader.get(f"{PAGE}/cases", **AUGUST, of="finished", unit="power")).text
    assert "共 6 件" in listed and "停电" not in listed
    assert "直接答复率" not in asked.split("怎么算的")[0]


@pytest.mark.parametrize(
    "login", ["dispatcher", "seat", "callback", "urban.clerk", "editor", "admin"]
)
async def test_others_have_no_figures(enter: Enter, login: str) -> None:
    browser = await enter(login)
    for page in (PAGE, f"{PAGE}/cases", f"{PAGE}/export"):
        assert (await browser.get(page)).status_code == 403


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"from": "2026-08-31", "to": "2026-08-01"}, "结束日期不能早于开始日期"),
        ({"from": "2024-01-01", "to": "2026-08-01"}, "最长 366 天"),
        ({"from": "x", "to": "2026-08-01"}, "日期没有填完整"),
        ({"from": "0001-01-01", "to": "0001-01-02"}, "近 30 天"),
        ({"unit": "月球"}, "下面没有按它筛选"),
        ({"unit": "\x00", "category": "\x00%", "step": "x", "page": "-1"}, "没有办结的工单"),
    ],
)
async def test_odd_addresses(enter: Enter, query: dict[str, str], said: str) -> None:
    page = await (await enter("supervisor")).get(PAGE, **query)
    assert page.status_code == 200
    assert said in page.text


async def test_the_spreadsheet_says_the_same(enter: Enter, town: FastAPI) -> None:
    answer = await (await enter("supervisor")).get(f"{PAGE}/export", **AUGUST)
    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["口径", "按单位", "按类别", "按时间", "承诺与实际", "剔除与申诉"]
    solved = next(row for row in book["口径"].iter_rows(values_only=True) if row[0] == "解决率")
    assert solved[3:] == (6, 8, 0.75)
    units = {row[0]: row[1] for row in book["按单位"].iter_rows(min_row=3, values_only=True)}
    assert units == {"示例市城市管理局": 6, "示例市供电公司": 2}
    reasons = {row[5] for row in book["剔除与申诉"].iter_rows(min_row=4, values_only=True)}
    assert reasons == {"'=诉求超出政策"}


async def test_a_category_is_narrowed_by_its_code(enter: Enter, town: FastAPI) -> None:
    browser = await enter("supervisor")
    page = (await browser.get(PAGE, **AUGUST, view="categories")).text
    assert "A0312" in page and "未归类" in page
    page = (await browser.get(PAGE, **AUGUST, view="categories", category="A0312")).text
    assert "办结 <b>7</b>" in page


def test_a_line_breaks_where_too_few_were_counted() -> None:
    chart = line_chart([0.5, 1.0, None, 0.0, None], ["a", "b", "c", "d", "e"], list("12345"))
    assert len(chart.lines) == 1 and len(chart.lines[0].split()) == 2
    assert [dot.text for dot in chart.dots] == ["a 50.0%", "b 100.0%", "d 0.0%"]
    assert chart.dots[1].y < chart.dots[0].y < chart.dots[2].y


def test_columns_end_at_the_largest() -> None:
    chart = column_chart([0, 4, 8], ["a", "b", "c"], list("123"))
    heights = [one.height for one in chart.columns]
    assert heights[0] == 0 and heights[2] == pytest.approx(2 * heights[1], abs=0.2)
    assert [mark.name for mark in chart.beside] == ["0", "8"]
    assert column_chart([], [], []).columns == []
    many = [str(n) for n in range(90)]
    assert len(line_chart([0.5] * 90, many, many).below) <= 10
