"""What is measured of the line and its units, and how (三率 and the rest). Pure.

No published source gives formulas or weights of 三率 (domain 2.4); those here are the usual reading
[M], and every number is this city's own to set [D]. 国办函〔2025〕66号 wants units evaluated by
class and band, not in a race: `band` says in which, and nothing here makes a rank.

All figures count cases closed within a period by local date; a case that is opened again leaves
the figures until it is closed anew. Left out altogether are demands found unreasonable and cases
excluded by an appeal, both only once a supervisor has decided so; who could not be reached has
no say in the two rates of the callback.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from core.calendar import LOCAL
from units.tree import UnitTree

# Fewer than this say nothing about a rate: they are shown as counts.
SMALL = 5
# No more than this at once, in days, so that a page never counts the whole history.
LONGEST = 366


class Measure(StrEnum):
    RESPONSE = "response"
    SOLVED = "solved"
    SATISFIED = "satisfied"
    ON_TIME = "on_time"
    FIRST = "first"
    AUTOMATIC = "automatic"
    DIRECT = "direct"


@dataclass(frozen=True)
class Formula:
    """A rate: its name, and what is counted above and below the line, in words for the screen;
    ``above`` and ``below`` are fields of the tally."""

    name: str
    above: str
    below: str
    above_words: str
    below_words: str

    def of(self, tally: object) -> Rate:
        """The rate of what ``tally`` counted."""
        return Rate(getattr(tally, self.above), getattr(tally, self.below))


FORMULAS = {
    Measure.RESPONSE: Formula(
        "响应率", "response_met", "response_due", "按时先行联系的", "应先行联系的"
    ),
    Measure.SOLVED: Formula(
        "解决率", "solved_yes", "solved_asked", "市民说已解决的", "问到是否解决的回访"
    ),
    Measure.SATISFIED: Formula(
        "满意率", "satisfied_yes", "satisfied_asked", "市民说满意或基本满意的", "问到是否满意的回访"
    ),
    Measure.ON_TIME: Formula(
        "按期办结率", "on_time", "timed", "每次办理都未超期的", "有办理期限的"
    ),
    Measure.FIRST: Formula(
        "首派准确率", "first_right", "dispatched", "首次派到的单位就是答复单位的", "派过单并办结的"
    ),
    Measure.AUTOMATIC: Formula(
        "自动派单准确率", "automatic_right", "automatic", "自动派单后没有改派的", "自动派单并办结的"
    ),
    Measure.DIRECT: Formula("直接答复率", "answered", "valid", "当场答复的来访", "有效来访"),
}
# Plain counts of cases, by field of `Tally`.
COUNT_NAMES = {
    "finished": "办结",
    "returned": "退过单",
    "reassigned": "改派过",
    "reworked": "回访后重办",
    "reopened": "市民要求重新办理",
    "extended": "延过期",
    "supervised": "被督办",
    "unreachable": "回访联系不上",
    "excluded": "已剔除",
}
# How much each of the three rates weighs in the band of a unit; they add up to 1.
WEIGHTS = {Measure.RESPONSE: 0.2, Measure.SOLVED: 0.4, Measure.SATISFIED: 0.4}
# From which weighted rate on a unit is in which band, best first.
BANDS = ((0.95, "优秀"), (0.85, "良好"), (0.70, "合格"), (0.0, "待改进"))
NO_BAND = "样本不足"


@dataclass(frozen=True)
class Tally:
    """Counts that can be added up. All but ``excluded`` are of cases that count."""

    finished: int = 0
    response_due: int = 0
    response_met: int = 0
    solved_asked: int = 0
    solved_yes: int = 0
    satisfied_asked: int = 0
    satisfied_yes: int = 0
    timed: int = 0
    on_time: int = 0
    dispatched: int = 0
    first_right: int = 0
    automatic: int = 0
    automatic_right: int = 0
    returned: int = 0
    reassigned: int = 0
    reworked: int = 0
    reopened: int = 0
    extended: int = 0
    supervised: int = 0
    unreachable: int = 0
    excluded: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{n: getattr(self, n) + getattr(other, n) for n in TALLIED})

    def rate(self, measure: Measure) -> Rate:
        """One of the rates of cases; not `Measure.DIRECT`, which is about contacts."""
        return FORMULAS[measure].of(self)


TALLIED = tuple(field.name for field in fields(Tally))


@dataclass(frozen=True)
class Rate:
    """``above`` of ``below``."""

    above: int
    below: int

    @property
    def share(self) -> float | None:
        """0..1; None when too few were counted for it to mean something."""
        return self.above / self.below if self.below >= SMALL else None

    @property
    def missed(self) -> int:
        return self.below - self.above


def score(tally: Tally) -> float | None:
    """The weighted mean of the three rates, 0..1; None as soon as one of them has too few."""
    shares = [(tally.rate(measure).share, weight) for measure, weight in WEIGHTS.items()]
    if any(share is None for share, _ in shares):
        return None
    return sum(share * weight for share, weight in shares if share is not None)


def band(found: float | None) -> str:
    """The band of a `score`."""
    if found is None:
        return NO_BAND
    # A score is a sum of floats; what is 0.95 on screen is 0.95 here.
    return next(name for least, name in BANDS if round(found, 6) >= least)


@dataclass(frozen=True)
class Span:
    """Days from ``first`` to ``last``, both included, by the clock of the city."""

    first: date
    last: date

    @property
    def begin(self) -> datetime:
        return datetime.combine(self.first, time.min, LOCAL)

    @property
    def end(self) -> datetime:
        """The moment after the last day."""
        return datetime.combine(self.last + timedelta(days=1), time.min, LOCAL)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


class Step(StrEnum):
    """What a period is cut into; the names are PostgreSQL's (``date_trunc``)."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


STEP_NAMES = {Step.DAY: "按日", Step.WEEK: "按周", Step.MONTH: "按月", Step.QUARTER: "按季"}


def beginning(day: date, step: Step) -> date:
    """The first day of the week (Monday), month or quarter that ``day`` is in."""
    match step:
        case Step.DAY:
            return day
        case Step.WEEK:
            return day - timedelta(days=day.weekday())
        case Step.MONTH:
            return day.replace(day=1)
        case Step.QUARTER:
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def pieces(span: Span, step: Step) -> list[date]:
    """The beginnings of the days, weeks, months or quarters that ``span`` touches."""
    found: list[date] = []
    for number in range(span.days):
        start = beginning(span.first + timedelta(days=number), step)
        if not found or found[-1] != start:
            found.append(start)
    return found


def piece_name(start: date, step: Step) -> str:
    """``8月5日``, ``8月3日起一周``, ``2026年8月``, ``2026年第3季度``."""
    match step:
        case Step.DAY:
            return f"{start.month}月{start.day}日"
        case Step.WEEK:
            return f"{start.month}月{start.day}日起一周"
        case Step.MONTH:
            return f"{start.year}年{start.month}月"
        case Step.QUARTER:
            return f"{start.year}年第{(start.month + 2) // 3}季度"


def piece_mark(start: date, step: Step) -> str:
    """The same in the little room below an axis: ``8/5``, ``26年8月``, ``26年3季``."""
    match step:
        case Step.DAY | Step.WEEK:
            return f"{start.month}/{start.day}"
        case Step.MONTH:
            return f"{start.year % 100}年{start.month}月"
        case Step.QUARTER:
            return f"{start.year % 100}年{(start.month + 2) // 3}季"


def usual_spans(today: date) -> list[tuple[str, Span]]:
    """What is asked for most, by name."""
    month = beginning(today, Step.MONTH)
    before = month - timedelta(days=1)
    return [
        ("近 30 天", Span(today - timedelta(days=29), today)),
        ("本周", Span(beginning(today, Step.WEEK), today)),
        ("本月", Span(month, today)),
        ("上月", Span(beginning(before, Step.MONTH), before)),
        ("本季度", Span(beginning(today, Step.QUARTER), today)),
    ]


def roll_up(found: Mapping[str, Tally], tree: UnitTree) -> dict[str, Tally]:
    """Every unit with all below it; a unit that was merged counts for its successor."""
    total: dict[str, Tally] = {}
    for code, tally in found.items():
        for unit in upward(code, tree):
            total[unit] = total.get(unit, Tally()) + tally
    return total


def upward(code: str, tree: UnitTree) -> tuple[str, ...]:
    """The unit that does the work of ``code`` today, and all above it."""
    today = tree.current(code)
    return (today, *tree.ancestors(today))


def codes_below(unit: str, tree: UnitTree) -> frozenset[str]:
    """Codes under which the cases of ``unit`` and all below it may stand, also former ones."""
    below = tree.below(unit)
    return below | {code for code in tree.units if tree.current(code) in below}


def roll_up_categories(
    found: Mapping[str | None, Tally], parents: Mapping[str, str | None]
) -> dict[str | None, Tally]:
    """Every category with all below it; None stands for cases without one."""
    total: dict[str | None, Tally] = {}
    for code, tally in found.items():
        for above in category_path(code, parents):
            total[above] = total.get(above, Tally()) + tally
    return total


def category_path(code: str | None, parents: Mapping[str, str | None]) -> Sequence[str | None]:
    """``code`` and all above it; a code that nobody knows stands alone."""
    path: list[str | None] = [code]
    while code is not None and (above := parents.get(code)) is not None and above not in path:
        path.append(above)
        code = above
    return path


def added(tallies: Iterable[Tally]) -> Tally:
    """All of them together."""
    return sum(tallies, Tally())
