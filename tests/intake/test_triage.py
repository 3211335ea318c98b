"""The five ways of 国办函〔2025〕66号, each with its reason."""

from __future__ import annotations

import pytest

from intake.emergencies import advice_text, screen
from intake.triage import Way, triage

WAYS = [
    # ① accepted
    ("望湖路的路灯坏了三天", "file_case", "accept", ""),
    ("身份证过期了怎么换", "ask_guide", "accept", ""),
    ("消防通道堵了，万一着火怎么办", "emergency", "accept", "没有现实危险"),
    ("法院门口的路灯坏了", "file_case", "accept", ""),
    ("派出所旁边的井盖没了", "file_case", "accept", ""),
    # ② passed on, whatever the assistant thinks
    ("屋里一股煤气味", "file_case", "transfer_119", "燃气"),
    ("咨询医保怎么报销，我爸刚心梗发作", "ask_guide", "transfer_120", "急病"),
    ("他举着铁锹朝这边来了", "emergency", "transfer_110", "助手判断"),
    # ③ told the way
    ("镇长收了工程老板的钱", "file_case", "legal_route", "纪检监察"),
    ("村主任把低保都给自家亲戚", "file_case", "legal_route", "纪检监察"),
    ("派出所民警收黑钱", "file_case", "legal_route", "公安队伍"),
    ("派出所不予立案，我不服", "ask_guide", "legal_route", "不予立案"),
    ("法院判了，对方不执行", "file_case", "legal_route", "诉讼"),
    ("仲裁裁决我不服", "legal_route", "legal_route", "仲裁"),
    ("我对罚款决定不服，怎么复议", "ask_guide", "legal_route", "复议"),
    ("信访局的答复意见我不同意", "file_case", "legal_route", "信访"),
    ("我要申请公开征地批文", "file_case", "legal_route", "信息公开"),
    ("事故认定书我不认", "file_case", "legal_route", "责任复核"),
    ("这事该走什么法律程序", "legal_route", "legal_route", "法律咨询"),
    # ④ explained
    ("帮我查一下我老公的开房记录", "ask_guide", "explain", "隐私"),
    ("是谁举报我的，告诉我名字", "file_case", "explain", "隐私"),
    ("帮我办个假证", "privacy_or_illegal", "explain", "违法"),
    ("给我算算命", "out_of_scope", "explain", "受理范围"),
    # ⑤ passed to the police as a clue
    ("我就是要把你们热线打爆", "abuse", "police_clue", "扰乱"),
    ("信不信我炸了你们单位", "abuse", "police_clue", "扰乱"),
]


@pytest.mark.parametrize(("text", "act", "way", "reason"), WAYS)
def test_a_message_goes_its_way_with_a_reason(text: str, act: str, way: str, reason: str) -> None:
    found = triage(text, act)
    assert found is not None
    assert found.label == way
    assert reason in found.reason
    assert found.reason


@pytest.mark.parametrize("act", ["greet", "thanks", "affirm", "handoff", "abuse", "chitchat"])
def test_mere_talk_goes_no_way(act: str) -> None:
    assert triage("好的", act) is None


def test_the_assistants_doubt_raises_no_alarm() -> None:
    found = triage("他举着铁锹朝这边来了", "emergency", 0.4)
    assert found is not None
    assert found.way is Way.ACCEPT


LIMITS = [
    ("我要申请信息公开", "20 个工作日"),
    ("不服行政处罚决定，要复议", "60 日"),
    ("劳动仲裁怎么申请仲裁", "一年内"),
    ("信访答复意见不服", "30 日"),
    ("不予立案我不服", "7 日"),
    ("一审判决不服", "15 日"),
    ("事故责任认定书不服", "3 日"),
]


@pytest.mark.parametrize(("text", "limit"), LIMITS)
def test_a_legal_route_names_its_time_limit(text: str, limit: str) -> None:
    found = triage(text, "legal_route")
    assert found is not None
    assert found.route is not None
    assert limit in found.route.text


WORDING = [
    ("我不想活了", "120", "12356"),
    ("有人要跳楼，站在天台上", "110", "12356"),
    ("老公正在打我", "110", "12110"),
    ("他在打我，我不敢出声", "110", "12110"),
    ("楼上那个爹用皮带抽孩子", "110", "身份会保密"),
    ("水库大坝渗水了", "119", "往高处走"),
    ("高压线掉在地上了", "110", "8 米"),
    ("屋里一股煤气味", "119", "开窗"),
]


@pytest.mark.parametrize(("text", "number", "said"), WORDING)
def test_what_is_told_fits_the_danger(text: str, number: str, said: str) -> None:
    found = screen(text)
    assert found is not None
    assert found.number == number
    assert said in advice_text(found)


@pytest.mark.parametrize("text", ["水库大坝渗水了", "高压线掉在地上了", "屋里一股煤气味"])
def test_a_hazard_is_kept_for_the_unit_responsible(text: str) -> None:
    found = screen(text)
    assert found is not None
    assert found.hazard


def test_a_call_is_connected_and_a_text_is_asked_to_dial() -> None:
    found = screen("我家着火了")
    assert found is not None
    assert "正在为您转接 119" in advice_text(found, by_phone=True)
    assert advice_text(found).startswith("这是紧急情况，请立即拨打 119")
