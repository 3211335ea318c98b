"""Versions of catalogue entries over time, and what the checks find on which days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from routing.catalogue import CatalogueEntry, match, settle
from routing.checks import City, Finding, check, introduced
from routing.editing import ending, next_code, taken_back
from units.tree import UnitInfo, UnitTree

JAN, JUN, JUL, AUG, DEC = (date(2026, m, 1) for m in (1, 6, 7, 8, 12))
JUN_30, JUL_31, NOV_30 = date(2026, 6, 30), date(2026, 7, 31), date(2026, 11, 30)
LIST = "镇街履职事项清单（示例）"

CITY = City(
    tree=UnitTree.of(
        UnitInfo(code, f"{code}单位", code, "x", level, parent, active=active, successor=after)
        for code, level, parent, active, after in [
            ("city", "city", None, True, None),
            ("police", "city", "city", True, None),
            ("fire", "city", "city", True, None),
            ("old", "city", "city", False, "fire"),
            ("closed", "city", "city", False, None),
            ("urban", "city", "city", False, None),
            ("east", "district", "city", True, None),
            ("east.urban", "district", "east", True, None),
            ("west", "district", "city", True, None),
            ("east.lake", "street", "east", True, None),
            ("east.lake.shore", "community", "east.lake", True, None),
        ]
    ),
    categories=["X0101"],
    territories=["east", "west", "east.lake"],
    districts=["east", "west"],
)


def entry(code: str, lead: str = "police", version: int = 1, **more: Any) -> CatalogueEntry:
    fields: dict[str, Any] = {"category": "X0101", "basis": "权责清单（示例）", "valid_from": JAN}
    return CatalogueEntry(code=code, lead=lead, version=version, **{**fields, **more})


def spans(entries: list[CatalogueEntry]) -> list[tuple[int, date, date | None]]:
    return [(e.version, e.valid_from, e.valid_to) for e in entries]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([entry("a")], [(1, JAN, None)]),
        (
            [entry("a"), entry("a", version=2, valid_from=JUL)],
            [(1, JAN, JUN_30), (2, JUL, None)],
        ),
        (
            [entry("a", valid_to=JUN), entry("a", version=2, valid_from=JUL)],
            [(1, JAN, JUN), (2, JUL, None)],
        ),
        # A version planned for later is overtaken by a newer one that begins before it.
        (
            [
                entry("a"),
                entry("a", version=2, valid_from=DEC),
                entry("a", version=3, valid_from=JUL),
            ],
            [(1, JAN, JUN_30), (3, JUL, None)],
        ),
        # A newer one for later leaves the planned one its time until then.
        (
            [
                entry("a"),
                entry("a", version=2, valid_from=JUL),
                entry("a", version=3, valid_from=DEC),
            ],
            [(1, JAN, JUN_30), (2, JUL, NOV_30), (3, DEC, None)],
        ),
        ([entry("a"), entry("a", version=2, valid_from=JAN)], [(2, JAN, None)]),
        ([entry("a"), ending(entry("a", version=2), JUL)], [(1, JAN, JUN_30)]),
        (
            [
                entry("a"),
                ending(entry("a", version=2), JUL),
                entry("a", version=3, valid_from=AUG),
            ],
            [(1, JAN, JUN_30), (3, AUG, None)],
        ),
        ([entry("a"), entry("b", valid_from=JUL)], [(1, JAN, None), (1, JUL, None)]),
    ],
)
def test_a_new_version_ends_the_older_the_day_before(
    versions: list[CatalogueEntry], expected: list[tuple[int, date, date | None]]
) -> None:
    assert spans(settle(versions)) == expected
    by_number = sorted(settle(versions[::-1]), key=lambda e: (e.code, e.version))
    assert spans(by_number) == expected


@pytest.mark.parametrize(
    ("day", "lead"),
    [(JAN, "police"), (JUN_30, "police"), (JUL, "fire"), (NOV_30, "fire"), (DEC, None)],
)
def test_the_day_picks_the_version(day: date, lead: str | None) -> None:
    versions = [
        entry("a", territory=None),
        entry("a", "fire", 2, valid_from=JUL),
        ending(entry("a", version=3), DEC),
    ]
    found = match(settle(versions), "X0101", "", None, day)
    assert (found and found.lead) == lead


def test_an_entry_survives_the_way_into_a_row_and_back() -> None:
    whole = entry(
        "a", territory="east", words=("工地",), not_words=("小区",), assists=("fire",), valid_to=DEC
    )
    assert CatalogueEntry.from_row(whole.to_row()) == whole
    assert CatalogueEntry.from_row(entry("b").to_row()) == entry("b")


GENERAL = entry("general")
GAP = "类别没有通用目录"


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([GENERAL], []),
        # Gaps, also those to come.
        ([], [(GAP, JUN, None)]),
        ([entry("a", territory="east")], [(GAP, JUN, None)]),
        ([entry("a", words=("吵",))], [(GAP, JUN, None)]),
        ([entry("a", not_words=("吵",))], [(GAP, JUN, None)]),
        ([entry("a", valid_from=JUL)], [(GAP, JUN, JUN_30)]),
        ([entry("a", valid_to=JUN_30)], [(GAP, JUL, None)]),
        ([entry("a", valid_to=JUN_30), entry("b", valid_from=JUL)], []),
        (
            [entry("a", valid_to=JUN_30), entry("b", valid_from=AUG, valid_to=NOV_30)],
            [(GAP, JUL, JUL_31), (GAP, DEC, None)],
        ),
        ([entry("a"), ending(entry("a", version=2), AUG)], [(GAP, AUG, None)]),
        # What was wrong before the first day looked at is over.
        ([entry("a", "closed", valid_to=JAN), GENERAL], []),
        # Overlaps, now, to come and for a while.
        ([GENERAL, entry("same")], [("完全相同", JUN, None)]),
        ([GENERAL, entry("same", valid_from=AUG)], [("完全相同", AUG, None)]),
        ([GENERAL, entry("same", valid_from=JUL, valid_to=JUL_31)], [("完全相同", JUL, JUL_31)]),
        ([GENERAL, entry("east", territory="east")], []),
        (
            [
                GENERAL,
                entry("a", words=("吵", "闹"), territory="east"),
                entry("b", words=("闹", "吵"), territory="east"),
            ],
            [("完全相同", JUN, None)],
        ),
        (
            [GENERAL, entry("a", words=("吵", "闹")), entry("b", words=("闹", "夜"))],
            [("都写了“闹”", JUN, None)],
        ),
        (
            [GENERAL, entry("a", words=("吵",)), entry("b", words=("吵",), not_words=("夜",))],
            [],
        ),
        # Units and places that are gone.
        ([entry("a", "nobody")], [("主办单位 nobody 不存在", JUN, None)]),
        ([entry("a", "old")], [("已停用，已由fire单位承接", JUN, None)]),
        ([entry("a", "closed")], [("主办单位closed单位已停用", JUN, None)]),
        ([entry("a", assists=("nobody",))], [("协办单位 nobody 不存在", JUN, None)]),
        ([entry("a", assists=("police",))], [("又列为协办", JUN, None)]),
        # The western district has no such bureau and the city's is gone.
        ([entry("a", "@district.urban")], [("有的区县没有这个部门", JUN, None)]),
        ([entry("a", "@district.fire")], []),
        ([GENERAL, entry("a", territory="mars")], [("适用地区 mars", JUN, None)]),
        ([GENERAL, entry("a", category="Q")], [("类别 Q 不存在或已停用", JUN, None)]),
        # 66号
        ([GENERAL, entry("a", "@street", territory="east")], [("镇街履职事项清单", JUN, None)]),
        ([GENERAL, entry("a", "east.lake", territory="east")], [("镇街履职", JUN, None)]),
        ([GENERAL, entry("a", "east.lake.shore", territory="east")], [("镇街履职", JUN, None)]),
        ([GENERAL, entry("a", "east.lake", territory="east", basis=LIST)], []),
        ([GENERAL, entry("a", assists=("@street",), territory="east")], []),
    ],
)
def test_what_is_wrong_and_when(
    versions: list[CatalogueEntry], expected: list[tuple[str, date, date | None]]
) -> None:
    found = check(versions, CITY, JUN)
    assert len(found) == len(expected)
    for finding, (text, since, until) in zip(found, expected, strict=True):
        assert text in finding.text
        assert (finding.since, finding.until) == (since, until)
        assert finding.blocking is ("都写了" not in text)


A_GAP = Finding("X0101", "gap", True, JUL, NOV_30)


@pytest.mark.parametrize(
    ("after", "new"),
    [
        (A_GAP, False),
        (replace(A_GAP, since=AUG), False),
        (replace(A_GAP, until=JUL_31), False),
        (replace(A_GAP, since=JUN), True),
        (replace(A_GAP, until=None), True),
        (replace(A_GAP, subject="X0102"), True),
        (replace(A_GAP, text="overlap"), True),
    ],
)
def test_only_what_a_draft_brings_is_held_against_it(after: Finding, new: bool) -> None:
    assert introduced([A_GAP], [after]) == ([after] if new else [])


@pytest.mark.parametrize(
    ("versions", "today", "expected"),
    [
        # In force already: what held before holds again from today on.
        ([entry("a"), entry("a", "fire", 2, valid_from=JUN)], AUG, [(3, AUG, None, "police")]),
        # Not yet in force: it never will be.
        ([entry("a"), entry("a", "fire", 2, valid_from=DEC)], AUG, [(3, DEC, None, "police")]),
        # A new entry is over.
        ([entry("a", version=2, valid_from=JUN)], AUG, [(3, AUG, JUL_31, "police")]),
        # What was planned before is planned again.
        (
            [
                entry("a"),
                entry("a", "fire", 1 + 1, valid_from=DEC),
                entry("a", "old", 3, valid_from=JUN),
            ],
            AUG,
            [(4, AUG, NOV_30, "police"), (5, DEC, None, "fire")],
        ),
        # It had ended of itself in between.
        (
            [
                entry("a", valid_to=JUL_31),
                entry("a", "fire", 2, valid_from=DEC),
                entry("a", "old", 3, valid_from=JUN),
            ],
            AUG,
            [(4, AUG, JUL_31, "old"), (5, DEC, None, "fire")],
        ),
        # An entry that was ended goes on.
        ([entry("a"), ending(entry("a", version=2), JUL)], AUG, [(3, AUG, None, "police")]),
    ],
)
def test_taking_back_restores_what_held_before(
    versions: list[CatalogueEntry], today: date, expected: list[tuple[int, date, date | None, str]]
) -> None:
    newest = max(v.version for v in versions)
    restored = taken_back(versions, {"a": newest}, today)
    assert [(e.version, e.valid_from, e.valid_to, e.lead) for e in restored] == expected
    without = settle([v for v in versions if v.version < newest])
    for day in (AUG, date(2026, 9, 1), DEC):
        if day < today:
            continue
        now = [e.lead for e in settle([*versions, *restored]) if e.valid_on(day)]
        assert now == [e.lead for e in without if e.valid_on(day)]


@pytest.mark.parametrize(
    ("category", "used", "expected"),
    [
        ("A0312", set(), "A-03-12"),
        ("A0312", {"A-03-12"}, "A-03-12-1"),
        ("A0312", {"A-03-12", "A-03-12-1", "A-03-12-3"}, "A-03-12-2"),
        ("odd", set(), "odd"),
    ],
)
def test_a_new_entry_gets_the_next_code(category: str, used: set[str], expected: str) -> None:
    assert next_code(category, used) == expected
