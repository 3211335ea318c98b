"""Which matters are taken for the same: pairs of our own, and the rules one by one."""

from __future__ import annotations

import pytest
from similar_pairs import DIFFERENT, SAME, UNSEEN_DIFFERENT, UNSEEN_SAME, Said, matter

from cases.likeness import Matter, coarse_place, compare


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_matter_told_again_is_recognised(one: Said, other: Said) -> None:
    likeness = compare(matter(one), matter(other))
    assert likeness.likely, likeness


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_another_matter_is_not_suggested(one: Said, other: Said) -> None:
    likeness = compare(matter(one), matter(other))
    assert not likeness.likely, likeness
    assert not likeness.certain, likeness


def test_most_of_the_same_matters_are_certain() -> None:
    certain = sum(compare(matter(a), matter(b)).certain for a, b in SAME)
    assert certain >= 0.7 * len(SAME)


def test_pairs_that_set_no_limit_are_told_apart_as_well() -> None:
    found = sum(compare(matter(a), matter(b)).likely for a, b in UNSEEN_SAME)
    wrong = sum(compare(matter(a), matter(b)).likely for a, b in UNSEEN_DIFFERENT)
    assert found >= 7
    assert wrong == 0


@pytest.mark.parametrize(("one", "other"), SAME + DIFFERENT)
def test_the_order_does_not_count(one: Said, other: Said) -> None:
    assert compare(matter(one), matter(other)).score == compare(matter(other), matter(one)).score


LAMP = "路灯不亮，晚上看不见路"


@pytest.mark.parametrize(
    ("one", "other", "certain", "reason"),
    [
        # The same road under two spellings is one place when the territory says so.
        (
            Matter("A0312", LAMP, "东城路12号", "chengdong.road.x", "chengdong.chunhui"),
            Matter("A0312", LAMP, "东城大道12号", "chengdong.road.x", "chengdong.chunhui"),
            True,
            "同一地点：东城路12号",
        ),
        # The same name in two districts is two places.
        (
            Matter("A0312", LAMP, "建设路", "a.jian-she-lu", "chengxi.shiqiao", "chengxi"),
            Matter("A0312", LAMP, "建设路", "b.jian-she-lu", "linjiang.dukou", "linjiang"),
            False,
            "地点不同",
        ),
        # A district says too little to be a place.
        (
            Matter("A0312", LAMP, "城东区", "chengdong", None, "chengdong"),
            Matter("A0312", LAMP, "望湖路8号", "chengdong.road.y", None, "chengdong"),
            False,
            "同一类别",
        ),
        (Matter("A0312", LAMP, "望湖路8号"), Matter("A0312", LAMP, "望湖路9号"), False, "地点不同"),
        (Matter("A0312", LAMP, "望湖路"), Matter("A0312", LAMP, "望湖路"), True, "同一类别"),
        (Matter(None, LAMP), Matter(None, LAMP), True, "描述相近（100%）"),
        (Matter("A0312", LAMP), Matter("A0310", "路面有个坑"), False, "类别相近"),
    ],
)
def test_the_rules_and_their_reasons(
    one: Matter, other: Matter, certain: bool, reason: str
) -> None:
    likeness = compare(one, other)
    assert likeness.certain is certain
    assert reason in likeness.reasons


def test_formulas_of_the_call_centre_make_nothing_alike() -> None:
    formula = "市民来电反映：{}，希望有关部门尽快处理解决，要求给予合理解释"
    one, other = formula.format("楼道堆满杂物"), formula.format("学校收费不合理")
    assert not compare(Matter(None, one), Matter(None, other)).likely


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("幸福家园3栋2单元501", "幸福家园3栋"),
        ("幸福家园3栋2单元501室", "幸福家园3栋"),
        ("幸福家园三号楼一单元", "幸福家园3号楼"),
        ("望湖路8号", "望湖路8号"),
        ("望湖路8号1203室", "望湖路8号"),
        ("百花巷", "百花巷"),
        ("", ""),
    ],
)
def test_others_read_a_place_without_the_flat(said: str, shown: str) -> None:
    assert coarse_place(said) == shown
