"""The dispatch catalogue's rules, and the sample city's catalogue against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from routing.catalogue import (
    CatalogueEntry,
    Dispatch,
    Territory,
    away_from,
    breaks_duty_list,
    candidates,
    match,
    settle,
    superior,
)
from routing.checks import City, check
from units.tree import UnitInfo, UnitTree

CITY = Path(__file__).parents[2] / "city"
DAY = date(2026, 6, 1)
START = date(2026, 1, 1)
LIST = "镇街履职事项清单（示例）"
WANGHU = Territory("chengdong", "chengdong.wanghu", "城东区望湖街道")
GUIYUAN = Territory("chengxi", "chengxi.guiyuan", "城西区桂园街道")
DISTRICT_ONLY = Territory("chengdong", None, "城东区")


def entry(code: str, lead: str, **more: Any) -> CatalogueEntry:
    fields: dict[str, Any] = {"category": "X0101", "basis": "权责清单（示例）", "valid_from": START}
    return CatalogueEntry(code=code, lead=lead, **{**fields, **more})


ENTRIES = [
    entry("general", "@district.urban", assists=("@street", "fire", "fire")),
    entry("old", "police", valid_from=date(2025, 1, 1), valid_to=date(2025, 12, 31), version=9),
    entry("coming", "police", valid_from=date(2027, 1, 1), words=("噪音",)),
    entry("words", "housing", words=("工地", "施工工地")),
    entry("longer", "transport", words=("公路工地",)),
    entry("district", "@street", basis=LIST, territory="chengdong"),
    entry("district-words", "fire", words=("充电",), territory="chengdong"),
    entry("street", "parks", territory="chengdong.wanghu"),
]


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("乱", None, ("general", "urban", ("fire",))),
        ("乱", GUIYUAN, ("general", "chengxi.urban", ("chengxi.guiyuan", "fire"))),
        ("工地吵", GUIYUAN, ("words", "housing", ())),
        ("公路工地噪音", None, ("longer", "transport", ())),
        ("工地吵", WANGHU, ("street", "parks", ())),
        ("充电", Territory("chengdong", "chengdong.dongdu"), ("district-words", "fire", ())),
        (
            "乱",
            Territory("chengdong", "chengdong.dongdu"),
            ("district", "chengdong.dongdu", ()),
        ),
    ],
)
def test_the_more_specific_entry_wins(
    text: str, place: Territory | None, expected: tuple[str, str, tuple[str, ...]]
) -> None:
    found = match(ENTRIES, "X0101", text, place, DAY)
    assert found is not None
    assert (found.entry, found.lead, found.assists) == expected


def test_a_street_entry_without_a_street_is_left_to_the_dispatcher() -> None:
    street = [entry("s", "@street", basis=LIST)]
    assert match(street, "X0101", "吵", None, DAY) is None
    assert match(street, "X0101", "吵", DISTRICT_ONLY, DAY) is None
    assert match(ENTRIES, "X0101", "吵", DISTRICT_ONLY, DAY) is None


def test_an_unknown_category_is_left_to_the_dispatcher() -> None:
    assert match(ENTRIES, "Y0101", "吵", WANGHU, DAY) is None


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 12, 31), "old"),
        (date(2026, 1, 1), "general"),
        (date(2026, 12, 31), "general"),
        (date(2027, 1, 1), "coming"),
    ],
)
def test_entries_hold_from_their_first_day_to_their_last(day: date, expected: str) -> None:
    found = match(ENTRIES, "X0101", "噪音", None, day)
    assert found is not None and found.entry == expected


def test_a_newer_version_replaces_the_older() -> None:
    lines = [entry("v1", "police"), entry("v2", "fire", version=2)]
    for order in (lines, lines[::-1]):
        found = match(order, "X0101", "", None, DAY)
        assert found is not None and found.lead == "fire"


def test_nothing_goes_to_a_street_without_its_duty_list() -> None:
    bare = entry("bare", "@street", territory="chengdong")
    assert breaks_duty_list(bare) and not breaks_duty_list(replace(bare, basis=LIST))
    found = match([bare, entry("general", "fire")], "X0101", "", WANGHU, DAY)
    assert found is not None and found.lead == "fire"


def test_reasons_name_entry_place_condition_and_basis() -> None:
    found = match(ENTRIES, "X0101", "工地吵", GUIYUAN, DAY)
    assert found is not None
    assert found.reasons == [
        "目录 words · 辖区 城西区桂园街道",
        "适用情形：工地",
        "依据：权责清单（示例）",
    ]


def test_guesses_that_agree_on_a_unit_add_up() -> None:
    lines = [entry("a", "fire", category="A"), entry("b", "police", category="B")]
    lines += [entry("c", "police", category="C"), entry("d", "@street", category="D", basis=LIST)]
    guesses = [("A", 0.4), ("D", 0.35), ("C", 0.3), ("B", 0.2)]
    ranked = candidates(lines, guesses, "", None, DAY)
    assert [(c.dispatch.lead, c.category, round(c.score, 2)) for c in ranked] == [
        ("police", "C", 0.5),
        ("fire", "A", 0.4),
    ]


PARENTS: Mapping[str, str | None] = {
    "city": None,
    "police": "city",
    "traffic-police": "police",
    "urban": "city",
    "chengdong": "city",
    "chengdong.urban": "chengdong",
    "chengdong.wanghu": "chengdong",
    "chengdong.wanghu.hubin": "chengdong.wanghu",
}


@pytest.mark.parametrize(
    ("about", "lead", "assists", "expected"),
    [
        ("traffic-police", "traffic-police", ("urban",), ("police", ("urban",))),
        ("urban", "urban", ("police", "chengdong.urban"), ("city", ("police", "chengdong.urban"))),
        ("chengdong.wanghu", "urban", ("chengdong.wanghu",), ("chengdong", ("urban",))),
        ("chengdong.wanghu", "chengdong.wanghu.hubin", (), ("chengdong", ())),
        ("chengdong.wanghu.hubin", "chengdong.wanghu", (), ("chengdong.wanghu", ())),
        ("chengdong.urban", "chengdong.urban", ("chengdong",), ("chengdong", ())),
        ("city", "urban", (), None),
        ("nobody", "urban", (), None),
    ],
)
def test_a_matter_about_a_unit_goes_to_its_superior(
    about: str, lead: str, assists: tuple[str, ...], expected: tuple[str, tuple[str, ...]] | None
) -> None:
    found = away_from(Dispatch(lead, assists, "A", ["目录 A"]), about, PARENTS)
    assert (found and (found.lead, found.assists)) == expected
    if found:
        assert found.lead == superior(about, PARENTS)
        assert found.reasons[-1].endswith("转上级单位办理")


TREE = UnitTree.of(
    UnitInfo(
        code,
        code,
        code,
        "x",
        level,
        PARENTS.get(code),
        active=not successor and code != "closed",
        successor=successor,
    )
    for code, level, successor in [
        ("closed", "city", None),
        ("city", "city", None),
        ("police", "city", None),
        ("urban", "city", "police"),
        ("water", "city", None),
        ("chengdong", "district", None),
        ("chengdong.urban", "district", None),
        ("chengdong.housing", "district", "chengdong.urban"),
        ("chengdong.wanghu", "street", None),
        ("chengdong.wanghu.hubin", "community", None),
    ]
)


@pytest.mark.parametrize(
    ("lead", "place", "expected"),
    [
        ("police", WANGHU, "police"),
        ("urban", WANGHU, "police"),
        ("@district.urban", WANGHU, "chengdong.urban"),
        ("@district.urban", None, "police"),
        ("@district.housing", WANGHU, "chengdong.urban"),
        ("@district.water", WANGHU, "water"),
        ("@street", WANGHU, "chengdong.wanghu"),
        ("@street", DISTRICT_ONLY, None),
        ("closed", WANGHU, None),
        ("nobody", WANGHU, None),
    ],
)
def test_mergers_are_followed_and_a_bureau_the_district_lacks_is_the_citys(
    lead: str, place: Territory | None, expected: str | None
) -> None:
    found = match([entry("a", lead, basis=LIST)], "X0101", "", place, DAY, TREE)
    assert (found and found.lead) == expected


def test_an_assistant_that_no_longer_serves_is_left_out() -> None:
    line = entry("a", "police", assists=("closed", "urban", "water"))
    found = match([line], "X0101", "", WANGHU, DAY, TREE)
    assert found is not None and found.assists == ("water",)


@pytest.mark.parametrize("lead", ["@street", "chengdong.wanghu", "chengdong.wanghu.hubin"])
def test_with_the_tree_a_street_by_its_code_needs_its_duty_list_too(lead: str) -> None:
    bare = entry("a", lead, territory="chengdong")
    assert breaks_duty_list(bare, WANGHU, TREE)
    assert not breaks_duty_list(replace(bare, basis=LIST), WANGHU, TREE)
    found = match([bare, entry("b", "police")], "X0101", "", WANGHU, DAY, TREE)
    assert found is not None and found.lead == "police"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("路上吵", "a"),
        ("小区里吵", "plain"),
        ("小区里的工地吵", "word"),
        ("路上的工地吵", "word-not"),
        ("夜里小区的工地吵", "word"),
    ],
)
def test_words_that_must_not_occur(text: str, expected: str) -> None:
    lines = [
        entry("plain", "police"),
        entry("a", "water", not_words=("小区",)),
        entry("word", "fire", words=("工地",)),
        entry("word-not", "parks", words=("工地",), not_words=("小区", "夜里")),
    ]
    found = match(lines, "X0101", text, None, DAY)
    assert found is not None and found.entry == expected


def rows(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((CITY / name).read_text("utf-8"))
    return loaded


def test_the_sample_citys_catalogue_is_sound() -> None:
    lines = [CatalogueEntry.from_row(row) for row in rows("catalogue.yml")]
    units = {row["code"]: row["level"] for row in rows("units.yml")}
    places = rows("territory.yml")
    city = City(
        tree=UnitTree.of(
            UnitInfo(row["code"], row["name"], row["short"], "", row["level"], row["parent"])
            for row in rows("units.yml")
        ),
        categories=[row["code"] for row in rows("categories.yml") if len(row["code"]) == 5],
        territories=[p["code"] for p in places if p["kind"] in ("district", "street")],
        districts=[p["code"] for p in places if p["kind"] == "district"],
    )
    assert [f for f in check(lines, city, DAY) if f.blocking] == []
    districts = [code for code, level in units.items() if level == "district" and "." not in code]
    for line in lines:
        for unit in (line.lead, *line.assists):
            if unit.startswith("@district."):
                for district in districts:
                    assert f"{district}.{unit.removeprefix('@district.')}" in units


@pytest.mark.parametrize(
    ("category", "text", "place", "lead"),
    [
        ("A0312", "路灯不亮", WANGHU, "chengdong.urban"),
        ("A0312", "路灯不亮", None, "urban"),
        ("A0310", "省道上全是坑", WANGHU, "transport"),
        ("A0702", "业委会换届", WANGHU, "chengdong.wanghu"),
        ("A0702", "业委会换届", GUIYUAN, "chengxi.housing"),
        ("B0103", "摩托车炸街", None, "traffic-police"),
        ("B0105", "广场舞太吵", None, "police"),
        ("B0106", "楼上天天唱歌", None, "police"),
        ("B0101", "厂里机器响", None, "environment"),
        ("F0104", "健身卡退不了", None, "culture"),
        ("F0104", "理发卡退不了", None, "market"),
        ("A0715", "邻居滴水", None, None),
    ],
)
def test_the_sample_citys_catalogue_names_the_unit(
    category: str, text: str, place: Territory | None, lead: str | None
) -> None:
    lines = settle(CatalogueEntry.from_row(row) for row in rows("catalogue.yml"))
    found = match(lines, category, text, place, DAY)
    assert (found and found.lead) == lead
    if category == "B0106":
        earlier = match(lines, category, text, place, date(2025, 12, 31))
        assert earlier is not None and earlier.lead == "environment"
