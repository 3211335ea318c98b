"""Rates, bands and periods: pure, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from cases.measures import (
    FORMULAS,
    NO_BAND,
    SMALL,
    TALLIED,
    WEIGHTS,
    Measure,
    Rate,
    Span,
    Step,
    Tally,
    added,
    band,
    beginning,
    category_path,
    codes_below,
    piece_mark,
    piece_name,
    pieces,
    roll_up,
    roll_up_categories,
    score,
    usual_spans,
)
from core.calendar import LOCAL
from units.tree import UnitInfo, UnitTree


@pytest.mark.parametrize(
    ("above", "below", "share"),
    [(0, 0, None), (4, 4, None), (5, 5, 1.0), (0, 5, 0.0), (3, 4, None), (3, 6, 0.5)],
)
def test_small_numbers_are_no_rates(above: int, below: int, share: float | None) -> None:
    assert Rate(above, below).share == share


def test_formulas_speak_of_what_is_counted() -> None:
    assert set(FORMULAS) == set(Measure)
    for measure, formula in FORMULAS.items():
        if measure is not Measure.DIRECT:
            assert {formula.above, formula.below} <= set(TALLIED)
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    assert SMALL == 5


def tally(response: int, solved: int, satisfied: int, of: int = 10) -> Tally:
    return Tally(
        response_due=of,
        response_met=response,
        solved_asked=of,
        solved_yes=solved,
        satisfied_asked=of,
        satisfied_yes=satisfied,
    )


@pytest.mark.parametrize(
    ("found", "expected", "name"),
    [
        (tally(10, 10, 10), 1.0, "优秀"),
        (tally(100, 95, 90, of=100), 0.94, "良好"),
        (tally(100, 95, 92, of=100), 0.948, "良好"),
        (tally(95, 95, 95, of=100), 0.95, "优秀"),
        (tally(0, 10, 10), 0.8, "合格"),
        (tally(10, 5, 5), 0.6, "待改进"),
        (tally(0, 0, 0), 0.0, "待改进"),
        (tally(4, 4, 4, of=4), None, NO_BAND),
        (replace(tally(10, 10, 10), satisfied_asked=4, satisfied_yes=4), None, NO_BAND),
        (Tally(), None, NO_BAND),
    ],
)
def test_bands(found: Tally, expected: float | None, name: str) -> None:
    weighted = score(found)
    assert weighted == (None if expected is None else pytest.approx(expected))
    assert band(weighted) == name


@pytest.mark.parametrize(
    ("step", "start", "name", "mark"),
    [
        (Step.DAY, date(2026, 8, 5), "8月5日", "8/5"),
        (Step.WEEK, date(2026, 8, 3), "8月3日起一周", "8/3"),
        (Step.MONTH, date(2026, 8, 1), "2026年8月", "26年8月"),
        (Step.QUARTER, date(2026, 7, 1), "2026年第3季度", "26年3季"),
    ],
)
def test_pieces_of_time(step: Step, start: date, name: str, mark: str) -> None:
    assert beginning(date(2026, 8, 5), step) == start
    assert piece_mark(start, step) == mark
    assert piece_name(start, step) == name


def test_a_span_is_cut_at_local_midnight() -> None:
    span = Span(date(2026, 7, 30), date(2026, 8, 4))
    assert span.begin == datetime(2026, 7, 30, tzinfo=LOCAL)
    assert span.end == datetime(2026, 8, 5, tzinfo=LOCAL)
    assert pieces(span, Step.WEEK) == [date(2026, 7, 27), date(2026, 8, 3)]
    assert pieces(span, Step.MONTH) == [date(2026, 7, 1), date(2026, 8, 1)]
    assert len(pieces(span, Step.DAY)) == span.days == 6


def test_usual_spans() -> None:
    spans = dict(usual_spans(date(2026, 3, 4)))
    assert spans["近 30 天"] == Span(date(2026, 2, 3), date(2026, 3, 4))
    assert spans["本周"] == Span(date(2026, 3, 2), date(2026, 3, 4))
    assert spans["本月"] == Span(date(2026, 3, 1), date(2026, 3, 4))
    assert spans["上月"] == Span(date(2026, 2, 1), date(2026, 2, 28))
    assert spans["本季度"] == Span(date(2026, 1, 1), date(2026, 3, 4))


TREE = UnitTree.of(
    [
        UnitInfo("city", "市政府", "市政府", "政府", "city", None),
        UnitInfo("east", "城东区", "城东", "区县政府", "district", "city"),
        UnitInfo("east.a", "望湖街道", "望湖", "街道", "street", "east"),
        UnitInfo("old", "旧街道", "旧", "街道", "street", "east", active=False, successor="east.a"),
        UnitInfo("urban", "城管局", "城管", "城管", "city", "city"),
    ]
)


def test_units_count_for_those_above_and_for_their_successors() -> None:
    one = Tally(finished=1)
    found = roll_up({"east": one, "east.a": one, "old": one, "urban": one, "gone": one}, TREE)
    assert {unit: t.finished for unit, t in found.items()} == {
        "city": 4,
        "east": 3,
        "east.a": 2,
        "urban": 1,
        "gone": 1,
    }
    assert codes_below("east.a", TREE) == {"east.a", "old"}
    assert codes_below("urban", TREE) == {"urban"}


def test_categories_count_for_those_above() -> None:
    parents = {"A": None, "A03": "A", "A0312": "A03", "B": None}
    one = Tally(finished=1)
    found = roll_up_categories({"A0312": one, "A03": one, None: one, "X9": one}, parents)
    assert {code: t.finished for code, t in found.items()} == {
        "A0312": 1,
        "A03": 2,
        "A": 2,
        None: 1,
        "X9": 1,
    }
    assert category_path("A0312", parents) == ["A0312", "A03", "A"]


def test_everything_is_added() -> None:
    counted = Tally(**{name: number for number, name in enumerate(TALLIED)})
    total = added([counted, counted])
    assert [getattr(total, name) for name in TALLIED] == [2 * n for n in range(len(TALLIED))]
