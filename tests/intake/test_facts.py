"""What one message says of contact, time and wishes."""

from __future__ import annotations

import pytest

from intake.facts import Facts, own_phone, read_facts, without_phone

CASES = [
    ("得有一个礼拜了吧", Facts(since="得有一个礼拜")),
    ("每天凌晨，13800000021", Facts(since="每天凌晨", phone="13800000021")),
    ("昨晚11点到今天凌晨2点一直吵", Facts(since="昨晚11点到今天凌晨2点")),
    ("两三天了", Facts(since="两三天")),
    ("上周三下午开始停水", Facts(since="上周三下午")),
    ("半个月了还没修", Facts(since="半个月")),
    ("我叫李明，电话0000-12345678", Facts(name="李明", phone="000012345678")),
    ("我姓王", Facts(name="王先生/女士")),
    ("替我妈反映一下", Facts(on_behalf_of="妈")),
    ("不要让老板知道我是谁", Facts(confidential=True)),
    ("不用保密", Facts(confidential=False)),
    ("匿名吧", Facts(anonymous=True)),
    ("我不想留电话", Facts(anonymous=True)),
    ("不知道", Facts(dont_know=True)),
]


@pytest.mark.parametrize(("text", "facts"), CASES)
def test_facts_are_read_as_said(text: str, facts: Facts) -> None:
    assert read_facts(text) == facts


def test_a_house_number_is_no_date() -> None:
    assert read_facts("体育东路18号路灯坏了三天", ("体育东路18号",)).since == "三天"
    assert read_facts("翠湖苑3号楼电梯坏了").since is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("路灯坏了，我的手机号是13800000070", "路灯坏了"),
        ("書院路井蓋鬆動三天，電話13800000070", "書院路井蓋鬆動三天"),
        ("手機號碼：13800000070", "手機號碼：13800000070"),
        ("13800000070，春晖路18号13800000070", "春晖路18号"),
    ],
)
def test_a_matter_is_told_without_the_number_and_what_leads_to_it(text: str, rest: str) -> None:
    assert without_phone(text) == rest


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("邻居张大力13800000071天天打麻将", None),
        ("老板电话是13800000071，欠我工资", None),
        ("老板电话13800000071不接，我的电话13800000072", "13800000072"),
        ("我是租户，房东13800000071不退押金，联系我13800000072", "13800000072"),
        ("骗子的号码是一三八零零零零零零七一", None),
        ("我公司电话13800000071", "13800000071"),
        ("物业不管，13800000071", "13800000071"),
        ("我邻居家漏水，打我电话13800000071", "13800000071"),
    ],
)
def test_the_number_of_somebody_else_is_not_the_citizens(text: str, phone: str | None) -> None:
    assert own_phone(text) == phone


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我是王小明，住春晖路18号", "王小明"),
        ("我是示例·王小明，住春晖路18号", "示例·王小明"),
        ("我叫示例·王小明", "示例·王小明"),
        ("我是业主，电梯坏了", None),
        ("我是高中生", None),
        ("我是白领", None),
        ("我是江边住户", None),
        ("我是马上要生了", None),
        ("不是我是王小明弄坏的", None),
    ],
)
def test_who_introduces_oneself_has_a_name(text: str, name: str | None) -> None:
    assert read_facts(text).name == name
