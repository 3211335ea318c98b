"""How ``hotline kb import`` is used, and how it ends."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.database import Database
from kb.models import Entry
from tests.kb.importing import hotline, hotline_json, state
from tests.kb.samples import COMPLETE

pytestmark = pytest.mark.usefixtures("command_database", "loaded_city")


def _yaml(path: Path, *codes: str, encoding: str = "utf-8", **changes: Any) -> Path:
    entries = [{**copy.deepcopy(COMPLETE), "version": 1, "code": c, **changes} for c in codes]
    path.write_text(yaml.safe_dump(entries, allow_unicode=True), encoding)
    return path


async def _status(database: Database, code: str) -> str:
    async with database.unit_of_work() as session:
        return (await session.get_one(Entry, code)).status


async def test_a_source_is_brought_changed_and_ended(loaded_city: Database, tmp_path: Path) -> None:
    path = _yaml(tmp_path / "渔政.yml", "I-1", "I-2", "I-3", encoding="gb18030")
    first = await hotline_json("kb", "import", path, "--yes")
    assert (first["source"], first["new"]) == ("渔政", ["I-1", "I-2", "I-3"])
    _yaml(path, "I-1", "I-2", summary="新说法。")
    kept = await hotline("kb", "import", path, "--yes")
    assert kept.exit_code == 0
    assert "新增 0，修改 2，不变 0，撤下 0，拒收 0" in kept.stdout
    assert "~ I-1 渔船登记：简介" in kept.stdout
    assert "要撤下请加 --withdraw-missing" in kept.stdout
    assert await _status(loaded_city, "I-3") == "published"
    ended = await hotline_json("kb", "import", path, "--yes", "--withdraw-missing")
    assert (ended["unchanged"], ended["withdrawn"]) == (2, ["I-3"])
    assert await _status(loaded_city, "I-3") == "withdrawn"
    other = await hotline_json("kb", "import", _yaml(path, "I-9"), "--source", "别处", "--yes")
    assert (other["new"], other["gone"]) == (["I-9"], [])


async def test_units_are_found_by_name_or_given(tmp_path: Path) -> None:
    head = "编码,名称,承办单位,事项类型,行使层级,简介,生效日期\n"
    row = "U-{0},事项,{1},公共服务,市级,说明,2026-01-01\n"
    path = tmp_path / "a.csv"
    path.write_text(head + row.format(1, "公安局") + row.format(2, "外星局"), "utf-8")
    found = await hotline_json("kb", "import", path, "--dry-run")
    assert (found["new"], found["written"]) == (["U-1"], False)
    assert [(row["line"], row["code"]) for row in found["rejected"]] == [(3, "U-2")]
    given = await hotline_json("kb", "import", path, "--dry-run", "--unit", "热线中心")
    assert (given["new"], given["rejected"]) == (["U-1", "U-2"], [])


async def test_some_rows_rejected_is_told_by_the_exit_code(tmp_path: Path) -> None:
    path = _yaml(tmp_path / "半.yml", "H-1", "H-2")
    path.write_text(path.read_text("utf-8").replace("code: H-2", "code: 小写"), "utf-8")
    result = await hotline("kb", "import", path, "--yes")
    assert result.exit_code == 1
    assert "新增 1，修改 0，不变 0，撤下 0，拒收 1" in result.stdout
    assert (await hotline("kb", "import", path, "--yes")).exit_code == 1


UNUSABLE: list[tuple[str, list[str], str]] = [
    ("没有.yml", [], "读不到 没有.yml"),
    ("没有.csv", [], "读不到 没有.csv"),
    ("a.doc", [], "只读 .csv 和 .xlsx"),
    ("好.yml", ["--source", "city"], "不能是 city"),
    ("好.yml", ["--unit", "外星局"], "没有单位 外星局"),
    ("好.csv", ["--mapping", "没有"], "读不到映射文件"),
    ("空.yml", [], "没有条目"),
    ("坏.yml", [], "拒收 1"),
    ("\x1b[2J.yml", [], "读不到"),
]


@pytest.mark.parametrize(("name", "options", "told"), UNUSABLE)
async def test_what_cannot_be_used_writes_nothing(
    loaded_city: Database, tmp_path: Path, name: str, options: list[str], told: str
) -> None:
    _yaml(tmp_path / "好.yml", "G-1")
    _yaml(tmp_path / "坏.yml", "小写")
    (tmp_path / "空.yml").write_text("# 还没有写\n", "utf-8")
    (tmp_path / "a.doc").write_bytes(b"x")
    before = await state(loaded_city)
    result = await hotline("kb", "import", tmp_path / name, "--yes", *options)
    assert (result.exit_code, told in result.output) == (2, True), result.output
    assert "\x1b[2J" not in result.output
    assert await state(loaded_city) == before
