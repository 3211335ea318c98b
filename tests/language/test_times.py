"""Times in a text, as said, and the days they mean."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from language.times import find_times, resolve

SAID = [
    ("每晚十一点以后摩托车炸街", ["每晚十一点以后"]),
    ("早上七点半到八点堵得走不动", ["早上七点半到八点"]),
    ("从昨天就坏了", ["昨天"]),
    ("路灯三天前就坏了", ["三天前"]),
    ("两个月之前签的", ["两个月之前"]),
    ("承诺三天前来修", []),
    ("十月三号那天被狗咬了", ["十月三号那天"]),
    ("去年6月就到期了", ["去年6月"]),
    ("搞了一年多了", ["一年多"]),
    ("入夏就没来过水", ["入夏"]),
    ("这两天往外冒水，比前天大了", ["这两天", "前天"]),
    ("八月份突然没到账", ["八月份"]),
    ("上礼拜三就不亮了", ["上礼拜三"]),
    ("一到下午就占道", ["下午"]),
    ("楼上三天两头漏水", ["三天两头"]),
    ("昨晚八点到现在没电", ["昨晚八点"]),
    ("刚刚有人撞车了", ["刚刚"]),
    ("得有两年了", ["得有两年"]),
    ("今天下午两点左右", ["今天下午两点左右"]),
    ("老板欠我们四个月工资，十六个人", ["四个月"]),
]
NO_TIME = [
    "能不能调长一点",
    "验收才半年又黑了",
    "一个礼拜透析三回",
    "一年360的保险费",
    "能不能延到九点",
    "排了两个钟头队",
    "3号窗口的小姑娘",
    "说好三天答复",
]
NOW = datetime(2026, 11, 25, 10, 0)  # a Wednesday
DAYS = [
    ("今天上午", date(2026, 11, 25), date(2026, 11, 25)),
    ("昨晚八点", date(2026, 11, 24), date(2026, 11, 24)),
    ("前天", date(2026, 11, 23), date(2026, 11, 23)),
    ("上周三", date(2026, 11, 18), date(2026, 11, 18)),
    ("这周", date(2026, 11, 23), date(2026, 11, 25)),
    ("上个月", date(2026, 10, 1), date(2026, 10, 31)),
    ("十月三号那天", date(2026, 10, 3), date(2026, 10, 3)),
    ("12月31日", date(2025, 12, 31), date(2025, 12, 31)),
    ("去年6月", date(2025, 6, 1), date(2025, 6, 30)),
    ("去年", date(2025, 1, 1), date(2025, 12, 31)),
    ("三天", date(2026, 11, 22), date(2026, 11, 25)),
    ("三天前", date(2026, 11, 22), date(2026, 11, 22)),
    ("一个礼拜", date(2026, 11, 18), date(2026, 11, 25)),
    ("半个月", date(2026, 11, 10), date(2026, 11, 25)),
    ("刚刚", date(2026, 11, 25), date(2026, 11, 25)),
]


@pytest.mark.parametrize(("text", "times"), SAID)
def test_a_time_is_read_as_said(text: str, times: list[str]) -> None:
    found = find_times(text)
    assert [time.text for time in found] == times
    assert all(text[time.start : time.end] == time.text for time in found)


@pytest.mark.parametrize("text", NO_TIME)
def test_ages_prices_and_deadlines_are_no_times(text: str) -> None:
    assert find_times(text) == []


def test_a_house_number_is_no_date() -> None:
    assert find_times("体育东路18号", [(0, 7)]) == []


@pytest.mark.parametrize(("said", "first", "last"), DAYS)
def test_a_relative_time_means_days(said: str, first: date, last: date) -> None:
    found = resolve(said, NOW)
    assert found is not None
    assert (found.first, found.last) == (first, last)


@pytest.mark.parametrize("said", ["每晚", "天天", "早高峰", "2月31日", "半夜"])
def test_a_habit_means_no_days(said: str) -> None:
    assert resolve(said, NOW) is None
