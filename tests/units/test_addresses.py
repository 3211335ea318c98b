"""Spoken numbers, house numbers and the sections they lie in."""

from __future__ import annotations

import pytest

from units.addresses import Section, house_number, named_section, section_of, spoken_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("十", 10), ("十八", 18), ("二十", 20), ("一百一十二", 112), ("一百零八", 108),
        ("二百三", 230), ("二百零三", 203), ("一千零二", 1002), ("一千二", 1200),
        ("两千三百四十五", 2345), ("一零零二", 1002), ("幺八", 18), ("18", 18),
        ("", None), ("甲", None), ("十x", None), ("１８", None),
    ],
)  # fmt: skip
def test_spoken_numbers(text: str, number: int | None) -> None:
    assert spoken_number(text) == number


@pytest.mark.parametrize(
    ("following", "number"),
    [
        ("18号3栋", 18), ("十八号三栋", 18), (" 66 号", 66), ("18-3号", 18), ("18号之2", 18),
        ("3号楼", None), ("3号线", None), ("三栋", None), ("", None), ("的18号", None),
    ],
)  # fmt: skip
def test_house_numbers(following: str, number: int | None) -> None:
    assert house_number(following) == number


NORTH, SOUTH = Section("北段", "n", 131, 300), Section("南段", "s", 1, 130)
ODD, EVEN = Section("东侧", "e", side="odd"), Section("西侧", "w", side="even")


@pytest.mark.parametrize(
    ("number", "sections", "parent"),
    [
        (131, (NORTH, SOUTH), "n"),
        (130, (NORTH, SOUTH), "s"),
        (301, (NORTH, SOUTH), None),
        (7, (ODD, EVEN), "e"),
        (8, (ODD, EVEN), "w"),
        (8, (Section("一期", "a"), Section("二期", "b")), None),
        (8, (Section("北段", "a", 1, 9), Section("南段", "b", 5, 20)), None),
        (8, (Section("北段", "a", 1, 9), Section("中段", "a", 5, 20)), "a"),
        (8, (), None),
    ],
)
def test_the_section_of_a_house(
    number: int, sections: tuple[Section, ...], parent: str | None
) -> None:
    found = section_of(number, sections)
    assert (found and found.parent) == parent


@pytest.mark.parametrize(
    ("following", "name"),
    [
        ("北段积水", "北段"), ("（南段）", "南段"), ("靠北头", "北段"), ("的南半段", "南段"),
        ("那个南边", "南段"), ("北门", None), ("北侧门", None), ("上的北段", None), ("", None),
    ],
)  # fmt: skip
def test_sections_as_people_say_them(following: str, name: str | None) -> None:
    found = named_section(following, (NORTH, SOUTH))
    assert (found and found[0].name) == name
