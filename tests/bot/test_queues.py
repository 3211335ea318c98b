"""Which queue a citizen waits in, and when it is open."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from bot.seats.plan import GENERAL, load_plan, may_serve
from core.calendar import LOCAL, WorkCalendar

PLAN = load_plan()
# 2026-08-05 is a Wednesday, made a holiday here is the day after.
CALENDAR = WorkCalendar({date(2026, 8, 6): False}, frozenset({2026}))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("words", "queue"),
    [
        ("我们公司想问营业执照变更", "business"),
        ("老人家不会讲普通话，只会说土话", "dialect"),
        ("How can I renew my residence permit?", "foreign"),
        ("我买的 iPhone 坏了找不到商家", GENERAL),
        ("路灯坏了", GENERAL),
        ("", GENERAL),
    ],
)
def test_words_choose_the_queue(words: str, queue: str) -> None:
    assert PLAN.wanted(words, None).code == queue


@pytest.mark.parametrize(
    ("code", "moment", "is_open", "opens"),
    [
        ("general", "2026-08-08 03:00", True, "2026-08-08 03:00"),
        ("business", "2026-08-05 08:29", False, "2026-08-05 08:30"),
        ("business", "2026-08-05 08:30", True, "2026-08-05 08:30"),
        # After closing, over the holiday, to the next working day.
        ("business", "2026-08-05 17:30", False, "2026-08-07 08:30"),
        ("business", "2026-08-08 10:00", False, "2026-08-10 08:30"),
        ("dialect", "2026-08-08 10:00", True, "2026-08-08 10:00"),
        ("dialect", "2026-08-08 20:00", False, "2026-08-09 08:00"),
    ],
)
def test_hours(code: str, moment: str, is_open: bool, opens: str) -> None:
    queue = PLAN.get(code)
    assert queue.is_open(at(moment), CALENDAR) is is_open
    assert queue.next_opening(at(moment), CALENDAR) == at(opens)


def test_a_closed_queue_leaves_its_citizens_to_the_general_one() -> None:
    words = "我们企业要开票"
    placed, wanted = PLAN.placed(words, None, at("2026-08-05 22:00"), CALENDAR)
    assert (placed.code, wanted.code) == (GENERAL, "business")
    placed, _ = PLAN.placed(words, None, at("2026-08-05 10:00"), CALENDAR)
    assert placed.code == "business"


@pytest.mark.parametrize(
    ("skills", "queue", "serves"),
    [([], GENERAL, True), ([], "business", False), (["business"], "business", True)],
)
def test_who_serves_what(skills: list[str], queue: str, serves: bool) -> None:
    assert may_serve(skills, queue) is serves
