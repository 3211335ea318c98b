"""Emergencies are found, and what only sounds like one is left alone."""

from __future__ import annotations

import pytest

from intake.emergencies import advice_text, cannot_speak, screen

EMERGENCIES = [
    ("119", "我家着火了快来"),
    ("119", "救火"),
    ("119", "快来救火啊"),
    ("110", "楼下有人在打架还拿着刀"),
    ("120", "我妈突然晕倒了叫不醒"),
    ("119", "厨房一股煤气味我头晕"),
    ("120", "我不想活了"),
    ("119", "电梯里困了三个人"),
    ("122", "望湖路刚刚两车追尾有人受伤"),
    ("119", "孩子掉进河里了"),
    ("110", "有人撬我家门"),
    ("110", "我女儿走丢了找不到"),
    ("110", "高压线掉在地上了"),
    ("119", "水库大坝渗水了"),
    ("110", "老公正在打我"),
    ("120", "误喝了洁厕灵"),
    ("110", "我刚被骗了五万正在转账"),
    ("110", "有人要跳楼，站在天台上"),
    ("119", "山上冒浓烟了"),
    ("110", "有人打我，不能说话"),
    ("119", "我要投诉楼上装修，哎等一下，屋里一大股煤气味，我头晕"),
    ("119", "上个月投诉过路灯。现在楼道里着火了！"),
]
LEFT_ALONE = [
    "想当救火队员怎么报名",
    "楼下吵得我想死",
    "上个月我家着火，现在想问理赔怎么办",
    "小区消防通道被堵，万一着火怎么办",
    "电梯老是坏，怕哪天困人",
    "煤气罐在哪里换",
    "燃气灶打不着火",
    "车祸责任认定书怎么开",
    "气死我了你们管不管",
    "打我这个电话就行",
    "去年被车撞的伤残补助怎么申请",
    "前天晚上有人打架，现在没事了想反映夜宵摊",
    "路灯坏了晚上容易出车祸",
    "建议增加救护车",
    "老人走失怎么预防",
    "广场舞吵死人了",
    "工地噪音吵得人要发疯",
    "老年乘车卡在哪里办",
]


@pytest.mark.parametrize(("number", "text"), EMERGENCIES)
def test_an_emergency_goes_to_its_number(number: str, text: str) -> None:
    found = screen(text)
    assert found is not None
    assert found.number == number
    assert advice_text(found).startswith(f"这是紧急情况，请立即拨打 {number}")


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_can_wait_is_not_transferred(text: str) -> None:
    assert screen(text) is None


@pytest.mark.parametrize(
    ("text", "silent"),
    [
        ("有人打我，不能说话", True),
        ("老公正在打我，我不敢出声", True),
        ("老公正在打我，别打电话过来", True),
        ("老公正在打我", False),
    ],
)
def test_who_cannot_speak_is_told_to_send_a_text_first(text: str, silent: bool) -> None:
    found = screen(text)
    assert found is not None and cannot_speak(text) is silent
    told = advice_text(found, silent=silent)
    assert told.startswith(
        "这是紧急情况。不能说话，就发短信到 12110" if silent else "这是紧急情况，请立即拨打 110"
    )
