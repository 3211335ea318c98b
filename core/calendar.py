"""Working days and due dates. Pure functions over a calendar that staff edit.

Source of the rule: time limits of the line count working days (国办发〔2020〕53号 practice,
domain defaults of the city); holidays and make-up days follow the State Council's yearly notice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")
WORK_START = time(8, 30)
WORK_END = time(17, 30)


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked.

    ``days`` holds only exceptions: ``date -> True`` for a make-up working day, ``False`` for a
    holiday. ``announced`` holds the years whose arrangement is official.
    """

    days: Mapping[date, bool] = field(default_factory=dict)
    announced: frozenset[int] = frozenset()

    def is_workday(self, day: date) -> bool:
        """True when the line's working-day clocks run on ``day``."""
        return self.days.get(day, day.weekday() < 5)


@dataclass(frozen=True)
class Due:
    """When something is due; ``provisional`` when a year on the way is not announced yet."""

    at: datetime
    provisional: bool


def add_working_days(calendar: WorkCalendar, start: datetime, days: int) -> Due:
    """The end of the ``days``-th working day after ``start``'s day.

    ``start`` is aware; ``days`` counts working days and is at least 0. The day on which something
    arrives does not count; 0 days means the end of the first working day from ``start`` on.
    Raises ValueError for a negative number or a naive datetime.
    """
    if days < 0:
        raise ValueError("days must not be negative")
    if start.tzinfo is None:
        raise ValueError("start must carry a time zone")
    day = start.astimezone(LOCAL).date()
    first = day
    if days == 0:
        while not calendar.is_workday(day) or _end_of(day) <= start:
            day += timedelta(days=1)
    left = days
    while left:
        day += timedelta(days=1)
        if calendar.is_workday(day):
            left -= 1
    years = range(first.year, day.year + 1)
    return Due(_end_of(day).astimezone(UTC), any(y not in calendar.announced for y in years))


def subtract_working_days(calendar: WorkCalendar, end: datetime, days: float) -> datetime:
    """The moment ``days`` working days before ``end`` (aware), in UTC.

    Whole days keep the time of day; a part of a day counts as that part of the working hours. A
    day off counts as the close of the working day before it. Raises ValueError for a negative
    number or a naive datetime.
    """
    if days < 0:
        raise ValueError("days must not be negative")
    if end.tzinfo is None:
        raise ValueError("end must carry a time zone")
    at = _worked(calendar, end.astimezone(LOCAL))
    for _ in range(int(days)):
        at = datetime.combine(_workday_before(calendar, at.date()), at.time(), LOCAL)
    left = (_end_of(at.date()) - _start_of(at.date())) * (days - int(days))
    done = max(min(at, _end_of(at.date())) - _start_of(at.date()), timedelta())
    if left > done:
        at, left = _end_of(_workday_before(calendar, at.date())), left - done
    elif left:
        at = min(at, _end_of(at.date()))
    return (at - left).astimezone(UTC)


def add_hours(start: datetime, hours: float) -> Due:
    """A clock that runs around the clock: ``start`` plus ``hours``, never provisional."""
    return Due(start + timedelta(hours=hours), False)


def working_days_between(calendar: WorkCalendar, start: datetime, end: datetime) -> int:
    """Working days after ``start``'s day up to and including ``end``'s day (0 if none)."""
    day, last = start.astimezone(LOCAL).date(), end.astimezone(LOCAL).date()
    count = 0
    while day < last:
        day += timedelta(days=1)
        count += calendar.is_workday(day)
    return count


def _worked(calendar: WorkCalendar, at: datetime) -> datetime:
    day = at.date()
    return at if calendar.is_workday(day) else _end_of(_workday_before(calendar, day))


def _workday_before(calendar: WorkCalendar, day: date) -> date:
    day -= timedelta(days=1)
    while not calendar.is_workday(day):
        day -= timedelta(days=1)
    return day


def _start_of(day: date) -> datetime:
    return datetime.combine(day, WORK_START, LOCAL)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, WORK_END, LOCAL)
