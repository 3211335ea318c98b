"""What is measured of reviews (好差评), with the formula of each figure. Pure.

No published source fixes the formulas; those here are the domain's defaults [D]. 国办函〔2025〕66号
wants units in classes and bands, not in a race: `cases.measures.band` says in which.

Counted are reviews given within a period by local date. A bad one that an appeal found mistaken or
malicious leaves all figures but the share of reviews that somebody gave.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cases.measures import Formula, Rate, band


class Figure(StrEnum):
    GOOD = "good_rate"
    BAD = "bad_rate"
    GIVEN = "given_rate"
    RECTIFIED = "rectified_rate"
    ON_TIME = "on_time_rate"


class Axis(StrEnum):
    """What the figures are broken down by."""

    UNIT = "unit"
    ITEM = "item"
    WINDOW = "window"
    CHANNEL = "channel"
    MONTH = "month"


AXIS_NAMES = {
    Axis.UNIT: "按单位",
    Axis.ITEM: "按事项",
    Axis.WINDOW: "按窗口",
    Axis.CHANNEL: "按渠道",
    Axis.MONTH: "按月",
}


FORMULAS = {
    Figure.GOOD: Formula("好评率", "good", "valid", "基本满意及以上", "有效评价"),
    Figure.BAD: Formula("差评率", "bad", "valid", "不满意、非常不满意", "有效评价"),
    Figure.GIVEN: Formula(
        "主动评价率", "given", "every", "市民主动给出的", "全部评价（含系统默认）"
    ),
    Figure.RECTIFIED: Formula(
        "差评整改率", "rectified", "due", "整改完成的", "应整改的差评（不含申诉成立的）"
    ),
    Figure.ON_TIME: Formula(
        "按期整改率", "on_time", "timed", "没有超过整改期限的", "已办结或已超期的整改"
    ),
}


@dataclass(frozen=True)
class Tally:
    """Counts of reviews, and of the rectifications of the bad ones among them."""

    every: int = 0
    given: int = 0
    valid: int = 0
    good: int = 0
    bad: int = 0
    due: int = 0
    rectified: int = 0
    timed: int = 0
    on_time: int = 0

    def rate(self, figure: Figure) -> Rate:
        """``above`` of ``below``; its share is None when too few were counted."""
        return FORMULAS[figure].of(self)

    @property
    def band(self) -> str:
        """Band of the share of good reviews."""
        return band(self.rate(Figure.GOOD).share)


# [D] Less often is chance.
FEW = 3


@dataclass(frozen=True)
class TagGrowth:
    """How often a tag was given in a period, and in the one of equal length before."""

    code: str
    now: int
    before: int


def growing(now: dict[str, int], before: dict[str, int]) -> list[TagGrowth]:
    """Tags given at least `FEW` times and more often than in the period before: those of bad grades
    first, then the largest growth."""
    found = [TagGrowth(code, n, before.get(code, 0)) for code, n in now.items()]
    grown = [one for one in found if one.now >= FEW and one.now > one.before]
    return sorted(grown, key=lambda one: (one.code[0] > "2", one.before - one.now, one.code))
