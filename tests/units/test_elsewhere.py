"""Matters of other cities, and cities that are only spoken of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import units.elsewhere
from units.elsewhere import other_city
from units.loading import read_gazetteer

CITY = Path(__file__).parents[2] / "city"
OWN = {name for p in read_gazetteer(CITY).places.values() for name in (p.name, *p.aliases)}


@pytest.mark.parametrize(
    ("text", "name", "hotline"),
    [
        ("我在杭州市西湖区文三路，门口路灯坏了", "杭州市", "0571-12345"),
        ("你好，我是苏州的，小区停水两天了", "苏州市", "0512-12345"),
        ("北京市朝阳区望京这边垃圾没人收", "北京市", "010-12345"),
        ("我们在上海浦东新区，楼下半夜施工", "上海市", "021-12345"),
        ("重庆市渝北区龙溪街道的井盖没了", "重庆市", "023-12345"),
        ("这里是海淀区中关村，红绿灯坏了", "北京市", "010-12345"),
        ("事情发生在成都，物业不让进门", "成都市", "028-12345"),
        ("我住在昆山市，邻居半夜吵", "苏州市", "0512-12345"),
        ("地址：大理白族自治州大理市下关镇", "大理白族自治州", "0872-12345"),
        ("我现在在南宁，打车被绕路了", "南宁市", "0771-12345"),
        ("家住深圳龙岗区，电梯坏了三天", "深圳市", "0755-12345"),
    ],
)
def test_a_matter_elsewhere_names_its_hotline(text: str, name: str, hotline: str) -> None:
    found = other_city(text, "示例市", OWN)
    assert found is not None and (found.name, found.hotline) == (name, hotline)


@pytest.mark.parametrize(
    "text",
    [
        "我从杭州搬来，孩子怎么转学",
        "我是从上海过来的，想落户",
        "我是河南人，在这边打工工资没发",
        "我是杭州人，在湖滨苑租房，房东不退押金",
        "一辆上海牌照的车停在门口半个月",
        "南京路的路灯坏了",
        "楼下重庆火锅油烟太大",
        "在拼多多买的，商家在广州不发货",
        "公积金在深圳交的，能在这边提取吗",
        "异地就医：我的医保在武汉，怎么报销",
        "女儿在北京上大学，户口怎么迁回来",
        "到杭州的高铁票怎么退",
        "建议学习成都的经验",
        "我在示例市，之前在杭州",
        "城东区的路灯坏了",
        "我住在城西区桂园路，是西宁人",
        "朝阳街停水了",
        "我是北京银行的客户，卡被盗刷",
        "我人在上海，老家房子漏水",
        "开往北京的大巴甩客",
        "",
        "路灯坏了",
    ],
)
def test_a_city_that_is_only_spoken_of_does_not_count(text: str) -> None:
    assert other_city(text, "示例市", OWN) is None


@pytest.mark.parametrize("own", ["杭州市", "杭州"])
def test_the_own_city_is_never_elsewhere(own: str) -> None:
    assert other_city("我在杭州市西湖区文三路，门口路灯坏了", own) is None


def test_every_city_of_the_table_is_complete_and_found() -> None:
    rows = [
        line.split("\t")
        for line in (Path(units.elsewhere.__file__).parent / "other_cities.tsv")
        .read_text("utf-8")
        .splitlines()[1:]
    ]
    assert len(rows) > 330
    for area_code, name, _ in rows:
        assert re.fullmatch(r"0(?:10|2\d|[3-9]\d\d)", area_code), name
        found = other_city(f"我在{name}，路灯坏了", "示例市", OWN)
        assert found is not None and found.area_code == area_code, name


def test_no_county_stands_under_two_cities() -> None:
    table = (Path(units.elsewhere.__file__).parent / "other_cities.tsv").read_text("utf-8")
    counties = [c for line in table.splitlines()[1:] for c in line.split("\t")[2].split()]
    assert len(counties) == len(set(counties))
