"""Rules of the console that need no database: clocks, pages, choosing a unit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console.clock import Light, clock, duration
from console.paging import Paging
from console.unit_picker import find_unit, unit_options
from core.errors import InvalidInput
from units.tree import UnitInfo, UnitTree

AT = datetime(2026, 8, 5, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "light", "text"),
    [
        (timedelta(days=3, hours=2), Light.GREEN, "剩余 3 天 2 小时"),
        (timedelta(days=1, seconds=1), Light.GREEN, "剩余 1 天"),
        (timedelta(days=1), Light.YELLOW, "剩余 1 天"),
        (timedelta(hours=5, minutes=10), Light.YELLOW, "剩余 5 小时 10 分"),
        (timedelta(0), Light.YELLOW, "剩余 0 分钟"),
        (timedelta(seconds=-1), Light.RED, "超期 0 分钟"),
        (timedelta(hours=-1), Light.RED, "超期 1 小时"),
    ],
)
def test_lights(left: timedelta, light: Light, text: str) -> None:
    shown = clock(AT + left, AT)
    assert (shown.light, shown.text) == (light, text)


@pytest.mark.parametrize(
    ("closed", "text"),
    [(None, "已停表"), (timedelta(0), "按期办结"), (timedelta(seconds=1), "超期办结")],
)
def test_a_stopped_clock(closed: timedelta | None, text: str) -> None:
    closed_at = AT + closed if closed is not None else None
    assert clock(AT, AT + timedelta(days=9), stopped=True, closed_at=closed_at).text == text


def test_duration_names_the_two_largest_units() -> None:
    assert duration(timedelta(days=2, minutes=59)) == "2 天"


@pytest.mark.parametrize(
    ("wanted", "total", "page", "offset", "shown"),
    [
        (1, 0, 1, 0, [1]),
        (0, 30, 1, 0, [1]),
        (2, 31, 2, 30, [1, 2]),
        (9, 31, 2, 30, [1, 2]),
        (5, 300, 5, 120, [1, None, 4, 5, 6, None, 10]),
        (2, 300, 2, 30, [1, 2, 3, None, 10]),
    ],
)
def test_pages(wanted: int, total: int, page: int, offset: int, shown: list[int | None]) -> None:
    paging = Paging(wanted, total)
    assert (paging.page, paging.offset, paging.shown) == (page, offset, shown)


TREE = UnitTree.of(
    [
        UnitInfo("city", "示例市人民政府", "市政府", "政府", "city", None),
        UnitInfo("urban", "示例市城市管理局", "城管局", "城管", "city", "city", ("城管",)),
        UnitInfo("east", "城东区人民政府", "城东区", "区县政府", "district", "city"),
        UnitInfo("east.urban", "城东区城市管理局", "城东城管", "城管", "district", "east"),
        UnitInfo("east.a", "红旗社区", "红旗", "社区村", "community", "east", ("社区",)),
        UnitInfo("east.b", "绿苑社区", "绿苑", "社区村", "community", "east", ("社区",)),
        UnitInfo("old", "旧局", "旧局", "城管", "city", "city", active=False),
    ]
)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("示例市城市管理局", "urban"),
        (" 城管局 ", "urban"),
        ("城管", "urban"),
        ("east.urban", "east.urban"),
        ("红旗", "east.a"),
    ],
)
def test_a_unit_is_found_by_its_names(typed: str, code: str) -> None:
    assert find_unit(TREE, typed).code == code


@pytest.mark.parametrize("typed", ["", "  ", "旧局", "old", "社区", "城东区城市"])
def test_what_names_no_single_unit_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        find_unit(TREE, typed)
    assert refused.value.fields["unit"]


def test_looking_up_takes_a_part_of_a_name() -> None:
    assert find_unit(TREE, "城东区城市", loose=True).code == "east.urban"
    with pytest.raises(InvalidInput):
        find_unit(TREE, "城市管理局", loose=True)
    with pytest.raises(InvalidInput):
        find_unit(TREE, "示例市城市管理局", {"east"}, loose=True)


def test_the_list_goes_from_the_city_down_without_closed_units() -> None:
    options = unit_options(TREE)
    assert [o.value for o in options][:2] == ["示例市人民政府", "城东区人民政府"]
    assert "旧局" not in [o.value for o in options]
    assert next(o.label for o in options if o.value == "城东区城市管理局") == (
        "城东城管 · 城管 · 城东区"
    )
