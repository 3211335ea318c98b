"""Two seats and one citizen, in a real Chromium: queue, take, cite, pass on, file, hand back, call back,
and an alarm that rings until it is answered."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.accessible import assert_accessible
from tests.journeys.people import (
    WAIT,
    confirm_dialog,
    contexts,
    empty_queue,
    holds,
    open_page,
    picture,
    sit_down,
)
from tests.stack import Stack

__all__ = ["contexts"]
PHONE = "13800000088"


@pytest.fixture(autouse=True)
def nobody_else_waits(stack: Stack) -> None:
    """The line is shared with other stories, whose citizens may still wait and whose alarms ring."""
    empty_queue(stack)


def say(citizen: Page, text: str) -> None:
    citizen.get_by_label("请输入您的问题或要反映的情况").fill(text)
    citizen.keyboard.press("Enter")


def hears(citizen: Page, text: str | re.Pattern[str]) -> None:
    expect(citizen.get_by_role("log")).to_contain_text(text, timeout=WAIT)


def test_two_seats_and_one_citizen(
    stack: Stack, browser: Browser, contexts: list[BrowserContext]
) -> None:
    citizen = open_page(browser, contexts, (1100, 900))
    citizen.goto(stack.address + "/")
    say(citizen, "转人工")
    hears(citizen, "已为您转人工")
    say(citizen, "春晖路12号门口的路灯坏了，晚上很黑，有三天了")
    hears(citizen, re.compile("下一位就是您|前面还有 [1-9]"))

    one, two = open_page(browser, contexts), open_page(browser, contexts)
    sit_down(one, stack, "seat")
    sit_down(two, stack, "seat2")
    holds(one, "市民要求")
    picture(one, "51-seat-desk")
    assert_accessible(one)
    one.keyboard.press("n")
    expect(one.get_by_label("回复市民")).to_be_visible()
    hears(citizen, "话务员已接入")
    expect(one.locator("[data-advice]")).to_contain_text("路灯", timeout=WAIT)

    # The knowledge base beside the talk: found by keyboard, cited with one click.
    one.keyboard.press("/")
    one.keyboard.type("居住证")
    one.keyboard.press("Enter")
    cite = one.get_by_role("button", name=re.compile("引用并发送：.*居住证")).first
    expect(cite).to_be_visible(timeout=WAIT)
    picture(one, "52-seat-talk")
    assert_accessible(one)
    cite.click()
    hears(citizen, re.compile("居住证.*来源", re.DOTALL))

    one.get_by_label("写备注").fill("市民赶时间")
    one.get_by_role("button", name="记下").click()
    holds(one, "市民赶时间")
    one.locator("summary", has_text="转给其他座席或队列").click()
    one.get_by_label("转给", exact=True).select_option("seat:seat2")
    one.get_by_label("说明（市民看不到）").fill("请登记路灯的事")
    one.get_by_role("button", name="转出").click()
    holds(one, "对话已转出")
    hears(citizen, "已为您转给另一位话务员")

    mine = two.get_by_role("region", name=re.compile("我的对话")).get_by_role("link")
    expect(mine).to_have_count(1, timeout=WAIT)
    mine.click()
    holds(two, "请登记路灯的事", "市民赶时间")
    expect(citizen.get_by_role("log")).not_to_contain_text("市民赶时间")
    two.get_by_role("link", name="按对话内容立工单").click()
    expect(two.get_by_label("情况（原话尽量保留）")).to_have_value(re.compile("晚上很黑"))
    expect(two.get_by_label("地点")).to_have_value(re.compile("春晖路12号"))
    two.get_by_label("联系电话").fill(PHONE)
    two.get_by_role("button", name="识别并核对").click()
    holds(two, "识别结果")
    picture(two, "53-case-from-talk")
    assert_accessible(two)
    two.get_by_role("button", name="确认登记").click()
    holds(two, "编号和查询码已发给市民")
    hears(citizen, re.compile(r"工单编号 \d{13}，查询码 \d{6}"))
    two.get_by_role("button", name="交还智能助手").click()
    confirm_dialog(two)
    hears(citizen, "智能助手继续为您服务")

    # Called back instead of waiting.
    say(citizen, "转人工")
    citizen.get_by_role("button", name="请人回电").last.click()
    hears(citizen, "请直接回复方便接听的电话号码")
    say(citizen, PHONE)
    hears(citizen, "打到尾号 0088 的电话")
    two.goto(stack.address + "/console/seat/callbacks")
    holds(two, "138****0088")
    entry = two.get_by_role("listitem").filter(has_text="138****0088")
    entry.get_by_role("button", name="领取").click()
    holds(two, PHONE)
    picture(two, "54-callbacks")
    assert_accessible(two)
    two.get_by_label("已接通").check()
    two.get_by_role("button", name="记下结果").click()
    holds(two, "已记下通话结果")


def test_an_alarm_rings_until_a_seat_answers(
    stack: Stack, browser: Browser, contexts: list[BrowserContext]
) -> None:
    citizen = open_page(browser, contexts, (1100, 900))
    one, two = open_page(browser, contexts), open_page(browser, contexts)
    sit_down(one, stack, "seat")
    sit_down(two, stack, "seat2")
    # Seats do other things as well: it rings on every page.
    two.goto(stack.address + "/console/register")
    citizen.goto(stack.address + "/")
    say(citizen, "春晖路12号楼道里煤气味很大，好像泄漏了")
    hears(citizen, "119")
    for seat in (one, two):
        alarm = seat.locator(".alarm")
        expect(alarm).to_contain_text("燃气泄漏", timeout=WAIT)
        expect(alarm).to_contain_text("春晖路")
        expect(alarm).to_contain_text(re.compile(r"燃气有限公司 值班电话 0000-\d+"))
        expect(seat).to_have_title(re.compile("告警"))
    picture(two, "55-alarm-banner")
    assert_accessible(two)
    two.get_by_role("button", name="应答并接入").first.click()
    expect(two.get_by_label("回复市民")).to_be_visible()
    expect(one.locator(".alarm")).to_have_count(0, timeout=WAIT)
    picture(two, "56-emergency-talk")
    assert_accessible(two)
    two.goto(stack.address + "/console/seat/alarms")
    holds(two, "应答，响了")
    picture(two, "57-alarms")
    assert_accessible(two)
    two.get_by_label("处置情况").first.fill("燃气公司和消防已到场")
    two.get_by_role("button", name="办结告警").first.click()
    holds(two, "告警已办结", "燃气公司和消防已到场")
    two.goto(stack.address + "/console/seat/answers")
    assert_accessible(two)
