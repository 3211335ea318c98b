"""Due dates across weekends, holidays, make-up days and unannounced years. Times are local."""

from datetime import date, datetime, timedelta

import pytest

from cases.clocks import Limits, due, review_window
from cases.vocabulary import CaseType, Urgency
from core.calendar import LOCAL, WorkCalendar

# 2026 as announced: National Day 1-7 October with make-up days 20 September and 10 October.
CALENDAR = WorkCalendar(
    days={
        **{date(2026, 10, day): False for day in range(1, 8)},
        date(2026, 9, 20): True,
        date(2026, 10, 10): True,
        date(2027, 1, 1): False,
    },
    announced=frozenset({2026}),
)


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=LOCAL)


T, U = CaseType, Urgency.URGENT


@pytest.mark.parametrize(
    ("type", "start", "expected"),
    [
        # Wednesday, nothing in the way
        (T.CONSULTATION, "2026-08-05 10:00", "2026-08-10 17:30"),
        (T.COMPLAINT, "2026-08-05 10:00", "2026-08-12 17:30"),
        # Friday noon, Friday midnight, Saturday, Sunday: the weekend does not count
        (T.CONSULTATION, "2026-08-07 12:00", "2026-08-12 17:30"),
        (T.CONSULTATION, "2026-08-07 23:59", "2026-08-12 17:30"),
        (T.CONSULTATION, "2026-08-08 00:00", "2026-08-12 17:30"),
        (T.CONSULTATION, "2026-08-09 12:00", "2026-08-12 17:30"),
        (T.HELP, "2026-08-07 12:00", "2026-08-14 17:30"),
        (T.REPORT, "2026-08-07 12:00", "2026-08-14 17:30"),
        (T.SUGGESTION, "2026-08-07 12:00", "2026-08-14 17:30"),
        (T.PRAISE, "2026-08-07 12:00", "2026-08-14 17:30"),
        (T.OTHER, "2026-08-07 12:00", "2026-08-14 17:30"),
        # Sunday 20 September is worked
        (T.CONSULTATION, "2026-09-18 12:00", "2026-09-22 17:30"),
        # the holiday week is jumped over, Saturday 10 October is worked
        (T.CONSULTATION, "2026-09-30 12:00", "2026-10-10 17:30"),
        (T.COMPLAINT, "2026-10-03 12:00", "2026-10-13 17:30"),
    ],
)
def test_working_days_by_type(type: CaseType, start: str, expected: str) -> None:
    found = due(CALENDAR, at(start), type)
    assert found.at == at(expected)
    assert not found.provisional


@pytest.mark.parametrize(
    ("urgency", "around_the_clock", "hours"),
    [(U, False, 2), (U, True, 2), (Urgency.NORMAL, True, 24)],
)
def test_urgent_and_supply_clocks_never_stop(
    urgency: Urgency, around_the_clock: bool, hours: int
) -> None:
    start = at("2026-10-02 23:30")
    found = due(CALENDAR, start, T.HELP, urgency, around_the_clock=around_the_clock)
    assert found.at == start + timedelta(hours=hours)
    assert not found.provisional


def test_complex_matters_take_fifteen_days() -> None:
    assert due(CALENDAR, at("2026-08-03 09:00"), T.COMPLAINT, complex=True).at == at(
        "2026-08-24 17:30"
    )


def test_a_city_may_set_its_own_limits() -> None:
    limits = Limits(days={T.CONSULTATION: 1}, urgent_hours=0.5)
    start = at("2026-08-03 09:00")
    assert due(CALENDAR, start, T.CONSULTATION, limits=limits).at == at("2026-08-04 17:30")
    assert due(CALENDAR, start, T.HELP, U, limits=limits).at == at("2026-08-03 09:30")


def test_a_date_in_an_unannounced_year_is_provisional() -> None:
    found = due(CALENDAR, at("2026-12-30 09:00"), T.COMPLAINT)
    assert found.at == at("2027-01-07 17:30")
    assert found.provisional
    assert not due(CALENDAR, at("2026-12-25 09:00"), T.CONSULTATION).provisional


def test_every_type_has_a_limit() -> None:
    assert set(Limits().days) == set(CaseType)


def test_a_closed_case_can_be_rated_for_five_working_days() -> None:
    assert review_window(CALENDAR, at("2026-08-07 16:00")) == at("2026-08-14 17:30")
