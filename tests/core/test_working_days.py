"""Counting working days back from an end. Times are local."""

from datetime import UTC, date, datetime

import pytest

from core.calendar import LOCAL, WorkCalendar, subtract_working_days

# Friday to Sunday off, the Saturday after worked.
CALENDAR = WorkCalendar(
    days={date(2026, 9, 25): False, date(2026, 10, 3): True}, announced=frozenset({2026})
)


def at(text: str) -> datetime:
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("end", "days", "expected"),
    [
        ("09-23 17:30", 0, "09-23 17:30"),
        ("09-23 17:30", 1, "09-22 17:30"),
        ("09-23 10:00", 1, "09-22 10:00"),
        # over a weekend, over a day off before it
        ("09-21 17:30", 1, "09-18 17:30"),
        ("09-28 17:30", 1, "09-24 17:30"),
        ("09-28 17:30", 3, "09-22 17:30"),
        # a Saturday that is worked
        ("10-05 17:30", 1, "10-03 17:30"),
        ("10-05 17:30", 2, "10-02 17:30"),
        # parts of a day are parts of the nine working hours
        ("09-23 17:30", 0.5, "09-23 13:00"),
        ("09-23 17:30", 0.25, "09-23 15:15"),
        ("09-23 10:00", 0.5, "09-22 14:30"),
        ("09-28 10:00", 0.5, "09-24 14:30"),
        ("09-23 17:30", 1.5, "09-22 13:00"),
        # an end at night or on a day off counts from the close before it
        ("09-23 23:00", 0.5, "09-23 13:00"),
        ("09-23 02:00", 0.5, "09-22 13:00"),
        ("09-26 12:00", 1, "09-23 17:30"),
        ("09-26 12:00", 0, "09-24 17:30"),
    ],
)
def test_working_days_back(end: str, days: float, expected: str) -> None:
    found = subtract_working_days(CALENDAR, at(end), days)
    assert found == at(expected)
    assert found.tzinfo is UTC


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        subtract_working_days(CALENDAR, at("09-23 17:30"), -1)
    with pytest.raises(ValueError, match="time zone"):
        subtract_working_days(CALENDAR, datetime(2026, 9, 23), 1)
