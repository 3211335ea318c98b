"""What follows from a call, as tables."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from cases.callback_rules import (
    LEASE,
    Attempt,
    Cause,
    Consequence,
    Reached,
    consequence,
    is_free,
    may_close,
    next_attempt,
    unreachable,
)
from cases.vocabulary import CallbackState, Satisfied, Solved
from core.calendar import LOCAL, WorkCalendar

YES, PARTLY, NO = Solved.YES, Solved.PARTLY, Solved.NO
GOOD, MOSTLY, BAD = Satisfied.SATISFIED, Satisfied.MOSTLY, Satisfied.DISSATISFIED
UNIT, POLICY, OTHER = Cause.UNIT, Cause.POLICY, Cause.OTHER
CLOSE, REWORK, SUPERVISE = Consequence.CLOSE, Consequence.REWORK, Consequence.SUPERVISE
# solved, satisfied, cause → the first time, every further time
TABLE = [
    (YES, GOOD, None, CLOSE, CLOSE),
    (YES, MOSTLY, None, CLOSE, CLOSE),
    (YES, None, None, CLOSE, CLOSE),
    (YES, BAD, UNIT, REWORK, SUPERVISE),
    (YES, BAD, POLICY, CLOSE, CLOSE),
    (YES, BAD, OTHER, CLOSE, CLOSE),
    (PARTLY, GOOD, None, CLOSE, CLOSE),
    (PARTLY, MOSTLY, None, CLOSE, CLOSE),
    (PARTLY, None, None, CLOSE, CLOSE),
    (PARTLY, BAD, UNIT, REWORK, SUPERVISE),
    (PARTLY, BAD, POLICY, CLOSE, CLOSE),
    (PARTLY, BAD, OTHER, CLOSE, CLOSE),
    (NO, GOOD, None, REWORK, SUPERVISE),
    (NO, MOSTLY, None, REWORK, SUPERVISE),
    (NO, None, None, REWORK, SUPERVISE),
    (NO, BAD, UNIT, REWORK, SUPERVISE),
    (NO, BAD, POLICY, REWORK, SUPERVISE),
    (NO, BAD, OTHER, REWORK, SUPERVISE),
]


@pytest.mark.parametrize(("solved", "satisfied", "cause", "first", "later"), TABLE)
def test_consequences(
    solved: Solved,
    satisfied: Satisfied | None,
    cause: Cause | None,
    first: Consequence,
    later: Consequence,
) -> None:
    assert consequence(solved, satisfied, cause, 0) is first
    assert consequence(solved, satisfied, cause, 1) is later
    assert consequence(solved, satisfied, cause, 2) is later


def at(text: str) -> datetime:
    """``05 10:30``: a moment of August 2026, local; the 5th is a Wednesday."""
    return datetime.strptime(f"2026-08-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=LOCAL)


def calls(*texts: str, outcome: Reached = Reached.NO_ANSWER) -> list[Attempt]:
    return [Attempt(at(text), "callback", outcome) for text in texts]


@pytest.mark.parametrize(
    ("attempts", "gone"),
    [
        ([], False),
        (calls("05 09:00", "05 14:00"), False),
        (calls("05 09:00", "05 10:00", "05 11:59"), False),
        (calls("05 09:00", "05 10:00", "05 11:00", "05 11:30"), False),
        (calls("05 09:00", "05 10:00", "05 12:00"), True),
        (calls("05 09:00", "06 09:00", "07 09:00"), True),
        (calls("05 09:00", "05 14:00", "06 09:00", outcome=Reached.WRONG_NUMBER), True),
        (calls("05 09:00", "05 14:00", "06 09:00", outcome=Reached.REFUSED), False),
        (calls("05 09:00", "05 14:00") + calls("06 09:00", outcome=Reached.REACHED), False),
    ],
)
def test_unreachable_after_three_calls_on_two_half_days(
    attempts: list[Attempt], gone: bool
) -> None:
    assert unreachable(attempts) is gone


CALENDAR = WorkCalendar({date(2026, 8, 8): True, date(2026, 8, 10): False}, frozenset({2026}))


@pytest.mark.parametrize(
    ("called", "again"),
    [
        ("05 09:10", "05 14:00"),
        ("05 11:59", "05 14:00"),
        ("05 12:00", "06 09:00"),
        ("05 18:00", "06 09:00"),
        ("07 15:00", "08 09:00"),  # Friday → the make-up Saturday
        ("08 15:00", "11 09:00"),  # … → past Sunday and the holiday on Monday
        ("09 09:00", "11 09:00"),  # a Sunday morning
    ],
)
def test_the_next_call_is_on_the_next_half_day_that_is_worked(called: str, again: str) -> None:
    assert next_attempt(CALENDAR, at(called)) == at(again)


@pytest.mark.parametrize(
    ("holder", "since", "free"),
    [
        (None, None, True),
        ("me", timedelta(minutes=1), True),
        ("other", timedelta(minutes=1), False),
        ("other", LEASE - timedelta(seconds=1), False),
        ("other", LEASE, True),
    ],
)
def test_one_clerk_at_a_time(holder: str | None, since: timedelta | None, free: bool) -> None:
    now = at("05 10:00")
    assert is_free(holder, now - since if since else None, "me", now) is free


@pytest.mark.parametrize(
    ("state", "rated", "after_window", "closes"),
    [
        (CallbackState.WAITING, False, True, False),
        (CallbackState.WAITING, True, True, False),
        (CallbackState.DONE, False, False, True),
        (CallbackState.UNREACHABLE, False, False, False),
        (CallbackState.UNREACHABLE, True, False, True),
        (CallbackState.UNREACHABLE, False, True, True),
        (CallbackState.SKIPPED, False, False, False),
        (CallbackState.SKIPPED, False, True, True),
        (None, False, False, False),
        (None, False, True, True),
    ],
)
def test_what_closes_by_itself(
    state: CallbackState | None, rated: bool, after_window: bool, closes: bool
) -> None:
    end = at("12 17:30")
    now = end if after_window else end - timedelta(seconds=1)
    assert may_close(state, rated, end, now) is closes
