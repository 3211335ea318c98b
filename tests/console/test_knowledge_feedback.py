"""Tasks of unhelpful answers in the console."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from console_app import Enter

from core.database import Database, now
from kb.feedback import record_feedback
from kb.models import GivenAnswer

PAGE = "/console/knowledge/feedback"


@pytest.fixture
async def told(entries: Database) -> Database:
    """Two unhelpful answers: of the urban bureau, long ago, and of the power company, just now."""
    async with entries.unit_of_work() as session:
        for code, age, reason in (("U-1", 30, "内容不对"), ("P-1", 0, "没说清楚")):
            answer = GivenAnswer(
                code=code, version=1, aspects=["fee"], question=f"{code} 多少钱", at=now()
            )
            session.add(answer)
            await session.flush()
            await record_feedback(session, answer.id, False, reason, now() - timedelta(days=age))
    return entries


async def test_a_unit_sees_its_tasks_and_does_them(enter: Enter, told: Database) -> None:
    clerk, editor = await enter("urban.clerk"), await enter("editor")
    page = (await clerk.get(PAGE)).text
    assert "内容不对" in page and "超期" in page and "没说清楚" not in page and "收费" in page
    both = (await editor.get(PAGE)).text
    assert "内容不对" in both and "没说清楚" in both
    late = (await editor.get(PAGE, tab="late")).text
    assert "内容不对" in late and "没说清楚" not in late
    assert "没说清楚" not in (await editor.get(PAGE, code="U-1")).text
    task = page.partition(f'action="{PAGE}/')[2].partition('"')[0]
    for fields, problem in (
        ({"outcome": ""}, "请选择处理结果"),
        ({"outcome": "no_change"}, "请写明不改的理由"),
    ):
        refused = await clerk.send(PAGE, f"{PAGE}/{task}", tab="open", **fields)
        assert refused.status_code == 422 and problem in refused.text
    done = await clerk.send(PAGE, f"{PAGE}/{task}", tab="open", outcome="corrected", note="改了")
    after = (await clerk.get(done.headers["location"])).text
    assert "已处理。" in after and "没有待处理的反馈" in after
    settled = (await clerk.get(PAGE, tab="done")).text
    assert "已更正条目：改了 · 示例·urban.clerk" in settled and "超期办结" in settled
    assert (await clerk.send(PAGE, f"{PAGE}/{task}", outcome="corrected")).status_code == 409


async def test_others_tasks_are_out_of_reach(enter: Enter, told: Database) -> None:
    other, seat = await enter("power.clerk"), await enter("seat")
    page = (await (await enter("urban.clerk")).get(PAGE)).text
    task = page.partition(f'action="{PAGE}/')[2].partition('"')[0]
    stolen = await other.send(PAGE, f"{PAGE}/{task}", outcome="corrected")
    assert stolen.status_code == 404
    assert (await seat.get(PAGE)).status_code == 403
    refused = await seat.send("/console/seat", f"{PAGE}/{task}", outcome="corrected")
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("login", "shown", "hidden"),
    [
        ("urban.clerk", ["1</strong> 市民反馈待处理", "1 件超期", "1</strong> 即将到期的条目"],
         ["没答好的问题</a>", "待我审核"]),
        ("power.clerk", ["1</strong> 市民反馈待处理"], ["件超期", "即将到期的条目"]),
        ("supervisor", ["2</strong> 市民反馈待处理", "2</strong> 没答好的问题"], []),
    ],
)  # fmt: skip
async def test_what_waits_is_told_on_the_desk_and_on_the_notice_board(
    enter: Enter, told: Database, login: str, shown: list[str], hidden: list[str]
) -> None:
    reader = await enter(login)
    for address in ("/console/knowledge", "/console/notices"):
        (piles,) = re.findall(
            r'aria-label="知识库待办">(.*?)</ul>', (await reader.get(address)).text, re.S
        )
        assert [text for text in shown if text not in piles] == []
        assert [text for text in hidden if text in piles] == []


async def test_a_board_without_the_knowledge_desk_tells_nothing_of_it(
    enter: Enter, told: Database
) -> None:
    page = await (await enter("dispatcher")).get("/console/notices")
    assert page.status_code == 200 and "知识库待办" not in page.text
