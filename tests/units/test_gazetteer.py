"""Places in citizens' words, over the sample city's own territory."""

from __future__ import annotations

from pathlib import Path

import pytest

from units.gazetteer import Gazetteer, PlaceInfo, Section
from units.loading import read_city

CITY = Path(__file__).parents[2] / "city"


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    _, places = read_city(CITY)
    return Gazetteer.of(
        (
            PlaceInfo(
                p.code, p.name, p.kind, p.parent, p.unit, tuple(p.aliases),
                tuple(Section(s.name, s.parent) for s in p.sections),
            )
            for p in places
        ),
        "示例市",
    )  # fmt: skip


# text → the matches as (exact words, kind, street, district)
KNOWN = [
    ("望湖路18号路灯坏了", [("望湖路18号", "road", "chengdong.wanghu", "chengdong")]),
    ("望湖路十八号三栋没电", [("望湖路十八号三栋", "road", "chengdong.wanghu", "chengdong")]),
    ("望湖花园的南门堵了", [("望湖花园的南门", "estate", "chengdong.wanghu", "chengdong")]),
    (
        "湖滨苑3栋2单元1002室漏水",
        [("湖滨苑3栋2单元1002室", "estate", "chengdong.wanghu", "chengdong")],
    ),
    # 路灯 is a word: the street it is, not the road.
    ("望湖路灯不亮", [("望湖", "street", "chengdong.wanghu", "chengdong")]),
    ("城东路灯", [("城东", "district", None, "chengdong")]),
    # Short names inside longer ones.
    ("青石路修路", [("青石路", "road", None, "qingshi")]),
    ("江北路口", [("江北路", "road", "linjiang.jiangbei", "linjiang")]),
    ("江湾一号院", [("江湾一号院", "estate", "linjiang.binjiang", "linjiang")]),
    ("第三中学门口", [("第三中学门口", "landmark", "chengxi.shiqiao", "chengxi")]),
    # Roads across streets.
    ("春晖路堵车", [("春晖路", "road", None, "chengdong")]),
    ("春晖路北段积水", [("春晖路北段", "road", "chengdong.wanghu", "chengdong")]),
    ("环湖大道（东段）积水", [("环湖大道（东段）", "road", "chengdong.dongdu", "chengdong")]),
    ("滨江大道东段88号", [("滨江大道东段88号", "road", "linjiang.binjiang", "linjiang")]),
    (
        "望湖街道春晖路堵",
        [
            ("望湖街道", "street", "chengdong.wanghu", "chengdong"),
            ("春晖路", "road", "chengdong.wanghu", "chengdong"),
        ],
    ),
    # One name, two places: both, until the text tells them apart.
    (
        "建设路有个坑",
        [
            ("建设路", "road", "chengxi.shiqiao", "chengxi"),
            ("建设路", "road", "linjiang.dukou", "linjiang"),
        ],
    ),
    (
        "城西区建设路有个坑",
        [
            ("城西区", "district", None, "chengxi"),
            ("建设路", "road", "chengxi.shiqiao", "chengxi"),
        ],
    ),
    (
        "建设路靠近石桥小区",
        [
            ("建设路", "road", "chengxi.shiqiao", "chengxi"),
            ("石桥小区", "estate", "chengxi.shiqiao", "chengxi"),
        ],
    ),
    (
        "从城东区文昌路搬到青石县文昌路",
        [
            ("城东区", "district", None, "chengdong"),
            ("文昌路", "road", "chengdong.wanghu", "chengdong"),
            ("青石县", "district", None, "qingshi"),
            ("文昌路", "road", "qingshi.qingshi", "qingshi"),
        ],
    ),
    (
        "滨江镇沙洲村3组停水",
        [
            ("滨江镇", "street", "linjiang.binjiang", "linjiang"),
            ("沙洲村3组", "community", "linjiang.binjiang", "linjiang"),
        ],
    ),
]


@pytest.mark.parametrize(("text", "expected"), KNOWN)
def test_known_places(
    gazetteer: Gazetteer, text: str, expected: list[tuple[str, str, str | None, str]]
) -> None:
    found = gazetteer.find(text)
    assert [(m.text, m.kind, m.street, m.district) for m in found] == expected
    assert all(m.text == text[m.start : m.end] and m.code for m in found)


UNKNOWN = [
    ("翠湖苑南门", ["翠湖苑南门"]),
    ("我住在金色家园5号楼二单元", ["金色家园5号楼二单元"]),
    ("3栋2单元没水", ["3栋2单元"]),
    ("江北大道31号", ["江北大道31号"]),
    ("望湖小学门口", ["望湖小学门口"]),
    ("十三中学旁边", ["十三中学"]),
    ("和平路上全是车", ["和平路"]),
    ("下班路上堵车", []),
    ("到和平路去", ["和平路"]),
    ("在万达广场停车", ["万达广场"]),
    ("我们小区停车乱", []),
    ("老旧小区改造", []),
    ("村里的路坏了", []),
    ("这条路的路面坏了", []),
    ("", []),
    ("\x00😀", []),
]


@pytest.mark.parametrize(("text", "expected"), UNKNOWN)
def test_names_that_the_territory_does_not_know(
    gazetteer: Gazetteer, text: str, expected: list[str]
) -> None:
    found = gazetteer.find(text)
    assert [m.text for m in found] == expected
    assert all(m.code is None and m.street is None for m in found)


def test_every_name_of_the_territory_finds_its_place(gazetteer: Gazetteer) -> None:
    missed = [
        (place.code, name)
        for place in gazetteer.places.values()
        for name in (place.name, *place.aliases)
        if place.code not in {m.code for m in gazetteer.find(f"请问{name}。")}
    ]
    assert missed == []
