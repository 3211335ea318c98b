"""From questions nobody could answer to an entry, in two clicks."""

from __future__ import annotations

import re

import pytest
from console_app import Browser, Enter

from core.database import Database, now
from kb.feedback import QuestionKind, record_question
from kb.feedback_repository import QuestionRepository

LIST = "/console/knowledge/questions"
NEW = "/console/knowledge/new"
_PLACE = re.compile(rf'href="({LIST}/\d+/place\?code=U-1&amp;become=(\w+))"')
_IDS = re.compile(r'name="id" value="(\d+)"')


@pytest.fixture
async def asked(entries: Database) -> Database:
    """Three matters: one asked twice about lamps, one about power, one about lotteries."""
    async with entries.unit_of_work() as session:
        for text, kind in (
            ("楼下杆子修了三天找谁换", QuestionKind.UNKNOWN),
            ("楼下杆子修了三天找谁", QuestionKind.UNHELPFUL),
            ("彩票中奖怎么领", QuestionKind.UNCLEAR),
        ):
            await record_question(session, text, kind, now())
    return entries


async def _ids(database: Database) -> list[int]:
    async with database.unit_of_work() as session:
        return [row.id for row in await QuestionRepository(session).open_ones(100)]


async def _send(browser: Browser, page: str, action: str, ids: list[int], **fields: str) -> str:
    """Send one of the page's forms with the questions it showed; returns what follows."""
    html = (await browser.get(page)).text
    (token, *_) = re.findall(r'name="csrf" value="([^"]+)"', html)
    data = {"csrf": token, "id": [str(number) for number in ids], **fields}
    answer = await browser.http.post(action, data=data)
    if answer.status_code != 303:
        return answer.text
    return (await browser.get(answer.headers["location"])).text


async def test_groups_are_listed_with_counts_and_nearest_entries(
    enter: Enter, asked: Database
) -> None:
    page = (await (await enter("editor")).get(LIST)).text
    assert re.findall(r"<strong>(\d+)</strong> 次", page) == ["2", "1"]
    assert "没找到 1" in page and "答了没帮助 1" in page and "没听懂 1" in page
    assert {become for _, become in _PLACE.findall(page)} == {"alias", "wording", "faq"}
    for login in ("urban.clerk", "urban.leader", "seat"):
        assert (await (await enter(login)).get(LIST)).status_code == 403
    assert "没答好的问题" not in (await (await enter("urban.clerk")).get("/console/knowledge")).text


async def test_a_group_becomes_a_wording_and_is_answered_once_published(
    enter: Enter, asked: Database
) -> None:
    editor, second = await enter("editor"), await enter("supervisor")
    first = next(a for a, b in _PLACE.findall((await editor.get(LIST)).text) if b == "wording")
    place = first.replace("&amp;", "&")
    page = (await editor.get(place)).text
    assert "楼下杆子修了三天找谁\n楼下杆子修了三天找谁换</textarea>" in page
    assert "能答 <strong>2</strong> 个" in page
    ids = [int(number) for number in _IDS.findall(page)]
    assert len(ids) == 2
    action = place.partition("?")[0]
    fields = {"code": "U-1", "become": "wording"}
    nothing = await _send(editor, place, action, ids, lines=" ", **fields)
    assert "请至少写一行" in nothing
    tried = await _send(editor, place, action, ids, lines="彩票", next="preview", **fields)
    assert "这样改后，本组 2 个问题里能答" in tried and "彩票</textarea>" in tried
    draft = await _send(editor, place, action, ids, lines="楼下杆子修了三天找谁", **fields)
    assert "<ins>楼下杆子修了三天找谁</ins>" in draft and "2</strong> 种问法" in draft
    assert re.findall(r"<strong>(\d+)</strong> 次", (await editor.get(LIST)).text) == ["1"]
    settled = (await second.get(LIST, tab="settled")).text
    assert "楼下杆子修了三天找谁换" in settled and "路灯报修" in settled
    back = await _send(second, f"{LIST}?tab=settled", f"{LIST}/reopen", ids[:1])
    assert "已放回列表" in back and len(await _ids(asked)) == 2


@pytest.mark.parametrize(
    ("become", "field"), [("alias", "别名"), ("faq", "常见问题")]
)  # fmt: skip
async def test_a_group_becomes_an_alias_or_a_common_question_of_an_own_draft(
    enter: Enter, asked: Database, become: str, field: str
) -> None:
    editor = await enter("editor")
    ids = await _ids(asked)
    place = f"{LIST}/{ids[-1]}/place"
    fields = {"code": "U-1", "become": become, "lines": "灯柱"}
    if become == "faq":
        assert "请写明回答" in await _send(editor, place, place, ids[1:], **fields)
        fields["answer"] = "打 12345。"
    for lines in ("灯柱", "灯杆"):
        page = await _send(editor, place, place, ids[-1:], **{**fields, "lines": lines})
        place = f"{LIST}/{ids[-2]}/place"
        ids.pop()
    assert field in page and "灯柱" in page and "灯杆" in page
    other = await enter("supervisor")
    busy = await _send(other, LIST, f"{LIST}/{ids[0]}/place", ids, **fields)
    assert "正有别的修改在进行" in busy


async def test_a_group_becomes_a_new_entry(enter: Enter, asked: Database) -> None:
    editor, ids = await enter("editor"), await _ids(asked)
    page = (await editor.get(NEW, question=ids[-1])).text
    assert "楼下杆子修了三天找谁换" in page and len(_IDS.findall(page)) == 2
    fields = {"kind": "item", "name": "灯柱维修", "unit": "urban", "questions": "灯柱黑了找谁"}
    form = await _send(editor, f"{NEW}?question={ids[-1]}", NEW, ids[1:], **fields)
    assert 'value="灯柱维修"' in form and "灯柱黑了找谁</textarea>" in form
    assert await _ids(asked) == ids[:1]
    assert (await editor.get(NEW, question=ids[-1])).status_code == 404
    assert (await (await enter("urban.clerk")).get(NEW, question=ids[0])).status_code == 403


async def test_what_is_not_ours_is_put_away(enter: Enter, asked: Database) -> None:
    editor, ids = await enter("editor"), await _ids(asked)
    refused = await _send(editor, LIST, f"{LIST}/dismiss", ids[:1], note=" ")
    assert "请写明理由" in refused
    done = await _send(editor, LIST, f"{LIST}/dismiss", ids[:1], note="不归热线")
    assert "已移出列表" in done
    assert "不归热线答：不归热线" in (await editor.get(LIST, tab="settled")).text
    assert "页面内容不完整" in await _send(editor, LIST, f"{LIST}/dismiss", [], note="一")
    clerk = await enter("urban.clerk")
    stolen = await _send(clerk, "/console/knowledge", f"{LIST}/dismiss", ids, note="一")
    assert "没有这项权限" in stolen and len(await _ids(asked)) == 2
    unknown = (await editor.get(f"{LIST}/{ids[-1]}/place", code="X-9")).text
    assert "没有编码为“X-9”的条目" in unknown
