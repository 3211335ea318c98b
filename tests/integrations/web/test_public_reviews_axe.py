"""The public page of reviews is usable by everybody: no axe violation, wide or on a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI, Request
from playwright.sync_api import Browser

from cases.measures import Span
from integrations.web.render import HERE, render
from reviews.figures import FORMULAS, Tally
from reviews.grades import CHOICES
from reviews.models import ServiceRecord, ServiceWindow
from reviews.public import PublicFigures, PublicReview
from reviews.record_rating import RatedRecord

SHEET = '<link rel="stylesheet" href="/static/site.css">'
FIGURES = PublicFigures(
    Span(date(2026, 5, 8), date(2026, 8, 5)),
    Tally(every=120, given=100, valid=98, good=90, bad=8, due=8, rectified=6, timed=7, on_time=6),
    {"urban": Tally(every=60, given=60, valid=60, good=58, bad=2)},
)
REVIEWS = [
    PublicReview("2026-08-05", "不满意", "urban", "居住证办理", "多要了一份材料", "已经改正"),
    PublicReview("2026-08-04", "非常满意", None, "12345 热线诉求", "很快就修好了", ""),
]


def page_of(reviews: list[PublicReview]) -> str:
    """The page as it is sent, its style sheet inside."""
    request = Request({"type": "http", "path": "/reviews", "headers": [], "app": FastAPI()})
    answer = render(
        request,
        "reviews.html",
        figures=FIGURES,
        formulas=FORMULAS,
        reviews=reviews,
        names={"urban": "示例市城市管理局"},
        page=2,
        last=3,
        total=41,
    )
    html = bytes(answer.body).decode()
    return _styled(html)


def window_page(typed: dict[str, object], problems: dict[str, str]) -> str:
    """The page of a window, as it is sent."""
    request = Request({"type": "http", "path": "/w/x", "headers": [], "app": FastAPI()})
    window = ServiceWindow(number="A01", place="示例市政务服务中心一楼")
    answer = render(
        request,
        "window.html",
        window=window,
        unit="示例市城市管理局",
        grades=CHOICES,
        typed={"key": "k"} | typed,
        problems=problems,
        names={"text": "意见"},
    )
    return _styled(bytes(answer.body).decode())


def record_page(typed: dict[str, object], problems: dict[str, str]) -> str:
    """The page that rates a service, as it is sent."""
    request = Request({"type": "http", "path": "/rs/x", "headers": [], "app": FastAPI()})
    at = datetime(2026, 8, 5, 10, 0, tzinfo=UTC)
    record = ServiceRecord(item_name="占用、挖掘城市道路许可", finished_at=at)
    answer = render(
        request,
        "record_rating.html",
        thing=RatedRecord(record, at),
        unit="示例市城市管理局",
        grades=CHOICES,
        typed=typed,
        problems=problems,
        names={"text": "意见"},
    )
    return _styled(bytes(answer.body).decode())


def _styled(html: str) -> str:
    assert SHEET in html
    css = (HERE / "static" / "site.css").read_text("utf-8")
    return html.replace(SHEET, f"<style>{css}</style>")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("reviews", [REVIEWS, []], ids=["some", "none"])
def test_no_violations(browser: Browser, width: int, reviews: list[PublicReview]) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_content(page_of(reviews))
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("rated", [window_page, record_page])
def test_a_window_and_a_service_are_rated_by_everybody(
    browser: Browser, width: int, rated: Callable[[dict[str, object], dict[str, str]], str]
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    for typed, problems in (({}, {}), ({"grade": "1"}, {"text": "请勾选原因或写几句"})):
        page.set_content(rated(typed, problems))
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
