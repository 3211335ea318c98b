"""Situations, policies, notices, and what a window asked for held against the guide."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from kb.answers import Asker, answer_text
from kb.aspects import Aspect
from kb.guide_compare import compare, comparison_text, demanded
from kb.notice_answers import concerning, needs_area, notice_text
from kb.policy_answers import PolicyPart, deadline_text, lapsed_text, policy_text
from kb.schemas import NoticeRecord, PolicyRecord
from tests.kb.samples import TODAY, complete

AT = datetime(2026, 6, 1, 4, tzinfo=UTC)


def policy(**changes: Any) -> PolicyRecord:
    base = {
        "code": "P-1", "name": "渔民创业补贴", "unit": "agriculture", "summary": "补贴渔民。",
        "issued_on": "2025-01-01", "valid_from": "2025-01-01", "audience": ["渔民"],
        "benefits": [{"name": "一次性补贴", "amount": "5000 元"}], "mode": "免申即享",
        "differences": [{"topic": "金额", "before": "3000 元", "after": "5000 元"}],
    }  # fmt: skip
    return PolicyRecord.model_validate({**base, "unit_name": "示例市农业农村局", **changes})


def notice(**changes: Any) -> NoticeRecord:
    base = {
        "code": "N-1", "name": "滨河路停水", "unit": "water", "topic": "停水", "text": "抢修管道。",
        "areas": ["east"], "places": ["滨河路"],
        "starts_at": "2026-06-01T00:00:00Z", "ends_at": "2026-06-01T10:00:00Z",
    }  # fmt: skip
    return NoticeRecord.model_validate({**base, "unit_name": "示例市水务局", **changes})


@pytest.mark.parametrize(
    ("text", "told"),
    [("我是二手船，要什么条件", ["二手船"]), ("要什么条件", ["二手船", "继承"])],
)
def test_only_the_situation_named_is_told(text: str, told: list[str]) -> None:
    conditions = [{"text": "在本市"}, *({"when": w, "text": "甲"} for w in ("二手船", "继承"))]
    said = answer_text(complete(conditions=conditions), (Aspect.CONDITIONS,), Asker(text))
    assert [word for word in ("二手船", "继承") if word in said] == told
    assert "在本市" in said


def test_a_policy_in_force() -> None:
    said = policy_text(policy(), TODAY)
    assert "5000 元" in said and "免申即享" in said and "至2029-12-31" in said
    assert "原来3000 元，现在5000 元" in policy_text(policy(), TODAY, (PolicyPart.CHANGES,))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"valid_from": "2020-01-01"}, "已于2024-12-31到期"),
        ({"superseded_by": "P-2"}, "已被新的政策取代"),
        ({"void_on": "2026-01-01", "void_reason": "清理"}, "宣布失效（清理）"),
        ({"valid_from": "2026-07-01"}, "自2026-07-01起才施行"),
    ],
)
def test_a_policy_not_in_force_is_not_answered_from(changes: dict[str, str], why: str) -> None:
    said = policy_text(policy(**changes), TODAY)
    assert why in said and "5000" not in said
    assert "现行的是“新办法”" in lapsed_text(policy(**changes), TODAY, "新办法")


def test_a_deadline_past_is_said_plainly() -> None:
    assert "已于2026-05-31截止" in str(deadline_text(policy(deadline="2026-05-31"), TODAY))
    assert deadline_text(policy(deadline=date(2026, 6, 1)), TODAY) == "申报截止：2026-06-01"


@pytest.mark.parametrize(
    ("text", "areas", "changes", "fits", "ask"),
    [
        ("我家停水了", ["east"], {}, True, False),
        ("我家停水了", ["west"], {}, False, False),
        ("我家停水了", [], {}, False, True),
        ("滨河路怎么没水", [], {}, True, False),
        ("我家停水了", [], {"areas": []}, True, False),
        ("我家停电了", ["east"], {}, False, False),
        ("我家停水了", ["east"], {"ends_at": "2026-06-01T03:00:00Z"}, False, False),
    ],
)
def test_notices_fit_by_topic_place_and_time(
    text: str, areas: list[str], changes: dict[str, Any], fits: bool, ask: bool
) -> None:
    notices = [notice(**changes)]
    assert bool(concerning(text, notices, AT, areas)) is fits
    assert needs_area(text, notices, AT, areas) is ask


def test_a_notice_tells_time_and_source() -> None:
    assert "06月01日08:00至06月01日18:00" in notice_text(notice())


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("窗口还要我交无犯罪记录证明", "无犯罪记录证明"),
        ("他们让我再开个单身证明，合理吗", "单身证明"),
        ("要交什么材料", None),
    ],
)
def test_what_a_window_asked_for(text: str, what: str | None) -> None:
    assert demanded(text) == what


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("购船合同", "每个人都要交"),
        ("委托书", "只在“代办时”时需要"),
        ("无犯罪记录证明", "材料里没有“无犯罪记录证明”"),
    ],
)
def test_a_demand_against_the_guide(asked: str, said: str) -> None:
    assert said in comparison_text(complete(), compare(asked, complete()))
