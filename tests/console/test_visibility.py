"""Who gets to see what: pages by role, cases by unit, identities by secrecy."""

from __future__ import annotations

import re

import pytest
from console_app import PEOPLE, Browser, Enter
from town import Register

from cases.vocabulary import CaseType
from console.menu import menu_of

PAGES = [
    "/console/dispatch",
    "/console/unit",
    "/console/seat",
    "/console/seat/waiting",
    "/console/reviews",
    "/console/items",
    "/console/knowledge",
    "/console/calendar",
    "/console/staff",
]


@pytest.mark.parametrize("login", PEOPLE)
async def test_the_menu_is_what_a_role_may_open(enter: Enter, login: str) -> None:
    browser = await enter(login)
    mine = {address for address, _ in menu_of(PEOPLE[login][0])}
    for page in PAGES:
        allowed = page in mine or (page == "/console/seat/waiting" and "/console/seat" in mine)
        assert (await browser.get(page)).status_code == (200 if allowed else 403), page


async def test_a_case_of_another_unit_looks_like_no_case(enter: Enter, file: Register) -> None:
    number = (await file(lead="urban")).number
    stranger = await enter("power.clerk")
    hidden = await stranger.get(f"/console/cases/{number}")
    unknown = await stranger.get("/console/cases/2608050099999")
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.text == unknown.text
    assert number not in (await stranger.get("/console/unit", tab="all", q="路灯")).text
    found = await stranger.get("/console/unit", q=number)
    assert found.status_code == 200
    assert f"/console/cases/{number}" not in found.text
    assert (await stranger.act(number, "accept")).status_code == 404


@pytest.mark.parametrize("number", ["0", "x%00y", "abc", "%E5%B7%A5%E5%8D%95"])
async def test_odd_numbers_are_not_found(enter: Enter, number: str) -> None:
    page = await (await enter("dispatcher")).get(f"/console/cases/{number}")
    assert page.status_code == 404


@pytest.mark.parametrize(
    ("secrecy", "known"),
    [
        ({}, True),
        ({"confidential": True}, False),
        ({"type": CaseType.REPORT}, False),
        ({"anonymous": True}, False),
    ],
)
async def test_identity_by_secrecy(
    enter: Enter, file: Register, secrecy: dict[str, object], known: bool
) -> None:
    number = (await file(lead="urban", **secrecy)).number
    for login in ("urban.clerk", "dispatcher", "seat", "supervisor", "admin"):
        browser = await enter(login)
        for page in (f"/console/cases/{number}", f"/console/cases/{number}/print"):
            html = (await browser.get(page)).text
            assert ("张小明" in html) == known, login
            assert ("13800001234" in html) == known, login


async def test_the_words_of_a_case_name_nobody_until_asked(enter: Enter, file: Register) -> None:
    number = (await file(lead="urban", title="张小明反映路灯")).number
    for login in ("urban.clerk", "dispatcher"):
        browser = await enter(login)
        html = (await browser.get(f"/console/cases/{number}")).text
        masked, _, original = html.partition("显示原话")
        assert "打138****1234找张**" in masked and "13800001234找张小明" not in masked, login
        assert "打13800001234找张小明" in original, login
        paper = (await browser.get(f"/console/cases/{number}/print")).text
        assert "打138****1234找张**" in paper and "找张小明" not in paper, login
        assert "张**反映路灯" in html, login


async def test_a_secret_identity_is_shown_once_and_kept_on_record(
    enter: Enter, file: Register
) -> None:
    number = (await file(lead="urban", type=CaseType.REPORT)).number
    page, desk = f"/console/cases/{number}", await enter("dispatcher")
    assert "已保密" in (await desk.get(page)).text
    missing = await desk.act(number, "open_identity", reason=" ")
    assert missing.status_code == 422 and "张小明" not in missing.text
    opened = await desk.act(number, "open_identity", reason="核实张小明反映的线索")
    assert opened.status_code == 200
    assert "张小明" in opened.text and "13800001234" in opened.text
    again = (await desk.get(page)).text
    assert "张小明" not in again and "13800001234" not in again
    assert "查看身份" in again and "反映的线索" in again
    clerk = await enter("urban.clerk")
    seen = (await clerk.get(page)).text
    assert "open_identity" not in seen and "反映的线索" not in seen
    assert (await clerk.act(number, "open_identity", reason="想知道")).status_code == 403


async def test_desk_filters_stand_in_the_address(enter: Enter, file: Register) -> None:
    first, second = await file(lead="urban"), await file(lead="power", title="路灯与停电")
    desk = await enter("dispatcher")

    async def found(**query: str) -> set[str]:
        page = (await desk.get("/console/dispatch", **query)).text
        return {c.number for c in (first, second) if f"/console/cases/{c.number}" in page}

    assert await found(tab="pending") == set()
    # The desk opens on the first tab with something in it.
    assert await found() == {first.number, second.number}
    assert await found(tab="dispatched") == {first.number, second.number}
    assert await found(tab="late") == {first.number, second.number}
    assert await found(tab="dispatched", unit="示例市供电公司") == {second.number}
    assert await found(tab="dispatched", unit="供电") == {second.number}
    assert await found(tab="all", q="停电") == {second.number}
    assert await found(tab="all", q="\x00%_") == set()
    assert await found(tab="closed") == set()
    unknown = await desk.get("/console/dispatch", tab="all", unit="月球")
    assert "没有按单位筛选" in unknown.text
    direct = await desk.get("/console/dispatch", q=first.number)
    assert direct.headers["location"] == f"/console/cases/{first.number}"
    for page in ("0", "999999999"):
        assert (await desk.get("/console/dispatch", page=page)).status_code == 200


async def _tabs(browser: Browser, path: str) -> dict[str, int]:
    html = (await browser.get(path)).text
    return {n: int(c) for n, c in re.findall(r'>(\S+) <span class="count">(\d+)<', html)}


async def test_tabs_count_what_they_hold(enter: Enter, file: Register) -> None:
    await file()
    await file(lead="urban")
    number = (await file(lead="urban")).number
    clerk, desk = await enter("urban.clerk"), await enter("dispatcher")
    await clerk.act(number, "accept")
    counts = await _tabs(desk, "/console/dispatch")
    assert {name: count for name, count in counts.items() if count} == {
        "待派单": 1, "待签收": 1, "办理中": 1, "全部": 3, "超期": 3,
    }  # fmt: skip
    counts = await _tabs(clerk, "/console/unit")
    assert {name: count for name, count in counts.items() if count} == {
        "待签收": 1, "我办理的": 1, "办理中": 1, "超期": 2, "全部": 2,
    }  # fmt: skip
