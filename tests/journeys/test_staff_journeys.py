"""The staff at their desks, in a real Chromium: from a call written down to the callback."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import Browser, BrowserContext, Page, expect

from core.database import now
from tests.journeys.people import (
    DESKTOP,
    PHONE,
    confirm_dialog,
    contexts,
    holds,
    log_in,
    open_page,
    picture,
)
from tests.stack import Stack

__all__ = ["contexts"]


def register(page: Page, stack: Stack, detail: str, phone: str, place: str = "") -> tuple[str, str]:
    """Write a call down; returns number and query code."""
    page.goto(stack.address + "/console/register")
    page.get_by_label("情况（原话尽量保留）").fill(detail)
    if place:
        page.get_by_label("地点").fill(place)
    page.get_by_label("诉求人姓名").fill("示例·李")
    page.get_by_label("联系电话").fill(phone)
    page.get_by_role("button", name="识别并核对").click()
    holds(page, "识别结果")
    page.get_by_role("button", name="确认登记").click()
    expect(page.get_by_role("heading", name="已登记")).to_be_visible()
    text = page.get_by_role("main").inner_text()
    found = re.search(r"编号 (\d{13})，查询码 (\d{6})", text)
    assert found is not None, text
    return found[1], found[2]


def open_case(page: Page, stack: Stack, number: str) -> None:
    page.goto(f"{stack.address}/console/cases/{number}")
    expect(page.locator(".case-head .number")).to_have_text(number)


def unfold(page: Page, name: str) -> None:
    page.locator("summary", has_text=re.compile(f"^{name}")).click()


def hand_over(page: Page, stack: Stack, number: str, unit: str, reason: str) -> None:
    """As the desk: dispatch, or reassign what was dispatched by itself."""
    open_case(page, stack, number)
    action = "reassign" if page.locator("form[action$='/reassign']").count() else "dispatch"
    if action == "reassign":
        unfold(page, "改派")
    form = page.locator(f"form[action$='/{action}']").last
    form.get_by_label("承办单位").fill(unit)
    form.get_by_label(re.compile("原因|说明")).fill(reason)
    assists = form.get_by_label(re.compile("^原来的协办"))
    if assists.count():
        assists.select_option(label="继续协办")
    form.get_by_role("button").last.click()
    if action == "reassign":
        confirm_dialog(page)
    expect(page.get_by_role("main")).to_contain_text(re.compile("已派单|已改派"))


def answer(page: Page, text: str, result: str = "已解决", reason: str = "") -> None:
    page.get_by_label("办理结果").select_option(label=result)
    page.get_by_label("给市民的答复").fill(text)
    if reason:
        page.locator("#answer-result_reason").fill(reason)
    page.get_by_role("button", name="提交答复").click()


def test_a_desk_stays_current_and_is_worked_by_keyboard(
    stack: Stack, browser: Browser, contexts: list[BrowserContext]
) -> None:
    dispatcher, seat = open_page(browser, contexts), open_page(browser, contexts)
    log_in(dispatcher, stack, "dispatcher")
    log_in(seat, stack, "seat")
    dispatcher.goto(stack.address + "/console/dispatch?tab=all&q=档案柜")
    holds(dispatcher, "没有符合条件的工单")
    picture(seat, "21-seat-menu")
    number, _ = register(
        seat, stack, "老家属院的档案柜钥匙不知道交给谁了，单位早就改制了", "13800000041"
    )
    picture(seat, "22-registered")

    # Nobody reloads: the new case comes by itself.
    row = dispatcher.locator("tr", has_text=number)
    expect(row).to_be_visible()
    picture(dispatcher, "23-dispatch-desk-live")
    dispatcher.keyboard.press("j")
    dispatcher.keyboard.press("x")
    expect(dispatcher.locator("#move-count")).to_have_text("1")
    dispatcher.locator("#move-unit").fill("示例市人力资源和社会保障局")
    dispatcher.locator("#move-reason").fill("档案由人社部门牵头")
    dispatcher.locator("#move").get_by_role("button", name="派单").click()
    holds(dispatcher, "撤回（单位签收前")
    picture(dispatcher, "24-dispatched-with-undo")
    dispatcher.wait_for_load_state("load")
    dispatcher.keyboard.press("u")
    holds(dispatcher, "工单回到待派单")
    expect(dispatcher.locator("tr", has_text=number)).to_contain_text("待派单")
    with dispatcher.expect_download() as download:
        dispatcher.get_by_role("link", name="导出 Excel").click()
    assert download.value.suggested_filename.endswith(".xlsx")


def test_down_to_the_street_and_up_again(
    stack: Stack, browser: Browser, contexts: list[BrowserContext]
) -> None:
    desk = open_page(browser, contexts)
    log_in(desk, stack, "dispatcher")
    number, code = register(
        desk, stack, "望湖路18号楼道堆满纸箱，小孩差点绊倒", "13800000042", "望湖路18号"
    )
    hand_over(desk, stack, number, "城东区人民政府", "属地牵头")

    district = open_page(browser, contexts)
    log_in(district, stack, "chengdong.clerk")
    open_case(district, stack, number)
    district.get_by_role("button", name="签收").click()
    unfold(district, "下派给下级单位")
    form = district.locator("form[action$='/delegate']")
    form.get_by_label("下级单位").fill("望湖街道")
    form.get_by_label("办理要求").fill("履职事项清单：楼道堆物清理")
    form.get_by_role("button", name="下派").click()
    holds(district, "已下派")
    picture(district, "25-delegated")

    street = open_page(browser, contexts, PHONE)
    log_in(street, stack, "wanghu.clerk")
    holds(street, number)
    picture(street, "26-street-desk-phone")
    open_case(street, stack, number)
    street.get_by_role("button", name="签收").click()
    unfold(street, "记先行联系")
    street.get_by_label("联系上了", exact=True).check()
    street.get_by_label("联系情况").fill("已约今天下午上门")
    street.get_by_role("button", name="记下").click()
    holds(street, "已记下联系情况")
    picture(street, "27-street-case-phone")
    answer(street, "纸箱已全部清走，并告知住户不得再堆放。")
    holds(street, "答复已提交")

    open_case(district, stack, number)
    district.get_by_role("link", name="采用下级答复").click()
    expect(district.get_by_label("给市民的答复")).to_have_value(re.compile("纸箱已全部清走"))
    district.get_by_label("办理结果").select_option(label="已解决")
    district.get_by_role("button", name="提交答复").click()
    holds(district, "待审核")

    # The check sends it back once, then lets it through.
    open_case(desk, stack, number)
    unfold(desk, "审核退回")
    desk.get_by_label("退回原因").fill("请写明清理时间")
    desk.get_by_role("button", name="退回承办单位").click()
    holds(desk, "已退回承办单位")
    open_case(district, stack, number)
    answer(district, "11月22日下午已将纸箱全部清走，并告知住户不得再堆放。")
    open_case(desk, stack, number)
    desk.get_by_role("button", name="审核通过").click()
    confirm_dialog(desk)
    holds(desk, "待回访")
    picture(desk, "28-case-passed")

    # The callback: not solved, so it is done again, once.
    caller = open_page(browser, contexts)
    log_in(caller, stack, "callback")
    picture(caller, "29-callback-desk")
    take(caller, stack, number)
    holds(caller, "13800000042")
    caller.locator("input[name=contacted][value=yes]").check()
    caller.locator("input[name=solved][value=no]").check()
    caller.locator("input[name=satisfied][value=dissatisfied]").check()
    caller.get_by_label("说明").first.fill("第二天又堆上了")
    cause = caller.locator("fieldset.cause input").first
    cause.check()
    picture(caller, "30-callback")
    caller.get_by_role("button", name="保存结果").click()
    open_case(desk, stack, number)
    holds(desk, "第 2 次办理", "第二天又堆上了")

    open_case(district, stack, number)
    answer(district, "已安装摄像头并每日巡查，三天内未再堆放。")
    open_case(desk, stack, number)
    desk.get_by_role("button", name="审核通过").click()
    confirm_dialog(desk)
    take(caller, stack, number)
    caller.locator("input[name=contacted][value=yes]").check()
    caller.locator("input[name=solved][value=yes]").check()
    caller.locator("input[name=satisfied][value=satisfied]").check()
    caller.get_by_role("button", name="保存结果").click()
    open_case(desk, stack, number)
    holds(desk, "已办结")
    picture(desk, "31-case-closed")

    # The citizen asks for it again with number and code.
    citizen = open_page(browser, contexts, PHONE)
    citizen.goto(stack.address + "/progress")
    citizen.get_by_label(re.compile("编号")).fill(number)
    citizen.get_by_label(re.compile("查询码")).fill(code)
    citizen.get_by_role("button", name=re.compile("查")).last.click()
    holds(citizen, "已办结", "每日巡查")
    picture(citizen, "32-citizen-progress")
    unfold(citizen, "没有解决")
    citizen.get_by_label("还有什么没有解决").fill("今天又堆了一堆")
    citizen.get_by_role("button", name="重新办理").click()
    holds(citizen, "已重新交办")


def take(page: Page, stack: Stack, number: str) -> None:
    """As a callback clerk: take the call about a case."""
    page.goto(f"{stack.address}/console/callback?q={number}")
    page.locator("a.open").first.click()
    page.get_by_role("button", name="取下这一件").click()
    holds(page, "市民怎么说")


def test_a_leader_signs_and_a_supervisor_decides(
    stack: Stack, browser: Browser, contexts: list[BrowserContext]
) -> None:
    supervisor = open_page(browser, contexts, DESKTOP)
    log_in(supervisor, stack, "supervisor")
    number, _ = register(
        supervisor, stack, "建筑工地拖欠我们十几个工人三个月工资，一直要不到", "13800000043"
    )
    # The router is sure of it: nobody had to dispatch.
    open_case(supervisor, stack, number)
    holds(supervisor, "示例市人力资源和社会保障局", "自动派单依据")

    clerk, leader = open_page(browser, contexts), open_page(browser, contexts)
    log_in(clerk, stack, "labour.clerk")
    open_case(clerk, stack, number)
    clerk.get_by_role("button", name="签收").click()
    unfold(clerk, "延期")
    clerk.get_by_label("延长几个工作日").fill("5")
    clerk.get_by_label("延期原因").fill("须向总包单位调取工资表")
    clerk.get_by_role("button", name="申请延期").click()
    holds(clerk, "延期申请已提交")

    supervisor.goto(stack.address + "/console/approvals")
    holds(supervisor, "延长 5 个工作日", "须向总包单位调取工资表")
    picture(supervisor, "41-approvals")
    open_case(supervisor, stack, number)
    supervisor.get_by_label("审批意见").first.fill("情况属实")
    supervisor.get_by_role("button", name=re.compile("^同意")).first.click()
    if supervisor.get_by_role("dialog").is_visible():
        confirm_dialog(supervisor)
    holds(supervisor, "已延期")

    open_case(clerk, stack, number)
    answer(clerk, "已责令总包单位三日内付清工资。", "部分解决", "第三个月工资尚在核算")
    holds(clerk, "待签发")
    log_in(leader, stack, "labour.leader")
    leader.goto(stack.address + "/console/unit?tab=signature")
    holds(leader, number)
    open_case(leader, stack, number)
    picture(leader, "42-leader-signs")
    leader.get_by_role("button", name="签发").click()
    confirm_dialog(leader)
    holds(leader, "待审核")
    leader.goto(stack.address + "/console/notices?show=all")
    holds(leader, "新派工单")
    picture(leader, "43-notices")

    open_case(supervisor, stack, number)
    unfold(supervisor, "督办")
    supervisor.get_by_label("督办要求").fill("涉及十余人，须盯到工资到账")
    supervisor.locator("form[action$='/supervise']").get_by_role("button").click()
    supervisor.goto(stack.address + "/console/supervision?tab=supervised")
    holds(supervisor, number)
    picture(supervisor, "44-supervision")
    today = (now() + timedelta(hours=8)).date()
    supervisor.goto(f"{stack.address}/console/measures?from={today}&to={today}")
    holds(supervisor, "响应率", "解决率", "首派")
    picture(supervisor, "45-measures")
