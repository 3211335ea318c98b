"""The line as people use it: one matter through a real Chromium, from question to review."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.people import (
    WAIT,
    confirm_dialog,
    contexts,
    log_in,
    open_page,
    picture,
)
from tests.stack import Stack

__all__ = ["contexts"]


def say(page: Page, text: str, answer: str | re.Pattern[str]) -> None:
    """Type, press Enter, and wait until the newest message holds the answer."""
    page.get_by_label("请输入您的问题或要反映的情况").fill(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("log").locator(":scope > *").last).to_contain_text(answer, timeout=WAIT)


def test_one_matter_from_question_to_review_in_a_browser(
    stack: Stack, browser: Browser, contexts: list[BrowserContext]
) -> None:
    citizen = open_page(browser, contexts, (390, 844))
    citizen.goto(stack.address + "/")
    say(citizen, "身份证过期了怎么换", "居民身份证到期换领")
    say(citizen, "那要多久？", re.compile("工作日|自然日|日内|天"))
    picture(citizen, "1-guide")

    say(citizen, "我要投诉", "什么事")
    say(citizen, "春晖路烧烤店半夜油烟特别大，熏得睡不着", "什么时候")
    say(citizen, "有一个礼拜了", "联系电话")
    say(citizen, "13800000031", "请核对")
    picture(citizen, "2-summary")
    citizen.get_by_role("button", name="确认提交").click()
    log = citizen.get_by_role("log")
    expect(log).to_contain_text("已登记，工单编号", timeout=WAIT)
    picture(citizen, "3-filed")
    found = re.search(r"工单编号 (\d{13}).*?查询码 (\d{6})", log.inner_text(), re.DOTALL)
    assert found is not None
    number, code = found[1], found[2]

    # A reload keeps the talk.
    citizen.reload()
    expect(citizen.get_by_role("log")).to_contain_text(number, timeout=WAIT)

    dispatcher = open_page(browser, contexts, (1280, 900))
    log_in(dispatcher, stack, "dispatcher")
    picture(dispatcher, "4-dispatch-desk")
    # A whole number in the search leads straight to its case.
    dispatcher.keyboard.press("/")
    dispatcher.keyboard.type(number)
    dispatcher.keyboard.press("Enter")
    expect(dispatcher).to_have_url(re.compile(number))
    reassign = dispatcher.locator("summary", has_text="改派")
    if reassign.count():
        reassign.click()
        form = dispatcher.locator("form[action$='/reassign']")
        form.get_by_label("改派原因").fill("餐饮油烟由生态环境部门牵头")
        assists = form.get_by_label(re.compile("^原来的协办"))
        if assists.count():
            assists.select_option(label="继续协办")
    else:
        form = dispatcher.locator("form[action$='/dispatch']")
    form.get_by_label("承办单位").fill("environment")
    form.get_by_role("button").last.click()
    if reassign.count():
        confirm_dialog(dispatcher)
    expect(dispatcher.get_by_role("main")).to_contain_text("示例市生态环境局")
    picture(dispatcher, "5-case-dispatched")

    clerk = open_page(browser, contexts, (1280, 900))
    log_in(clerk, stack, "environment.clerk")
    picture(clerk, "6-unit-desk")
    clerk.goto(f"{stack.address}/console/cases/{number}")
    clerk.get_by_role("button", name="签收").click()
    clerk.get_by_label("办理结果").select_option(label="已解决")
    clerk.get_by_label("给市民的答复").fill("已责令店家清洗油烟净化器，三日内复查。")
    clerk.get_by_label("内部说明").fill("现场检测超标，已立案。")
    clerk.get_by_role("button", name="提交答复").click()
    expect(clerk.get_by_role("main")).to_contain_text("待审核")
    picture(clerk, "7-case-answered")
    dispatcher.reload()
    dispatcher.get_by_role("button", name="审核通过").click()
    confirm_dialog(dispatcher)
    expect(dispatcher.get_by_role("main")).to_contain_text("待回访")

    # The citizen is told in the talk, without asking, and sees the same by number and code.
    expect(citizen.get_by_role("log")).to_contain_text("已有办理结果", timeout=WAIT)
    expect(citizen.get_by_role("log")).to_contain_text("清洗油烟净化器")
    picture(citizen, "8-closed-in-chat")
    citizen.goto(stack.address + "/progress")
    citizen.get_by_label(re.compile("编号")).fill(number)
    citizen.get_by_label(re.compile("查询码")).fill(code)
    citizen.get_by_role("button", name=re.compile("查")).last.click()
    expect(citizen.get_by_role("main")).to_contain_text("已答复")
    expect(citizen.get_by_role("main")).to_contain_text("清洗油烟净化器")
    expect(citizen.get_by_role("main")).not_to_contain_text("立案")
    picture(citizen, "9-progress")
    citizen.get_by_role("link", name=re.compile("评价")).first.click()
    citizen.get_by_label("不满意", exact=True).check()
    citizen.get_by_role("textbox").fill("油烟还是很大")
    picture(citizen, "10-rating")
    citizen.get_by_role("button", name=re.compile("提交")).click()
    expect(citizen.get_by_role("main")).to_contain_text(re.compile("谢|已"))

    dispatcher.reload()
    expect(dispatcher.get_by_role("main")).to_contain_text("油烟还是很大")
    expect(dispatcher.get_by_role("main")).to_contain_text("不满意")
    picture(dispatcher, "11-review-on-case")


def test_a_person_takes_over_and_hands_back(
    stack: Stack, browser: Browser, contexts: list[BrowserContext]
) -> None:
    citizen = open_page(browser, contexts, (1280, 900))
    citizen.goto(stack.address + "/")
    say(citizen, "我想咨询一件特别的事", re.compile("."))
    citizen.get_by_role("button", name="转人工").first.click()
    expect(citizen.get_by_role("log")).to_contain_text("已为您转人工", timeout=WAIT)

    seat = open_page(browser, contexts, (1280, 900))
    log_in(seat, stack, "seat")
    picture(seat, "12-seat-queue")
    seat.locator(".waiting a.open").last.click()
    seat.get_by_role("button", name="接入这个对话").click()
    seat.get_by_label("回复市民").fill("您好，我是话务员，请讲。")
    seat.get_by_role("button", name=re.compile("发送|回复")).click()
    expect(citizen.get_by_role("log")).to_contain_text("我是话务员", timeout=WAIT)
    picture(citizen, "13-person-speaks")
    seat.get_by_role("button", name="交还智能助手").click()
    confirm_dialog(seat)
    expect(citizen.get_by_role("log")).to_contain_text("智能助手继续为您服务", timeout=WAIT)
    say(citizen, "居住证要什么材料", "居住证")
