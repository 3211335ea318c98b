"""The desk of bad reviews: a unit puts one right, a supervisor decides, others see nothing."""

from __future__ import annotations

import io
import re

import pytest
from console_app import Browser, Enter
from fastapi import FastAPI, Request, Response
from PIL import Image
from sqlalchemy import select, update
from town import DISPATCHER, NOW, URBAN, Register

import integrations.web
from cases import service as cases
from cases.models import Case
from cases.vocabulary import Source
from core.database import Database
from core.errors import HotlineError
from reviews.grades import Grade
from reviews.models import Review
from reviews.rectifying import second_review
from reviews.service import submit_for_case
from reviews.signed_links import second_link

DESK = "/console/rectifications"


@pytest.fixture
async def number(app: FastAPI, city: Database, file: Register) -> str:
    """Number of a case that the urban bureau answered and the citizen rated badly."""
    done = await file(lead="urban")
    async with city.unit_of_work() as session:
        await cases.accept(session, URBAN, done.case_id, 1, NOW)
        await cases.answer(session, URBAN, done.case_id, 2, "修好了", "", NOW)
        case = await cases.pass_check(session, DISPATCHER, done.case_id, 3, NOW)
        await submit_for_case(session, done.case_id, Grade(1), ["115"], "灯还不亮", Source.WEB, NOW)
        return case.number


async def page_of(browser: Browser) -> str:
    found = re.search(rf'href="({DESK}/\d+)"', (await browser.get(DESK)).text)
    assert found is not None
    return found[1]


async def do(browser: Browser, page: str, action: str, **fields: str) -> str:
    """Send a form of the page; what the page says afterwards."""
    answer = await browser.send(page, f"{page}/{action}", note="已到现场核实", **fields)
    assert answer.status_code == 303, answer.text
    return (await browser.get(answer.headers["location"])).text


async def test_put_right_from_queue_to_callback(enter: Enter, number: str) -> None:
    clerk, caller = await enter("urban.clerk"), await enter("callback")
    page = await page_of(clerk)
    first = (await clerk.get(page)).text
    assert "灯还不亮" in first and "态度差、效率低" in first and "联系市民核实" in first
    # Who reviewed stays unknown to the unit.
    assert "张小明" not in first and "13800001234" not in first
    assert "已核实" in await do(clerk, page, "verify")
    assert "待回访" in await do(clerk, page, "finish")
    assert f'href="{page}"' in (await caller.get(DESK, tab="callback")).text
    after = await do(caller, page, "solved")
    assert "整改完成" in after and "已到现场核实" in after
    assert f'href="{page}"' in (await clerk.get(DESK, tab="ended")).text
    assert f'href="{page}"' not in (await clerk.get(DESK)).text


async def test_a_unit_learns_whose_review_it_is_only_with_consent(
    enter: Enter, city: Database, number: str
) -> None:
    clerk, supervisor = await enter("urban.clerk"), await enter("supervisor")
    page = await page_of(clerk)
    await do(await enter("callback"), page, "verify")
    assert "期限从那时重新起算" not in await do(clerk, page, "finish")
    assert "期限从那时重新起算" in await do(await enter("callback"), page, "unsolved")

    async def told(place: str, browser: Browser = clerk) -> bool:
        words = (await browser.get(place)).text
        return any(word in words for word in (number, "望湖路路灯不亮", "张小明"))

    async def found(place: str, browser: Browser = clerk) -> bool:
        return page in (await browser.get(place, q=number)).text

    # The case itself is the unit's own; what it does not tell is that the review is of it.
    case = (await clerk.get(f"/console/cases/{number}")).text
    assert "灯还不亮" not in case and "市民评价" not in case and "评价：" not in case
    supervised = "市民反映仍未解决"
    notices = (await clerk.get("/console/notices", show="all")).text
    assert "收到差评" in notices and f'href="{page}"' in notices and supervised in notices
    assert not any([await told(place) for place in (page, DESK, "/console/reviews")])
    assert not any([await found(place) for place in (DESK, "/console/reviews")])
    assert await told(page, supervisor) and await found(DESK, supervisor)
    async with city.unit_of_work() as session:
        await session.execute(update(Review).values(named=True))
    assert await told(page) and await found(DESK) and await found("/console/reviews")
    assert "灯还不亮" in (await clerk.get(f"/console/cases/{number}")).text


async def test_what_the_unit_reads_names_nobody_unless_the_citizen_agreed(
    enter: Enter, city: Database, number: str
) -> None:
    clerk, caller = await enter("urban.clerk"), await enter("callback")
    page = await page_of(clerk)
    assert "承办单位看得到" in (await caller.get(page)).text
    names = ("张小明", "13800001234", "138 0000 1234", "13800005678", "0571-88880000", number)
    words = "；".join(names)
    for browser, action in ((caller, "verify"), (clerk, "finish"), (caller, "solved")):
        answer = await browser.send(page, f"{page}/{action}", note=f"示例说明：{words}")
        assert answer.status_code == 303
    async with city.unit_of_work() as session:
        one = int(page.rsplit("/", 1)[1])
        await second_review(session, one, Grade(1), f"还是不亮：{words}", NOW)
    read = (await clerk.get(page)).text
    assert "示例说明" in read and "还是不亮" in read
    assert [name for name in names if name in read] == []
    read = (await caller.get(page)).text
    assert all(name in read for name in names)
    async with city.unit_of_work() as session:
        await session.execute(update(Review).values(named=True))
    read = (await clerk.get(page)).text
    assert all(name in read for name in names)


async def test_a_case_is_opened_from_it_once(enter: Enter, city: Database, number: str) -> None:
    clerk = await enter("urban.clerk")
    page = await page_of(clerk)
    for _ in range(2):
        assert (await clerk.send(page, f"{page}/open_case")).status_code == 303
    async with city.unit_of_work() as session:
        [case] = await session.scalars(select(Case).where(Case.source == "referred"))
    assert f"工单 {case.number}" in (await clerk.get(page)).text
    assert case.title == "投诉示例市城市管理局办理诉求：态度差、效率低"
    assert "灯还不亮" in case.detail and case.state == "pending_dispatch"


async def test_an_appeal_with_evidence(enter: Enter, number: str) -> None:
    clerk, supervisor = await enter("urban.clerk"), await enter("supervisor")
    page = await page_of(clerk)
    await do(clerk, page, "verify")
    refused = await clerk.send(page, f"{page}/appeal", note="不是我单位的路灯")
    assert refused.status_code == 422 and "申诉须附证据图片" in refused.text
    assert "不是我单位的路灯" in refused.text, "what was typed is kept"
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    html = (await clerk.get(page)).text
    hidden = dict(re.findall(r'name="(csrf|version)" value="([^"]+)"', html))
    sent = await clerk.http.post(
        f"{page}/appeal",
        data={**hidden, "note": "不是我单位的路灯"},
        files={"pictures": ("a.png", out.getvalue(), "image/png")},
    )
    assert sent.status_code == 303
    shown = (await supervisor.get(page)).text
    picture = re.search(r'src="([^"]+/pictures/[^"]+)"', shown)
    assert picture is not None
    assert (await supervisor.get(picture[1])).headers["content-type"] == "image/png"
    assert (await (await enter("power.clerk")).get(picture[1])).status_code == 404
    assert "无效差评" in await do(supervisor, page, "accept_appeal")


async def test_others_see_nothing(enter: Enter, number: str) -> None:
    page = await page_of(await enter("urban.clerk"))
    stranger = await enter("power.clerk")
    assert (await stranger.get(page)).status_code == 404
    assert "这里没有差评整改" in (await stranger.get(DESK)).text
    assert (await (await enter("editor")).get(DESK)).status_code == 403
    clerk = await enter("urban.clerk")
    assert (await clerk.send(page, f"{page}/accept_appeal", note="x")).status_code == 403
    assert (await clerk.send(page, f"{page}/withdraw", note="x")).status_code == 404
    assert (await clerk.get("/console/reviews/1/publish")).status_code == 403


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({"confidential": False}, True),
        ({"confidential": True}, False),
        ({"anonymous": True}, False),
        ({"type": "report"}, False),
    ],
    ids=str,
)
async def test_only_what_the_public_may_read_is_offered_to_be_released(
    enter: Enter, city: Database, number: str, changes: dict[str, object], offered: bool
) -> None:
    async with city.unit_of_work() as session:
        await session.execute(update(Case).values(**changes))
    supervisor = await enter("supervisor")
    for path in ("/console/reviews", await page_of(supervisor)):
        shown = (await supervisor.get(path)).text
        assert ("公开评价和答复" in shown) is offered, path
        assert 'aria-current="page">评价</a>' in shown


async def test_the_citizen_rates_the_rectification(enter: Enter, app: FastAPI, number: str) -> None:
    app.include_router(integrations.web.router)
    app.add_exception_handler(HotlineError, _told)
    clerk, caller, citizen = await enter("urban.clerk"), await enter("callback"), await enter()
    page = await page_of(clerk)
    await do(clerk, page, "verify")
    early = second_link(int(page.rsplit("/", 1)[1]))
    assert (await citizen.get(early)).status_code == 409
    finished = await do(clerk, page, "finish")
    assert "/r2/" not in finished, "the unit cannot rate itself"
    waits = await citizen.get(early)
    assert waits.status_code == 409 and "先回访您" in waits.text
    assert (await citizen.http.post(early, data={"grade": "5"})).status_code == 409
    assert "/r2/" not in (await caller.get(page)).text
    shown = await do(caller, page, "solved")
    found = re.search(r'value="(http[^"]+/r2/[^"]+)"', shown)
    assert found is not None and found[1].endswith(early) and "data-copy" in shown
    assert "已到现场核实" in (await citizen.get(found[1])).text
    assert (await citizen.http.post(found[1], data={"grade": "9"})).status_code == 422
    told = await citizen.http.post(found[1], data={"grade": "1", "text": "还是不亮"})
    assert "已转为督办" in told.text
    assert (await citizen.http.post(found[1], data={"grade": "5"})).status_code == 410
    assert (await citizen.get(found[1][:-1])).status_code == 404
    shown = (await clerk.get(page)).text
    assert "督办中" in shown and "还是不亮" in shown


async def _told(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HotlineError)
    return Response(error.message, error.status)


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ({"q": "灯还不亮"}, True),
        ({"q": "路灯"}, True),
        ({"q": "没有这样的"}, False),
        ({"q": "%"}, False),
        ({"unit": "示例市城市管理局"}, True),
        ({"unit": "示例市供电公司"}, False),
        ({"grade": "1"}, True),
        ({"grade": "2"}, False),
        ({"grade": "bad"}, True),
        ({"from": "2026-08-05", "to": "2026-08-05"}, True),
        ({"from": "2026-08-06"}, False),
        ({"to": "2026-08-04"}, False),
        ({"late": "1"}, True),
        ({"late": "1", "tab": "ended"}, False),
    ],
    ids=str,
)
async def test_the_queue_is_narrowed(
    enter: Enter, number: str, asked: dict[str, str], there: bool
) -> None:
    for path in (DESK, "/console/reviews"):
        if path != DESK and "late" in asked:
            continue
        page = (await (await enter("supervisor")).get(path, **asked)).text
        assert (number in page) is there, path
    assert number in (await (await enter("supervisor")).get(DESK, q=number)).text


async def test_what_the_filter_does_not_understand_is_told(enter: Enter, number: str) -> None:
    supervisor = await enter("supervisor")
    for asked, told in (
        ({"unit": "没有的局"}, "下面没有按单位筛选"),
        ({"from": "2026-13-40"}, "下面没有按日期筛选"),
        ({"from": "2026-08-06", "to": "2026-08-01"}, "结束日期不能早于开始日期"),
    ):
        page = (await supervisor.get(DESK, **asked)).text
        assert told in page and number in page
