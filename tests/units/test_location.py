"""Where the matter of a message is, over the sample city's own territory."""

from __future__ import annotations

from pathlib import Path

import pytest

from units.gazetteer import Gazetteer
from units.loading import read_gazetteer
from units.location import BOUNDARY, SAME_NAME, locate

CITY = Path(__file__).parents[2] / "city"
WANGHU, CHUNHUI, DONGDU = "chengdong.wanghu", "chengdong.chunhui", "chengdong.dongdu"
GUIYUAN, SHIQIAO, XILING = "chengxi.guiyuan", "chengxi.shiqiao", "chengxi.xiling"
JIANGBEI, DUKOU, BINJIANG = "linjiang.jiangbei", "linjiang.dukou", "linjiang.binjiang"


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return read_gazetteer(CITY)


@pytest.mark.parametrize(
    ("text", "said", "street"),
    [
        # House numbers decide the section of a road, and the side of a boundary.
        ("春晖路66号没水", "春晖路66号", CHUNHUI),
        ("春晖路二百号没水", "春晖路二百号", WANGHU),
        ("滨江大道东段88号", "滨江大道东段88号", BINJIANG),
        ("滨江大道88号", "滨江大道88号", JIANGBEI),
        ("中山路15号门口", "中山路15号门口", WANGHU),
        ("中山路十六号", "中山路十六号", GUIYUAN),
        ("环城北路130号", "环城北路130号", GUIYUAN),
        ("天和家园二期3栋", "天和家园二期3栋", GUIYUAN),
        # Sections as people say them.
        ("春晖路靠北头积水", "春晖路靠北头", WANGHU),
        ("界河路东边的人行道", "界河路东边", JIANGBEI),
        ("育才路南侧", "育才路南侧", CHUNHUI),
        # Crossings lie where both roads do.
        ("建设路和纺织路路口红绿灯不亮", "建设路和纺织路路口", SHIQIAO),
        ("春晖路、百花路交叉口", "春晖路、百花路交叉口", CHUNHUI),
        ("环湖路与春晖路交汇处", "环湖路与春晖路交汇处", WANGHU),
        ("春晖路东城大道口", "春晖路东城大道口", CHUNHUI),
        ("解放路跟百花路的路口", "解放路跟百花路的路口", CHUNHUI),
        # What is named beside it.
        ("家家乐超市对面", "家家乐超市对面", CHUNHUI),
        ("市一医院后面的小路", "市一医院后面", WANGHU),
        ("城西区那边的建设路", "建设路", SHIQIAO),
        ("建设路，就阳光花园那儿", "建设路", SHIQIAO),
        ("新华小区，渡口这边的", "新华小区", DUKOU),
        ("中山路靠近桂园小区那边", "中山路", GUIYUAN),
        ("不是城东区的文昌路，是青石县的", "文昌路", "qingshi.qingshi"),
        # The scene, not home, work, way or past.
        ("我住在湖滨苑，昨天走到环湖路东段，路灯全坏了", "环湖路东段", DONGDU),
        ("我从桂园小区搬到锦帆花园，锦帆花园物业不给开门", "锦帆花园", DONGDU),
        ("以前在石桥小区没这事，现在江北小区天天停水", "江北小区", JIANGBEI),
        ("我在滨江物流园上班，码头街的公厕太脏", "码头街", DUKOU),
        ("我住望江苑三栋", "望江苑三栋", JIANGBEI),
        ("渔舟埠征地修路占了我家的地", "渔舟埠", BINJIANG),
        ("我家在北关的阳光花园", "阳光花园", "qingshi.qingshi"),
        ("江湾那一带晚上有人电鱼", "江湾", BINJIANG),
        # An area when there is nothing better; a name that nobody knows, in its area.
        ("望湖街道这边垃圾没人收", "望湖街道", WANGHU),
        ("西岭镇翠湖苑没水", "翠湖苑", XILING),
    ],
)
def test_the_place_of_the_matter(gazetteer: Gazetteer, text: str, said: str, street: str) -> None:
    found = locate(gazetteer, text)
    assert found is not None
    assert (found.text, found.street) == (said, street)
    assert found.question is None
    assert found.district == street.split(".")[0]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("望湖路十八号三栋二单元一千零二漏水", "望湖路18号3栋2单元1002"),
        ("望湖路18号3栋2单元1002", "望湖路18号3栋2单元1002"),
        ("江湾一号院十八号楼", "江湾一号院18号楼"),
        ("湖滨苑三栋二单元一零零二室", "湖滨苑3栋2单元1002室"),
        ("建设路和纺织路路口", "建设路与纺织路交叉口"),
    ],
)
def test_addresses_are_written_with_digits(gazetteer: Gazetteer, text: str, address: str) -> None:
    found = locate(gazetteer, text)
    assert found is not None and found.address == address


@pytest.mark.parametrize(
    ("text", "reason", "labels"),
    [
        ("文昌路那边", SAME_NAME, ["城东区望湖街道", "青石县青石镇"]),
        ("建设路有个坑", SAME_NAME, ["城西区石桥街道", "临江区渡口街道"]),
        ("上湾组的水渠", SAME_NAME, ["城西区西岭镇", "青石县云岭镇"]),
        ("中山路路灯不亮", BOUNDARY, ["城东区望湖街道", "城西区桂园街道"]),
        ("天和家园停水", BOUNDARY, ["城东区望湖街道", "城西区桂园街道"]),
        ("岭云公路塌方", BOUNDARY, ["城西区西岭镇", "青石县云岭镇"]),
        ("桂园路望湖路路口", BOUNDARY, ["城西区桂园街道", "城东区望湖街道"]),
    ],
)
def test_what_cannot_be_told_apart_is_asked(
    gazetteer: Gazetteer, text: str, reason: str, labels: list[str]
) -> None:
    found = locate(gazetteer, text)
    assert found is not None
    assert (found.street, found.district, found.reason) == (None, None, reason)
    assert [candidate.label for candidate in found.candidates] == labels
    assert found.question is not None and all(label in found.question for label in labels)


def test_a_road_between_two_streets_of_a_district_needs_no_question(gazetteer: Gazetteer) -> None:
    found = locate(gazetteer, "育才路积水")
    assert found is not None
    assert (found.street, found.district, found.question) == (None, "chengdong", None)
    assert found.reason == BOUNDARY
    assert found.label == "城东区望湖街道、城东区春晖街道"


@pytest.mark.parametrize("text", ["", "路灯坏了", "二单元三百户都没水", "我们村里路坏了", "😀\x00"])
def test_no_place_is_no_place(gazetteer: Gazetteer, text: str) -> None:
    assert locate(gazetteer, text) is None
