"""What the knowledge base decides to say: answer, choices, unknown, expired; and follow-ups."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

from core.errors import NotFound
from kb.reply import Answer
from kb.service import KnowledgeBase
from tests.kb.samples import TODAY

QUESTIONS = [
    json.loads(line)
    for line in (Path(__file__).parent / "questions.jsonl").read_text("utf-8").splitlines()
]
ID_CARD = "SL-POLICE-001"


FOLLOW_UPS = [
    # text, kind, item, aspects; all asked while 居民身份证到期换领 is talked about
    ("那要多久？", "answer", ID_CARD, ("time",)),
    ("要钱吗", "answer", ID_CARD, ("fee",)),
    ("在哪办，周六上班吗", "answer", ID_CARD, ("place",)),
    ("带啥", "answer", ID_CARD, ("materials",)),
    ("可以让我妈代办吗", "answer", ID_CARD, ("agent",)),
    ("那网上能办不", "answer", ID_CARD, ("online",)),
    ("小孩的呢", "answer", ID_CARD, ("overview",)),
    ("我在外地可以办吗", "answer", ID_CARD, ("overview",)),
    # Another item, noticed however short it is named.
    ("那低保呢", "answer", "SL-CIVIL-AFFAIRS-001", ("overview",)),
    ("结婚证要多少钱", "answer", "SL-CIVIL-AFFAIRS-004", ("fee",)),
    ("那护照要多久", "answer", "SL-POLICE-010", ("time",)),
    # An action without its thing is about the same thing.
    ("要是丢了呢", "answer", "SL-POLICE-002", ("overview",)),
    ("补办呢", "answer", "SL-POLICE-002", ("overview",)),
    # No matter of the knowledge base, though the words of an aspect are there.
    ("路灯坏了多久能修", "unknown", None, ()),
    ("谢谢", "unknown", None, ()),
]


@pytest.mark.parametrize(("text", "kind", "item", "aspects"), FOLLOW_UPS)
def test_follow_ups(
    knowledge: KnowledgeBase, text: str, kind: str, item: str | None, aspects: tuple[str, ...]
) -> None:
    answer = knowledge.answer(text, ID_CARD, TODAY)
    assert (answer.kind, answer.code, answer.aspects) == (kind, item, aspects)


def test_an_aspect_without_any_item_is_not_guessed(knowledge: KnowledgeBase) -> None:
    assert knowledge.answer("那要多久？", None, TODAY).kind == "unknown"


def test_an_answer_has_source_card_and_offers(knowledge: KnowledgeBase) -> None:
    answer = knowledge.answer("身份证过期了要带什么材料去换", None, TODAY)
    assert answer.kind == "answer"
    assert answer.text.split("\n")[-1].startswith("来源：居民身份证到期换领（SL-POLICE-001，第1版")
    assert answer.card == {
        "kind": "item",
        "code": "SL-POLICE-001",
        "name": "居民身份证到期换领",
        "unit": "police",
        "version": 1,
        "valid_from": "2026-01-01",
        "valid_to": None,
        "url": "/items/SL-POLICE-001",
    }
    assert [value for _, value in answer.choices] == [
        "item:SL-POLICE-001:place", "item:SL-POLICE-001:time", "item:SL-POLICE-001:online",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "among"),
    [
        ("身份证要多久", {"SL-POLICE-001", "SL-POLICE-002", "SL-POLICE-003"}),
        (
            "公积金怎么提取",
            {f"SL-HOUSING-FUND-{number}" for number in ("001", "002", "004", "005", "006", "013")},
        ),
        ("驾照", {"SL-TRAFFIC-POLICE-001", "SL-TRAFFIC-POLICE-002"}),
    ],
)
def test_equally_likely_items_are_offered(
    knowledge: KnowledgeBase, text: str, among: set[str]
) -> None:
    answer = knowledge.answer(text, None, TODAY)
    assert answer.kind == "choices"
    assert len(answer.choices) >= 2
    assert {value.split(":")[1] for _, value in answer.choices} <= among
    chosen = knowledge.answer_choice(answer.choices[0][1], TODAY)
    assert chosen.kind == "answer"
    if "多久" in text:
        assert chosen.aspects == ("time",)


def test_a_common_question_is_answered_in_its_own_words(knowledge: KnowledgeBase) -> None:
    answer = knowledge.answer("自己主动辞职能领失业金吗", None, TODAY)
    assert answer.aspects == ("faq",)
    assert "一般不能" in answer.text


def test_not_known_is_said_with_what_is_nearest(knowledge: KnowledgeBase) -> None:
    answer = knowledge.answer("今天天气怎么样", None, TODAY)
    assert answer.kind == "unknown"
    assert 1 <= len(answer.nearest) <= 3
    assert all(name in answer.text for name in answer.nearest)


def test_what_expires_between_two_questions_is_not_answered_from(
    knowledge: KnowledgeBase,
) -> None:
    first = knowledge.answer("渔船登记", None, date(2026, 6, 30))
    assert (first.kind, first.code) == ("answer", "T-001")
    later = date(2026, 7, 1)
    follow_up = knowledge.answer("那要多少钱", "T-001", later)
    assert follow_up.kind == "expired"
    assert "10元" not in follow_up.text and "0000-12340001" in follow_up.text
    assert knowledge.answer_choice(first.choices[0][1], later).kind == "expired"
    assert knowledge.answer("渔船登记", None, later).code != "T-001"
    with pytest.raises(NotFound):
        knowledge.get("T-001", later)


@pytest.mark.parametrize(
    "value", ["", "bogus", "item:", "item:NOPE:time", "case:1", "item:\x00:time"]
)
def test_a_foreign_choice_is_no_answer(knowledge: KnowledgeBase, value: str) -> None:
    assert knowledge.answer_choice(value, TODAY).kind in ("unknown", "expired")


def test_decisions_on_our_own_questions(
    knowledge: KnowledgeBase, capsys: pytest.CaptureFixture[str]
) -> None:
    def helped(answer: Answer, code: str) -> bool:
        offered = {value.split(":")[1] for _, value in answer.choices}
        return answer.code == code or (answer.kind == "choices" and code in offered)

    answers = [(q, knowledge.answer(q["question"], None, TODAY)) for q in QUESTIONS]
    figures: dict[str, list[tuple[bool, bool, bool]]] = defaultdict(list)
    for question, answer in answers:
        if question["code"]:
            right = answer.kind == "answer" and answer.code == question["code"]
            wrong = answer.kind == "answer" and not right
            for kind in (question["kind"], "all"):
                figures[kind].append((right, helped(answer, question["code"]), wrong))
    none = [answer for question, answer in answers if not question["code"]]
    shares = {
        kind: [sum(column) / len(rows) for column in zip(*rows, strict=True)]
        for kind, rows in figures.items()
    }
    made_up = sum(answer.kind == "answer" for answer in none) / len(none)
    with capsys.disabled():
        for kind, (right, served, wrong) in shares.items():
            print(f"\n{kind:10} n {len(figures[kind]):3}  answered right {right:.3f}", end="")
            print(f"  right or offered {served:.3f}  wrong {wrong:.3f}", end="")
        print(f"\nof {len(none)} unanswerable: answered {made_up:.3f}")
    assert shares["all"][0] >= 0.83
    assert shares["all"][1] >= 0.91
    assert shares["all"][2] <= 0.03
    assert made_up <= 0.13


def test_asked_aspects_are_the_ones_answered(knowledge: KnowledgeBase) -> None:
    for question in QUESTIONS:
        if "aspects" in question:
            answer = knowledge.answer(question["question"], None, TODAY)
            assert list(answer.aspects) == question["aspects"], question
