"""The callback desk by its pages: the queue, the call, the answers."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from console_app import Browser, Enter
from fastapi import FastAPI
from town import DISPATCHER, Register, matter, person

from cases import service
from cases.models import Case
from cases.repository import CaseRepository
from core.database import now
from core.identity import Role


async def _answered(app: FastAPI, **changes: Any) -> Case:
    """A case that the urban bureau has answered just now."""
    clerk, at = person(Role.UNIT_CLERK, "urban"), now()
    async with app.state.database.unit_of_work() as session:
        done = await service.register(session, matter(lead="urban", **changes), at)
        case = await CaseRepository(session, None).get(done.case_id)
        await service.accept(session, clerk, case.id, case.version, at)
        await service.contact(session, clerk, case.id, case.version, True, "已联系", at)
        await service.answer(session, clerk, case.id, case.version, "灯已修好", "", at)
        await service.pass_check(session, DISPATCHER, case.id, case.version, at)
    return case


async def _state(app: FastAPI, case: Case) -> str:
    async with app.state.database.unit_of_work() as session:
        return (await CaseRepository(session, None).get(case.id)).state


async def _next(browser: Browser) -> str:
    """Take the next call; the address of its page."""
    done = await browser.send("/console/callback", "/console/callback/next")
    assert done.status_code == 303
    return str(done.headers["location"])


async def test_the_home_of_a_callback_clerk(enter: Enter) -> None:
    browser = await enter()
    done = await browser.log_in("callback")
    assert done.headers["location"] == "/console/callback"
    page = (await browser.get("/console/callback")).text
    assert "现在没有要打的回访" in page
    assert await _next(browser) == "/console/callback?done=none"


async def test_take_ask_and_close(enter: Enter, app: FastAPI) -> None:
    case = await _answered(app)
    clerk, other = await enter("callback"), await enter("callback2")
    assert case.number in (await clerk.get("/console/callback")).text
    address = await _next(clerk)
    page = (await clerk.get(address)).text
    assert "灯已修好" in page and 'href="tel:13800001234"' in page
    assert (await clerk.get(f"/console/cases/{case.number}")).status_code == 200
    hidden = (await other.get(address)).text
    assert "13800001234" not in hidden and "正在打这个电话" in hidden

    done = await clerk.send(
        address, f"{address}/finish", contacted="yes", solved="yes", satisfied="mostly"
    )
    assert done.headers["location"] == "/console/callback?done=close"
    assert await _state(app, case) == "closed"
    listed = (await clerk.get("/console/callback", pile="done")).text
    assert "已解决、基本满意" in listed and case.number in listed
    assert "已解决、基本满意" in (await clerk.get(address)).text


async def test_what_is_missing_is_said_and_what_was_typed_stays(enter: Enter, app: FastAPI) -> None:
    await _answered(app)
    clerk = await enter("callback")
    address = await _next(clerk)
    page = await clerk.send(address, f"{address}/finish", solved="no", satisfied="satisfied")
    assert page.status_code == 422
    assert "要重办的，请写明市民认为还差什么" in page.text
    assert re.search(r'name="solved" value="no" checked', page.text)
    page = await clerk.send(address, f"{address}/finish", note="还差一盏 <b>灯</b>")
    assert page.status_code == 422
    assert "请选择是否解决" in page.text and "还差一盏 &lt;b&gt;灯&lt;/b&gt;" in page.text


async def test_unsolved_goes_back_to_the_unit(enter: Enter, app: FastAPI) -> None:
    case = await _answered(app)
    clerk = await enter("callback")
    address = await _next(clerk)
    done = await clerk.send(
        address,
        f"{address}/finish",
        solved="no",
        satisfied="dissatisfied",
        cause="unit",
        note="灯还是不亮",
    )
    assert done.headers["location"] == "/console/callback?done=rework"
    assert await _state(app, case) == "in_progress"
    assert (await clerk.get(address)).status_code == 404
    unit = await enter("urban.clerk")
    assert "灯还是不亮" in (await unit.get(f"/console/cases/{case.number}")).text


async def test_a_call_that_nobody_answers_comes_later(enter: Enter, app: FastAPI) -> None:
    case = await _answered(app)
    clerk = await enter("callback")
    address = await _next(clerk)
    wrong = await clerk.send(address, f"{address}/attempt")
    assert wrong.status_code == 422 and "请选择这次通话的情况" in wrong.text
    odd = await clerk.send(address, f"{address}/attempt", outcome="no_answer", again="yesterday")
    assert odd.status_code == 422 and "请选择日期和时间" in odd.text
    done = await clerk.send(address, f"{address}/attempt", outcome="no_answer", note="占线")
    assert done.headers["location"] == "/console/callback?done=later"
    assert case.number not in (await clerk.get("/console/callback")).text
    later = (await clerk.get("/console/callback", pile="later")).text
    assert case.number in later and "1 次未接通" in later
    page = (await clerk.get(address)).text
    assert "占线" in page and "13800001234" not in page


async def test_a_secret_caller_is_shown_after_a_reason(enter: Enter, app: FastAPI) -> None:
    await _answered(app, confidential=True)
    clerk = await enter("callback")
    address = await _next(clerk)
    page = (await clerk.get(address)).text
    assert "保密工单" in page and "13800001234" not in page and "张小明" not in page
    refused = await clerk.send(address, f"{address}/identity")
    assert refused.status_code == 422 and "13800001234" not in refused.text
    done = await clerk.send(address, f"{address}/identity", reason="回访")
    assert done.headers["location"] == address
    assert "13800001234" in (await clerk.get(address)).text
    await clerk.send(address, f"{address}/release")
    assert "13800001234" not in (await clerk.get(address)).text


async def test_filters_stand_in_the_address(enter: Enter, app: FastAPI) -> None:
    one = await _answered(app)
    two = await _answered(app, title="停电两天", detail="小区停电")
    clerk = await enter("callback")

    async def found(**query: str) -> set[str]:
        page = (await clerk.get("/console/callback", **query)).text
        return {c.number for c in (one, two) if c.number in page}

    assert await found() == {one.number, two.number}
    assert await found(q="停电") == {two.number}
    assert await found(q=one.number) == {one.number}
    assert await found(q="\x00%_") == set()
    assert await found(pile="done") == set()
    assert await found(pile="nonsense", page="99") == {one.number, two.number}


async def test_of_two_clerks_the_later_is_told(enter: Enter, app: FastAPI) -> None:
    await _answered(app)
    clerk, other = await enter("callback"), await enter("callback2")
    address = await _next(clerk)
    late = await other.send(address, f"{address}/claim")
    assert late.status_code == 409 and "别的回访员正在打" in late.text
    words = await other.send(address, f"{address}/finish", solved="yes", note="写好的说明")
    assert words.status_code == 409 and "写好的说明" in words.text


async def test_a_citizen_who_comes_back_overtakes_the_call(enter: Enter, app: FastAPI) -> None:
    case = await _answered(app)
    clerk = await enter("callback")
    address = await _next(clerk)
    async with app.state.database.unit_of_work() as session:
        await service.reopen(session, case.id, "key", "又坏了", now() + timedelta(minutes=1))
    assert (await clerk.get(address)).status_code == 404
    supervisor = await enter("supervisor")
    assert "不用再回访" in (await supervisor.get(address)).text


@pytest.mark.parametrize("login", ["dispatcher", "seat", "urban.clerk", "editor", "admin"])
async def test_who_does_not_call_stays_outside(enter: Enter, file: Register, login: str) -> None:
    browser = await enter(login)
    for page in ("/console/callback", "/console/callback/1"):
        assert (await browser.get(page)).status_code == 403
    sent = await browser.send("/console/items", "/console/callback/next")
    assert sent.status_code == 403


@pytest.mark.parametrize("address", ["0", "999999", "99999999999999999999", "x"])
async def test_calls_that_do_not_exist(enter: Enter, address: str) -> None:
    clerk = await enter("callback")
    assert (await clerk.get(f"/console/callback/{address}")).status_code == 404
