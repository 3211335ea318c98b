"""The linking desk: candidates side by side, tied or left by a person, taken off with a reason."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from console_app import Browser, Enter
from fastapi import FastAPI
from town import NOW

from cases.registration import phone_hash
from core.database import Database
from core.privacy import encrypt
from reviews.models import Review, ServiceRecord

DESK = "/console/links"
PHONE = "13800001111"


@pytest.fixture
async def page(app: FastAPI, city: Database) -> str:
    """Page of a bad review with two services that it may be about."""
    async with city.unit_of_work() as session:
        for number in ("SL0001", "SL0002"):
            session.add(
                ServiceRecord(
                    project_no=number,
                    item_name="占道许可",
                    unit="urban",
                    channel=5,
                    status=3,
                    applicant=encrypt('{"name": "示例甲", "phone": "13800001111"}'),
                    phone_hash=phone_hash(PHONE),
                    accepted_at=NOW,
                    finished_at=NOW + timedelta(minutes=20),
                    source="hall",
                )
            )
        review = Review(
            round=1,
            grade=1,
            tags=["109"],
            text="要了指南外的材料",
            channel="phone",
            created_at=NOW + timedelta(days=2),
            contact_hash=phone_hash(PHONE),
            said={"item": "占道许可"},
            source="hall",
            source_id="E1",
            link="desk",
            linked_by="rules",
        )
        session.add(review)
        await session.flush()
        return f"{DESK}/{review.id}"


async def about_of(browser: Browser, page: str, place: int) -> str:
    return re.findall(r'name="about" value="(record-\d+)"', (await browser.get(page)).text)[place]


async def test_tied_undone_and_left(enter: Enter, page: str) -> None:
    dispatcher = await enter("dispatcher")
    assert page in (await dispatcher.get(DESK)).text
    shown = (await dispatcher.get(page)).text
    assert all(word in shown for word in ("SL0001", "SL0002", "联系电话相同", "要了指南外的材料"))
    assert PHONE not in shown and "示例甲" not in shown
    about = await about_of(dispatcher, page, 1)
    tied = await dispatcher.send(page, f"{page}/tie", about=about)
    assert tied.headers["location"].startswith(f"{DESK}?done=tie")
    after = (await dispatcher.get(tied.headers["location"])).text
    assert f'<a href="{page}">回到刚才那一条</a>' in after
    assert page in (await dispatcher.get(DESK, tab="manual")).text
    assert "占道许可" in (await (await enter("urban.clerk")).get("/console/rectifications")).text
    again = await dispatcher.send(page, f"{page}/tie", about=about)
    assert again.status_code == 409
    assert (await dispatcher.send(page, f"{page}/undo")).status_code == 422
    undone = await dispatcher.send(page, f"{page}/undo", note="不是这一件")
    history = (await dispatcher.get(undone.headers["location"])).text
    assert "解除关联，办件 SL0002" in history and "不是这一件" in history
    await dispatcher.send(page, f"{page}/leave", note="查无此事")
    assert page in (await dispatcher.get(DESK, tab="none")).text
    assert page not in (await dispatcher.get(DESK)).text


@pytest.mark.parametrize("login", ["urban.clerk", "seat", "editor"])
async def test_who_has_no_linking_desk(enter: Enter, page: str, login: str) -> None:
    browser = await enter(login)
    for address in (DESK, page):
        assert (await browser.get(address)).status_code == 403
    assert (await browser.send("/console/items", f"{page}/leave")).status_code == 403
    assert DESK not in (await browser.get("/console/items")).text


async def test_the_desk_is_searched(enter: Enter, page: str) -> None:
    caller = await enter("callback")
    for asked, there in (
        ({"q": "占道"}, True),
        ({"q": "指南外"}, True),
        ({"q": "SL0001"}, False),
        ({"grade": "bad"}, True),
        ({"grade": "5"}, False),
    ):
        assert (f'href="{page}"' in (await caller.get(DESK, **asked)).text) is there, asked
