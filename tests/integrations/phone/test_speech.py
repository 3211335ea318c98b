"""What is read becomes what is spoken, and what is spoken what is understood."""

from __future__ import annotations

import pytest

from core.replies import say
from integrations.plain import keys_of, without_screen
from integrations.voice.dialogue import part
from integrations.voice.numbers import international, national
from integrations.voice.speech import (
    LONGEST_PART,
    expects_number,
    in_parts,
    key_said,
    menu,
    speakable,
    with_digits,
)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("工单编号 2611220000011。", "工单编号 2 6 1 1，2 2 0 0，0 0 0 1，1。"),
        ("SL261112000021 公积金提取", "SL2 6 1 1，1 2 0 0，0 0 2 1 公积金提取"),
        ("查询码 234567。", "查询码 2 3 4 5 6 7。"),
        ("请拨打 119，不要挂断。", "请拨打 1 1 9，不要挂断。"),
        ("可以打 138****1234 吗？", "可以打 尾号 1 2 3 4 吗？"),
        ("抢修电话 0000-12349777（24小时）", "抢修电话 0 0 0 0，1 2 3 4，9 7 7 7（24小时）"),
        ("预计 2026-12-03 18:00 前答复您。", "预计 12月3日18点 前答复您。"),
        ("08-05 09:30 已交办", "8月5日9点30分 已交办"),
        ("补贴 120000 元，50平方米。", "补贴 120000 元，50平方米。"),
        ("需要材料：\n· 身份证\n· 户口簿", "需要材料：身份证。户口簿"),
        ("**重要**：\n# 一、申请\n- 填写", "重要：一、申请。填写"),
        ("已登记。详情见 https://a.example/p?x=1 。", "已登记。详情见  。"),
        ("记下了。不想等的话可以填表反映。", "记下了。"),
        ("也可以在“查进度”页面查询。", ""),
    ],
)
def test_speakable(written: str, spoken: str) -> None:
    assert speakable(written) == spoken


def test_long_answers_are_cut_between_sentences() -> None:
    text = "".join(f"第{n}条，请带身份证原件和复印件到窗口办理。" for n in range(30))
    parts = in_parts(text)
    assert "".join(parts) == text
    assert len(parts) > 3 and all(len(part) <= LONGEST_PART for part in parts)
    assert all(part.endswith("。") for part in parts)
    assert in_parts("") == []


@pytest.mark.parametrize(
    ("choices", "keys"),
    [
        (
            [("确认提交", "intake:confirm"), ("是同一件事", "intake:one"), ("修改", "intake:edit")],
            ["intake:confirm", "intake:edit", "intake:one"],
        ),
        (
            [("转人工", "handoff"), ("填表反映", "form"), ("查进度", "case:progress")],
            ["case:progress"],
        ),
        ([(str(n), f"v{n}") for n in range(12)], [f"v{n}" for n in range(7)]),
        ([], []),
    ],
)
def test_keys(choices: list[tuple[str, str]], keys: list[str]) -> None:
    assert [choice.value for choice in keys_of(say("请选", *choices))] == keys


@pytest.mark.parametrize("kind", ["review", "second", "rate:grade"])
def test_grades_are_on_their_own_keys(kind: str) -> None:
    offered = [(str(n), f"{kind}:{n}") for n in (5, 4, 3, 2, 1)]
    assert [choice.value for choice in keys_of(say("请评价", *offered))] == [
        f"{kind}:{n}" for n in (1, 2, 3, 4, 5)
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("已派往示例市城东区城市管理局", "已派往示例市城东区城市管理局。催办请按1。"),
        ("正在办理。", "正在办理。催办请按1。"),
        ("要做什么？", "要做什么？催办请按1。"),
        ("", "催办请按1。"),
    ],
)
def test_what_is_said_ends_before_the_keys(text: str, said: str) -> None:
    assert part(text, [], keys_of(say("", ("催办", "case:urge")))) == said


def test_a_menu_names_its_keys() -> None:
    keys = keys_of(say("", ("东门", "东门"), ("西门", "西门")))
    assert menu(keys) == "东门请按1，西门请按2。"
    assert menu([]) == ""


@pytest.mark.parametrize(
    ("heard", "understood"),
    [
        ("编号是二六一一二二零零零零零一一", "编号是2611220000011"),
        ("幺三八 零零零零 一二三四", "13800001234"),
        ("二、三、四、五、六、七", "234567"),
        ("一三八0000一二三四", "13800001234"),
        ("三栋二单元一零零二室", "三栋二单元一零零二室"),
        ("一二三四", "一二三四"),
        ("路灯坏了", "路灯坏了"),
    ],
)
def test_spoken_numbers(heard: str, understood: str) -> None:
    assert with_digits(heard) == understood


@pytest.mark.parametrize(
    ("heard", "key"),
    [
        ("一", "1"),
        ("按二", "2"),
        ("我选三。", "3"),
        ("第一个", "1"),
        ("5", "5"),
        ("两号", "2"),
        ("一共三个", None),
        ("路灯坏了", None),
    ],
)
def test_keys_said(heard: str, key: str | None) -> None:
    assert key_said(heard) == key


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("请告诉我工单编号和 6 位查询码", True),
        ("还需要6 位查询码。", True),
        ("请留一个联系电话，承办单位会与您联系。", True),
        ("可以打这个号码联系您吗？要用别的号码，请直接说", True),
        ("已登记，工单编号 26，查询码 23。请保存好编号和查询码，可随时查进度。", False),
        ("请问在哪里？", False),
    ],
)
def test_what_asks_for_a_number(text: str, asks: bool) -> None:
    assert expects_number(text) is asks


@pytest.mark.parametrize(
    ("given", "here"),
    [
        ("+8613800001234", "13800001234"),
        ("+861012345000", "01012345000"),
        ("+86 138 0000 1234", "13800001234"),
        ("13800001234", "13800001234"),
        ("+442071234567", "+442071234567"),
        ("anonymous", None),
        ("Restricted", None),
        ("+266696687", None),
        ("", None),
        ("sip:a@b", None),
        ("１３８", None),
    ],
)
def test_national(given: str, here: str | None) -> None:
    assert national(given) == here


@pytest.mark.parametrize(
    ("here", "given"),
    [
        ("13800001234", "+8613800001234"),
        ("010-12345000", "+861012345000"),
        ("119", "119"),
        ("+442071234567", "+442071234567"),
    ],
)
def test_international(here: str, given: str) -> None:
    assert international(here) == given


def test_nothing_speaks_of_a_screen() -> None:
    assert without_screen("请点击下面的按钮。或者直接说。") == "或者直接说。"
