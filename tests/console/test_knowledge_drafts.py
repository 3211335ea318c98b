"""Drafts in the console: written, compared, approved by a second person, ended, taken up again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from console_app import Browser, Enter
from knowledge_town import TODAY

from core.database import Database
from kb.models import Entry
from kb.repository import KnowledgeRepository
from kb.schemas import ItemRecord

LIST = "/console/knowledge"
ENTRY = f"{LIST}/entries/U-1"
DRAFTS = f"{LIST}/drafts"
_REVISION = re.compile(r'name="revision" value="(\d+)"')
_CONTROL = re.compile(
    r'<input class="input"[^>]* name="(c\.[^"]+)" value="([^"]*)"|'
    r'<textarea[^>]* name="(c\.[^"]+)"[^>]*>\n(.*?)</textarea>|'
    r'<select[^>]* name="(c\.[^"]+)"[^>]*>(.*?)</select>',
    re.DOTALL,
)
_CHOSEN = re.compile(r'<option(?: value="([^"]*)")? selected>([^<]*)')


def form_of(page: str) -> dict[str, str]:
    """What a browser would send of the form, rows to be copied left out."""
    kept = re.sub(r"<template>.*?</template>", "", page, flags=re.DOTALL)
    found = {}
    for name, value, text_name, text, select, options in _CONTROL.findall(kept):
        if select:
            chosen = _CHOSEN.search(options)
            found[select] = (chosen[1] or chosen[2]) if chosen else ""
        else:
            found[name or text_name] = value or text
    (found["revision"],) = _REVISION.findall(page)
    return found


async def begin(browser: Browser, **changes: str) -> str:
    """Begin a change of the entry and save it; returns the draft's address."""
    begun = await browser.send(ENTRY, f"{ENTRY}/draft")
    edit = begun.headers["location"]
    fields = form_of((await browser.get(edit)).text) | {f"c.{k}": v for k, v in changes.items()}
    saved = await browser.send(edit, edit, **fields, next="check")
    assert saved.status_code == 303, saved.text
    return str(saved.headers["location"])


async def act(browser: Browser, draft: str, action: str, **fields: str) -> str:
    """Use one of the draft's forms; returns what the page that follows says."""
    done = await browser.send(draft, f"{draft}/{action}", **fields)
    if done.status_code != 303:
        return str(done.text)
    return (await browser.get(done.headers["location"])).text


async def record(database: Database) -> ItemRecord | None:
    async with database.unit_of_work() as session:
        found = [one for one in await KnowledgeRepository(session).published() if one.code == "U-1"]
    assert all(isinstance(one, ItemRecord) for one in found)
    return found[0] if found else None  # type: ignore[return-value]


async def test_an_editor_drafts_and_a_second_person_publishes(
    enter: Enter, entries: Database
) -> None:
    author, second = await enter("urban.clerk"), await enter("urban.leader")
    draft = await begin(author, name="路灯维修", **{"materials.0.copies": "3"})
    page = (await author.get(draft)).text
    assert "<del>路灯报修</del>" in page and "材料“购船合同” / 份数" in page and "（2 处）" in page
    assert (await second.get(DRAFTS)).text.count("没有等您审核") == 1
    assert "请写明修改原因" in await act(author, draft, "submit", reason=" ")
    assert "等第二个人审核" in await act(author, draft, "submit", reason="新规定")
    assert (await author.send(draft, f"{draft}/approve")).status_code == 403
    assert "路灯维修" in (await second.get(DRAFTS)).text
    assert "已审核并发布" in await act(second, draft, "approve")
    now_there = await record(entries)
    assert now_there is not None and (now_there.name, now_there.version) == ("路灯维修", 2)
    assert now_there.materials[0].copies == 3
    versions = (await author.get(f"{ENTRY}/versions")).text
    assert "示例·urban.clerk起草，示例·urban.leader审核" in versions
    assert "已发布" in (await author.get(DRAFTS, tab="ended")).text


async def test_nothing_that_was_typed_is_lost(enter: Enter, entries: Database) -> None:
    author = await enter("editor")
    draft = await begin(author, name="", **{"visits": "很多", "valid_from": "明天"})
    page = (await author.get(draft)).text
    assert "还不能提交" in page and "跑动次数" in page and "请填整数" in page
    assert f'action="{draft}/submit"' not in page
    form = (await author.get(f"{draft}/edit", check="1")).text
    assert 'value="很多"' in form and 'value="明天"' in form and "有 3 处还不符合要求" in form
    assert 'id="c-visits-problem"' in form and 'id="c-name-problem"' in form
    fields = form_of(form)
    first = await author.send(draft, f"{draft}/edit", **{**fields, "c.name": "甲"}, next="")
    assert first.headers["location"] == f"{draft}/edit?done=saved"
    late = await author.send(draft, f"{draft}/edit", **{**fields, "c.name": "乙"}, next="")
    assert late.status_code == 409 and "在别处又保存过" in late.text
    assert "<del>甲</del>" in late.text and "<ins>乙</ins>" in late.text
    # Whoever has seen the difference may save over it.
    again = form_of(late.text)
    assert again["c.name"] == "乙"
    assert (await author.send(draft, f"{draft}/edit", **again, next="")).status_code == 303


async def test_two_editors_do_not_write_over_each_other(enter: Enter, entries: Database) -> None:
    first, second = await enter("editor"), await enter("supervisor")
    draft = await begin(first, name="甲")
    busy = await second.send(ENTRY, f"{ENTRY}/draft")
    assert busy.headers["location"] == draft
    assert "查看正在进行的修改" in (await second.get(ENTRY)).text
    assert (await second.get(f"{draft}/edit")).headers["location"] == draft
    fields = form_of((await first.get(f"{draft}/edit")).text)
    stolen = await second.send(ENTRY, f"{draft}/edit", **{**fields, "c.name": "乙"}, next="")
    assert (
        stolen.status_code == 403 and "乙" in stolen.text and "保存草稿</button>" not in stolen.text
    )


async def test_a_draft_is_sent_back_taken_up_given_up_and_restored(
    enter: Enter, entries: Database
) -> None:
    author, second = await enter("urban.clerk"), await enter("supervisor")
    draft = await begin(author, name="甲")
    await act(author, draft, "submit", reason="改名")
    assert "请写明退回原因" in await act(second, draft, "reject", note="")
    assert "已退回" in await act(second, draft, "reject", note="名称不规范")
    page = (await author.get(DRAFTS, tab="mine")).text
    assert "名称不规范" in page and "已退回" in page
    assert "草稿已取回" in await act(author, draft, "reopen")
    assert "草稿已放弃" in await act(author, draft, "discard")
    assert "没有未完成的草稿" in (await author.get(DRAFTS, tab="mine")).text
    assert "草稿已取回" in await act(author, draft, "reopen")
    assert "这份草稿已处理" in await act(author, draft, "reopen")


async def test_a_change_is_planned_and_called_back(enter: Enter, entries: Database) -> None:
    author, second = await enter("urban.clerk"), await enter("urban.leader")
    draft = await begin(author, name="甲")
    await act(author, draft, "submit", reason="改名")
    assert "发布日期已过" in await act(second, draft, "approve", publish_on="2020-01-01")
    assert "请选择发布日期" in await act(second, draft, "approve", publish_on="soon")
    day = str(TODAY + timedelta(days=3))
    assert f"{day} 自动发布" in await act(second, draft, "approve", publish_on=day)
    now_there = await record(entries)
    assert now_there is not None and now_there.name == "路灯报修"
    assert "草稿已取回" in await act(author, draft, "reopen")


async def test_an_entry_is_withdrawn_comes_back_and_is_void(
    enter: Enter, entries: Database
) -> None:
    author, second = await enter("urban.clerk"), await enter("urban.leader")
    draft = await begin(author, name="甲")
    blank = await author.send(ENTRY, f"{ENTRY}/end", status="withdrawn", reason=" ")
    assert blank.status_code == 422 and await record(entries) is not None
    ended = await author.send(ENTRY, f"{ENTRY}/end", status="withdrawn", reason="有误")
    assert "已撤下" in (await author.get(ended.headers["location"])).text
    assert await record(entries) is None
    # The draft was made before: its author sees so, and lets it follow.
    page = (await author.get(draft)).text
    assert "又有了新版本，现在是第 2 版" in page and f'action="{draft}/submit"' not in page
    assert "接在新版本之后" in await act(author, draft, "rebase", version="2")
    await act(author, draft, "submit", reason="改好")
    assert "已审核并发布" in await act(second, draft, "approve")
    now_there = await record(entries)
    assert now_there is not None and (now_there.name, now_there.version) == ("甲", 3)
    await author.send(ENTRY, f"{ENTRY}/end", status="void", reason="政策取消")
    page = (await author.get(ENTRY)).text
    assert "已作废" in page and f'action="{ENTRY}/end"' not in page
    assert "政策取消" in (await author.get(f"{ENTRY}/versions")).text


@pytest.mark.parametrize(
    ("login", "fields", "code"),
    [
        ("urban.clerk", {"kind": "item", "unit": "城市管理局"}, "U-3"),
        ("editor", {"kind": "policy", "unit": "示例市供电公司"}, "POLICY-POWER-001"),
        ("editor", {"kind": "item", "unit": "power", "copy": "P-1"}, "P-3"),
    ],
)
async def test_a_new_entry_begins_blank_or_as_a_copy(
    enter: Enter, entries: Database, login: str, fields: dict[str, str], code: str
) -> None:
    editor = await enter(login)
    fields = {**fields, "name": "新条目", "questions": "怎么弄\n\n在哪弄"}
    if fields["unit"] == "城市管理局":
        fields["unit"] = "示例市城市管理局"
    begun = await editor.send(f"{LIST}/new", f"{LIST}/new", **fields)
    form = (await editor.get(begun.headers["location"])).text
    assert code in form and "怎么弄\n在哪弄</textarea>" in form and 'value="新条目"' in form
    copied = form_of(form)
    assert copied.get("c.materials.0.name", "") == ("购船合同" if "copy" in fields else "")
    assert copied["c.aliases"] == "" and copied["c.valid_from"] == str(TODAY)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"kind": "item", "unit": "power"}, "请从单位名录中选择"),
        ({"kind": "notice", "unit": "urban"}, "请从列表中选择"),
        ({"kind": "item", "unit": ""}, "请选择单位"),
    ],
)
async def test_a_new_entry_is_of_ones_own_unit_and_a_kind_that_is_drafted(
    enter: Enter, entries: Database, fields: dict[str, str], told: str
) -> None:
    clerk = await enter("urban.clerk")
    answer = await clerk.send(f"{LIST}/new", f"{LIST}/new", name="某事", **fields)
    assert answer.status_code == 422 and told in answer.text and 'value="某事"' in answer.text


async def test_strangers_find_no_drafts(enter: Enter, entries: Database) -> None:
    draft = await begin(await enter("urban.clerk"), name="甲")
    other, seat = await enter("power.clerk"), await enter("seat")
    for page in (draft, f"{draft}/edit"):
        assert (await other.get(page)).status_code == 404
        assert (await seat.get(page)).status_code == 403
    for action in ("submit", "approve", "reject", "discard", "reopen", "rebase"):
        fields: dict[str, Any] = {"reason": "一", "note": "一", "version": "1"}
        gone = await other.send(LIST, f"{draft}/{action}", **fields)
        assert gone.status_code == 404
        refused = await seat.send("/console/seat", f"{draft}/{action}", **fields)
        assert refused.status_code == 403
    ended = await other.send(LIST, f"{ENTRY}/end", status="void", reason="不用了")
    assert ended.status_code == 404
    assert (await other.send(LIST, f"{draft}/dance")).status_code == 404
    async with entries.unit_of_work() as session:
        entry = await session.get(Entry, "U-1")
        assert entry is not None and (entry.status, entry.version) == ("published", 1)
