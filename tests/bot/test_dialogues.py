"""What a labelled dialogue expects, held against what was said and done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.dialogues import (
    BadDialogues,
    FiledCase,
    Seen,
    Standing,
    outcome_problems,
    passes,
    read_dialogues,
)
from core.replies import Reply, say

CASE = FiledCase(
    number="2611290000012",
    type="求助",
    place="云溪苑东门",
    detail="路灯不亮",
    state="dispatched",
    urgency="一般",
    category="A0301",
    unit_kinds=("城管",),
    confidential=False,
    anonymous=False,
)
TOPICS = {"A0301": ("城乡建设", "城市建设和市政管理")}
SUMMARY = say(
    "请核对：\n地点：云溪苑东门",
    card={"kind": "summary", "rows": [{"label": "地点", "value": "云溪苑东门"}]},
)
FILED = say(f"已登记，工单编号 {CASE.number}，预计 2026-12-04 17:30 前答复您。")
GAS = say("请马上开窗通风，拨打 119。", card={"kind": "emergency", "numbers": ["119"]})
GUIDE = say("【社保卡补领】当场办结。\n来源：社保卡补领（第1版）", ("要带什么", "item:a:materials"))


def seen(*replies: Reply, user: str = "", filed: bool = False, **facts: Any) -> Seen:
    after = facts.pop("after", Standing(cases={CASE.number: CASE} if filed else {}))
    return Seen(user, list(replies), Standing(), after, **facts)


@pytest.mark.parametrize(
    ("turn", "check", "held"),
    [
        (seen(say("请问事情发生在哪里？")), "ask:place", True),
        (seen(say("请问是从什么时候开始的？")), "ask:place", False),
        (seen(say("请问是从什么时候开始的？")), "not_ask:time", False),
        (seen(say("请问是哪个门？")), "ask:place_detail", True),
        (seen(SUMMARY), "summary_confirm", True),
        (seen(SUMMARY), "not_ask:time", True),
        (seen(SUMMARY), "not_contain_slot:南门", True),
        (seen(SUMMARY), "not_contain_slot:东门", False),
        (seen(FILED, filed=True), "case_no", True),
        (seen(FILED, filed=True), "case_no:2", False),
        (seen(FILED), "case_no", False),
        (seen(FILED, filed=True), "no_case_yet", False),
        (seen(FILED, filed=True), "eta", True),
        (seen(GAS), "transfer:119", True),
        (seen(GAS), "transfer:120", False),
        (seen(GAS), "safety_tips", True),
        (seen(say("请打 110。"), after=Standing(owner="person")), "handoff", True),
        (seen(say("好的。", ("转人工", "handoff"))), "offer_handoff", True),
        (seen(say("好的。")), "offer_handoff", False),
        (seen(GUIDE, item="社会保障卡挂失与补领换领"), "answer_item:社会保障卡补领", True),
        (seen(GUIDE, item="居住证办理"), "answer_item:社会保障卡补领", False),
        (seen(GUIDE, aspects=("time",)), "aspect:time", True),
        (seen(GUIDE, aspects=("time",)), "aspect:fee", False),
        (seen(GUIDE, aspects=("steps",)), ["aspect:materials", "aspect:process"], True),
        (seen(say("电话 13800000001")), "no_private_data", False),
        (seen(say("电话 13800000001"), user="我的电话 13800000001"), "no_private_data", True),
        (seen(say("没有听懂"), previous="没有听懂"), "not_repeat_clarify", False),
        (seen(say("三件"), after=Standing(matters=3)), "split:3", True),
        (seen(say("一件"), after=Standing(matters=1)), "split:3", False),
        (seen(say("好")), "nobody_knows_this", None),
        (seen(say("好")), ["nobody_knows_this", "not_file"], True),
    ],
)
def test_checks(turn: Seen, check: Any, held: bool | None) -> None:
    assert passes(turn, check) is held


WANTED = {
    "type": "投诉",
    "also_type": ["求助"],
    "place": "云溪苑小区东门",
    "unit_kind": ["城管"],
    "category1": "城乡建设",
    "category2": "城市建设和市政管理",
}


@pytest.mark.parametrize(
    ("outcome", "filed", "word"),
    [
        ({"cases": [WANTED], "handed_over": False}, [CASE], None),
        ({"cases": []}, [CASE], "应为 0 件"),
        ({"cases": [WANTED]}, [], "应为 1 件"),
        ({"cases": [{**WANTED, "also_type": []}]}, [CASE], "类型"),
        ({"cases": [{**WANTED, "place": "滨江路3号"}]}, [CASE], "地点"),
        ({"cases": [{**WANTED, "unit_kind": ["住建"]}]}, [CASE], "单位"),
        ({"cases": [{**WANTED, "category2": "安全生产"}]}, [CASE], "类别"),
        ({"cases": [{**WANTED, "urgency": "紧急"}]}, [CASE], "紧急程度"),
        ({"cases": [], "handed_over": True}, [], "应当转人工"),
        ({"cases": [], "handed_over": "true_or_offered"}, [], None),
        ({"cases": [], "handover_to": "119"}, [], "119"),
        ({"cases": [], "review": {"grade": 5}}, [], "5 级评价"),
    ],
)
def test_outcomes(outcome: dict[str, Any], filed: list[FiledCase], word: str | None) -> None:
    problems = outcome_problems(outcome, filed, Standing(), TOPICS)
    assert problems == [] if word is None else any(word in one for one in problems)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "没有对话"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b'{"id": "X"}', "第 1 行"),
        (b'{"id": "X", "turns": []}\nnot json', "第 2 行"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "dialogues.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadDialogues, match=word):
        read_dialogues(path)
