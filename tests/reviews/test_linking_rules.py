"""Linking: what each rule says, and what becomes of a review."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from core.calendar import LOCAL
from reviews.link_evaluation import figures
from reviews.link_service import understood_time
from reviews.linking import (
    About,
    Candidate,
    Said,
    Verdict,
    contradicts,
    ranked,
    same_window,
    score,
    verdict,
)
from reviews.near import one_off, wrong_digit

AT = datetime(2026, 8, 5, 10, 0, tzinfo=LOCAL)
RECORD = Candidate(
    about=About(False, 1),
    number="SL260805000017",
    unit="police",
    items=("居住证办理", "暂住证"),
    window="A03",
    place="城东区政务服务中心",
    accepted_at=AT,
    finished_at=AT + timedelta(minutes=20),
    phone_hash="p1",
    kind=1,
    name="王建国",
)
SAID = Said(created_at=AT + timedelta(days=12))
OTHER = replace(
    RECORD,
    about=About(False, 2),
    number="SL260805000391",
    phone_hash="p2",
    name="李梅",
    window="B11",
)


def weight(rule: str, said: Said, candidate: Candidate = RECORD) -> float | None:
    return next((r.weight for r in score(said, candidate).reasons if r.rule == rule), None)


@pytest.mark.parametrize(
    ("rule", "better", "worse"),
    [
        ("contact", {"phone_hash": "p1"}, {"phone_hash": "p9", "phone_hashes": frozenset({"p1"})}),
        ("contact", {"phone_hash": "p9", "phone_hashes": frozenset({"p1"})}, {"phone_hash": "p9"}),
        ("name", {"name": "王建国"}, {"name": "王建果"}),
        ("name", {"name": "王建果"}, {"name": "李梅"}),
        ("number", {"number": "SL260805000017"}, {"number": "SL260805000071"}),
        ("number", {"number": "SL260805000071"}, {"number": "SL260805009071"}),
        ("number", {"number": "SL260805009071"}, {"number": "SL260701444444"}),
        ("item", {"item": "暂住证"}, {"item": "居住正办理"}),
        ("item", {"item": "居住正办理"}, {"item": "低保申请"}),
        ("unit", {"units": frozenset({"police"})}, {"units": frozenset({"tax"})}),
        ("window", {"window": "A03"}, {"window": "A30"}),
        ("place", {"place": "城东政务服务中心"}, {"place": "青石县政务服务中心"}),
        ("time", {"day": AT.date(), "at": AT}, {"day": AT.date()}),
        ("time", {"day": AT.date()}, {"day": AT.date() - timedelta(days=1)}),
        ("time", {"day": date(2026, 8, 4)}, {"day": date(2026, 8, 2)}),
        (
            "delay",
            {"created_at": AT + timedelta(minutes=25)},
            {"created_at": AT + timedelta(hours=5)},
        ),
        ("delay", {"created_at": AT + timedelta(hours=5)}, {"created_at": AT + timedelta(days=60)}),
        (
            "delay",
            {"created_at": AT + timedelta(minutes=25), "at_counter": True},
            {"created_at": AT + timedelta(hours=5), "at_counter": True},
        ),
        ("kind", {"kind": 1}, {"kind": 2}),
    ],
)
def test_nearer_weighs_more(rule: str, better: dict[str, Any], worse: dict[str, Any]) -> None:
    near, far = weight(rule, replace(SAID, **better)), weight(rule, replace(SAID, **worse))
    assert near is not None and far is not None and near > far


def test_what_was_not_said_weighs_nothing() -> None:
    assert {reason.rule for reason in score(SAID, RECORD).reasons} == {"delay"}


def test_words_that_name_the_item() -> None:
    assert weight("wording", replace(SAID, text="办个居住证办理跑了三趟")) is not None
    assert weight("wording", replace(SAID, text="跑了三趟都没办成")) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"phone_hash": "p1", "item": "居住证办理", "day": AT.date()}, Verdict.AUTO),
        ({"item": "居住证办理", "day": AT.date(), "window": "A03"}, Verdict.AUTO),
        ({"item": "居住证办理", "day": AT.date()}, Verdict.DESK),
        ({"item": "居住证办理"}, Verdict.NONE),
        ({"item": "低保申请"}, Verdict.NONE),
        ({}, Verdict.NONE),
    ],
)
def test_verdict(said: dict[str, Any], expected: Verdict) -> None:
    told = replace(SAID, created_at=AT + timedelta(days=2), **said)
    assert verdict(ranked([score(told, RECORD), score(told, OTHER)])) is expected


CASE = Candidate(
    about=About(True, 1),
    number="SL26080500031",
    unit="urban",
    items=("工地夜间施工噪声",),
    window="",
    place="城东区示例路12号",
    accepted_at=AT,
    finished_at=AT + timedelta(days=3),
    phone_hash="p1",
    kind=None,
    words="工地夜间施工噪声\n示例路12号工地夜里一直施工，吵得睡不着",
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"phone_hash": "p1"}, Verdict.AUTO),
        ({"phone_hash": "p1", "item": "居住证办理"}, Verdict.DESK),
        ({"units": frozenset({"urban"}), "item": "施工噪声", "place": "示例路12号"}, Verdict.DESK),
        ({"units": frozenset({"urban"}), "text": "工地夜里还在施工，没人管"}, Verdict.NONE),
        ({"phone_hash": "p9", "item": "施工噪声"}, Verdict.NONE),
        ({}, Verdict.NONE),
    ],
)
def test_verdict_of_a_case(said: dict[str, Any], expected: Verdict) -> None:
    told = replace(SAID, created_at=AT + timedelta(days=4), **said)
    assert verdict(ranked([score(told, CASE)])) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"item": "夜间施工"}, 3.0),
        ({"text": "施工噪声投诉以后，答复说已经处理，其实没有停"}, None),
        ({"item": "施工噪声的处理结果"}, 1.2),
        ({"item": "居住证办理"}, -2.0),
        ({}, None),
    ],
)
def test_topic_of_a_case(said: dict[str, Any], expected: float | None) -> None:
    assert weight("topic", replace(SAID, **said), CASE) == expected
    assert weight("item", replace(SAID, **said), CASE) is None


def test_two_alike_go_to_the_desk() -> None:
    told = replace(SAID, phone_hash="p1", item="居住证办理", day=AT.date())
    twin = replace(RECORD, about=About(False, 3))
    best = ranked([score(told, RECORD), score(told, twin)])
    assert verdict(best) is Verdict.DESK
    assert best[0].probability == pytest.approx(best[1].probability)


def test_no_candidate_no_link() -> None:
    assert verdict(ranked([])) is Verdict.NONE


@pytest.mark.parametrize(
    ("said", "mistaken"),
    [
        ({}, False),
        ({"phone_hash": "p1", "item": "低保申请"}, False),
        ({"phone_hash": "p9", "item": "低保申请"}, True),
        ({"created_at": AT - timedelta(days=1)}, True),
    ],
)
def test_a_number_that_the_rest_speaks_against(said: dict[str, Any], mistaken: bool) -> None:
    told = replace(SAID, created_at=AT + timedelta(days=2))
    assert contradicts(replace(told, **said), RECORD) is mistaken


@pytest.mark.parametrize(
    ("said", "at", "day"),
    [
        ("2026-08-03", None, date(2026, 8, 3)),
        ("2026-08-03T09:20", datetime(2026, 8, 3, 9, 20, tzinfo=LOCAL), date(2026, 8, 3)),
        ("昨天", None, date(2026, 8, 4)),
        ("上个月", None, None),
        ("", None, None),
    ],
)
def test_time_as_said(said: str, at: datetime | None, day: date | None) -> None:
    assert understood_time(said, AT) == (at, day)


def test_slips_of_the_finger() -> None:
    slips = one_off("1234")
    assert {"1224", "1324", "124", "12034"} <= slips and "1234" not in slips
    assert {len(other) for other in wrong_digit("13800001111")} == {11}


def test_figures_count_what_the_rules_did() -> None:
    truth = {"a": "1", "b": "2", "c": "3", "d": None, "e": "5", "f": "6"}
    links = {
        "a": ("auto", "1"),
        "b": ("exact", "9"),
        "c": ("desk", None),
        "d": ("none", None),
        "e": ("exact", "5"),
    }
    found = figures(links, truth, {"e"})
    assert (found.precision, found.recall) == (0.5, 0.25)
    assert (found.auto, found.desk, found.none) == (2, 1, 2)


@pytest.mark.parametrize(
    ("said", "known", "same"),
    [
        ("3", "A03", True),
        ("12", "B12", True),
        ("A03", "A03", True),
        ("3", "A13", False),
        ("A03", "B03", False),
        ("3", "综合窗口", False),
        ("03", "3", True),
    ],
)
def test_a_window_by_its_number(said: str, known: str, same: bool) -> None:
    assert same_window(said, known) is same
