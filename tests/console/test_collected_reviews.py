"""Reviews from the code at a window and from paper: stored once, tied by the rules, taken back."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from console_app import Browser, Enter
from fastapi import FastAPI, Request, Response
from sqlalchemy import select

import integrations.web
from bot.limits import Limits
from core.database import Database, now
from core.errors import HotlineError
from core.models import CalendarYear
from core.settings import get_settings
from reviews.link_tasks import link_again
from reviews.models import Rectification, Review, ReviewLink, ServiceRecord

WINDOWS, PAPER, LINKS = "/console/windows", "/console/paper", "/console/record-links"
PHONE = "13800001111"


@pytest.fixture
async def line(app: FastAPI, city: Database) -> FastAPI:
    """The console and the public pages of the urban bureau, which served somebody at A01 just now."""

    async def told(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HotlineError)
        return Response(error.message, error.status)

    app.include_router(integrations.web.router)
    app.add_exception_handler(HotlineError, told)
    app.state.limits = Limits(get_settings())
    at = now()
    async with city.unit_of_work() as session:
        for year in (at.year, at.year + 1):
            await session.merge(CalendarYear(year=year, announced=True))
        session.add(
            ServiceRecord(
                project_no="SL261129000001",
                item_name="占道许可",
                unit="urban",
                window="A01",
                place="示例市政务服务中心",
                channel=5,
                status=3,
                accepted_at=at - timedelta(minutes=30),
                finished_at=at - timedelta(minutes=10),
                source="hall",
            )
        )
    return app


async def window_of(enter: Enter) -> tuple[str, str]:
    """The public path of a new window, and that of its page in the console."""
    clerk = await enter("urban.clerk")
    made = await clerk.send(
        WINDOWS, WINDOWS, unit="示例市城市管理局", number="A01", place="示例市政务服务中心"
    )
    assert made.status_code == 303, made.text
    page = (await clerk.get(WINDOWS)).text
    found = re.search(rf'href="({WINDOWS}/\d+)/sheet".+?href="(/w/[^"]+)"', page, re.S)
    assert found is not None
    return found[2], found[1]


async def reviews(city: Database) -> list[Review]:
    async with city.unit_of_work() as session:
        return list(await session.scalars(select(Review).order_by(Review.id)))


async def rate(browser: Browser, path: str, **data: object) -> httpx.Response:
    key = re.search(r'name="key" value="([^"]+)"', (await browser.get(path)).text)
    assert key is not None
    return await browser.http.post(path, data={"key": key[1], **data})


async def test_a_window_is_rated_from_its_printed_code(
    enter: Enter, line: FastAPI, city: Database
) -> None:
    (path, desk), citizen, clerk = await window_of(enter), await enter(), await enter("urban.clerk")
    sheet = (await clerk.get(f"{desk}/sheet")).text
    assert "<svg" in sheet and "style=" not in sheet and path in sheet
    page = (await citizen.get(path)).text
    assert "A01" in page and "示例市城市管理局" in page
    refused = await rate(citizen, path, grade="1", phone="12", number="SL261129000001")
    assert refused.status_code == 422 and "SL261129000001" in refused.text
    given = {"key": "0" * 8 + "-0000-4000-8000-" + "0" * 12, "grade": "1", "tags": ["109", "517"]}
    given |= {"text": f"多要材料，我的电话{PHONE}", "number": "SL261129000001", "phone": PHONE}
    for _ in range(2):
        assert "会核实" in (await citizen.http.post(path, data=given)).text
    [one] = await reviews(city)
    assert (one.tags, one.channel, one.named, one.link) == (["109"], "qr", False, "none")
    assert one.said["window"] == "A01" and PHONE not in one.text
    assert await link_again(city, now(), fresh=True) == 1
    [tied] = await reviews(city)
    assert tied.link == "auto" and tied.service_record_id is not None
    async with city.unit_of_work() as session:
        [opened] = await session.scalars(select(Rectification))
    assert opened.unit == "urban"
    # The unit hears of it, and may have the matter handled as a case: once.
    page = f"/console/rectifications/{opened.id}"
    assert f'href="{page}"' in (await clerk.get("/console/notices")).text
    for _ in range(2):
        assert (await clerk.send(page, f"{page}/open_case")).status_code == 303
    supervisor = await enter("supervisor")
    shown = (await supervisor.get(page)).text
    numbers = set(re.findall(r"/console/cases/(\d+)", shown))
    assert len(numbers) == 1 and "转为工单，工单" in shown and "SL261129000001" in shown
    case = (await supervisor.get(f"/console/cases/{numbers.pop()}")).text
    assert "占道许可" in case and "多要材料" in case and page in case and PHONE not in case
    assert "SL261129000001" not in (await clerk.get(page)).text


async def test_a_unit_hands_out_the_link_of_its_own_transaction(
    enter: Enter, line: FastAPI, city: Database
) -> None:
    clerk, other, citizen = await enter("urban.clerk"), await enter("power.clerk"), await enter()
    page = f"{LINKS}?number=sl261129000001"
    shown = (await clerk.get(page)).text
    found = re.search(r"/rs/\d+-[0-9a-f]{64}", shown)
    assert found is not None and "<svg" in shown and 'aria-current="page">办件评价链接' in shown
    assert (await citizen.http.post(found[0], data={"grade": "5"})).status_code == 200
    # Who has rated is not told by it.
    assert found[0] in (await clerk.get(page)).text
    missing = await other.get(page)
    assert missing.status_code == 404 and "不是您单位办理的" in missing.text
    assert (await (await enter("seat")).get(LINKS)).status_code == 403
    async with city.unit_of_work() as session:
        record = (await session.scalars(select(ServiceRecord))).one()
        record.finished_at = now() - timedelta(days=60)
    assert "评价时间已经过了" in (await clerk.get(page)).text


async def test_codes_that_lead_nowhere_and_too_many_reviews(enter: Enter, line: FastAPI) -> None:
    (path, desk), citizen, clerk = await window_of(enter), await enter(), await enter("urban.clerk")
    assert (await citizen.get(path + "x")).status_code == 404
    other = await enter("power.clerk")
    assert "还没有窗口" in (await other.get(WINDOWS)).text
    assert (await other.get(f"{desk}/sheet")).status_code == 404
    again = await clerk.send(
        WINDOWS, WINDOWS, unit="示例市城市管理局", number="A01", place="示例市政务服务中心"
    )
    assert again.status_code == 409 and "已经有二维码" in again.text
    taken = await other.send(WINDOWS, WINDOWS, unit="示例市城市管理局", number="B", place="厅")
    assert taken.status_code == 422
    line.state.limits = Limits(get_settings().model_copy(update={"network_requests_per_minute": 1}))
    crowd = httpx.ASGITransport(app=line, client=("203.0.113.5", 1))
    async with httpx.AsyncClient(transport=crowd, base_url="http://line.test") as http:
        sent = [(await http.post(path, data={"grade": "5"})).status_code for _ in range(2)]
    assert sent == [200, 429]
    assert (await clerk.send(WINDOWS, f"{desk}/close")).status_code == 303
    assert (await citizen.get(path)).status_code == 404
    assert (await citizen.http.post(path, data={"grade": "5"})).status_code == 404


async def test_paper_is_typed_in_once_and_taken_back(
    enter: Enter, line: FastAPI, city: Database
) -> None:
    clerk, caller = await enter("urban.clerk"), await enter("callback")
    nothing = await clerk.send(PAPER, PAPER, grade="5", given_on="2026-01-05")
    assert nothing.status_code == 422 and "至少填一项" in nothing.text
    late = await clerk.send(PAPER, PAPER, grade="5", given_on="2999-01-05", item="占道许可")
    assert late.status_code == 422 and "不能晚于今天" in late.text and "占道许可" in late.text
    old = await clerk.send(PAPER, PAPER, grade="5", given_on="1900-01-05", item="占道许可")
    assert old.status_code == 422 and "不能早于 2019 年" in old.text
    day = now().date().isoformat()
    form = {"grade": "2", "text": "等了很久", "given_on": day, "item": "占道许可", "key": "paper-1"}
    for _ in range(2):
        assert (await clerk.send(PAPER, PAPER, **form)).status_code == 303
    [one] = await reviews(city)
    assert (one.channel, one.source) == ("hall", "paper")
    shown = (await clerk.get(PAPER)).text
    assert "等了很久" in shown and "待关联" in shown
    stranger = await enter("power.clerk")
    assert "等了很久" not in (await stranger.get(PAPER)).text
    void = f"{PAPER}/{one.id}/void"
    assert (await stranger.send(PAPER, void)).status_code == 404
    assert (await (await enter("seat")).get(PAPER)).status_code == 403
    assert (await clerk.send(PAPER, void)).status_code == 303
    assert (await clerk.send(PAPER, void)).status_code == 409
    assert await link_again(city, now(), fresh=True) == 0
    async with city.unit_of_work() as session:
        steps = await session.execute(
            select(ReviewLink.action, ReviewLink.by).order_by(ReviewLink.id)
        )
        assert [tuple(step) for step in steps] == [
            ("entered", "urban.clerk"),
            ("void", "urban.clerk"),
        ]
    desk = await enter("supervisor")
    assert "等了很久" not in (await desk.get("/console/reviews")).text
    # A desk of the line goes on to what it may be about, and ties it there.
    sent = await caller.send(PAPER, PAPER, **(form | {"key": "2", "number": "SL261129000001"}))
    page = sent.headers["location"]
    looked = (await caller.get(page)).text
    assert "占道许可" in looked and "录入纸质评价" in looked
    about = re.search(r'name="about" value="([^"]+)"', looked)
    assert about is not None
    assert (await caller.send(page, f"{page}/tie", about=about[1])).status_code == 303
    second = f"{PAPER}/{page.rsplit('/', 1)[1]}/void"
    assert (await caller.send(PAPER, second)).status_code == 409
