"""The five grades and the tags that go with them. Pure.

Two code systems run opposite ways: in the national review interface 5 is 非常满意, in
GB/T 39046-2020 A.8 it is 1. Here 5 is 非常满意; conversion is explicit.
"""

from __future__ import annotations

from enum import IntEnum


class Grade(IntEnum):
    """How satisfied, in the code of the national review interface."""

    VERY_DISSATISFIED = 1
    DISSATISFIED = 2
    FAIR = 3
    SATISFIED = 4
    VERY_SATISFIED = 5


GRADE_NAMES = {
    Grade.VERY_SATISFIED: "非常满意",
    Grade.SATISFIED: "满意",
    Grade.FAIR: "基本满意",
    Grade.DISSATISFIED: "不满意",
    Grade.VERY_DISSATISFIED: "非常不满意",
}

# 差评: a reason is asked for, and it must be put right.
BAD = frozenset({Grade.DISSATISFIED, Grade.VERY_DISSATISFIED})

# National tag codes; the first digit is the grade.
TAGS: dict[Grade, dict[str, str]] = {
    Grade.VERY_SATISFIED: {
        "510": "一窗受理、一次办结",
        "511": "可以先受理后补材料",
        "512": "不用提交证明",
        "513": "可以全程网上办",
        "514": "可以在手机上办",
        "515": "可以就近办",
        "516": "无需提交材料",
        "517": "服务热情、效率高",
    },
    Grade.SATISFIED: {
        "406": "只填一张表单",
        "407": "在线提交、窗口核验",
        "408": "一张清单告知清楚",
        "409": "告知承诺减了材料",
        "410": "可以在线预约",
        "411": "跑大厅一次办完",
        "412": "可以用自助机办",
        "413": "服务态度较好",
    },
    Grade.FAIR: {
        "307": "一次性告知需要补正的内容",
        "308": "提供了样本",
        "309": "在承诺时间内办结",
        "310": "办事指南准确",
        "311": "按指南备齐材料即可办",
        "312": "提供快递送达",
        "313": "跑动次数与承诺一致",
        "314": "服务态度一般",
    },
    Grade.DISSATISFIED: {
        "207": "没有提供样本",
        "208": "没有提供材料清单",
        "209": "未在承诺时间内办结",
        "210": "同样的材料要多次提交",
        "211": "承诺网上办但办不了",
        "212": "预约后仍要重新取号",
        "213": "业务不熟练",
        "214": "服务态度生硬",
    },
    Grade.VERY_DISSATISFIED: {
        "108": "在指南之外增加审批条件",
        "109": "在指南之外要求提交材料",
        "110": "无理由超过法定办理时间",
        "111": "提供的样本有错误",
        "112": "承诺在线收取材料实际不能",
        "113": "需要多头跑",
        "114": "跑动次数与承诺不一致",
        "115": "态度差、效率低",
    },
}

# What a form offers, the best first: grade, name, tags by code, and whether a reason is asked for.
CHOICES = [
    (int(grade), GRADE_NAMES[grade], TAGS[grade], grade in BAD)
    for grade in sorted(Grade, reverse=True)
]


def to_standard(grade: Grade) -> int:
    """The grade as GB/T 39046-2020 A.8 codes it (1 is 非常满意)."""
    return 6 - grade


def from_standard(code: int) -> Grade:
    """The grade behind a GB/T 39046-2020 A.8 code. Raises ValueError outside 1-5."""
    return Grade(6 - code)


def problems(grade: Grade, tags: list[str], text: str) -> dict[str, str]:
    """What is wrong with a review, by field; empty when it can be taken.

    A bad one needs tags or words (rule of the national interface: satisfaction below 3); tags
    must be those of the grade.
    """
    found = {}
    foreign = [tag for tag in tags if tag not in TAGS[grade]]
    if foreign:
        found["tags"] = f"“{GRADE_NAMES[grade]}”没有这些标签：{'、'.join(foreign)[:100]}"
    elif len(set(tags)) != len(tags):
        found["tags"] = "标签重复"
    if grade in BAD and not tags and not text.strip():
        found["text"] = "请选择或写明不满意的原因"
    return found
