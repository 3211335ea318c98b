"""Item files into tables: once, twice, changed, damaged; what citizens then see."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

import units.loading
from core.database import Database
from kb.loading import LoadReport, load
from kb.models import Entry
from kb.readers.own_yaml import read_entries
from kb.repository import KnowledgeRepository
from kb.schemas import ItemRecord
from kb.service import KnowledgeBase
from tests.kb.samples import CITY, COMPLETE, TODAY, city_entries, city_records


def _item(code: str, **changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(COMPLETE), "code": code, "name": f"事项{code}", "version": 1, **changes}


def _write(folder: Path, **files: list[dict[str, Any]] | str | bytes) -> Path:
    items = folder / "items"
    items.mkdir(exist_ok=True)
    for name, entries in files.items():
        path = items / f"{name}.yml"
        if isinstance(entries, bytes):
            path.write_bytes(entries)
        elif isinstance(entries, str):
            path.write_text(entries, "utf-8")
        else:
            path.write_text(yaml.safe_dump(entries, allow_unicode=True), "utf-8")
    return folder


async def _load(database: Database, folder: Path) -> LoadReport:
    async with database.unit_of_work() as session:
        return await load(session, folder)


@pytest.fixture
async def city(database: Database) -> Database:
    async with database.unit_of_work() as session:
        await units.loading.load(session, CITY)
    return database


async def test_the_sample_city_loads_whole_and_only_once(city: Database) -> None:
    first = await _load(city, CITY)
    assert first.rejected == []
    entries, _ = read_entries(CITY)
    assert len(first.new) == len(entries) == len(city_entries())
    second = await _load(city, CITY)
    assert (second.new, second.changed, second.withdrawn) == ([], [], [])
    assert len(second.unchanged) == len(first.new)
    async with city.unit_of_work() as session:
        stored = await KnowledgeRepository(session).published()
    told = {"unit_name", "inquiry_phone_of_unit"}
    by_code = {item.code: item for item in city_records()}
    items = [record for record in stored if isinstance(record, ItemRecord)]
    assert {i.code: i.model_dump(exclude=told) for i in items} == {
        code: item.model_dump(exclude=told) for code, item in by_code.items()
    }


async def test_a_change_raises_the_version_and_is_announced(city: Database, tmp_path: Path) -> None:
    _write(tmp_path, a=[_item("T-001"), _item("T-002")])
    await _load(city, tmp_path)
    listener_url = city.url
    async with await psycopg.AsyncConnection.connect(listener_url, autocommit=True) as listener:
        await listener.execute("LISTEN kb_changed")
        await _load(city, tmp_path)
        changed = _item("T-001", materials=[{"name": "新材料"}], aliases=["甲", "乙", "丙"])
        _write(tmp_path, a=[changed, _item("T-002")])
        report = await _load(city, tmp_path)
        heard = [notify async for notify in listener.notifies(timeout=2, stop_after=1)]
    assert (report.changed, report.unchanged) == (["T-001"], ["T-002"])
    assert len(heard) == 1
    async with city.unit_of_work() as session:
        row = next(i for i in await KnowledgeRepository(session).published() if i.code == "T-001")
    assert row.version == 2
    assert [m.name for m in row.materials] == ["新材料"]
    assert row.aliases == ["甲", "乙", "丙"]


async def test_what_left_the_files_is_withdrawn_and_may_come_back(
    city: Database, tmp_path: Path
) -> None:
    knowledge = KnowledgeBase(None)
    _write(tmp_path, a=[_item("T-001")], b=[_item("T-002")])
    await _load(city, tmp_path)
    async with city.unit_of_work() as session:
        assert await knowledge.refresh(session) == 2
    _write(tmp_path, b=[])
    assert (await _load(city, tmp_path)).withdrawn == ["T-002"]
    async with city.unit_of_work() as session:
        assert await knowledge.refresh(session) == 1
        kept = await session.get(Entry, "T-002")
    assert kept is not None and kept.status == "withdrawn"
    assert knowledge.answer_choice("item:T-002:time", TODAY).kind == "expired"
    _write(tmp_path, b=[_item("T-002")])
    assert (await _load(city, tmp_path)).changed == ["T-002"]


BAD_ENTRIES: list[tuple[dict[str, Any], str]] = [
    ({"summary": ""}, "summary"),
    ({"name": None}, "name"),
    ({"code": "lower case"}, "code"),
    ({"name": "空\0字"}, "name"),
    ({"valid_to": "2020-01-01"}, "失效日期 早于 生效日期"),
    ({"valid_from": "someday"}, "valid_from"),
    ({"unit": "nobody"}, "没有承办单位 nobody"),
    ({"surprise": 1}, "surprise：没有这个字段"),
    ({"fees": {"charged": True, "items": []}}, "没有列出收费项目"),
    ({"online": {"available": True, "url": "javascript:alert(1)"}}, "online.url"),
    ({"materials": [{"copies": 1}]}, "materials.0.name：必填"),
    ({"version": -1}, "version"),
]


@pytest.mark.parametrize(("changes", "reason"), BAD_ENTRIES)
async def test_a_bad_entry_is_told_with_its_reason_and_its_neighbours_go_in(
    city: Database, tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    entries = [_item("T-001"), _item("T-002") | changes, _item("T-003")]
    _write(tmp_path, a=entries)
    report = await _load(city, tmp_path)
    assert report.new == ["T-001", "T-003"]
    assert [(r.file, r.line > 1) for r in report.rejected] == [("a.yml", True)]
    assert reason in report.rejected[0].reason


BAD_FILES: list[tuple[str | bytes, str]] = [
    ("- code: T-009\n  name: [没有收尾\n", "不是有效的 YAML"),
    (b"\xff\xfe\x00bad", "文件读不出来"),
    ("code: T-009\n", "条目应以"),
    ("- 就一行字\n", "条目不是键值对"),
    ("- &a [*a]\n", ""),
    ("x" * 5_000_001, "超过 5 MB"),
]


@pytest.mark.parametrize(("content", "reason"), BAD_FILES)
async def test_a_bad_file_spoils_no_other_and_withdraws_nothing(
    city: Database, tmp_path: Path, content: str | bytes, reason: str
) -> None:
    _write(tmp_path, a=[_item("T-001")], b=[_item("T-009")])
    await _load(city, tmp_path)
    _write(tmp_path, a=[_item("T-001")], b=content)
    report = await _load(city, tmp_path)
    assert report.unchanged == ["T-001"]
    assert report.withdrawn == []
    assert reason in report.rejected[0].reason


async def test_a_broken_entry_inside_a_file_spoils_only_itself(
    city: Database, tmp_path: Path
) -> None:
    good = yaml.safe_dump([_item("T-001")], allow_unicode=True)
    other = yaml.safe_dump([_item("T-003")], allow_unicode=True)
    _write(tmp_path, a=good + "- code: T-002\n  name: 'half\n" + other)
    report = await _load(city, tmp_path)
    assert report.new == ["T-001", "T-003"]
    assert report.rejected[0].line == good.count("\n") + 1


async def test_a_code_that_occurs_twice_keeps_the_first(city: Database, tmp_path: Path) -> None:
    _write(tmp_path, a=[_item("T-001")], b=[_item("T-001", summary="另一个")])
    report = await _load(city, tmp_path)
    assert report.new == ["T-001"]
    assert "与 a.yml 中的条目重复" in report.rejected[0].reason


async def test_an_empty_folder_withdraws_nothing(city: Database, tmp_path: Path) -> None:
    await _load(city, _write(tmp_path, a=[_item("T-001")]))
    (tmp_path / "items" / "a.yml").unlink()
    report = await _load(city, tmp_path)
    assert report.withdrawn == []
    assert report.rejected[0].reason == "没有找到事项文件"


def test_reading_raises_nothing_when_there_is_no_city(tmp_path: Path) -> None:
    assert read_entries(tmp_path / "nowhere")[0] == []
