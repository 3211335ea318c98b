"""A review from the citizen's telephone to the public page, in a real Chromium."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import date, timedelta

import httpx
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.journeys.accessible import assert_accessible
from tests.journeys.people import PHONE, contexts, holds, log_in, open_page, picture
from tests.journeys.staff import Staff
from tests.stack import Stack

__all__ = ["contexts"]


@dataclass(frozen=True)
class Answered:
    """A case whose answer the citizen was told; ``link`` is the path of its rating page."""

    number: str
    link: str


def answered(stack: Stack, unit: str, phone: str, detail: str, **form: str) -> Answered:
    """Send the written form, hand the case to ``unit``, have it answered and passed."""
    http = httpx.Client(base_url=stack.address, timeout=30, trust_env=False)
    typed = {"detail": detail, "place": "春晖路", "contact": "phone", "phone": phone, **form}
    filed = http.post("/form", data=typed).text
    found = re.search(r"(\d{13})</dd>.*?(\d{6})</dd>", filed, re.DOTALL)
    assert found is not None, filed
    number, code = found[1], found[2]
    desk = Staff(stack.address, "dispatcher", stack.password("dispatcher"))
    action = "reassign" if "/reassign" in desk.case_page(number) else "dispatch"
    desk.act(number, action, unit=unit, reason="由这个单位牵头", assists="drop")
    clerk = Staff(stack.address, f"{unit}.clerk", stack.password(f"{unit}.clerk"))
    clerk.act(number, "accept")
    clerk.act(number, "answer", result="solved", citizen_answer="已到现场处理，三日内复查。")
    desk.act(number, "pass", remark="答复完整")
    told = http.post("/api/cases/lookup", json={"number": number, "code": code})
    return Answered(number, str(told.json()["review_link"]))


def rate(stack: Stack, one: Answered, text: str) -> None:
    """A bad review through the interface."""
    token = one.link.rpartition(f"{one.number}-")[2]
    body = {"number": one.number, "token": token, "grade": 1, "text": text}
    told = httpx.post(stack.address + "/api/reviews", json=body, timeout=30, trust_env=False)
    assert told.status_code == 201, told.text


def evidence() -> dict[str, str | bytes]:
    out = io.BytesIO()
    Image.new("RGB", (320, 200), "darkseagreen").save(out, "PNG")
    return {"name": "证据.png", "mimeType": "image/png", "buffer": out.getvalue()}


def open_rectification(page: Page, stack: Stack, known: str, tab: str = "open") -> None:
    """Find it in the queue by the number of its case; a unit, which is not told it, by its words."""
    page.goto(f"{stack.address}/console/rectifications?tab={tab}&q={known}")
    page.locator("tr", has_text=known).get_by_role("link").first.click()
    holds(page, "市民的评价", known)


def form_of(page: Page, action: str) -> Locator:
    """One of the page's forms, unfolded."""
    form = page.locator(f"form[action$='/{action}']")
    if not form.is_visible():
        page.locator("details", has=form).locator("summary").click()
    return form


def do(page: Page, action: str, note: str) -> None:
    """Fill in and send one of the page's forms."""
    form = form_of(page, action)
    form.get_by_label("说明").fill(note)
    form.locator("button").click()


def test_a_bad_review_is_put_right_and_rated_again(
    stack: Stack, browser: Browser, contexts: list[BrowserContext]
) -> None:
    case = answered(stack, "environment", "13800000051", "烧烤店半夜油烟特别大")
    citizen = open_page(browser, contexts, PHONE)
    citizen.goto(stack.address + case.link)
    citizen.get_by_role("button", name="提交评价").click()
    holds(citizen, "还差一点")
    picture(citizen, "60-rating-nothing-chosen")
    citizen.get_by_label("非常不满意", exact=True).check()
    citizen.get_by_label("态度差、效率低").check()
    citizen.get_by_label(re.compile("^想说的话")).fill("净化器没有开过，给我打13800000051")
    assert_accessible(citizen)
    picture(citizen, "61-rating-phone")
    citizen.get_by_role("button", name="提交评价").click()
    holds(citizen, "评价已收到", "核实", "整改", "回访")
    assert_accessible(citizen)
    picture(citizen, "62-rated-phone")
    # Whoever opens the link again is told kindly.
    citizen.goto(stack.address + case.link)
    holds(citizen, "您已经评价过了，谢谢")
    expect(citizen.get_by_role("main")).not_to_contain_text("错误")
    assert_accessible(citizen)
    picture(citizen, "63-rated-before-phone")

    clerk = open_page(browser, contexts)
    log_in(clerk, stack, "environment.clerk")
    clerk.goto(stack.address + "/console/rectifications")
    assert_accessible(clerk)
    picture(clerk, "64-rectifications")
    open_rectification(clerk, stack, "净化器没有开过")
    holds(clerk, "态度差、效率低")
    expect(clerk.get_by_role("main")).not_to_contain_text("13800000051")
    expect(clerk.get_by_role("main")).not_to_contain_text(case.number)
    assert_accessible(clerk)
    picture(clerk, "65-rectification")
    do(clerk, "verify", "已到店核实，净化器没有开")
    holds(clerk, "已核实")
    form_of(clerk, "plan").get_by_label("约定完成日期").fill(str(date.today() + timedelta(days=1)))
    picture(clerk, "66-verified")
    do(clerk, "plan", "须更换滤网，明天到货")
    holds(clerk, "整改中")
    do(clerk, "finish", "滤网已换，现场检测达标")
    holds(clerk, "待回访")

    # The one who calls hears that it is not solved: it goes to supervision and is done again.
    caller = open_page(browser, contexts, PHONE)
    log_in(caller, stack, "callback")
    open_rectification(caller, stack, case.number, "callback")
    holds(caller, "滤网已换", "联系电话在工单里")
    picture(caller, "67-callback-phone")
    do(caller, "unsolved", "市民说昨晚还有油烟")
    holds(caller, "督办中")
    open_rectification(clerk, stack, "净化器没有开过")
    do(clerk, "finish", "已加装第二级净化，连续三晚检测达标")
    open_rectification(caller, stack, case.number, "callback")
    do(caller, "solved", "市民认可")
    holds(caller, "整改完成")
    link = caller.get_by_label("二次评价链接").input_value()
    picture(caller, "68-completed-phone")

    citizen.goto(link)
    holds(citizen, "第二级净化")
    citizen.get_by_role("button", name="提交评价").click()
    holds(citizen, "请选择")
    citizen.get_by_label("满意", exact=True).check()
    assert_accessible(citizen)
    picture(citizen, "69-second-rating-phone")
    citizen.get_by_role("button", name="提交评价").click()
    holds(citizen, "谢谢")
    picture(citizen, "70-second-rated-phone")
    again = citizen.goto(link)
    assert again is not None and again.status in (200, 410)
    holds(citizen, "您已经评价过了，谢谢", "第二级净化")
    expect(citizen.get_by_role("main")).not_to_contain_text("错误")
    assert_accessible(citizen)
    picture(citizen, "71-second-rated-before-phone")

    # What the supervisor releases is read by everybody, masked.
    supervisor = open_page(browser, contexts)
    log_in(supervisor, stack, "supervisor")
    open_rectification(supervisor, stack, case.number, "ended")
    picture(supervisor, "72-ended")
    supervisor.get_by_role("link", name="公开评价和答复").click()
    assert_accessible(supervisor)
    picture(supervisor, "73-publish")
    supervisor.get_by_role("button", name="公开", exact=True).click()
    holds(supervisor, "已公开")
    citizen.goto(stack.address + "/reviews")
    holds(citizen, "净化器没有开过", "第二级净化")
    expect(citizen.get_by_role("main")).not_to_contain_text("13800000051")
    assert_accessible(citizen)
    picture(citizen, "74-public-phone")


def test_a_mistaken_review_is_appealed_and_a_secret_one_is_never_public(
    stack: Stack, browser: Browser, contexts: list[BrowserContext]
) -> None:
    case = answered(stack, "urban", "13800000052", "路灯坏了三天了")
    rate(stack, case, "点错了单位")
    secret = answered(
        stack, "civil-affairs", "13800000053", "街道办事员上班打牌不给办低保", type="report"
    )
    rate(stack, secret, "举报之后没有人管")

    clerk = open_page(browser, contexts)
    log_in(clerk, stack, "urban.clerk")
    open_rectification(clerk, stack, "点错了单位")
    do(clerk, "verify", "市民说评的是另一件事")
    form = form_of(clerk, "appeal")
    form.get_by_label("证据图片").set_input_files(files=[evidence()])  # type: ignore[list-item]
    do(clerk, "appeal", "市民书面说明评错了单位")
    holds(clerk, "申诉待复核")
    expect(clerk.locator("form[action$='/accept_appeal']")).to_have_count(0)
    picture(clerk, "75-appealed")

    supervisor = open_page(browser, contexts)
    log_in(supervisor, stack, "supervisor")
    open_rectification(supervisor, stack, case.number, "decision")
    expect(supervisor.get_by_alt_text("证据图片 1")).to_be_visible()
    assert_accessible(supervisor)
    picture(supervisor, "76-decision")
    do(supervisor, "accept_appeal", "证据属实")
    holds(supervisor, "无效差评")
    picture(supervisor, "77-invalid")

    # The figures, and the way down to single reviews.
    supervisor.goto(stack.address + "/console/review-figures")
    holds(supervisor, "好评率", "差评整改率")
    assert_accessible(supervisor)
    picture(supervisor, "78-figures")
    supervisor.get_by_role("link", name=re.compile("^有效评价")).first.click()
    holds(supervisor, "回到评价统计", "条")
    assert_accessible(supervisor)
    picture(supervisor, "79-behind")

    for path in ("/reviews", "/reviews/data.json", "/reviews/data.csv"):
        told = httpx.get(stack.address + path, timeout=30, trust_env=False)
        assert told.status_code == 200
        for hidden in ("举报之后没有人管", "点错了单位", secret.number):
            assert hidden not in told.text


def test_a_review_without_a_number_is_tied_at_the_desk(
    stack: Stack, browser: Browser, contexts: list[BrowserContext]
) -> None:
    desk = open_page(browser, contexts)
    log_in(desk, stack, "callback")
    desk.goto(stack.address + "/console/links")
    desk.keyboard.press("/")
    desk.keyboard.type("排队一上午")
    desk.keyboard.press("Enter")
    expect(desk.locator("tbody tr")).to_have_count(1)
    assert_accessible(desk)
    picture(desk, "80-links")
    desk.keyboard.press("n")
    holds(desk, "评价说的", "第 1 件", "事项相同（居住证签注）")
    assert_accessible(desk)
    picture(desk, "81-link")
    # One key ties it; what it was is in its history when that is undone.
    desk.wait_for_load_state("load")
    desk.keyboard.press("1")
    expect(desk.get_by_role("status")).to_contain_text("已关联")
    desk.get_by_role("link", name="回到刚才那一条").click()
    holds(desk, "已关联的办件", "人工关联")
    desk.get_by_label("为什么解除").fill("电话里说不是这一件")
    desk.get_by_role("button", name="解除关联").click()
    holds(desk, "可能的办件", "解除关联，办件 SL", "电话里说不是这一件")
    picture(desk, "82-link-undone")
    desk.get_by_role("button", name="都不是").click()
    expect(desk.get_by_role("status")).to_contain_text("已标为没有对应的办件")
    desk.get_by_role("link", name="回到刚才那一条").click()
    holds(desk, "没有线索")
