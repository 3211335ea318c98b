"""The knowledge desk to read: list, entry, versions compared, answers given."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from console_app import Enter
from knowledge_town import LAMP
from openpyxl import load_workbook

from core.database import Database
from kb.loading import fingerprint
from kb.models import GivenAnswer
from kb.repository import KnowledgeRepository
from kb.schemas import ItemContent, Status

LIST = "/console/knowledge"
ENTRY = f"{LIST}/entries/U-1"


async def _change(database: Database, **changes: object) -> None:
    async with database.unit_of_work() as session:
        content = ItemContent.model_validate({**LAMP, **changes})
        await KnowledgeRepository(session).store(
            content,
            Status.PUBLISHED,
            2,
            fingerprint=fingerprint(content),
            author="urban.clerk",
            approver="urban.leader",
            reason="新规定",
        )


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ({}, ["路灯报修", "广告牌设置", "用电报装", "一户多人口电价"], []),
        ({"q": "电表"}, ["用电报装"], ["路灯报修"]),
        ({"q": "U-1"}, ["路灯报修"], ["用电报装"]),
        ({"unit": "power"}, ["用电报装"], ["路灯报修"]),
        ({"state": "ending"}, ["广告牌设置"], ["路灯报修", "用电报装"]),
        ({"state": "ended"}, ["一户多人口电价"], ["路灯报修"]),
        ({"kind": "policy"}, ["没有符合条件的条目"], ["路灯报修"]),
        ({"state": "void", "page": "9"}, ["没有符合条件的条目"], ["路灯报修"]),
    ],
)
async def test_the_list_is_filtered_by_its_address(
    enter: Enter, entries: Database, query: dict[str, str], shown: list[str], hidden: list[str]
) -> None:
    page = (await (await enter("editor")).get(LIST, **query)).text
    body = page.split("</form>")[-1]
    assert [name for name in shown if name not in body] == []
    assert [name for name in hidden if name in body] == []
    assert "30 天内到期 1 条" in page and "剩 10 天" in page


async def test_units_see_their_own_and_strangers_nothing(enter: Enter, entries: Database) -> None:
    clerk = await enter("power.clerk")
    page = (await clerk.get(LIST)).text
    assert "用电报装" in page and "路灯报修" not in page and "天内到期" not in page
    for address in (ENTRY, f"{ENTRY}/versions", f"{ENTRY}/answers", f"{ENTRY}/answers/export"):
        assert (await clerk.get(address)).status_code == 404
    for login in ("seat", "dispatcher", "callback", "admin"):
        stranger = await enter(login)
        assert (await stranger.get(LIST)).status_code == 403
        assert (await stranger.get(ENTRY)).status_code == 403


async def test_an_entry_is_shown_whole(enter: Enter, entries: Database) -> None:
    page = (await (await enter("urban.clerk")).get(ENTRY)).text
    for text in (
        "路灯报修",
        "购船合同",
        "材料名称",
        "承诺时限：5 个工作日",
        "工本费",
        "有效",
    ):
        assert text in page
    assert "示例市城市管理局" in page and "是否收费：是" in page


async def test_two_versions_are_compared(enter: Enter, entries: Database) -> None:
    reader = await enter("urban.clerk")
    assert "没有可以比较的" in (await reader.get(f"{ENTRY}/versions")).text
    await _change(entries, name="路灯维修", process=["提交", "领证"])
    page = (await reader.get(f"{ENTRY}/versions")).text
    assert "<del>路灯报修</del>" in page and "<ins>路灯维修</ins>" in page
    assert "<del>查验</del>" in page and "示例·urban.clerk起草，示例·urban.leader审核" in page
    assert "随文件导入" in page and "新规定" in page
    back = (await reader.get(f"{ENTRY}/versions", before=2, after=1)).text
    assert "<ins>路灯报修</ins>" in back
    same = (await reader.get(f"{ENTRY}/versions", before=2, after=2)).text
    assert "内容相同" in same


async def test_answers_given_are_listed_by_version_and_day(enter: Enter, entries: Database) -> None:
    async with entries.unit_of_work() as session:
        for day, version, question in ((1, 1, "灯不亮找谁"), (2, 1, "=1+1"), (3, 2, "修灯多久")):
            at = datetime(2026, 6, day, 15, 59, tzinfo=UTC)
            session.add(
                GivenAnswer(code="U-1", version=version, aspects=["time"], question=question, at=at)
            )
    reader = await enter("urban.leader")
    page = (await reader.get(f"{ENTRY}/answers")).text
    assert "灯不亮找谁" in page and "修灯多久" in page and "办理时限" in page
    old = (await reader.get(f"{ENTRY}/answers", version="1")).text
    assert "灯不亮找谁" in old and "修灯多久" not in old
    # 15:59 in Greenwich is 23:59 here: still the first of June.
    first = (await reader.get(f"{ENTRY}/answers", since="2026-06-01", until="2026-06-01")).text
    assert "灯不亮找谁" in first and "修灯多久" not in first and "=1+1" not in first
    none = (await reader.get(f"{ENTRY}/answers", since="2027-01-01", until="nonsense")).text
    assert "这些条件下没有答复" in none
    file = await reader.get(f"{ENTRY}/answers/export", version="1")
    sheet = load_workbook(io.BytesIO(file.content)).active
    assert sheet is not None
    assert [row[2].value for row in sheet.iter_rows(min_row=3)] == ["'=1+1", "灯不亮找谁"]
