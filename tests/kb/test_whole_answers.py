"""Whole answers over the sample city: from which entry, to which aspects, what is said and what not.

Every answer ends with entry, version, validity and unit; nothing that was not asked is told.
"""

from __future__ import annotations

import pytest

from kb.service import KnowledgeBase
from tests.kb.samples import TODAY

OVERVIEW = "overview"
# question, entry, aspects, what must be said, what must not
ANSWERS: list[tuple[str, str, str, list[str], list[str]]] = [
    ("身份证过期了怎么换", "POLICE-001", OVERVIEW, ["承诺 20 个工作日", "20元/证"], ["指纹比对"]),
    ("身份证丢了补办要带什么材料", "POLICE-002", "materials", ["居民户口簿"], ["40元/证"]),
    ("办护照多少钱，几天能拿到", "POLICE-010", "time+fee", ["120元/本", "7 个工作日"], ["派出所"]),
    ("居住证在哪里办", "POLICE-004", "place", ["桂园派出所"], ["10 个自然日", "不收费"]),
    ("无犯罪记录证明网上能办吗", "POLICE-009", "online", ["可以网上办理"], ["派出所户籍室"]),
    ("申请低保要符合什么条件", "CIVIL-AFFAIRS-001", "conditions", ["每人每月960元"], ["电话"]),
    ("办结婚证收费吗", "CIVIL-AFFAIRS-004", "fee", ["不收费"], ["工作日", "合影照"]),
    ("食品经营许可证多久能办下来", "MARKET-005", "time", ["承诺 5 个工作日"], ["窗口"]),
    ("公司注册的法律依据是什么", "MARKET-002", "basis", ["《中华人民共和国公司法》"], ["工作日"]),
    ("营業執照丟了要怎麼補辦", "MARKET-003", OVERVIEW, ["即时办结"], ["法律依据"]),
    ("残疾证第一次办可以让家人代办吗", "DISABLED-001", "agent", ["近亲属"], ["工作日内办结"]),
    ("教师资格认定打哪个电话咨询", "EDUCATION-005", "phone", ["0000-12343305"], ["材料"]),
    ("二手房过户要跑几趟", "NATURAL-RESOURCES-001", "visits", ["最多到现场 1 次"], ["登记费"]),
    ("公租房申请的流程是什么", "HOUSING-001", "steps", ["1. 向户籍地", "7. 签合同"], ["电话"]),
    ("失业金申领在手机上能弄吗", "LABOUR-002", "online", ["可以网上办理"], ["解除劳动关系证明"]),
    ("健康证要几天能出来", "HEALTH-003", "time", ["承诺 5 个工作日"], ["窗口", "元"]),
    ("驾驶证补办要多少钱", "TRAFFIC-POLICE-002", "fee", ["10元/本"], ["工作日"]),
    ("自己主动辞职能领失业金吗", "LABOUR-002", "faq", ["一般不能"], ["承诺"]),
    ("您好请问一下就是那个居住证的事怎么办呀谢谢", "POLICE-004", OVERVIEW, ["10 个自然日"], ["条件："]),
    # Situations at length: what is asked stands at the end.
    (
        "我妈今年七十多了，一直在乡下住，前几天去银行取钱，柜员说她身份证上个月就过期了取不了，这个证要怎么换",
        "POLICE-001", OVERVIEW, ["到期换领"], ["指纹比对"],
    ),
    (
        "我在一家服装厂干了六年，上个月厂里效益不好被辞退了，办了离职手续，社保一直交着，请问失业金要什么材料",
        "LABOUR-002", "materials", ["社会保障卡"], ["承诺"],
    ),
    # Life events.
    ("我想开个小饭馆", "EVENT-RESTAURANT", OVERVIEW, ["第1步", "第2步", "共用材料只交一次"], ["10元/"]),
    ("孩子出生了要办哪些", "EVENT-BIRTH", OVERVIEW, ["新生儿出生登记", "出生医学证明"], ["第3步"]),
    ("我要退休了", "EVENT-RETIREMENT", OVERVIEW, ["第3步：离休、退休提取住房公积金"], []),
    ("老人去世后事怎么办", "EVENT-FAREWELL", OVERVIEW, ["基本殡葬服务费用减免"], ["工本费"]),
    ("想买二手房", "EVENT-HOME", OVERVIEW, ["第1步：不动产登记资料查询"], ["满五唯一"]),
    ("残疾人怎么办证和补贴", "EVENT-DISABLED", OVERVIEW, ["残疾人证新办"], []),
    ("开便利店要带什么材料", "EVENT-SHOP", "materials", ["共用的只交一次", "租房合同"], ["第1步"]),
    ("企业开办一件事多久", "EVENT-COMPANY", "time", ["承诺 1 个工作日"], ["第1步"]),
    # Policies.
    ("育儿补贴发多少", "POLICY-CHILDCARE-001", "amount", ["每年3600元"], ["办理方式", "适用对象"]),
    ("大学生创业有补贴吗", "POLICY-EMPLOYMENT-002", OVERVIEW, ["5000元", "适用对象"], ["3000元（"]),
    ("老楼加装电梯政府补多少", "POLICY-HOUSING-001", "amount", ["每台15万元"], ["适用对象"]),
    ("高龄津贴新标准", "POLICY-ELDERLY-002", "amount", ["每月100元", "每月600元"], ["每月50元"]),
    ("医保卡能给爸妈用吗", "POLICY-MEDICAL-002", OVERVIEW, ["近亲属"], ["每年3600元"]),
    ("一吨水现在多少钱", "POLICY-LIVING-001", "amount", ["每立方米3.2元"], ["办理方式"]),
    ("外地人交几年社保能落户", "POLICY-PEOPLE-001", OVERVIEW, ["缴社保满6个月"], ["满2年"]),
    ("落户政策和以前有什么变化", "POLICY-PEOPLE-001", "changes", ["原来满2年，现在满6个月"], ["办理方式"]),
    # What a window demanded.
    ("结婚登记窗口让我们提供体检报告，合理吗", "CIVIL-AFFAIRS-004", "materials", ["材料里没有“体检报告”"], ["承诺"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "aspects", "said", "unsaid"), ANSWERS)
def test_answers(
    knowledge: KnowledgeBase,
    text: str,
    code: str,
    aspects: str,
    said: list[str],
    unsaid: list[str],
) -> None:
    answer = knowledge.answer(text, None, TODAY)
    assert (answer.kind, answer.code) == ("answer", f"SL-{code}")
    assert "+".join(answer.aspects) == aspects
    assert [part for part in said if part not in answer.text] == []
    assert [part for part in unsaid if part in answer.text] == []
    source = answer.text.split("\n")[-1]
    assert source.startswith("来源：")
    assert all(part in source for part in (f"SL-{code}", "第1版", "有效期自", "· "))
    assert answer.choices


NO_ANSWERS = [
    ("身份证要多久", "choices", "您问的是下面哪一项？"),
    ("公积金怎么提取", "choices", "您问的是下面哪一项？"),
    ("办身份证窗口还要我交无犯罪记录证明", "choices", "您问的是"),
    ("2020年的高龄津贴文件还有效吗", "expired", "现行的是“示例市高龄津贴发放管理办法”"),
    ("疫情期间房租减免现在还有吗", "expired", "宣布失效"),
    ("今天天气怎么样", "unknown", "没有可靠的答案"),
    ("苹果手机怎么刷机", "unknown", "没有可靠的答案"),
    ("怎么移民火星", "unknown", "没有可靠的答案"),
]


@pytest.mark.parametrize(("text", "kind", "said"), NO_ANSWERS)
def test_what_is_not_answered(knowledge: KnowledgeBase, text: str, kind: str, said: str) -> None:
    answer = knowledge.answer(text, None, TODAY)
    assert answer.kind == kind
    assert said in answer.text
    assert "来源：" not in answer.text


# A talk: what is said turn by turn, from which entry and to which aspects it is answered.
TALKS: list[list[tuple[str, str, str]]] = [
    [
        ("身份证过期了怎么换", "POLICE-001", OVERVIEW),
        ("那要多久？", "POLICE-001", "time"),
        ("要钱吗", "POLICE-001", "fee"),
        ("那护照要多久", "POLICE-010", "time"),
        ("可以让我妈代办吗", "POLICE-010", "agent"),
    ],
    [
        ("我想开个小饭馆", "EVENT-RESTAURANT", OVERVIEW),
        ("先办哪个", "EVENT-RESTAURANT", "steps"),
        ("要带什么", "EVENT-RESTAURANT", "materials"),
        ("健康证去哪里办", "HEALTH-003", "place"),
        ("要多少钱", "HEALTH-003", "fee"),
    ],
    [
        ("育儿补贴发多少", "POLICY-CHILDCARE-001", "amount"),
        ("怎么申请", "POLICY-CHILDCARE-001", "how"),
        ("要带什么材料", "POLICY-CHILDCARE-001", "materials"),
        ("那高龄津贴怎么申请", "CIVIL-AFFAIRS-006", "steps"),
        ("网上能办吗", "CIVIL-AFFAIRS-006", "online"),
    ],
    [
        ("我要退休了", "EVENT-RETIREMENT", OVERVIEW),
        ("一共要多久", "EVENT-RETIREMENT", "time"),
        ("打哪个电话问", "EVENT-RETIREMENT", "phone"),
    ],
    [
        ("办结婚证收费吗", "CIVIL-AFFAIRS-004", "fee"),
        ("窗口还要我交体检报告", "CIVIL-AFFAIRS-004", "materials"),
        ("在哪里办", "CIVIL-AFFAIRS-004", "place"),
    ],
]


@pytest.mark.parametrize("turns", TALKS)
def test_talks(knowledge: KnowledgeBase, turns: list[tuple[str, str, str]]) -> None:
    context: str | None = None
    for text, code, aspects in turns:
        answer = knowledge.answer(text, context, TODAY)
        assert (answer.kind, answer.code) == ("answer", f"SL-{code}"), text
        assert "+".join(answer.aspects) == aspects, text
        context = answer.code


def test_a_choice_leads_on_and_is_kept(knowledge: KnowledgeBase) -> None:
    asked = knowledge.answer("身份证要多久", None, TODAY)
    chosen = knowledge.answer_choice(asked.choices[0][1], TODAY)
    assert (chosen.kind, chosen.aspects) == ("answer", ("time",))
    follow_up = knowledge.answer("要带什么", chosen.code, TODAY)
    assert (follow_up.code, follow_up.aspects) == (chosen.code, ("materials",))
