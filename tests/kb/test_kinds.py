"""Whether words mean an item, a policy or a life event, when entries of all three fit."""

from __future__ import annotations

import pytest

from kb.kinds import happening, meant_kinds
from kb.schemas import Kind
from kb.search import Hit

ITEM, POLICY, EVENT = Kind.ITEM, Kind.POLICY, Kind.LIFE_EVENT


def best(**strengths: float) -> dict[Kind, Hit]:
    return {
        Kind(kind): Hit(kind, Kind(kind), kind, "u", 0.9, (), 0.9, strength)
        for kind, strength in strengths.items()
    }


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("我想开个小饭馆", True),
        ("老人去世了，后事怎么办", True),
        ("要退休了，都要办哪些手续", True),
        ("残疾人的证和各种补贴怎么一起申请", True),
        ("想开个小卖部，执照咋办", False),
        ("退休提取公积金", False),
        ("开具无犯罪记录证明", False),
        ("退伍给多少钱", False),
        ("身份证丢了怎么补", False),
    ],
)
def test_a_happening_is_told_from_one_thing(text: str, described: bool) -> None:
    assert happening(text) is described


@pytest.mark.parametrize(
    ("text", "strengths", "kinds"),
    [
        # All alike: the words decide.
        ("我想开个小饭馆", {"item": 16, "policy": 16, "life_event": 16}, (EVENT,)),
        ("创业补贴能领多少", {"item": 16, "policy": 16, "life_event": 16}, (POLICY,)),
        ("创业补贴怎么申请", {"item": 16, "policy": 16, "life_event": 16}, (ITEM,)),
        ("食品经营许可证多久", {"item": 16, "policy": 16, "life_event": 16}, (ITEM,)),
        # What fits far better is meant all the same.
        ("我想开个小饭馆", {"item": 22, "life_event": 16}, (ITEM,)),
        ("天然气一方的价钱", {"item": 15, "policy": 21}, (POLICY,)),
        # Nearly alike, words included: both may be meant.
        ("补贴给多少", {"item": 18.0, "policy": 16.2}, (POLICY, ITEM)),
        # Not asked for and no good fit: not meant, however poor the others are.
        ("我家猫不吃饭", {"item": 5, "policy": 13}, (ITEM,)),
        ("我家猫不吃饭", {"policy": 13}, ()),
    ],
)
def test_which_kind_is_meant(
    text: str, strengths: dict[str, float], kinds: tuple[Kind, ...]
) -> None:
    assert meant_kinds(text, best(**strengths)) == kinds
