"""Quality rules, each with an entry that keeps it and ones that do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from kb.quality import RULES, Severity, check, phone_problem
from kb.schemas import ItemContent, LifeEventContent, PolicyContent
from tests.kb.importing import hotline, hotline_json
from tests.kb.samples import CITY, COMPLETE, TODAY

FIVE = ["申请", "受理", "审查", "决定", "送达"]
# Nothing is to be said about it.
FLAWLESS: dict[str, Any] = {
    **COMPLETE,
    "fees": {"charged": True, "items": [{"name": "工本费", "amount": "10元"}], "basis": "《办法》"},
    "visits_reason": "须当面查验船舶。",
    "result_sample": "https://zwfw.example.cn/sample/t-001",
}


def _item(**changes: Any) -> ItemContent:
    return ItemContent.model_validate({**FLAWLESS, **changes})


def _rules(*contents: Any) -> list[str]:
    return [finding.rule for finding in check(contents, TODAY)]


def _limits(
    promised: int, legal: int, unit: str = "工作日", other: str = "工作日"
) -> dict[str, Any]:
    return {"legal": {"days": legal, "unit": other}, "promised": {"days": promised, "unit": unit}}


BROKEN: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"valid_to": TODAY}, ["ends_soon"]),
    ({"valid_to": "2026-07-01"}, ["ends_soon"]),
    ({"valid_to": "2026-07-02"}, []),
    ({"valid_to": "2026-05-31"}, ["ended"]),
    ({"superseded_by": "T-404"}, ["broken_link"]),
    ({"superseded_by": "T-001"}, ["broken_link"]),
    ({"phones": {"inquiry": "12340001", "complaint": "0000-12340002"}}, ["phone_format"]),
    ({"handling_type": "即办件"}, ["instant"]),
    ({"handling_type": "即办件", "limits": _limits(0, 20)}, []),
    ({"handling_type": "承诺件", "limits": _limits(0, 20)}, ["instant"]),
    ({"limits": _limits(21, 20)}, ["promise_over_legal"]),
    ({"limits": _limits(21, 20, other="自然日")}, ["promise_over_legal"]),
    ({"limits": _limits(28, 20, unit="自然日")}, []),
    ({"visits_reason": None}, ["visit_reason"]),
    ({"visits": 0, "online": {}}, ["no_way_in"]),
    ({"visits": 0, "online": {}, "handling": {"courier": True}}, []),
    ({"online": {"available": True, "complete": True}}, ["online_but_visits"]),
    ({"visits": 0, "online": {"available": True, "complete": True}}, []),
    ({"fees": {"charged": True, "items": [{"name": "费", "amount": "1元"}]}}, ["fee_basis"]),
    ({"fees": {"charged": False}, "online": {"available": True, "payment": True}}, ["pay_nothing"]),
    ({"phones": {"inquiry": "0000-12340001", "complaint": "0000-12340001"}}, ["same_phone"]),
    ({"type": "行政许可", "process": FIVE}, []),
    ({"type": "行政许可", "process": FIVE, "faq": []}, ["licence_faq"]),
    ({"type": "行政许可", "process": FIVE[:4]}, ["licence_steps"]),
    ({"person_themes": ["生育"], "audience": ["企业法人"]}, ["themes"]),
    ({"company_themes": ["开业"], "audience": ["自然人"]}, ["themes"]),
    ({"company_themes": ["开业"], "audience": ["自然人", "企业法人"]}, ["themes"]),
    ({"person_themes": ["生育"], "audience": ["自然人", "企业法人"]}, ["themes"]),
    ({"person_themes": ["生育"], "company_themes": ["开业"], "audience": ["自然人", "企业法人"]}, []),
    ({"result_sample": None}, ["result_sample"]),
    ({"legal_basis": [], "materials": []}, ["not_said"]),
    ({"aliases": [], "questions": []}, ["no_wordings"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "rules"), BROKEN)
def test_what_is_said_about_an_item(changes: dict[str, Any], rules: list[str]) -> None:
    assert _rules(_item(**changes)) == rules


def test_every_rule_is_broken_by_some_example() -> None:
    broken = {rule for _, rules in BROKEN for rule in rules} | {"shared_name"}
    assert broken == {rule.id for rule in RULES}


def test_names_that_two_entries_share_are_told_to_both() -> None:
    other = _item(code="T-002", name="渔船上户", aliases=["别的"])
    assert _rules(_item(), other) == ["shared_name", "shared_name"]


def _policy(**changes: Any) -> PolicyContent:
    raw = {
        "code": "P-1",
        "name": "渔船补贴办法",
        "aliases": ["渔补"],
        "unit": "agriculture",
        "issued_on": "2021-06-15",
        "summary": "给补贴。",
        "valid_from": "2021-06-15",
    }
    return PolicyContent.model_validate({**raw, **changes})


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, ["ends_soon"]),
        ({"renewed_on": "2025-06-01"}, []),
        ({"valid_from": "2020-01-01"}, ["ended"]),
        ({"valid_from": "2020-01-01", "void_on": "2024-01-01", "void_reason": "废止"}, []),
        ({"renewed_on": "2025-06-01", "items": ["T-001", "T-404"]}, ["broken_link"]),
        ({"renewed_on": "2025-06-01", "items": ["P-1"]}, ["broken_link"]),
    ],
)
def test_what_is_said_about_a_policy(changes: dict[str, Any], rules: list[str]) -> None:
    assert _rules(_item(), _policy(**changes)) == rules


def test_steps_of_a_life_event_must_exist() -> None:
    event = LifeEventContent.model_validate(
        {
            "code": "E-1",
            "name": "下海打鱼",
            "aliases": ["当渔民"],
            "unit": "agriculture",
            "summary": "买船打鱼。",
            "steps": [{"item": "T-001"}, {"item": "T-009"}],
            "valid_from": "2026-01-01",
        }
    )
    (finding,) = check([_item(), event], TODAY)
    assert (finding.rule, finding.severity) == ("broken_link", Severity.FAULT)
    assert "T-009" in finding.text and "T-001" not in finding.text


@pytest.mark.parametrize(
    ("phone", "problem"),
    [
        ("0000-12340001", None),
        ("020-38356454转1", None),
        ("020-83344246、83333188", None),
        ("（0755）83070123", None),
        ("13800000001", None),
        ("12345", None),
        ("020-12345", None),
        ("400-123-4567", None),
        ("110", None),
        ("83344246", "没有区号"),
        ("请到窗口询问", "不像电话号码"),
        ("020-12333-9-0", "不像电话号码"),
    ],
)
def test_phones(phone: str, problem: str | None) -> None:
    assert phone_problem(phone) == problem


async def test_the_command_reports_a_file_per_unit(tmp_path: Path) -> None:
    book = tmp_path / "report.xlsx"
    result = await hotline_json("kb", "check", "--file", CITY, "--xlsx", book)
    units = {report["unit"]: report for report in result["units"]}
    assert result["rejected"] == []
    assert units["police"]["name"] == "示例市公安局"
    assert units["police"]["entries"] >= 5
    rows = list(load_workbook(book)["逐条"].iter_rows(values_only=True))
    assert len(rows) == 1 + sum(len(report["findings"]) for report in result["units"])
    told = await hotline("kb", "check", "--file", CITY, "--unit", "公安局")
    assert told.exit_code == (1 if units["police"]["faults"] else 0)
    assert f"示例市公安局：{units['police']['entries']} 条" in told.stdout
    unknown = await hotline("kb", "check", "--file", CITY, "--unit", "外星局")
    assert (unknown.exit_code, "没有单位 外星局" in unknown.output) == (2, True)
