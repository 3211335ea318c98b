"""Texts by the rules of the networks: lengths, splitting, wishes, grades by digit."""

from __future__ import annotations

import pytest

from core.replies import Choice, say
from integrations.sms.wording import (
    MOST_SEGMENTS,
    Wish,
    chosen,
    graded,
    graded_in_words,
    segments,
    split,
    unusable,
    wish,
    worded,
)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("灯" * 70, 1),
        ("灯" * 71, 2),
        ("灯" * 134, 2),
        ("灯" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("", 1),
    ],
)
def test_segments(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"第{n}条，请带身份证原件到窗口办理。" for n in range(60)),
        "没有标点" * 400,
        "短。" * 300 + "长" * 700 + "。完",
    ],
)
def test_long_texts_are_split_whole_and_numbered(text: str) -> None:
    parts = split(text)
    assert len(parts) > 1
    assert all(segments(part) <= MOST_SEGMENTS for part in parts)
    heads = [f"({n}/{len(parts)})" for n in range(1, len(parts) + 1)]
    assert all(part.startswith(head) for part, head in zip(parts, heads, strict=True))
    whole = "".join(part.removeprefix(head) for part, head in zip(parts, heads, strict=True))
    assert whole == text


def test_a_short_text_is_one() -> None:
    assert split("已登记。") == ["已登记。"]


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("退订", Wish.STOP),
        (" 退订。", Wish.STOP),
        ("TD", Wish.STOP),
        ("stop", Wish.STOP),
        ("ＴＤ", Wish.STOP),
        ("订阅", Wish.START),
        ("START", Wish.START),
        ("我要退订报纸怎么办", None),
        ("路灯坏了", None),
        ("", None),
    ],
)
def test_wishes(body: str, asked: Wish | None) -> None:
    assert wish(body) == asked


@pytest.mark.parametrize(
    ("body", "grade", "reason"),
    [
        ("5", 5, ""),
        (" 4 ", 4, ""),
        ("3分", 3, ""),
        ("2 一直没人来", 2, "一直没人来"),
        ("1，答非所问", 1, "答非所问"),
        ("１", 1, ""),
        ("２ 一直没人来，等了３天", 2, "一直没人来，等了３天"),
    ],
)
def test_grades(body: str, grade: int, reason: str) -> None:
    assert graded(body) == (grade, reason)


@pytest.mark.parametrize(
    "body", ["0", "6", "55", "12345", "路灯坏了5天", "3天了没人来", "2 号楼停电了", ""]
)
def test_no_grades(body: str) -> None:
    assert graded(body) is None


@pytest.mark.parametrize(
    ("body", "given"),
    [
        ("非常不满意，要我多交材料", (1, "要我多交材料")),
        ("对这次办理很满意", (5, "")),
        ("一般", (3, "")),
        ("差评，跑了三趟", (2, "跑了三趟")),
        ("满意度怎么查", None),
        ("路灯还是不亮，很不满意", None),
        ("一般几天办好", None),
    ],
)
def test_grades_in_words(body: str, given: tuple[int, str] | None) -> None:
    assert graded_in_words(body) == given


@pytest.mark.parametrize(
    ("body", "given"),
    [
        ("2 还是有油烟", (2, "还是有油烟")),
        ("1，没清", (1, "没清")),
        ("1分 没清", (1, "没清")),
        ("5", (5, "")),
        ("1、路灯坏了 2、井盖丢了", None),
        ("1没清", None),
    ],
)
def test_grades_apart_from_their_reason(body: str, given: tuple[int, str] | None) -> None:
    assert graded(body, apart=True) == given


def test_choices_by_digit_or_title() -> None:
    last = say(
        "请选", ("确认提交", "intake:confirm"), ("修改", "intake:edit"), ("转人工", "handoff")
    )
    assert chosen("1", last) == Choice(title="确认提交", value="intake:confirm")
    assert chosen("修改。", last) == Choice(title="修改", value="intake:edit")
    for other in ("3", "0", "不对", ""):
        assert chosen(other, last) is None
    assert chosen("1", None) is None


def test_a_digit_that_is_no_choice() -> None:
    last = say("请选", ("甲", "a"), ("乙", "b"), ("转人工", "handoff"))
    for digit in ("3", " 0。", "9"):
        told = unusable(digit, last)
        assert told is not None and told.text == "没有这个选项，请回复 1 到 2。"
        assert told.choices == last.choices
    for other in ("1", "甲", "12", "不对", ""):
        assert unusable(other, last) is None
    assert unusable("3", say("几楼？", ("转人工", "handoff"))) is None
    assert unusable("3", None) is None


def test_a_reply_in_a_text_has_no_link() -> None:
    told = worded(
        "已登记。\n详情 https://a.example/x 。也可以在“查进度”页面查询。",
        [Choice(title="查进度", value="case:progress"), Choice(title="转人工", value="handoff")],
        None,
    )
    assert told == "已登记。\n详情  。\n回复数字选择：1 查进度\n需要人工请回复：转人工"
