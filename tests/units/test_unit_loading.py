"""City data into tables: once, twice, changed, damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from core.database import Database
from core.errors import InvalidInput
from units.gazetteer import Gazetteer
from units.loading import LoadReport, load, read_city
from units.models import Unit
from units.tree import UnitInfo, UnitTree

CITY = Path(__file__).parents[2] / "city"


@pytest.fixture
def city(tmp_path: Path) -> Path:
    for name in ("units.yml", "territory.yml"):
        shutil.copy(CITY / name, tmp_path / name)
    return tmp_path


def _edit(path: Path, change: dict[str, object], code: str) -> None:
    entries = yaml.safe_load(path.read_text("utf-8"))
    next(e for e in entries if e["code"] == code).update(change)
    path.write_text(yaml.safe_dump(entries, allow_unicode=True), "utf-8")


async def test_the_sample_city_loads_once(database: Database) -> None:
    units, places = read_city(CITY)
    async with database.unit_of_work() as session:
        assert await load(session, CITY) == LoadReport(len(units) + len(places), 0, 0)
    async with database.unit_of_work() as session:
        assert await load(session, CITY) == LoadReport(0, 0, 0)
    assert len(units) >= 40
    assert sum(p.kind in ("road", "estate") for p in places) >= 60
    async with database.unit_of_work() as session:
        tree = await UnitTree.load(session)
        gazetteer = await Gazetteer.load(session)
    assert tree.name("urban") == "示例市城市管理局"
    assert gazetteer.find("第一人民医院")[0].street == "chengdong.wanghu"


async def test_a_change_and_a_withdrawal_are_seen(database: Database, city: Path) -> None:
    async with database.unit_of_work() as session:
        await load(session, city)
    _edit(city / "units.yml", {"phone": "0000-12349999"}, "urban")
    entries = yaml.safe_load((city / "territory.yml").read_text("utf-8"))
    (city / "territory.yml").write_text(yaml.safe_dump(entries[:-1], allow_unicode=True), "utf-8")
    async with database.unit_of_work() as session:
        assert await load(session, city) == LoadReport(0, 1, 1)
    async with database.unit_of_work() as session:
        gazetteer = await Gazetteer.load(session)
        unit = await session.get(Unit, "urban")
    assert unit is not None and unit.phone == "0000-12349999"
    assert entries[-1]["code"] not in gazetteer.places


@pytest.mark.parametrize(
    ("file", "code", "change", "said"),
    [
        ("units.yml", "urban", {"parent": "nowhere"}, "上级 nowhere 不存在"),
        ("units.yml", "city", {"parent": "urban"}, "成环"),
        ("units.yml", "urban", {"level": "planet"}, "不符合格式"),
        ("units.yml", "urban", {"name": "a\0b"}, "不符合格式"),
        ("units.yml", "fire", {"code": "police"}, "编码重复"),
        ("territory.yml", "chengdong.wanghu", {"unit": "nobody"}, "没有承办单位"),
        (
            "territory.yml",
            "chengdong.road.chun-hui-lu",
            {"sections": [{"name": "北段", "parent": "x"}]},
            "路段",
        ),
    ],
)
async def test_damaged_files_change_nothing(
    database: Database, city: Path, file: str, code: str, change: dict[str, object], said: str
) -> None:
    _edit(city / file, change, code)
    with pytest.raises(InvalidInput, match=said):
        async with database.unit_of_work() as session:
            await load(session, city)
    async with database.unit_of_work() as session:
        assert not (await UnitTree.load(session)).units


def test_a_file_that_is_no_yaml_or_missing_is_named(city: Path) -> None:
    (city / "units.yml").write_text("- {code: [", "utf-8")
    with pytest.raises(InvalidInput, match=r"units\.yml 不是有效的 YAML"):
        read_city(city)
    (city / "units.yml").unlink()
    with pytest.raises(InvalidInput, match=r"读不到文件 units\.yml"):
        read_city(city)


def test_the_tree_knows_above_and_below() -> None:
    def unit(code: str, parent: str | None, level: str) -> UnitInfo:
        return UnitInfo(code, f"{code}局", code, "政府", level, parent)

    tree = UnitTree.of(
        [
            unit("city", None, "city"),
            unit("east", "city", "district"),
            unit("east.a", "east", "street"),
            unit("east.b", "east", "street"),
            unit("lost", "nowhere", "street"),
        ]
    )
    assert tree.below("east") == {"east", "east.a", "east.b"}
    assert tree.below("nowhere") == frozenset()
    assert tree.ancestors("east.a") == ("east", "city")
    assert tree.ancestors("lost") == ()
    assert tree.children("city") == ("east",)
    assert [u.code for u in tree.by_level("street")] == ["east.a", "east.b", "lost"]
    assert (tree.name("east"), tree.name("gone"), tree.name(None)) == ("east局", "gone", "")
