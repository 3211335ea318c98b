"""The pages of the dispatch catalogue and the category tree."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from console_app import Browser, Enter

from core.database import Database
from routing.catalogue import match
from routing.repository import CatalogueRepository

FORM = "/console/catalogue/entries/A-03-12/edit"
SAVE = "/console/catalogue/drafts"
TODAY = date.today() + timedelta(days=1)
_FIELD = re.compile(r'name="(version|revision)" value="(\d+)"')


def entry(**changes: str) -> dict[str, str]:
    fields = {
        "code": "A-03-12",
        "category": "A0312 路灯",
        "lead": "示例市供电公司",
        "basis": "权责清单第 3 条",
        "valid_from": str(TODAY),
        "reason": "三定调整",
    }
    return fields | changes


async def save(browser: Browser, **changes: str) -> str:
    """Send the form as its page carries it; returns where it leads, or the page itself."""
    page = "/console/catalogue/new" if changes.get("code") == "" else FORM
    hidden = dict(_FIELD.findall((await browser.get(page)).text))
    answer = await browser.send(page, SAVE, **entry(**hidden, **changes))
    return answer.headers.get("location", answer.text)


async def lead(database: Database, text: str = "") -> str | None:
    async with database.unit_of_work() as session:
        entries = await CatalogueRepository(session).entries()
    found = match(entries, "A0312", text, None, TODAY)
    return found.lead if found else None


async def test_from_the_list_to_a_published_change_and_back(
    enter: Enter, catalogue: Database
) -> None:
    editor = await enter("supervisor")
    page = (await editor.get("/console/catalogue")).text
    assert "A-03-12" in page and "A-03-13" in page and "目录检查" not in page
    assert await save(editor, words="电缆") == f"{SAVE}?done=saved#A-03-12"
    drafts = (await editor.get(SAVE)).text
    assert "类别没有通用目录" in drafts and "须改" in drafts
    assert 'action="/console/catalogue/publish"' in drafts and ">发布</button>" not in drafts
    await save(editor, words="")
    drafts = (await editor.get(SAVE, sample=500)).text
    assert "<del>示例市城市管理局</del> → <ins>示例市供电公司</ins>" in drafts
    assert "没有空档、重叠" in drafts
    # Ten past cases: the five about lamps go elsewhere, one of them rightly so.
    figures = re.findall(r"<strong>([\d.]+%?)</strong>", drafts)
    assert figures == ["10", "5", "90.0%", "60.0%"]
    assert "2026070112000" in drafts and drafts.count("改错了</span>") == 4
    assert await lead(catalogue) == "urban"
    done = await editor.send(SAVE, "/console/catalogue/publish", draft="A-03-12:2", reason="批准")
    assert done.headers["location"] == "/console/catalogue/history?done=published"
    assert await lead(catalogue) == "power"
    history = (await editor.get("/console/catalogue/history")).text
    number = re.search(r"/console/catalogue/history/(\d+)/undo", history)
    assert number and "批准" in history and "示例·supervisor" in history
    told = (await editor.get("/console/catalogue/entries/A-03-12")).text
    assert "第 2 版" in told and "第 1 版" in told and "三定调整" in told
    undo = f"/console/catalogue/history/{number[1]}/undo"
    missing = await editor.send("/console/catalogue/history", undo, reason="")
    assert missing.status_code == 422 and "请写明撤销原因" in missing.text
    await editor.send("/console/catalogue/history", undo, reason="弄错了")
    assert await lead(catalogue) == "urban"
    history = (await editor.get("/console/catalogue/history")).text
    assert "已被撤销" in history and "弄错了" in history and "/undo" not in history


async def test_a_new_entry_for_a_street_and_a_bureau_of_the_place(
    enter: Enter, catalogue: Database
) -> None:
    editor = await enter("admin")
    told = await save(
        editor, code="", territory="城东区望湖街道", lead="属地镇街", not_words="电缆 变压器"
    )
    assert told.endswith("#A-03-12-1")
    drafts = (await editor.get(SAVE)).text
    assert "镇街履职事项清单" in drafts and "不含“电缆、变压器”" in drafts and "新增" in drafts
    form = (await editor.get("/console/catalogue/entries/A-03-12-1/edit")).text
    for value in ("城东区望湖街道", "属地镇街", "电缆、变压器", str(TODAY)):
        assert f'value="{value}"' in form
    gone = await editor.send(SAVE, f"{SAVE}/A-03-12-1/discard", revision="1")
    assert gone.headers["location"] == f"{SAVE}?done=discarded"
    assert "没有草稿" in (await editor.get(SAVE)).text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"lead": "没有的局"}, "请从单位名录中选择"),
        ({"lead": ""}, "请选择单位"),
        ({"assist": "没有的局"}, "“没有的局”"),
        ({"category": "B01 噪声"}, "请从列表中选择在用的三级类别"),
        ({"territory": "火星区"}, "请从列表中选择区县或镇街"),
        ({"basis": ""}, "请写明依据"),
        ({"reason": ""}, "请写明修改原因"),
        ({"valid_from": "2020-01-01"}, "不能早于今天"),
        ({"valid_from": "soon"}, "请选择日期"),
        ({"valid_to": str(TODAY - timedelta(days=1))}, "不能早于生效日期"),
        ({"words": " ".join(f"词{n}" for n in range(31))}, "最多 30 个词"),
        ({"words": "长" * 21}, "每个不超过 20 字"),
    ],
)
async def test_the_form_says_what_does_not_fit_and_keeps_the_rest(
    enter: Enter, catalogue: Database, changes: dict[str, str], told: str
) -> None:
    editor = await enter("supervisor")
    page = await save(editor, **changes)
    assert "field-problem" in page and told in page
    for name, value in entry(**changes).items():
        if name not in ("code", *changes):
            assert f'value="{value}"' in page
    async with catalogue.unit_of_work() as session:
        assert await CatalogueRepository(session).drafts() == []


async def test_the_second_of_two_editors_is_told_and_keeps_the_words(
    enter: Enter, catalogue: Database
) -> None:
    first, second = await enter("supervisor"), await enter("admin")
    stale = dict(_FIELD.findall((await second.get(FORM)).text))
    await save(first)
    told = await second.send(FORM, SAVE, **entry(**stale, basis="另一条依据"))
    assert told.status_code == 409
    assert "刚被别人改过" in told.text and "另一条依据" in told.text
    await save(first, basis="改了再改")
    old = await second.send(SAVE, "/console/catalogue/publish", draft="A-03-12:1")
    assert old.status_code == 409 and "刚被别人改过" in old.text
    assert await lead(catalogue) == "urban"


async def test_an_entry_is_ended_by_a_draft(enter: Enter, catalogue: Database) -> None:
    editor = await enter("supervisor")
    page = "/console/catalogue/entries/A-03-12"
    wrong = await editor.send(page, f"{page}/end", day="2020-01-01", reason="不用了")
    assert wrong.status_code == 422 and "不能早于今天" in wrong.text
    done = await editor.send(page, f"{page}/end", day=str(TODAY), reason="不用了")
    assert done.headers["location"].endswith("#A-03-12")
    drafts = (await editor.get(SAVE)).text
    assert f"{TODAY} 起停用" in drafts and "类别没有通用目录" in drafts


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ({"q": "路灯"}, "A-03-12", "A-03-13"),
        ({"q": "供电"}, "A-03-13", "A-03-12"),
        ({"unit": "城市管理"}, "A-03-12", "A-03-13"),
        ({"top": "A"}, "A-03-12", "没有符合条件"),
        ({"top": "B"}, "没有符合条件", "A-03-12"),
        ({"state": "ended"}, "这里现在没有目录", "A-03-12"),
        ({"state": "all", "page": "99"}, "A-03-13", "没有符合条件"),
    ],
)
async def test_the_list_is_filtered_by_its_address(
    enter: Enter, catalogue: Database, query: dict[str, str], shown: str, hidden: str
) -> None:
    reader = await enter("dispatcher")
    page = (await reader.get("/console/catalogue", **query)).text
    body = page.split("</datalist>")[-1]
    assert shown in body and hidden not in body


async def test_a_dispatcher_reads_and_others_do_not(enter: Enter, catalogue: Database) -> None:
    pages = [
        "/console/catalogue",
        "/console/catalogue/entries/A-03-12",
        SAVE,
        "/console/catalogue/history",
        "/console/catalogue/categories",
        "/console/catalogue/categories/A0312",
    ]
    reader = await enter("dispatcher")
    for page in pages:
        answer = await reader.get(page)
        assert answer.status_code == 200
        assert 'method="post"' not in answer.text.split("<main")[1].split("<dialog")[0]
    assert (await reader.get(FORM)).status_code == 403
    for action in (SAVE, "/console/catalogue/publish", "/console/catalogue/categories"):
        fields = entry(version="1", revision="0", draft="A-03-12:1", name="井盖")
        assert (await reader.send(pages[0], action, **fields)).status_code == 403
    for login in ("seat", "editor", "urban.clerk"):
        stranger = await enter(login)
        for page in pages:
            assert (await stranger.get(page)).status_code == 403


async def test_what_is_not_there_is_not_found(enter: Enter, catalogue: Database) -> None:
    editor = await enter("supervisor")
    for page in (
        "/console/catalogue/entries/X",
        "/console/catalogue/entries/X/edit",
        "/console/catalogue/categories/X",
    ):
        assert (await editor.get(page)).status_code == 404


async def test_the_category_tree_is_edited(enter: Enter, catalogue: Database) -> None:
    editor, tree = await enter("supervisor"), "/console/catalogue/categories"
    assert "市政管理" in (await editor.get(tree)).text
    added = await editor.send(tree, tree, parent="A03 市政管理", name="井盖", reason="新增")
    page = f"{tree}/A0314"
    assert added.headers["location"] == f"{page}?done=add"
    assert "没有目录" in (await editor.get(page)).text
    for action, fields in [
        ("rename", {"name": "井盖缺失"}),
        ("move", {"parent": "B01 噪声"}),
        ("threshold", {"threshold": "85"}),
    ]:
        done = await editor.send(page, f"{page}/{action}", reason="调整", **fields)
        assert done.headers["location"] == f"{page}?done={action}"
    told = (await editor.get(page)).text
    assert "环境 / 噪声 / 井盖缺失" in told and "把握达到 85%" in told
    assert "由“市政管理”移到“噪声”" in told and "示例·supervisor" in told
    wrong = await editor.send(page, f"{page}/threshold", threshold="20", reason="调整")
    assert wrong.status_code == 422 and "50 至 100" in wrong.text
    stale = await editor.send(page, f"{page}/rename", version="2", name="又改", reason="调整")
    assert stale.status_code == 409 and "刚被别人改过" in stale.text
    await editor.send(page, f"{page}/retire", successor="A0312 路灯", reason="不用了")
    assert "井盖缺失" not in (await editor.get(tree)).text
    shown = (await editor.get(tree, retired="yes")).text
    assert "井盖缺失" in shown and "由 A0312 路灯 接替" in shown
    busy = await editor.send(f"{tree}/A03", f"{tree}/A03/retire", reason="不用了")
    assert busy.status_code == 422 and "下级类别还在用" in busy.text
