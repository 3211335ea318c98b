"""What a place must be before it is saved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from units.addresses import Section
from units.gazetteer import Gazetteer, PlaceInfo
from units.place_rules import MAX_ALIASES, MAX_SECTIONS, PlaceEntry, problems, same_names

GAZETTEER = Gazetteer.of(
    [
        PlaceInfo("e", "东区", "district"),
        PlaceInfo("e.a", "甲街道", "street", "e"),
        PlaceInfo("e.b", "乙街道", "street", "e"),
        PlaceInfo("e.a.c", "丙社区", "community", "e.a"),
        PlaceInfo("r", "柳路", "road", "e.a", aliases=("柳街",)),
        PlaceInfo("x", "柳苑", "estate", "e.b"),
    ]
)
ROAD = PlaceEntry("杨路", "road", "e.a")
SPLIT = (Section("北段", "e.a", 1, 99), Section("南段", "e.b", 100, 200))


@pytest.mark.parametrize(
    ("entry", "code", "fields"),
    [
        (ROAD, None, []),
        (replace(ROAD, parent="e.a.c", aliases=("杨街",)), None, []),
        (replace(ROAD, parent="e", sections=SPLIT), None, []),
        (replace(ROAD, parent=None, sections=SPLIT), None, []),
        (replace(ROAD, kind="estate", sections=(Section("一期", "e.a"), Section("二期", "e.b"))),
         None, []),
        (replace(ROAD, name="杨"), None, ["name"]),
        (replace(ROAD, name="杨" * 61), None, ["name"]),
        (replace(ROAD, kind="planet"), None, ["kind"]),
        (replace(ROAD, kind="street"), None, ["kind"]),
        (replace(ROAD, parent="nowhere"), None, ["parent"]),
        (replace(ROAD, parent="r"), None, ["parent"]),
        (replace(ROAD, parent=None), None, ["parent"]),
        (replace(ROAD, parent=None, sections=SPLIT[:1]), None, ["parent"]),
        (replace(ROAD, aliases=("杨",)), None, ["aliases"]),
        (replace(ROAD, aliases=("杨路",)), None, ["aliases"]),
        (replace(ROAD, aliases=("杨街", "杨街")), None, ["aliases"]),
        (replace(ROAD, aliases=tuple(f"杨{n}街" for n in range(MAX_ALIASES + 1))), None, ["aliases"]),
        (replace(ROAD, sections=(*SPLIT, Section("北段", "e.b", 300))), None, ["sections"]),
        (replace(ROAD, sections=(Section("", "e.a"),)), None, ["sections"]),
        (replace(ROAD, sections=(Section("北段", "e"),)), None, ["sections"]),
        (replace(ROAD, sections=(Section("北段", "e.a", 9, 1),)), None, ["sections"]),
        (replace(ROAD, sections=(Section("北段", "e.a", 1, 99), Section("南段", "e.b", 99))),
         None, ["sections"]),
        (replace(ROAD, sections=(Section("东侧", "e.a", side="odd"),
                                 Section("西侧", "e.b", side="even"))), None, []),
        (replace(ROAD, sections=(Section("东侧", "e.a", side="odd"),
                                 Section("西侧", "e.b", 1, 9))), None, ["sections"]),
        (replace(ROAD, kind="landmark", sections=SPLIT), None, ["sections"]),
        (replace(ROAD, sections=tuple(Section(f"{n}期", "e.a") for n in range(MAX_SECTIONS + 1))),
         None, ["sections"]),
        # Areas: names only, and never below themselves.
        (PlaceEntry("甲片区", "street", "e"), "e.a", []),
        (PlaceEntry("东区", "district", None), "e", []),
        (PlaceEntry("甲街道", "street", "e.b"), "e.a", ["kind"]),
        (PlaceEntry("甲街道", "road", "e"), "e.a", ["kind"]),
        (PlaceEntry("甲街道", "street", "e.a"), "e.a", ["kind", "parent"]),
        (PlaceEntry("甲街道", "street", "e.a.c"), "e.a", ["kind", "parent"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_field(
    entry: PlaceEntry, code: str | None, fields: list[str]
) -> None:
    assert sorted(problems(entry, GAZETTEER, code)) == fields


@pytest.mark.parametrize(
    ("entry", "code", "others"),
    [
        (ROAD, None, []),
        (replace(ROAD, name="柳路"), None, ["r"]),
        (replace(ROAD, aliases=("柳街",)), None, ["r"]),
        (replace(ROAD, name="柳路"), "r", []),
    ],
)
def test_the_same_name_elsewhere_is_noticed(
    entry: PlaceEntry, code: str | None, others: list[str]
) -> None:
    assert [place.code for place in same_names(entry, GAZETTEER, code)] == others
