"""The chat in a real Chromium: on its page, in a foreign site's page, in large text, on a kiosk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI, Request
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FloatRect,
    FrameLocator,
    Locator,
    Page,
    expect,
)
from web_line import Served, foreign_site

from integrations.web.render import HERE, render
from reviews.grades import BAD, GRADE_NAMES, TAGS, Grade
from reviews.service import RatedThing
from tests.journeys.people import DESKTOP, PHONE, PICTURES, WAIT, contexts, open_page, picture

__all__ = ["contexts"]

WORDS = "请输入您的问题或要反映的情况"
# The answer of a line whose assistant is away.
AWAY = "智能助手暂时没有响应"
FIRE = "着火了，楼道里全是烟，人出不来"


@pytest.fixture
def address(line: Served) -> str:
    return f"http://localhost:{line.port}"


def say(chat: Page | FrameLocator, text: str, answer: str = AWAY) -> None:
    box = chat.get_by_label(WORDS)
    box.fill(text)
    box.press("Enter")
    expect(chat.get_by_role("log").locator(":scope > *").last).to_contain_text(answer, timeout=WAIT)


def no_violations(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def fits(page: Page) -> None:
    """Nothing sticks out to the side."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def number_box(link: Locator) -> FloatRect:
    box = link.locator("b").bounding_box()
    assert box is not None
    return box


def token_in_reach(page: Page) -> bool:
    """Whether a script could read anything of the talk from what the browser keeps."""
    script = (
        "[document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join()"
    )
    return bool(re.search(r"hotline_|token|[0-9a-f]{8}-[0-9a-f]{4}-", page.evaluate(script)))


def test_a_talk_comes_back_after_a_reload_until_it_is_ended(
    address: str, browser: Browser, contexts: list[BrowserContext]
) -> None:
    page = open_page(browser, contexts, PHONE)
    page.goto(address)
    expect(page.get_by_text("正在与智能助手对话（非人工）")).to_be_visible()
    say(page, "身份证过期了怎么换")
    assert not token_in_reach(page)
    page.reload()
    log = page.get_by_role("log")
    expect(log).to_contain_text("身份证过期了怎么换")
    expect(log).to_contain_text("不是您的？")
    no_violations(page)
    fits(page)
    picture(page, "web-1-resumed-phone")

    page.get_by_role("button", name="结束", exact=True).click()
    dialog = page.get_by_role("dialog")
    no_violations(page)
    picture(page, "web-2-leave-phone")
    expect(dialog.get_by_text("哪里没做好？")).to_be_hidden()
    dialog.get_by_role("button", name="非常不满意").click()
    expect(dialog).to_contain_text("谢谢您的评价")
    dialog.get_by_role("button", name="提交原因").click()
    expect(dialog).to_contain_text("请选一个原因")
    dialog.get_by_label("没听懂我的意思").check()
    dialog.get_by_label("想说的话").fill("答的是另一件事")
    no_violations(page)
    picture(page, "web-2-leave-why-phone")
    dialog.get_by_role("button", name="提交原因").click()
    expect(dialog).to_contain_text("原因已经记下")
    dialog.get_by_role("button", name="满意").first.click()
    expect(dialog).to_contain_text("已经评价过")
    with page.expect_download() as kept:
        dialog.get_by_role("button", name="下载对话记录").click()
    text = kept.value.path().read_text("utf-8-sig")
    assert re.search(r"我：身份证过期了怎么换\n+\[.+\] 智能助手：抱歉", text)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    # Whoever finds a talk that is not his gets rid of it where he sees it.
    log.get_by_role("button", name="结束并清除").click()
    dialog.get_by_role("button", name="结束并清除").click()
    expect(log).to_be_empty()
    page.reload()
    expect(page.get_by_role("button", name="我要反映路灯不亮")).to_be_visible()
    expect(log).to_be_empty()


def test_the_next_one_at_a_shared_browser_finds_an_ended_talk_nowhere(
    address: str, browser: Browser, contexts: list[BrowserContext]
) -> None:
    page = open_page(browser, contexts)
    page.goto(address)
    say(page, "我家的事不想让人知道")
    other = contexts[0].new_page()
    other.goto(address)
    expect(other.get_by_role("log")).to_contain_text("我家的事")
    page.get_by_role("button", name="结束", exact=True).click()
    page.get_by_role("button", name="结束并清除").last.click()
    expect(page.get_by_role("log")).to_be_empty()
    # A second window that still shows it cannot go on with it.
    say(other, "再问一句")
    expect(other.get_by_role("log")).to_contain_text("上一段对话已经结束")
    page.go_back()
    expect(page.get_by_text("我家的事")).to_have_count(0)


def test_nothing_is_lost_while_the_network_is_gone(
    address: str, browser: Browser, contexts: list[BrowserContext]
) -> None:
    page = open_page(browser, contexts)
    page.goto(address)
    say(page, "第一句")
    contexts[0].set_offline(True)
    box = page.get_by_label(WORDS)
    box.fill("断网时说的")
    box.press("Enter")
    expect(page.get_by_text("网络断开，正在重新连接")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("还没发出，会自动重发")
    picture(page, "web-3-offline")
    contexts[0].set_offline(False)
    expect(page.get_by_text("网络断开，正在重新连接")).to_be_hidden()
    expect(page.get_by_role("log").get_by_text("断网时说的")).to_have_count(1)
    expect(page.get_by_role("log").get_by_text(AWAY)).to_have_count(2)


def test_news_comes_by_asking_where_the_stream_is_held_back(
    address: str, browser: Browser, contexts: list[BrowserContext], line: Served
) -> None:
    page = open_page(browser, contexts)
    page.route(re.compile(r"/events\?"), lambda route: route.abort())
    page.goto(address)
    say(page, "转人工", "已为您转人工")
    other = contexts[0].new_page()
    other.goto(address)
    say(other, "在另一个窗口说的", "已收到")
    expect(page.get_by_role("log")).to_contain_text("在另一个窗口说的", timeout=20_000)


def test_an_emergency_is_answered_when_everything_else_is_held_up(
    address: str, browser: Browser, contexts: list[BrowserContext], line: Served
) -> None:
    page = open_page(browser, contexts, PHONE)
    page.goto(address)
    refusal = {
        "status": 429,
        "headers": {"Retry-After": "40"},
        "json": {
            "error": "too_many_tries",
            "message": "您发得太快了，请 40 秒后再发。",
            "fields": {},
        },
    }
    page.route(
        re.compile("/turns"),
        lambda route: (
            route.fulfill(**refusal)
            if "路灯" in (route.request.post_data_json["input"]["text"])
            else route.continue_()
        ),
    )
    say(page, "路灯坏了", "请 40 秒后再发")
    expect(page.get_by_role("button", name="重试")).to_be_visible()
    say(page, FIRE, "119")
    expect(page.get_by_role("link", name=re.compile("拨打 119"))).to_be_visible()
    no_violations(page)
    fits(page)
    picture(page, "web-4-emergency-phone")


@pytest.mark.parametrize("size", [DESKTOP, PHONE, (640, 450)], ids=["desktop", "phone", "zoom200"])
@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
def test_the_page_is_accessible_at_every_size(
    address: str,
    browser: Browser,
    contexts: list[BrowserContext],
    size: tuple[int, int],
    large: bool,
) -> None:
    page = open_page(browser, contexts, size)
    page.goto(address)
    if large:
        page.get_by_role("button", name="大字版").click()
        page.reload()
        expect(page.get_by_role("button", name="大字版")).to_have_attribute("aria-pressed", "true")
    no_violations(page)
    fits(page)
    say(page, "有人打我，不能说话", "110")
    expect(page.get_by_role("button", name="转人工").last).to_be_in_viewport()
    no_violations(page)
    fits(page)
    picture(page, f"web-5-page-{size[0]}-{'large' if large else 'normal'}")


@pytest.fixture
def embedded(
    address: str, browser: Browser, contexts: list[BrowserContext], request: pytest.FixtureRequest
) -> Iterator[Page]:
    policy = f"default-src 'none'; script-src {address}; frame-src {address}"
    with foreign_site(address, policy) as site:
        page = open_page(browser, contexts, getattr(request, "param", DESKTOP))
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.goto(site)
        yield page
        assert not [said for said in complaints if "Content Security" in said], complaints


def opened(page: Page) -> tuple[Locator, FrameLocator]:
    button = page.get_by_role("button", name="12345 热线在线咨询")
    button.press("Enter")
    return button, page.frame_locator("iframe")


@pytest.mark.parametrize("embedded", [DESKTOP, PHONE, (640, 450)], indirect=True)
def test_a_foreign_page_with_a_strict_policy_embeds_the_chat(embedded: Page) -> None:
    no_violations(embedded)
    picture(embedded, f"web-6-widget-closed-{embedded.viewport_size['width']}")
    button, chat = opened(embedded)
    expect(chat.get_by_label(WORDS)).to_be_focused()
    expect(chat.get_by_text("正在与智能助手对话（非人工）")).to_be_visible()
    say(chat, "身份证过期了怎么换")
    no_violations(embedded)
    fits(embedded)
    picture(embedded, f"web-7-widget-open-{embedded.viewport_size['width']}")
    chat.get_by_label(WORDS).press("Escape")
    expect(button).to_be_focused()
    expect(embedded.get_by_role("dialog")).to_be_hidden()

    # The partitioned cookie brings the talk back on the same site.
    embedded.reload()
    _, chat = opened(embedded)
    expect(chat.get_by_role("log")).to_contain_text("身份证过期了怎么换")
    chat.get_by_role("button", name="收起").click()
    expect(embedded.get_by_role("button", name="12345 热线在线咨询")).to_be_focused()


def test_a_site_that_is_not_named_is_shown_the_way_out(
    browser: Browser, contexts: list[BrowserContext], migrated_url: str
) -> None:
    with Served(migrated_url) as served:
        address = f"http://localhost:{served.port}"
        with foreign_site(
            address, f"default-src 'none'; script-src {address}; frame-src *"
        ) as site:
            page = open_page(browser, contexts)
            page.clock.install()
            page.goto(site)
            opened(page)
            page.clock.run_for(9000)
            way_out = page.get_by_role("link", name="打不开？在新窗口咨询")
            expect(way_out).to_have_attribute("href", f"{address}/")


def test_the_second_at_a_kiosk_sees_nothing_of_the_first(
    address: str, browser: Browser, contexts: list[BrowserContext]
) -> None:
    page = open_page(browser, contexts, (1080, 1350))
    page.clock.install()
    page.goto(f"{address}/kiosk")
    no_violations(page)
    say(page, "我是第一位，我的电话是13800001111")
    no_violations(page)
    picture(page, "web-8-kiosk")
    assert contexts[0].cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    expect(page.get_by_role("link")).to_have_count(0)

    # A touch at the last moment keeps the talk.
    page.clock.pause_at(datetime.now() + timedelta(seconds=5))
    page.clock.run_for(91_000)
    expect(page.get_by_role("alertdialog")).to_contain_text("秒后清除")
    picture(page, "web-9-kiosk-idle")
    page.get_by_role("button", name="我还在，继续").click()
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    expect(page.get_by_role("log")).to_contain_text("第一位")

    with page.expect_request(lambda sent: sent.method == "DELETE") as ending:
        page.clock.run_for(90_000)
        page.clock.run_for(21_000)
    assert "/api/talk" in ending.value.url
    bearer = ending.value.headers["authorization"]
    conversation = ending.value.url.rpartition("=")[2]
    expect(page.get_by_role("log")).to_be_empty()
    expect(page.get_by_text("第一位")).to_have_count(0)
    page.go_back()
    expect(page.get_by_text("第一位")).to_have_count(0)
    page.goto(f"{address}/kiosk")
    expect(page.get_by_text("第一位")).to_have_count(0)
    told = page.request.get(
        f"{address}/api/conversations/{conversation}/messages", headers={"Authorization": bearer}
    )
    assert told.status == 403


def test_every_number_can_be_read_and_kept_on_a_phone(
    address: str, browser: Browser, contexts: list[BrowserContext]
) -> None:
    """The line's answer is played: three matters filed at once, and a landline for an emergency."""
    numbers = [f"202611280001{n}" for n in range(3)]
    filed = [
        {"number": number, "query_code": f"10020{n}", "unit": "示例市城市管理局"}
        for n, number in enumerate(numbers)
    ]
    cards = [
        {"kind": "case", **filed[0], "cases": filed, "url": "/progress"},
        {
            "kind": "emergency",
            "title": "燃气泄漏",
            "numbers": ["119", "0000-5550-0119（燃气抢修）", "12110"],
        },
    ]
    text = "好的，也可以打示例市燃气抢修的值班电话 0000-55500119。"
    replies = [{"text": text, "choices": [], "card": card} for card in cards]
    page = open_page(browser, contexts, PHONE)
    contexts[0].grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address)
    page.route(
        re.compile("/turns"),
        lambda route: route.fulfill(json={"replies": replies, "message_ids": [2**50, 2**50 + 1]}),
    )
    say(page, "好", "请立即拨打")
    for one in filed:
        words = f"工单编号 {one['number']}，查询码 {one['query_code']}"
        page.get_by_role("button", name=f"复制{words}").click()
        expect(page.get_by_text("已复制").first).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == words
    landline = page.get_by_role("link", name=re.compile("0000-5550-0119"))
    expect(landline).to_have_attribute("href", "tel:000055500119")
    assert number_box(landline)["height"] < 50  # one line of letters of 26 px
    in_words = page.get_by_role("link", name="0000-55500119").first
    expect(in_words).to_have_attribute("href", "tel:000055500119")
    assert len(in_words.evaluate("link => [...link.getClientRects()]")) == 1
    written = page.get_by_role("link", name=re.compile("发短信到 12110"))
    expect(written).to_have_attribute("href", "sms:12110")
    page.get_by_role("button", name="大字版").click()
    fits(page)
    large, card = number_box(landline), page.locator(".card-emergency").bounding_box()
    assert card is not None
    assert large["x"] > card["x"]
    assert large["x"] + large["width"] < card["x"] + card["width"]
    no_violations(page)
    picture(page, "web-10-numbers-phone")


def test_what_is_asked_and_the_head_stay_in_view_on_a_phone(
    address: str, browser: Browser, contexts: list[BrowserContext]
) -> None:
    """The line's answer is played: a long explanation, then a summary to be confirmed."""
    rows = [{"label": f"第 {n} 项", "value": "示例路 1 号院的路灯不亮"} for n in range(12)]
    titles = ["确认提交", "修改内容", "暂不提交", "转人工"]
    choices = [{"title": title, "value": f"do:{n}"} for n, title in enumerate(titles)]
    replies = [
        {"text": "您反映的情况我记下了。\n" * 40, "choices": [], "card": None},
        {"text": "请核对。", "choices": choices, "card": {"kind": "summary", "rows": rows}},
    ]
    page = open_page(browser, contexts, PHONE)
    page.goto(address)
    page.route(
        re.compile("/turns"),
        lambda route: route.fulfill(json={"replies": replies, "message_ids": [2**50, 2**50 + 1]}),
    )
    say(page, "路灯坏了", "请核对")
    for large in (False, True):
        if large:
            page.get_by_role("button", name="大字版").click()
            page.evaluate("scrollTo(0, document.body.scrollHeight)")
        composer = page.get_by_role("form", name="发送消息").bounding_box()
        assert composer is not None
        for title in titles:
            button = page.get_by_role("log").get_by_role("button", name=title)
            expect(button).to_be_in_viewport(ratio=1)
            box = button.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= composer["y"]
        for shown in (
            page.get_by_role("button", name="大字版"),
            page.get_by_role("link", name="查进度").first,
            page.get_by_text("正在与智能助手对话（非人工）"),
        ):
            expect(shown).to_be_in_viewport(ratio=1)
        masthead = page.get_by_role("banner").bounding_box()
        standing = page.get_by_text("正在与智能助手对话（非人工）").bounding_box()
        assert masthead is not None
        assert standing is not None
        assert masthead["y"] == 0
        assert masthead["height"] < (150 if large else 100)
        assert standing["y"] >= masthead["height"] - 1
    no_violations(page)
    fits(page)
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/web-11-choices-phone.png")


def test_only_a_bad_grade_asks_for_its_reason(
    browser: Browser, contexts: list[BrowserContext]
) -> None:
    request = Request({"type": "http", "path": "/r/1-2", "headers": [], "app": FastAPI()})
    at = datetime(2026, 11, 28, tzinfo=UTC)
    answer = render(
        request,
        "rating.html",
        thing=RatedThing("202611280001", "路灯不亮", "urban", at, at + timedelta(days=5)),
        unit="示例市城市管理局",
        grades=[(int(one), GRADE_NAMES[one], TAGS[one], one in BAD) for one in reversed(Grade)],
        grade=0,
        tags=[],
        text="",
        named=False,
        problems={},
        names={},
    )
    page = open_page(browser, contexts, PHONE)
    page.set_content(bytes(answer.body).decode())
    page.add_style_tag(path=HERE / "static" / "site.css")
    asked = page.get_by_text("没有勾选原因的，请写明")
    expect(asked).to_be_hidden()
    for one in Grade:
        page.get_by_role("radio", name=GRADE_NAMES[one], exact=True).check()
        expect(asked).to_be_visible(visible=one in BAD)
    no_violations(page)


def test_the_interface_is_read_and_tried_under_the_policy_of_all_pages(
    address: str, browser: Browser, contexts: list[BrowserContext]
) -> None:
    page = open_page(browser, contexts, DESKTOP)
    told: list[str] = []
    page.on("console", lambda said: told.append(said.text))
    answer = page.goto(f"{address}/docs")
    assert answer is not None and "unsafe" not in answer.headers["content-security-policy"]
    page.locator(".opblock-summary-control").first.click()
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_role("button", name="Execute")).to_be_visible()
    assert not [text for text in told if "Content Security" in text]
