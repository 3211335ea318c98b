"""Policies found by everyday words, the part asked told, lapsed ones never served."""

from __future__ import annotations

import pytest

from kb.policy_answers import PolicyPart, policy_asked, policy_offers, policy_text
from kb.service import KnowledgeBase
from tests.kb.samples import TODAY
from tests.kb.test_answer_kinds import policy


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("育儿补贴发多少", ("amount",)),
        ("大学生创业有补贴吗", ()),
        ("哪些人能领稳岗补贴", ("who",)),
        ("什么时候截止", ("deadline",)),
        ("还能申请吗", ("deadline",)),
        ("怎么申请，要什么材料", ("how", "materials")),
        ("跟以前比有什么变化", ("changes",)),
        ("文号是什么", ("basis",)),
        ("打哪个电话问", ("phone",)),
    ],
)
def test_what_of_a_policy_is_asked(text: str, parts: tuple[str, ...]) -> None:
    assert policy_asked(text) == parts


@pytest.mark.parametrize(
    ("part", "said", "unsaid"),
    [
        (PolicyPart.AMOUNT, "· 一次性补贴：5000 元", "渔民\n"),
        (PolicyPart.WHO, "适用对象：渔民", "5000 元"),
        (PolicyPart.HOW, "免申即享，不用申请", "5000 元"),
        (PolicyPart.CHANGES, "· 金额：原来3000 元，现在5000 元", "适用对象"),
        (PolicyPart.MATERIALS, "没有写明这一点", "5000 元"),
    ],
)
def test_the_part_asked_and_no_more(part: PolicyPart, said: str, unsaid: str) -> None:
    told = policy_text(policy(), TODAY, (part,))
    assert said in told and unsaid not in told
    assert told.split("\n")[-1].startswith("来源：渔民创业补贴（P-1，第1版，有效期自2025-01-01")


def test_offers_are_parts_not_told_that_the_policy_has() -> None:
    values = [value for _, value in policy_offers(policy(), TODAY, (PolicyPart.AMOUNT,))]
    assert values == ["policy:P-1:who", "policy:P-1:how", "policy:P-1:changes"]


MEANT = [
    ("大学生创业有补贴吗", "SL-POLICY-EMPLOYMENT-002"),
    ("育儿补贴发多少", "SL-POLICY-CHILDCARE-001"),
    ("残疾人坐公交免费吗", "SL-POLICY-WELFARE-001"),
    ("稳岗补贴怎么领", "SL-POLICY-ENTERPRISE-001"),
    ("老楼加装电梯政府补多少", "SL-POLICY-HOUSING-001"),
    ("医保卡能给爸妈用吗", "SL-POLICY-MEDICAL-002"),
    ("多孩家庭公积金贷款额度能提高多少", "SL-POLICY-HOUSING-004"),
    ("天然气多少钱一方", "SL-POLICY-LIVING-003"),
    ("外地人交几年社保能落户", "SL-POLICY-PEOPLE-001"),
    ("小店头一次轻微违法能不能不罚", "SL-POLICY-PEOPLE-005"),
    # How an item is applied for is the item's matter.
    ("高龄津贴怎么申请", "SL-CIVIL-AFFAIRS-006"),
    ("失业金要什么材料", "SL-LABOUR-002"),
    ("残疾人两项补贴去哪申请", "SL-DISABLED-003"),
]


@pytest.mark.parametrize(("text", "code"), MEANT)
def test_money_and_rules_mean_the_policy(knowledge: KnowledgeBase, text: str, code: str) -> None:
    answer = knowledge.answer(text, None, TODAY)
    assert (answer.kind, answer.code) == ("answer", code)


@pytest.mark.parametrize(
    ("text", "code", "successor"),
    [
        ("2020年的高龄津贴文件还有效吗", "SL-POLICY-ELDERLY-001", "SL-POLICY-ELDERLY-002"),
        ("2021年创业补贴还能领吗", "SL-POLICY-EMPLOYMENT-001", "SL-POLICY-EMPLOYMENT-002"),
        ("疫情期间房租减免现在还有吗", "SL-POLICY-ENTERPRISE-004", None),
    ],
)
def test_a_lapsed_policy_is_told_as_lapsed_with_what_holds(
    knowledge: KnowledgeBase, text: str, code: str, successor: str | None
) -> None:
    answer = knowledge.answer(text, None, TODAY)
    assert (answer.kind, answer.code) == ("expired", code)
    assert "不能再据此回答" in answer.text
    offered = [f"policy:{successor}:overview"] if successor else []
    assert [value for _, value in answer.choices] == offered
    for value in offered:
        assert knowledge.answer_choice(value, TODAY).code == successor


@pytest.mark.parametrize(
    ("text", "code", "aspects"),
    [
        ("那什么时候截止", "SL-POLICY-CHILDCARE-001", ("deadline",)),
        ("怎么申请", "SL-POLICY-CHILDCARE-001", ("how",)),
        ("要带什么材料", "SL-POLICY-CHILDCARE-001", ("materials",)),
        ("那身份证丢了怎么补", "SL-POLICE-002", ("overview",)),
    ],
)
def test_a_follow_up_keeps_the_policy(
    knowledge: KnowledgeBase, text: str, code: str, aspects: tuple[str, ...]
) -> None:
    answer = knowledge.answer(text, "SL-POLICY-CHILDCARE-001", TODAY)
    assert (answer.code, answer.aspects) == (code, aspects)


def test_a_policy_offers_how_to_apply(knowledge: KnowledgeBase) -> None:
    answer = knowledge.answer("育儿补贴发多少", None, TODAY)
    assert "每年3600元" in answer.text and "未满3周岁" not in answer.text
    assert ("办理：生育登记", "item:SL-HEALTH-001:overview") in answer.choices
    assert answer.card is not None and answer.card["url"] == "/policies/SL-POLICY-CHILDCARE-001"
