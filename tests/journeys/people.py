"""People at browsers: pages of a citizen or of staff, pictures of what they see."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.stack import Stack

# Where the journeys' pictures go, for whoever wants to look at them.
PICTURES = os.environ.get("HOTLINE_TEST_PICTURES")
WAIT = 30_000
DESKTOP, PHONE = (1280, 900), (390, 844)


@pytest.fixture
def contexts(browser: Browser) -> Iterator[list[BrowserContext]]:
    """Closed at the end of the test, whatever happened in it."""
    opened: list[BrowserContext] = []
    yield opened
    for context in opened:
        context.close()


def open_page(
    browser: Browser, contexts: list[BrowserContext], size: tuple[int, int] = DESKTOP
) -> Page:
    """A page of a browser of its own; an error in a script fails the test."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    contexts.append(context)
    page = context.new_page()
    page.set_default_timeout(WAIT)
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    return page


def picture(page: Page, name: str) -> None:
    """Save the whole page when pictures are wanted."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def log_in(page: Page, stack: Stack, login: str) -> None:
    """Enter the console as a member of staff."""
    page.goto(stack.address + "/console")
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码").fill(stack.password(login))
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    # The page is there before its keys are; a person is slower than both.
    page.wait_for_load_state("load")


def sit_down(page: Page, stack: Stack, login: str, telephone: str = "") -> None:
    """Enter the console as a seat that is there, with the telephone that calls go to."""
    log_in(page, stack, login)
    page.goto(stack.address + "/console/seat")
    if telephone:
        page.get_by_label("座机或分机").fill(telephone)
    page.get_by_role("button", name="在席", exact=True).click()
    expect(page.get_by_role("button", name="在席", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    page.wait_for_load_state("load")


def empty_queue(stack: Stack) -> None:
    """Nobody of another story waits, and nothing rings."""
    with psycopg.connect(stack.ready["database_url"]) as connection:
        connection.execute(
            "UPDATE conversations SET owner = 'assistant', seat = NULL WHERE owner = 'person'"
        )
        connection.execute(
            "UPDATE alarms SET taken_by = 'seat3', taken_at = now(), closed_by = 'seat3', "
            "closed_at = now() WHERE closed_at IS NULL"
        )


def confirm_dialog(page: Page) -> None:
    """Say yes to the question that the page asks."""
    page.get_by_role("dialog").get_by_role("button").first.click()


def holds(page: Page, *texts: str | re.Pattern[str]) -> None:
    """The page's main part shows each of ``texts``."""
    for text in texts:
        expect(page.get_by_role("main")).to_contain_text(text)
