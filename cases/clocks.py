"""Which time limit fits a case, and when it ends. Pure: rules as data and the working calendar.

Source: domain default rule set 2.2 (`cases.clock_defaults`); a city sets its own numbers in
``city/clocks.yml``. Working-day clocks end at the close of a working day; clocks of hours and
minutes never stop, because the line and its urgent matters are served around the clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cases.vocabulary import CaseType, ClockKind, Urgency
from core.calendar import (
    Due,
    WorkCalendar,
    add_working_days,
    subtract_working_days,
    working_days_between,
)

# [D] GB/T 39734 has an evaluation window, its length was not found: 5 working days after closing.
REVIEW_WINDOW_DAYS = 5
# [D] No rule was found; three weeks in which the same case goes on instead of a new one.
REOPEN_WINDOW_DAYS = 15
# A clock too short for its own warning is warned of when this share of it is left.
SHORT_YELLOW = 0.25
# Of a parent's remaining time, what a unit below may use when there is less than a day.
NESTED_SHARE = 0.8


class Measure(StrEnum):
    """What an amount of time counts in; hours and minutes run day and night."""

    WORKING_DAYS = "working_days"
    HOURS = "hours"
    MINUTES = "minutes"


@dataclass(frozen=True)
class Facts:
    """What a rule looks at in a case."""

    type: CaseType
    urgency: Urgency = Urgency.NORMAL
    category: str | None = None
    around_the_clock: bool = False
    complex: bool = False


@dataclass(frozen=True)
class Rule:
    """One time limit. None in a condition fits every case; ``category`` is a code or its beginning.

    ``amount`` is in ``measure``. ``yellow`` says how long before the end the warning goes out: in
    working days (parts of one allowed) for a working-day clock, else as a share (0-1) of the
    length; 0 means no warning. ``escalate`` is how long after the end, in ``measure``; None: never.
    Raises ValueError when the numbers make no sense.
    """

    code: str
    kind: ClockKind
    name: str
    amount: float
    measure: Measure
    yellow: float
    escalate: float | None = None
    type: CaseType | None = None
    urgency: Urgency | None = None
    category: str | None = None
    around_the_clock: bool | None = None
    complex: bool | None = None
    basis: str = ""

    def __post_init__(self) -> None:
        whole = self.amount == int(self.amount) and (self.escalate or 0) == int(self.escalate or 0)
        days = self.measure is Measure.WORKING_DAYS
        if self.amount <= 0 or (days and not whole):
            raise ValueError(f"{self.code}: amount must be above 0, and whole in working days")
        if self.yellow < 0 or (not days and self.yellow >= 1):
            raise ValueError(f"{self.code}: yellow must be 0 or more; as a share below 1")
        if self.escalate is not None and self.escalate < 0:
            raise ValueError(f"{self.code}: escalate must not be negative")

    def fits(self, facts: Facts) -> bool:
        """True when no condition of the rule is against the case."""
        conditions = (
            (self.type, facts.type),
            (self.urgency, facts.urgency),
            (self.around_the_clock, facts.around_the_clock),
            (self.complex, facts.complex),
        )
        fits = all(wanted is None or wanted == given for wanted, given in conditions)
        return fits and (facts.category or "").startswith(self.category or "")

    @property
    def weight(self) -> tuple[bool, bool, bool, int, bool, str]:
        """How specific the rule is: urgency goes before supply, complexity, category and type.

        The code comes last, so that of two equal rules it is always the same one that counts.
        """
        return (
            self.urgency is not None,
            self.around_the_clock is not None,
            self.complex is not None,
            len(self.category or ""),
            self.type is not None,
            self.code,
        )


@dataclass(frozen=True)
class Moments:
    """When a clock ends, warns (``yellow_at``) and, when it was missed, climbs (None: never)."""

    due: Due
    yellow_at: datetime
    escalate_at: datetime | None


def best_rule(rules: Iterable[Rule], kind: ClockKind, facts: Facts) -> Rule:
    """The most specific rule of ``kind`` that fits. Raises LookupError when none does."""
    fitting = [rule for rule in rules if rule.kind is kind and rule.fits(facts)]
    if not fitting:
        raise LookupError(f"no time limit for {kind}")
    return max(fitting, key=lambda rule: rule.weight)


def statutory_rules(rules: Iterable[Rule], facts: Facts) -> list[Rule]:
    """The legal limits beside the line's own, one for each name, the shortest first.

    All of them run: the later duty is never hidden by the earlier (domain 2.2, 10).
    """
    best: dict[str, Rule] = {}
    for rule in rules:
        if rule.kind is ClockKind.STATUTORY and rule.fits(facts):
            known = best.get(rule.name)
            if known is None or rule.weight > known.weight:
                best[rule.name] = rule
    return sorted(best.values(), key=lambda rule: (rule.amount, rule.code))


def moments(
    calendar: WorkCalendar,
    rule: Rule,
    start: datetime,
    *,
    extra_days: int = 0,
    not_after: datetime | None = None,
) -> Moments:
    """When a clock of ``rule`` that started at ``start`` (aware) ends, warns and climbs.

    ``extra_days`` are the working days of a granted extension; ``not_after`` is the latest end
    that the part of the unit above allows.
    """
    due = _due(calendar, rule, start, extra_days)
    if not_after is not None and not_after < due.at:
        due = Due(not_after, due.provisional)
    return Moments(due, _yellow(calendar, rule, start, due.at), _escalation(calendar, rule, due.at))


def nested_end(
    calendar: WorkCalendar, measure: Measure, parent_due: datetime, start: datetime
) -> datetime:
    """The latest end for a unit below, so that the unit above still has time for the answer.

    One working day before ``parent_due`` (a quarter of a day when the parent itself has less than
    two left); of an hours' clock four fifths of what remains. Under a parent that is late already
    the unit below gets until the end of the next working day.
    """
    if parent_due <= start:
        return add_working_days(calendar, start, 1).at
    if measure is Measure.WORKING_DAYS:
        margin = 1.0 if working_days_between(calendar, start, parent_due) > 1 else 0.25
        end = subtract_working_days(calendar, parent_due, margin)
        if end > start:
            return end
    return start + (parent_due - start) * NESTED_SHARE


def review_window(calendar: WorkCalendar, closed_at: datetime) -> datetime:
    """Until when a case closed at ``closed_at`` may be rated."""
    return add_working_days(calendar, closed_at, REVIEW_WINDOW_DAYS).at


def reopen_window(calendar: WorkCalendar, told_at: datetime) -> datetime:
    """Until when a case answered at ``told_at`` goes on when the citizen is not done with it."""
    return add_working_days(calendar, told_at, REOPEN_WINDOW_DAYS).at


def _due(calendar: WorkCalendar, rule: Rule, start: datetime, extra_days: int) -> Due:
    if rule.measure is Measure.WORKING_DAYS:
        return add_working_days(calendar, start, int(rule.amount) + extra_days)
    end = start + _length(rule.measure, rule.amount)
    return add_working_days(calendar, end, extra_days) if extra_days else Due(end, False)


def _yellow(calendar: WorkCalendar, rule: Rule, start: datetime, end: datetime) -> datetime:
    if not rule.yellow:
        return end
    if rule.measure is Measure.WORKING_DAYS:
        at = subtract_working_days(calendar, end, rule.yellow)
    else:
        at = end - _length(rule.measure, rule.amount) * rule.yellow
    return at if at > start else end - max(end - start, timedelta()) * SHORT_YELLOW


def _escalation(calendar: WorkCalendar, rule: Rule, end: datetime) -> datetime | None:
    if rule.escalate is None:
        return None
    if rule.measure is Measure.WORKING_DAYS:
        return add_working_days(calendar, end, int(rule.escalate)).at
    return end + _length(rule.measure, rule.escalate)


def _length(measure: Measure, amount: float) -> timedelta:
    return timedelta(minutes=amount) if measure is Measure.MINUTES else timedelta(hours=amount)


# ---- used by registration until it asks `cases.timing`
from collections.abc import Mapping  # noqa: E402
from dataclasses import field  # noqa: E402

from core.calendar import add_hours  # noqa: E402


@dataclass(frozen=True)
class Limits:
    """Time limits: ``days`` in working days by type, hours on a clock that never stops."""

    days: Mapping[CaseType, int] = field(
        default_factory=lambda: {
            CaseType.CONSULTATION: 3,
            CaseType.HELP: 5,
            CaseType.COMPLAINT: 5,
            CaseType.REPORT: 5,
            CaseType.SUGGESTION: 5,
            CaseType.PRAISE: 5,
            CaseType.OTHER: 5,
        }
    )
    complex_days: int = 15
    urgent_hours: float = 2
    around_the_clock_hours: float = 24


DEFAULT_LIMITS = Limits()


def due(
    calendar: WorkCalendar,
    start: datetime,
    type: CaseType,
    urgency: Urgency = Urgency.NORMAL,
    *,
    around_the_clock: bool = False,
    complex: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Due:
    """When a case registered at ``start`` (aware) is due."""
    if urgency is Urgency.URGENT:
        return add_hours(start, limits.urgent_hours)
    if around_the_clock:
        return add_hours(start, limits.around_the_clock_hours)
    days = limits.complex_days if complex else limits.days[type]
    return add_working_days(calendar, start, days)
