"""The desks: tabs and filters, several at once, taking back, approvals, notices, Excel."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from console_app import Enter
from fastapi import FastAPI
from openpyxl import load_workbook
from town import Register, matter

from cases.repository import CaseRepository
from cases.vocabulary import CaseType, Urgency
from console.desk_tabs import DISPATCH_TABS, SUPERVISION_TABS, UNIT_TABS
from core.database import now

PROPOSAL = {"candidates": [{"unit": "power", "entry": "A-03-12", "score": 0.48}]}
_BOX = re.compile(r'name="cases" value="(\d+:\d+)"')


async def box_of(app: FastAPI, number: str) -> str:
    async with app.state.database.unit_of_work() as session:
        case = await CaseRepository(session, None).by_number(number)
        assert case is not None
        return f"{case.id}:{case.version}"


@pytest.mark.parametrize("tabs", [DISPATCH_TABS, UNIT_TABS, SUPERVISION_TABS])
async def test_every_tab_opens(enter: Enter, file: Register, tabs: tuple) -> None:
    await file(lead="urban")
    login, path = {
        DISPATCH_TABS: ("dispatcher", "/console/dispatch"),
        UNIT_TABS: ("urban.clerk", "/console/unit"),
        SUPERVISION_TABS: ("supervisor", "/console/supervision"),
    }[tabs]
    person = await enter(login)
    for tab in tabs:
        assert (await person.get(path, tab=tab.key)).status_code == 200
        assert (await person.get(f"{path}/export", tab=tab.key)).status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, True),
        ({"type": "complaint"}, True),
        ({"type": "help"}, False),
        ({"urgency": "urgent"}, True),
        ({"urgency": "normal"}, False),
        ({"category": "A03"}, True),
        ({"category": "A04"}, False),
        ({"area": "chengdong"}, True),
        ({"area": "urban"}, False),
        ({"source": "web"}, True),
        ({"source": "phone"}, False),
        ({"mark": "urged"}, False),
        ({"q": "路灯"}, True),
        ({"q": "井盖"}, False),
        ({"unit": "城市管理局"}, True),
        ({"unit": "供电公司"}, False),
        ({"type": "nonsense", "page": "7"}, True),
    ],
)
async def test_the_filter_stands_in_the_address(
    enter: Enter, file: Register, query: dict[str, str], found: bool
) -> None:
    await file(lead="urban", district="chengdong", urgency=Urgency.URGENT)
    dispatcher = await enter("dispatcher")
    html = (await dispatcher.get("/console/dispatch", tab="all", **query)).text
    assert ("望湖路路灯不亮" in html) == found


async def test_one_click_takes_the_proposal_and_one_more_takes_it_back(
    enter: Enter, file: Register, app: FastAPI
) -> None:
    done = await file(routing=PROPOSAL)
    dispatcher = await enter("dispatcher")
    html = (await dispatcher.get("/console/dispatch")).text
    assert "派给 示例市供电公司" in html and "把握 48%" in html
    sent = await dispatcher.send(
        "/console/dispatch",
        "/console/dispatch/move",
        cases=await box_of(app, done.number),
        unit="示例市供电公司",
        back="/console/dispatch?tab=pending",
    )
    assert sent.status_code == 303
    assert sent.headers["location"] == (
        f"/console/dispatch?tab=pending&done=dispatch&undo={done.number}"
    )
    html = (await dispatcher.get(sent.headers["location"])).text
    assert "撤回" in html and "没有工单" in html
    back = await dispatcher.send("/console/dispatch", "/console/dispatch/undo", numbers=done.number)
    assert back.headers["location"] == "/console/dispatch?done=recall"
    assert "望湖路路灯不亮" in (await dispatcher.get("/console/dispatch")).text


async def test_of_several_each_goes_through_or_says_why(
    enter: Enter, file: Register, app: FastAPI
) -> None:
    good, stale = await file(), await file(title="另一盏灯")
    dispatcher = await enter("dispatcher")
    boxes = [await box_of(app, good.number), (await box_of(app, stale.number)) + "9"]
    page = (await dispatcher.get("/console/dispatch")).text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token
    sent = await dispatcher.http.post(
        "/console/dispatch/move",
        data={"csrf": token[1], "cases": boxes, "unit": "urban", "reason": ""},
    )
    assert sent.status_code == 422
    assert good.number in sent.text and "刷新" in sent.text and "另一盏灯" in sent.text
    nobody = await dispatcher.send("/console/dispatch", "/console/dispatch/move", unit="urban")
    assert "请先在列表里勾选工单" in nobody.text


async def test_a_link_leads_back_to_our_own_desks_only(
    enter: Enter, file: Register, app: FastAPI
) -> None:
    done = await file()
    dispatcher = await enter("dispatcher")
    sent = await dispatcher.send(
        "/console/dispatch",
        "/console/dispatch/move",
        cases=await box_of(app, done.number),
        unit="urban",
        back="//evil.example/console/dispatch",
    )
    assert sent.headers["location"].startswith("/console/dispatch?")


async def test_the_queue_alone_comes_for_an_open_page(enter: Enter, file: Register) -> None:
    await file()
    dispatcher = await enter("dispatcher")
    part = await dispatcher.http.get("/console/dispatch", headers={"X-Part": "queue"})
    assert "望湖路路灯不亮" in part.text and "<html" not in part.text


async def test_excel_holds_no_identity_and_no_formula(enter: Enter, file: Register) -> None:
    await file(title="=HYPERLINK(1)", type=CaseType.REPORT)
    dispatcher = await enter("dispatcher")
    answer = await dispatcher.get("/console/dispatch/export", tab="all")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    text = str([[cell.value for cell in row] for row in sheet.iter_rows()])
    assert "'=HYPERLINK(1)" in text
    assert matter().name not in text and "13800001234" not in text


async def test_a_request_shows_up_where_it_is_decided(enter: Enter, file: Register) -> None:
    done = await file(lead="urban")
    clerk, supervisor = await enter("urban.clerk"), await enter("supervisor")
    await clerk.act(done.number, "accept")
    until = (now() + timedelta(days=30)).date().isoformat()
    asked = await clerk.act(done.number, "suspend", reason="等整条路改造", until=until)
    assert asked.status_code == 303
    html = (await supervisor.get("/console/approvals")).text
    assert "挂账" in html and "等整条路改造" in html and f"挂账到 {until}" in html
    assert "1 项申请待审批" in (await supervisor.get("/console/dispatch")).text
    for login in ("urban.clerk", "dispatcher"):
        assert "没有等您审批" in (await (await enter(login)).get("/console/approvals")).text


async def test_notices_are_read_by_the_unit_they_are_for(enter: Enter, file: Register) -> None:
    await file(lead="urban")
    clerk, other = await enter("urban.clerk"), await enter("power.clerk")
    assert "新派工单" in (await clerk.get("/console/notices")).text
    assert "没有未读" in (await other.get("/console/notices")).text
    html = (await clerk.get("/console/notices")).text
    until = re.search(r'name="until" value="(\d+)"', html)
    assert until
    await clerk.send("/console/notices", "/console/notices/read", until=until[1])
    assert "没有未读" in (await clerk.get("/console/notices")).text
    assert "已读" in (await clerk.get("/console/notices", show="all")).text


@pytest.mark.parametrize(
    ("login", "path"),
    [
        ("urban.clerk", "/console/dispatch"),
        ("urban.clerk", "/console/supervision"),
        ("dispatcher", "/console/supervision"),
        ("dispatcher", "/console/unit"),
        ("editor", "/console/notices"),
        ("seat", "/console/approvals"),
        ("urban.clerk", "/console/dispatch/export"),
    ],
)
async def test_a_desk_is_for_those_who_work_there(enter: Enter, login: str, path: str) -> None:
    assert (await (await enter(login)).get(path)).status_code == 403
