"""The knowledge base kept by people, in a real Chromium: what they publish is what is answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.people import WAIT, holds, log_in, open_page, picture
from tests.stack import Stack

BALLOON = "热气球在公园升空要到哪里登记"


@dataclass
class Desk:
    """An editor, a second one, and a citizen in talk."""

    stack: Stack
    editor: Page
    second: Page
    citizen: Page

    def ask(self, text: str, answer: str | re.Pattern[str]) -> None:
        """The citizen asks, and the newest message holds the answer."""
        self.citizen.get_by_label("请输入您的问题或要反映的情况").fill(text)
        self.citizen.keyboard.press("Enter")
        newest = self.citizen.get_by_role("log").locator(":scope > *").last
        expect(newest).to_contain_text(answer, timeout=WAIT)

    def approve(self, name: str) -> None:
        """The second editor finds the draft among those that wait, and publishes it."""
        self.second.goto(self.stack.address + "/console/knowledge/drafts")
        self.second.get_by_role("link", name=name).click()
        holds(self.second, "待审核")
        picture(self.second, f"52-review-{name[:3]}")
        self.second.get_by_role("button", name="通过并发布").click()
        holds(self.second, "已审核并发布")

    def submit(self, reason: str) -> None:
        """The editor saves the form, looks at what it changes, and hands it on."""
        self.editor.get_by_role("button", name="保存并核对").click()
        holds(self.editor, "提交审核")
        picture(self.editor, f"51-draft-{reason[:3]}")
        self.editor.get_by_label("修改原因").fill(reason)
        self.editor.get_by_role("button", name="提交", exact=True).click()
        holds(self.editor, "等第二个人审核")

    def known(self, code: str, status: int, version: int = 0) -> None:
        """Wait until the line answers from what was published, without a restart."""
        found = self.citizen.evaluate(
            """async ([code, status, version]) => {
              for (let tries = 0; tries < 300; tries++) {
                const answer = await fetch(`/api/items/${code}`);
                const told = answer.status === 200 ? (await answer.json()).version : 0;
                if (answer.status === status && (!version || told === version)) return true;
                await new Promise((next) => setTimeout(next, 100));
              }
              return false;
            }""",
            [code, status, version],
        )
        assert found, f"{code} is not told as published"


@pytest.fixture(scope="module")
def desk(stack: Stack, browser: Browser) -> Iterator[Desk]:
    """The three of them, each in a browser of their own."""
    opened: list[BrowserContext] = []
    editor, second = open_page(browser, opened), open_page(browser, opened)
    citizen = open_page(browser, opened, (390, 844))
    log_in(editor, stack, "editor")
    log_in(second, stack, "editor2")
    citizen.goto(stack.address + "/")
    yield Desk(stack, editor, second, citizen)
    for context in opened:
        context.close()


def test_a_second_editor_approves_and_the_next_answer_changes(desk: Desk) -> None:
    desk.ask("导游证要多久办好", "承诺 5 个工作日")
    editor = desk.editor
    editor.goto(desk.stack.address + "/console/knowledge")
    picture(editor, "50-knowledge")
    editor.keyboard.press("/")
    editor.keyboard.type("导游证")
    editor.keyboard.press("Enter")
    editor.get_by_role("link", name="导游证核发").click()
    holds(editor, "承诺时限：5 个工作日")
    editor.get_by_role("button", name="修改").click()
    editor.locator("#c-limits-promised-days").fill("3")
    editor.locator("#part-materials").get_by_role("button", name="添加一项").click()
    editor.keyboard.type("近期免冠照片")
    editor.keyboard.press("Control+s")
    holds(editor, "已保存")
    picture(editor, "50-form")
    desk.submit("压缩办理时限")
    editor.get_by_role("link", name="看条目").click()
    holds(editor, "第 1 版")
    desk.approve("导游证核发")
    desk.known("SL-CULTURE-003", 200, 2)
    desk.ask("导游证要多久办好", "承诺 3 个工作日")
    editor.get_by_role("link", name="版本与比较").click()
    holds(editor, "近期免冠照片", "示例·周知识起草，示例·江知识审核")
    picture(editor, "53-versions")
    editor.get_by_role("link", name="答复记录").click()
    holds(editor, "导游证要多久办好", "共 2 条")


def test_what_nobody_could_answer_becomes_an_entry_and_is_answered(desk: Desk) -> None:
    desk.ask(BALLOON, "还没有可靠的答案")
    editor = desk.editor
    editor.goto(desk.stack.address + "/console/knowledge/questions")
    group = editor.locator(".groups > li", has_text=BALLOON)
    expect(group).to_contain_text("没找到 1")
    picture(editor, "54-questions")
    group.get_by_role("link", name="新建条目").click()
    editor.get_by_label("名称").fill("热气球升空活动登记")
    editor.get_by_label("承办单位").fill("示例市文化广电旅游体育局")
    picture(editor, "54-new-entry")
    editor.get_by_role("button", name="开始起草").click()
    expect(editor.locator("#c-questions")).to_have_value(re.compile(BALLOON))
    code = editor.locator(".head .number").inner_text()
    editor.get_by_role("button", name="保存并核对").click()
    holds(editor, "还不能提交", "事项类型", "必填")
    editor.get_by_role("link", name=re.compile("去修改")).click()
    editor.locator("#c-type").fill("公共服务")
    editor.locator("#c-level").fill("县级")
    editor.locator("#c-summary").fill("在公园等公共场所升放热气球的，先到体育部门登记。")
    windows = editor.locator("#part-windows")
    windows.get_by_role("button", name="添加一项").click()
    windows.get_by_label("窗口名称").fill("示例市政务服务中心体育窗口")
    desk.submit("市民常问")
    editor.get_by_role("link", name=re.compile("试算")).click()
    holds(editor, BALLOON)
    picture(editor, "55-preview")
    desk.approve("热气球升空活动登记")
    desk.known(code, 200)
    desk.ask(BALLOON, "体育窗口")
    editor.goto(desk.stack.address + "/console/knowledge/questions?tab=settled")
    holds(editor, BALLOON, "热气球升空活动登记")


def test_what_ended_between_two_questions_is_not_answered_from(desk: Desk) -> None:
    desk.ask("办歌舞厅许可要什么材料", "营业执照")
    editor = desk.editor
    editor.goto(desk.stack.address + "/console/knowledge/entries/SL-CULTURE-006")
    editor.get_by_role("button", name="修改").click()
    editor.locator("#c-valid_to").fill(str(date.today() - timedelta(days=2)))
    desk.submit("办法已废止")
    desk.approve("歌舞娱乐场所")
    desk.known("SL-CULTURE-006", 404)
    desk.ask("那要多少钱", "不在有效期内")
    picture(desk.citizen, "56-not-answered-from")
    editor.goto(desk.stack.address + "/console/knowledge?state=ended")
    holds(editor, "SL-CULTURE-006", "已过期")
