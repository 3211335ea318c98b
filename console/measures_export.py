"""The figures as sheets of an Excel file: numerator and denominator beside every rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cases.measures import COUNT_NAMES, FORMULAS, SMALL, WEIGHTS, Measure, Span, Tally, band, score
from cases.measures_repository import Exclusion, Promise
from cases.vocabulary import APPROVAL_NAMES, APPROVAL_STATE_NAMES
from console.excel import Sheet, Value
from console.render import local_time

_RATES = tuple(m for m in Measure if m is not Measure.DIRECT)


@dataclass(frozen=True)
class Gathered:
    """Everything the file says; tallies with the name that they stand under."""

    span: Span
    unit: str
    category: str
    total: Tally
    units: Sequence[tuple[str, Tally]]
    categories: Sequence[tuple[str, Tally]]
    pieces: Sequence[tuple[str, Tally]]
    promises: Sequence[tuple[str, Promise]]
    exclusions: Sequence[Exclusion]
    unit_names: Mapping[str, str]


def sheets(found: Gathered) -> Iterator[Sheet]:
    """One sheet for what is counted and how, and one for each view."""
    about = f"{found.span.first} 至 {found.span.last} 办结的工单；单位：{found.unit}；类别：{found.category}"
    yield Sheet("口径", ["指标", "分子", "分母", "分子数", "分母数", "比率"], _formulas(found), [about], [16, 30, 30, 10, 10, 10])  # fmt: skip
    for title, first, lines in (
        ("按单位", "单位", found.units),
        ("按类别", "类别", found.categories),
        ("按时间", "时间", found.pieces),
    ):
        yield _tallies(title, first, lines, about)
    yield Sheet(
        "承诺与实际",
        ["单位", "件数", "承诺期限内", "承诺天数中位数", "承诺天数平均", "实际天数中位数", "实际天数平均"],
        [_promise(name, one) for name, one in found.promises],
        [about, "天数按自然日；重办的各次相加"],
        [28],
    )  # fmt: skip
    yield Sheet(
        "剔除与申诉",
        ["工单编号", "标题", "类别", "状态", "单位", "理由", "依据", "审定人", "审定时间", "审定意见"],
        [_exclusion(one, found.unit_names) for one in found.exclusions],
        [about, "申诉经同意后才剔除；待审批的仍计入"],
        [18, 30, 16, 10, 24, 30, 30],
    )  # fmt: skip


def _formulas(found: Gathered) -> Iterator[Sequence[Value]]:
    for measure in _RATES:
        formula, rate = FORMULAS[measure], found.total.rate(measure)
        yield (
            formula.name,
            formula.above_words,
            formula.below_words,
            rate.above,
            rate.below,
            _share(rate.share),
        )
    weights = "，".join(f"{FORMULAS[m].name} {weight:.0%}" for m, weight in WEIGHTS.items())
    yield ("档次", f"按加权得分：{weights}", "", None, None, None)
    yield ("说明", f"分母不足 {SMALL} 件的不算比率", "", None, None, None)


def _tallies(title: str, first: str, lines: Sequence[tuple[str, Tally]], about: str) -> Sheet:
    head = [first, *COUNT_NAMES.values()]
    for measure in _RATES:
        formula = FORMULAS[measure]
        head += [f"{formula.name}：分子", f"{formula.name}：分母", formula.name]
    return Sheet(title, [*head, "档次"], [_tally(*line) for line in lines], [about], [28])


def _tally(name: str, tally: Tally) -> list[Value]:
    row: list[Value] = [name, *(getattr(tally, fact) for fact in COUNT_NAMES)]
    for measure in _RATES:
        rate = tally.rate(measure)
        row += [rate.above, rate.below, _share(rate.share)]
    return [*row, band(score(tally))]


def _promise(name: str, one: Promise) -> list[Value]:
    days = (one.promised_median, one.promised_mean, one.actual_median, one.actual_mean)
    return [name, one.cases, one.within, *(round(day, 2) for day in days)]


def _exclusion(one: Exclusion, names: Mapping[str, str]) -> list[Value]:
    return [
        one.number,
        one.title,
        APPROVAL_NAMES[one.kind],
        APPROVAL_STATE_NAMES[one.state],
        names.get(one.unit, one.unit),
        one.reason,
        one.basis,
        one.decided_by,
        local_time(one.decided_at) if one.decided_at else None,
        one.decision,
    ]


def _share(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
