"""The aspect asked and no more, with its source, and nothing made up."""

from __future__ import annotations

from typing import Any

import pytest

from kb.answers import (
    TITLES,
    Asker,
    answer_text,
    differs_by_area,
    offers,
    source_line,
)
from kb.aspects import Aspect
from tests.kb.samples import bare, city_records, complete

SOURCE = "来源：渔船登记（T-001，第2版，有效期自2026-01-01）· 示例市农业农村局"
ONE_ASPECT = [
    (Aspect.TIME, ["承诺 5 个工作日内办结，法定时限 20 个工作日。", "查验另需 2 天"]),
    (Aspect.FEE, ["· 工本费：10元/本"]),
    (Aspect.MATERIALS, ["1. 购船合同（复印件1份）", "视情况提供：", "· 代办时：委托书（原件1份）"]),
    (Aspect.CONDITIONS, ["· 船籍港在本市。", "· 二手船：已办注销。"]),
    (Aspect.STEPS, ["1. 提交", "2. 查验", "3. 领证"]),
    (Aspect.PLACE, ["· 渔政窗口，渡口路 1 号，周一至周五 9:00-17:00，电话 0000-12340001"]),
    (Aspect.ONLINE, ["可以网上办理。", "登录后填表", "网址：https://zwfw.example.cn/t"]),
    (Aspect.AGENT, ["可以代办，带委托书。"]),
    (Aspect.VISITS, ["最多到现场 1 次。"]),
    (Aspect.RESULT, ["渔船登记证书"]),
    (Aspect.PHONE, ["咨询电话：0000-12340001", "监督投诉电话：0000-12340002"]),
    (Aspect.BASIS, ["· 《渔业船舶登记办法》"]),
]


@pytest.mark.parametrize(("aspect", "lines"), ONE_ASPECT)
def test_one_aspect_and_no_more(aspect: Aspect, lines: list[str]) -> None:
    assert answer_text(complete(), (aspect,)).split("\n") == ["【渔船登记】", *lines, SOURCE]


@pytest.mark.parametrize("aspect", [aspect for aspect, _ in ONE_ASPECT])
def test_what_the_guide_leaves_out_is_said_plainly(aspect: Aspect) -> None:
    told = answer_text(bare(inquiry_phone_of_unit="0000-12341111"), (aspect,)).split("\n")
    if aspect is Aspect.PHONE:
        assert told[1] == "咨询电话：0000-12341111"
    else:
        said = f"办事指南没有写明{TITLES[aspect]}，请致电 0000-12341111 核实。"
        assert told == ["【渔船登记】", said, SOURCE]
    assert "请拨打 12345 转人工核实" in answer_text(bare(), (aspect,))


VARIANTS = [
    ({"fees": {"charged": False}}, Aspect.FEE, "不收费。"),
    ({"limits": {"promised": {"days": 0}}}, Aspect.TIME, "即时办结。"),
    ({"limits": {"legal": {"days": 60, "unit": "自然日"}}}, Aspect.TIME, "法定时限 60 个自然日。"),
    ({"online": {"available": False}}, Aspect.ONLINE, "目前不能网上办理，请到窗口办理。"),
    ({"visits": 0}, Aspect.VISITS, "不用到现场。"),
]


@pytest.mark.parametrize(("changes", "aspect", "line"), VARIANTS)
def test_variants(changes: dict[str, object], aspect: Aspect, line: str) -> None:
    assert answer_text(complete(**changes), (aspect,)).split("\n")[1] == line


def test_several_aspects_each_have_a_heading() -> None:
    assert answer_text(complete(), (Aspect.FEE, Aspect.VISITS)).split("\n") == [
        "【渔船登记】", "收费：· 工本费：10元/本", "跑动次数：最多到现场 1 次。", SOURCE,
    ]  # fmt: skip


def test_an_overview_is_short_and_skips_what_is_not_known() -> None:
    full = answer_text(complete(), ()).split("\n")
    assert full[0] == "【渔船登记】为新买的渔船办理登记。"
    assert [line.split("：")[0] for line in full[1:-1]] == ["时限", "收费", "去哪办", "网上可办"]
    assert answer_text(bare(), (Aspect.OVERVIEW,)).split("\n") == [full[0], SOURCE]


def test_why_one_must_come_and_what_the_post_spares() -> None:
    item = complete(visits_reason="须查验船舶", handling={"courier": True})
    assert answer_text(item, (Aspect.VISITS,)).split("\n")[1:-1] == [
        "最多到现场 1 次。",
        "要到现场的原因：须查验船舶",
        "材料和结果可以快递。",
    ]


def test_the_end_of_validity_and_who_carries_it_out_stand_in_the_source() -> None:
    assert "有效期自2026-01-01至2026-12-31" in source_line(complete(valid_to="2026-12-31"))
    taken_in = source_line(complete(department="某省农业农村厅"))
    assert taken_in.endswith("· 某省农业农村厅，示例市农业农村局提供")


def test_offers_name_other_aspects_that_the_guide_can_answer() -> None:
    values = [value for _, value in offers(complete(), (Aspect.MATERIALS,))]
    assert values == ["item:T-001:place", "item:T-001:time", "item:T-001:online"]
    assert offers(bare(), (Aspect.OVERVIEW,)) == []


def test_every_item_of_the_city_answers_every_aspect() -> None:
    for item in city_records():
        for aspect in Aspect:
            told = answer_text(item, (aspect,))
            assert told.split("\n")[-1] == source_line(item)
            assert "没有写明" not in told, (item.code, aspect)
            assert len(told) < 1200, (item.code, aspect, len(told))
        assert all(len(title) <= 60 for title, _ in offers(item, ()))


WINDOWS = [
    {"name": "甲区窗口", "area": "a"},
    {"name": "甲区一街窗口", "area": "a.one"},
    {"name": "乙区窗口", "area": "b"},
    {"name": "市窗口"},
]


@pytest.mark.parametrize(
    ("areas", "told"),
    [
        ((), ["甲区窗口", "甲区一街窗口", "乙区窗口"]),
        (("a.one", "a"), ["甲区一街窗口", "甲区窗口", "市窗口"]),
        (("b",), ["乙区窗口", "市窗口"]),
        (("c",), ["市窗口"]),
    ],
)
def test_the_windows_of_where_one_lives_come_first(areas: tuple[str, ...], told: list[str]) -> None:
    lines = answer_text(complete(windows=WINDOWS), (Aspect.PLACE,), Asker("", areas)).split("\n")
    assert [line.removeprefix("· ") for line in lines if line.startswith("· ")] == told


@pytest.mark.parametrize(
    ("changes", "aspect", "differs"),
    [
        ({"windows": WINDOWS}, Aspect.PLACE, True),
        ({"windows": WINDOWS}, Aspect.FEE, False),
        ({"windows": WINDOWS[:1]}, Aspect.PLACE, False),
        ({"agents": [{"area": "a", "name": "甲", "phone": "1"}]}, Aspect.AGENT, True),
        ({}, Aspect.AGENT, False),
    ],
)
def test_when_an_answer_depends_on_where_one_lives(
    changes: dict[str, Any], aspect: Aspect, differs: bool
) -> None:
    assert differs_by_area(complete(**changes), (aspect,)) is differs
