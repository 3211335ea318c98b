"""Lists and the working calendar."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest
from console_app import Enter
from fastapi import FastAPI
from sqlalchemy import update
from town import Register

from cases.models import Case
from cases.vocabulary import Source
from core.calendar_store import load_calendar
from core.database import now
from reviews.grades import Grade
from reviews.service import submit_for_case


async def test_reviews_of_readable_cases_with_bad_ones_marked(
    enter: Enter, file: Register, app: FastAPI
) -> None:
    bad, good = await file(lead="urban"), await file(lead="power", title="停电已恢复")
    async with app.state.database.unit_of_work() as session:
        await session.execute(update(Case).values(state="closed", told_at=now(), closed_at=now()))
        for case, grade in ((bad, Grade.DISSATISFIED), (good, Grade.VERY_SATISFIED)):
            await submit_for_case(session, case.case_id, grade, [], "来晚了", Source.WEB, now())
    desk, clerk = await enter("supervisor"), await enter("power.clerk")
    page = (await desk.get("/console/reviews")).text
    assert bad.number in page and good.number in page
    assert page.count('class="review review-bad"') == 1
    only = (await desk.get("/console/reviews", grade="bad")).text
    assert bad.number in only and good.number not in only
    only = (await desk.get("/console/reviews", grade="5")).text
    assert bad.number not in only and good.number in only
    own = (await clerk.get("/console/reviews")).text
    # A unit reads what is said of its own, without whose it is.
    assert own.count('<li class="review') == 1 and "非常满意" in own
    assert bad.number not in own and good.number not in own
    shown = (await desk.get(f"/console/cases/{bad.number}")).text
    assert "来晚了" in shown and "评价：不满意" in shown


async def test_calendar_changes_are_stored_and_announced(enter: Enter, app: FastAPI) -> None:
    admin, page = await enter("admin"), "/console/calendar?year=2027"
    url = app.state.database.url
    with psycopg.connect(url, autocommit=True) as listener:
        listener.execute("LISTEN calendar_changed")
        done = await admin.send(
            page,
            "/console/calendar/days",
            day="2027-10-01",
            until="2027-10-03",
            kind="holiday",
            note="国庆节",
        )
        assert done.headers["location"] == "/console/calendar?year=2027&done=day"
        assert list(listener.notifies(timeout=5, stop_after=1))
    await admin.send(page, "/console/calendar/days", day="2027-10-09", kind="workday")
    await admin.send(page, "/console/calendar/days/2027-10-03/remove")
    await admin.send(page, "/console/calendar/2027/announced", announced="yes")
    html = (await admin.get(page)).text
    assert "国庆节" in html and "2027-10-09" in html and "改回暂定" in html
    async with app.state.database.unit_of_work() as session:
        calendar = await load_calendar(session)
    assert calendar.days == {
        date(2027, 10, 1): False,
        date(2027, 10, 2): False,
        date(2027, 10, 9): True,
    }
    assert calendar.announced == {2026, 2027}


@pytest.mark.parametrize(
    "fields",
    [
        {"day": "", "kind": "holiday"},
        {"day": "2027-13-01", "kind": "holiday"},
        {"day": "2027-10-05", "until": "2027-10-01", "kind": "holiday"},
        {"day": "2027-01-01", "until": "2027-12-31", "kind": "holiday"},
        {"day": "1999-10-01", "kind": "holiday"},
        {"day": "2027-10-01", "kind": "party"},
        {"day": "2027-10-01", "kind": "holiday", "note": "长" * 101},
    ],
)
async def test_calendar_refuses_what_cannot_be(enter: Enter, fields: dict[str, str]) -> None:
    admin = await enter("supervisor")
    fields = {"year": "2027", **fields}
    page = await admin.send("/console/calendar", "/console/calendar/days", **fields)
    assert page.status_code == 422
    assert "field-problem" in page.text
    assert "2027 年工作日历" in page.text


async def test_a_dispatcher_changes_no_calendar(enter: Enter) -> None:
    desk = await enter("dispatcher")
    fields = {"day": "2027-10-01", "kind": "holiday"}
    page = await desk.send("/console/dispatch", "/console/calendar/days", **fields)
    assert page.status_code == 403


async def test_staff_list_names_role_and_unit(enter: Enter) -> None:
    page = (await (await enter("admin")).get("/console/staff")).text
    assert "power.clerk" in page and "示例市供电公司" in page and "承办人" in page


async def test_an_administrator_says_what_a_seat_serves(enter: Enter) -> None:
    admin, address = await enter("admin"), "/console/staff/seat/skills"
    done = await admin.send(
        "/console/staff", address, **{"queue-business": "yes", "queue-x": "yes"}
    )
    assert done.headers["location"] == "/console/staff?done=skills"
    assert "企业服务" in (await (await enter("seat")).get("/console/seat")).text
    assert (await (await enter("supervisor")).send("/console/seat", address)).status_code == 403
