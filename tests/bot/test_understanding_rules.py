"""The rules around the assistant's act: gate, routes, private requests, long answers."""

from __future__ import annotations

import pytest

from bot.understanding import at_the_gate, understand

LONG = "小区业委会任期去年就满了，到现在没有换届，我们三次联名写申请，社区说等街道，街道说等社区，公章还在原主任手里"

ACTS = [
    ("望湖路的路灯坏了", "file_case", "file_case", "accept"),
    ("真着火了怎么跑，消防通道全堵了", "emergency", "file_case", "accept"),
    (LONG, "inform", "file_case", "accept"),
    ("南门，靠近超市", "inform", "inform", "accept"),
    ("村主任把低保都给自家亲戚", "file_case", "legal_route", "legal_route"),
    ("查一下我老公的开房记录", "out_of_scope", "privacy_or_illegal", "explain"),
    ("帮我算个命", "out_of_scope", "out_of_scope", "explain"),
    ("我要打爆你们热线", "abuse", "abuse", "police_clue"),
    ("楼里着火了", "chitchat", "emergency", "transfer_119"),
]


@pytest.mark.parametrize(("text", "heard", "act", "way"), ACTS)
def test_rules_correct_the_act(text: str, heard: str, act: str, way: str) -> None:
    found = understand(text, heard, 0.9)
    assert found.act == act
    assert found.decision is not None
    assert found.decision.label == way


def test_mere_talk_keeps_its_act_and_goes_no_way() -> None:
    found = understand("谢谢啊", "thanks", 0.9)
    assert (found.act, found.decision) == ("thanks", None)


def test_the_gate_lets_everything_else_through() -> None:
    fire, person = at_the_gate("我家着火了"), at_the_gate("转人工")
    assert fire is not None
    assert fire.act == "emergency"
    assert person is not None
    assert person.act == "handoff"
    assert at_the_gate("路灯坏了") is None
