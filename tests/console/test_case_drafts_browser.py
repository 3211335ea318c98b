"""What is typed on a case page and not sent survives another form of the page, in a real Chromium.

The service's answers are played: its pages are not what is tried here.
"""

from __future__ import annotations

from playwright.sync_api import Browser, Page, Route, expect

from console.render import HERE

CASE = "/console/cases/202611280001"
OTHER = "/console/cases/202611280002"
ADDRESS = "http://line.test"
POLICY = "default-src 'self'; script-src 'self'; object-src 'none'"
WORDS = "已派人更换灯泡，\n今晚恢复照明。"


def case_page(
    path: str, answer: str = "", note: str = "", problem: str = "", who: str = "甲"
) -> str:
    """The forms of a case page, as its templates write them."""
    return (
        "<!doctype html><html lang='zh-CN'><head><title>工单</title>"
        + "".join(
            f"<script src='/console/static/{name}.js' defer></script>"
            for name in ("console", "case", "drafts")
        )
        + f"</head><body><div class='who'><span>{who}</span>"
        "<form method='post' action='/console/logout'><button>退出</button></form></div>"
        + (f"<div id='problems' tabindex='-1'>{problem}</div>" if problem else "")
        + f"<form method='post' action='{path}/answer'><label>给市民的答复"
        f"<textarea name='citizen_answer'>{answer}</textarea></label>"
        "<button>提交答复</button></form>"
        f"<form method='post' action='{path}/contact'><label>联系情况"
        f"<textarea name='note'>{note}</textarea></label><button>记下</button></form>"
        "</body></html>"
    )


class Line:
    """The service: what it shows can be changed between requests."""

    def __init__(self, page: Page) -> None:
        self.shown: dict[str, str] = {}
        self.refusal = ""
        self.who = "甲"
        page.route(f"{ADDRESS}/**", self.answer)

    def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS).partition("?")[0]
        if path.startswith("/console/static/"):
            route.fulfill(path=HERE / "static" / path.rpartition("/")[2])
            return
        if route.request.method == "POST" and not self.refusal:
            # A redirect cannot be played: the page that says so is left by hand.
            body = "<!doctype html><title>已记下</title>"
        elif route.request.method == "POST":
            body = self.refusal
        else:
            body = case_page(path, **self.shown, who=self.who)
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}
        route.fulfill(body=body, headers=headers)


def come(page: Page, path: str = CASE) -> None:
    page.goto(ADDRESS + path)


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


def test_a_draft_outlives_another_form_and_goes_with_its_own(browser: Browser) -> None:
    page = browser.new_page()
    Line(page)
    come(page)
    answer, note = page.get_by_label("给市民的答复"), page.get_by_label("联系情况")
    answer.fill(WORDS)
    note.fill("已联系")
    press(page, "记下")
    come(page)
    expect(answer).to_have_value(WORDS)
    expect(note).to_have_value("")
    come(page, OTHER)
    expect(answer).to_have_value("")
    come(page)
    press(page, "提交答复")
    come(page)
    expect(answer).to_have_value("")
    assert page.evaluate("sessionStorage.length") == 0
    page.close()


def test_what_was_refused_is_a_draft_again(browser: Browser) -> None:
    page = browser.new_page()
    line = Line(page)
    come(page)
    answer, note = page.get_by_label("给市民的答复"), page.get_by_label("联系情况")
    answer.fill("第一稿")
    line.refusal = case_page(CASE, answer="第一稿", problem="请选择办理结果")
    press(page, "提交答复")
    expect(answer).to_have_value("第一稿")
    answer.fill("第二稿")
    line.refusal = ""
    note.fill("已联系")
    press(page, "记下")
    come(page)
    expect(answer).to_have_value("第二稿")
    page.close()


def test_newer_words_of_the_service_and_other_people_see_no_draft(browser: Browser) -> None:
    page = browser.new_page()
    line = Line(page)
    come(page)
    answer = page.get_by_label("给市民的答复")
    answer.fill(WORDS)
    line.shown = {"answer": "下级单位的答复"}
    come(page)
    expect(answer).to_have_value("下级单位的答复")
    line.shown, line.who = {}, "乙"
    come(page)
    expect(answer).to_have_value("")
    line.who = "甲"
    come(page)
    expect(answer).to_have_value(WORDS)
    press(page, "退出")
    come(page)
    expect(answer).to_have_value("")
    page.close()


def test_the_case_page_loads_the_script() -> None:
    assert "/console/static/drafts.js" in (HERE / "templates" / "case.html").read_text("utf-8")
