"""What is asked, and whether a question names a matter of its own."""

from __future__ import annotations

import pytest

from kb.aspects import asked, leftover, matter, only_detail

ASKED = [
    ("那要多久？", "time"),
    ("什么时候能拿到", "time"),
    ("能不能加急", "time"),
    ("护照几天能下来", "time"),
    ("要钱吗", "fee"),
    ("电动车上牌要多少钱", "fee"),
    ("补办身份证收费吗", "fee"),
    ("护照申领多少钱", "fee"),
    ("在哪办", "place"),
    ("好多钱", "fee"),
    ("居住证要好多钱", "fee"),
    ("要等好久", "time"),
    ("等了好久没消息", ""),
    ("哪点办嘛", "place"),
    ("去哪里弄", "place"),
    ("周六上班吗", "place"),
    ("几点下班", "place"),
    ("带啥", "materials"),
    ("要带啥子", "materials"),
    ("要啥材料嘞", "materials"),
    ("网上弄得成不", "online"),
    ("需要啥", "materials"),
    ("要带户口本吗", "materials"),
    ("户口本要带吗", "materials"),
    ("需要照片吗", "materials"),
    ("网上能办吗", "online"),
    ("在网上哪里办", "online"),
    ("手机上能弄不", "online"),
    ("可以让我妈代办吗", "agent"),
    ("我不在本地，能不能让朋友帮我去办", "agent"),
    ("需要本人到现场吗", "agent"),
    ("要跑几趟", "visits"),
    ("需要什么条件", "conditions"),
    ("我能办吗", "conditions"),
    ("流程是什么", "steps"),
    ("怎么申请", "steps"),
    ("打哪个电话", "phone"),
    ("凭什么要交这个", "basis"),
    ("办好给什么证", "result"),
    ("低保一个月多少钱", "result"),
    ("补贴标准是多少", "result"),
    ("需要哪些手续", "materials steps"),
    ("要带什么材料，多少钱，多久能办好", "materials time fee"),
    ("居住证在哪里办，网上能办吗", "place online"),
    ("教师资格认定打哪个电话", "phone"),
    # None in particular: the guide in short.
    ("身份证丢了怎么办", ""),
    ("失业金能领多久", ""),
    ("想开个饭馆", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "aspects"), ASKED)
def test_aspects_asked_for(text: str, aspects: str) -> None:
    assert " ".join(asked(text)) == aspects


@pytest.mark.parametrize(
    "text",
    [
        "那要多久？",
        "要钱吗",
        "在哪办",
        "带啥",
        "网上能办吗",
        "可以让我妈代办吗",
        "周六上班吗",
        "流程是什么",
        "那费用呢",
    ],
)
def test_a_bare_follow_up_names_nothing(text: str) -> None:
    assert leftover(text) == ""


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("补办身份证要带什么材料，多少钱", "补办身份证"),
        ("请问一下，居住证在哪里办？谢谢", "居住证"),
        ("结婚证怎么办理", "结婚证"),
    ],
)
def test_the_matter_is_left_when_the_asking_is_taken_away(text: str, rest: str) -> None:
    assert matter(text) == rest


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("小孩的呢", True),
        ("我在外地可以办吗", True),
        ("那低保呢", False),
        ("那居住证要多久", False),
    ],
)
def test_a_detail_is_told_from_another_matter(text: str, detail: bool) -> None:
    assert only_detail(leftover(text)) is detail


@pytest.mark.parametrize("text", ["户口不在这儿中不中", "二胎多少", "娃儿不在本地得行不"])
def test_a_detail_in_dialect_names_no_matter_of_its_own(text: str) -> None:
    assert only_detail(leftover(text))
