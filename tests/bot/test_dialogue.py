"""What a turn means depends on what was asked before."""

from __future__ import annotations

import pytest

from bot.actions.dialogue import (
    Step,
    decide,
    how_to_report,
    is_yes,
    looks_like_question,
    question_at_end,
)

TABLE = [
    # act, confidence, awaiting, text → step
    ("ask_guide", 0.9, None, "身份证怎么办", Step.GUIDE),
    ("file_case", 0.9, None, "路灯坏了", Step.TAKE_IN),
    ("nlu_fallback", 0.3, None, "那个撒", Step.UNCLEAR),
    ("inform", 0.9, None, "望湖路18号", Step.UNCLEAR),
    ("ask_progress", 0.8, None, "我的单子到哪了", Step.PROGRESS),
    ("ask_guide", 0.6, "place", "望湖路18号", Step.TAKE_IN),
    ("ask_guide", 0.9, "place", "身份证过期了怎么换？", Step.GUIDE),
    ("chitchat", 0.9, "since", "三天", Step.TAKE_IN),
    ("affirm", 0.9, "confirm", "对的", Step.CONFIRM),
    ("chitchat", 0.2, "confirm", "没问题，提交", Step.CONFIRM),
    ("affirm", 0.9, None, "确认提交", Step.CONFIRM),
    ("affirm", 0.9, None, "提交材料", Step.UNCLEAR),
    ("inform", 0.7, "confirm", "不对，是东门", Step.TAKE_IN),
    ("deny", 0.9, "confirm", "算了不投诉了", Step.DROP),
    ("handoff", 0.9, "contact", "给我转人工", Step.HANDOFF),
    ("thanks", 0.95, "contact", "谢谢", Step.SMALL_TALK),
    ("inform", 0.9, "progress", "2611220000011 234567", Step.PROGRESS),
    ("file_case", 0.9, "progress", "路灯坏了", Step.TAKE_IN),
    ("chitchat", 0.9, "review_reason", "态度太差", Step.REVIEW),
    ("out_of_scope", 0.9, None, "写首诗", Step.ROUTE),
    ("ask_guide", 0.9, None, "我要投诉", Step.TAKE_IN),
    ("ask_guide", 0.9, None, "我要投诉半夜施工", Step.TAKE_IN),
    ("ask_guide", 0.9, None, "我要投诉物业，找哪个部门？", Step.GUIDE),
    ("ask_guide", 0.9, None, "我要举报信箱地址", Step.GUIDE),
    ("affirm", 0.9, "confirm", "就是这样", Step.CONFIRM),
    ("affirm", 0.9, "confirm", "是东门", Step.TAKE_IN),
    ("affirm", 0.9, "confirm", "是同一件事", Step.TAKE_IN),
    ("withdraw", 0.9, "confirm", "第二件不要了", Step.TAKE_IN),
    ("withdraw", 0.9, "confirm", "这是投诉", Step.TAKE_IN),
    ("withdraw", 0.9, "confirm", "不想弄了", Step.DROP),
    ("ask_guide", 0.9, None, "办得怎么样了", Step.PROGRESS),
    ("chitchat", 0.9, None, "嗯就是那个那个嘛 你晓得的撒", Step.UNCLEAR),
    ("ask_progress", 0.9, "progress", "就是上回那个东西搞起了没有", Step.UNCLEAR),
    ("handoff", 0.9, "progress", "没有，转人工", Step.HANDOFF),
    ("ask_progress", 0.9, None, "上次那个路灯修好了没有", Step.PROGRESS),
    ("supplement", 0.9, "reopen", "还是不行", Step.PROGRESS),
    ("chitchat", 0.9, None, "2611220000013 查询码 234567", Step.PROGRESS),
]


@pytest.mark.parametrize(("act", "confidence", "awaiting", "text", "step"), TABLE)
def test_a_turn_is_taken_as_it_is_meant(
    act: str, confidence: float, awaiting: str | None, text: str, step: Step
) -> None:
    assert decide(act, confidence, awaiting, text) is step


@pytest.mark.parametrize(
    "text", ["对", "对的", "行了行了提交", "没问题", "好的，提交", "确认提交", "嗯嗯"]
)
def test_a_yes_is_known(text: str) -> None:
    assert is_yes(text)


@pytest.mark.parametrize("text", ["不对", "对面那家", "是东门", "好像是昨天", "行人道坏了"])
def test_what_is_no_yes_files_nothing(text: str) -> None:
    assert not is_yes(text)


@pytest.mark.parametrize(
    "text", ["要钱吗", "在哪办", "居住证需要什么材料", "多久能好", "能不能代办"]
)
def test_questions_are_known(text: str) -> None:
    assert looks_like_question(text)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("我妈六十六了老说头晕，我就想问问老年人免费体检怎么办", "老年人免费体检怎么办"),
        ("路灯坏了三天了，你们到底修不修", None),
        ("我想问一下居住证要什么材料", "居住证要什么材料"),
    ],
)
def test_the_question_at_the_end_of_a_story(text: str, question: str | None) -> None:
    assert question_at_end(text) == question


@pytest.mark.parametrize(
    ("text", "matter"),
    [
        ("路灯坏了怎么反映", "路灯坏了"),
        ("楼上漏水该找谁投诉？", "楼上漏水"),
        ("望湖路井盖没了去哪里报修", "望湖路井盖没了"),
        ("身份证怎么办", None),
        ("怎么投诉", None),
        ("路灯坏了没人修", None),
    ],
)
def test_a_question_how_to_report_names_its_matter(text: str, matter: str | None) -> None:
    assert how_to_report(text) == matter
