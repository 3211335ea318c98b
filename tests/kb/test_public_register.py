"""The real register of a province through the real command: whole, again, and damaged."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

import kb.loading
from core.database import Database
from kb.repository import KnowledgeRepository
from kb.schemas import ItemRecord
from tests.kb.importing import hotline, hotline_json, state
from tests.kb.samples import CITY
from tests.shared_data import shared_file

ROWS = 2262


@pytest.fixture(scope="module")
def register() -> bytes:
    return shared_file("guangdong_items.csv").read_bytes()


def _write(folder: Path, data: bytes) -> Path:
    path = folder / "register.csv"
    path.write_bytes(data)
    return path


@pytest.mark.usefixtures("command_database")
async def test_the_register_goes_in_whole_and_only_once(
    loaded_city: Database, register: bytes, tmp_path: Path
) -> None:
    path = _write(tmp_path, register)
    words = ("kb", "import", path, "--mapping", "guangdong", "--withdraw-missing")
    before = await state(loaded_city)
    planned = await hotline_json(*words, "--dry-run")
    assert (len(planned["new"]), planned["rejected"], planned["remarks"]) == (ROWS, [], [])
    assert await state(loaded_city) == before
    assert (await hotline(*words)).exit_code == 2
    assert await state(loaded_city) == before

    done = await hotline(*words, "--yes")
    assert done.exit_code == 0
    assert f"新增 {ROWS}，修改 0，不变 0，撤下 0，拒收 0" in done.stdout
    after = await state(loaded_city)
    again = await hotline(*words, "--yes")
    assert again.exit_code == 0
    assert f"新增 0，修改 0，不变 {ROWS}，撤下 0，拒收 0" in again.stdout
    async with loaded_city.unit_of_work() as session:
        restart = await kb.loading.load(session, CITY)
        stored = await KnowledgeRepository(session).published()
    assert (restart.changed, restart.withdrawn) == ([], [])
    assert await state(loaded_city) == after
    items = {item.code: item for item in stored if isinstance(item, ItemRecord)}
    item = items["1144000067157148822440192002002"]
    assert (item.name, item.phone, item.unit) == ("社会团体成立登记", "020-83354714", "hotline")
    assert item.department is not None and item.department.startswith("广东省")


def _rows(data: bytes, change: Callable[[list[list[str]]], object]) -> bytes:
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    change(rows)
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _cell(row: int, column: str, value: str) -> Callable[[bytes], bytes]:
    def change(rows: list[list[str]]) -> None:
        rows[row][rows[0].index(column)] = value

    return lambda data: _rows(data, change)


def _without(*columns: str) -> Callable[[bytes], bytes]:
    def change(rows: list[list[str]]) -> None:
        gone = {rows[0].index(column) for column in columns}
        rows[:] = [[cell for at, cell in enumerate(row) if at not in gone] for row in rows]

    return lambda data: _rows(data, change)


def _repeat(rows: list[list[str]]) -> None:
    rows += [["又一个名称", *row[1:]] for row in rows[5:8]]


def _shift(rows: list[list[str]]) -> None:
    rows[7].pop(3)
    rows[9].insert(3, "多出来的")


def _workbook(_: bytes) -> bytes:
    out = io.BytesIO()
    Workbook().save(out)
    return out.getvalue()


def _half_a_row(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(lines[:900]) + b"\xe5\xad\xa6\xe4\xbd\x8d," * 3 + b"11440"


def _last_quoted(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join([*lines[:-1], b'"', lines[-1]])


SCRIPT = "<p>条件</p><script>location='//x'</script>"
DAMAGED: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "utf-16": (lambda d: d.decode().encode("utf-16"), 2, "UTF-16"),
    "read as GBK": (lambda d: d.decode("gb18030", "ignore").encode(), 2, "乱码"),
    "read as Latin": (lambda d: d.decode("latin-1").encode(), 2, "乱码"),
    "lost characters": (_cell(4, "accept_standard", "申请��条件"), 1, "第 5 行"),
    "missing columns": (_without("TASK_CODE", "consult_phone"), 2, "缺少列 TASK_CODE、consult_phone"),
    "other head": (lambda d: d.replace(b"matter_name", b"name", 1), 2, "缺少列 matter_name"),
    "duplicate codes": (lambda d: _rows(d, _repeat), 1, "编码与 第 6 行的条目重复"),
    "bad code": (_cell(6, "TASK_CODE", "'; DROP TABLE"), 1, "code：格式不对"),
    "no name": (_cell(6, "matter_name", ""), 1, "name：必填"),
    "absurd limit": (_cell(6, "handle_time", "99999(工作日)"), 1, "limits.legal.days：不能大于 3650"),
    "10 MB cell": (_cell(6, "accept_standard", "长" * 3_500_000), 1, "有 3,500,000 个字"),
    "formula": (_cell(6, "matter_name", '=HYPERLINK("http://x","领钱")'), 1, "像公式"),
    "script": (_cell(6, "accept_standard", SCRIPT), 1, "含有脚本"),
    "shifted columns": (lambda d: _rows(d, _shift), 1, "有 24 列，应有 23 列"),
    "open quote": (lambda d: d.replace("\n高等".encode(), '\n"高等'.encode(), 1), 1, "有 17 列"),
    "quote never closed": (_last_quoted, 2, "引号里中断"),
    "cut in a character": (lambda d: d[:700_001], 2, "没有传完"),
    "cut in a row": (_half_a_row, 2, "最后一行只有 4 列"),
    "cut after a row": (lambda d: b"".join(d.splitlines(True)[:900]), 2, "像是文件不完整"),
    "NUL bytes": (lambda d: d[:5000] + b"\0" * 9 + d[5000:], 2, "不是文本文件"),
    "empty": (lambda d: b"", 2, "空文件"),
    "only the head": (lambda d: d.splitlines(True)[0], 2, "没有数据行"),
    "a workbook": (_workbook, 2, "不是文本文件"),
}  # fmt: skip


@pytest.mark.usefixtures("command_database")
@pytest.mark.parametrize("damage", DAMAGED)
async def test_a_damaged_copy_is_told_and_changes_nothing(
    loaded_city: Database, register: bytes, tmp_path: Path, damage: str
) -> None:
    change, code, told = DAMAGED[damage]
    data = change(register)
    assert data != register
    path = _write(tmp_path, data)
    before = await state(loaded_city)
    result = await hotline(
        *("kb", "import", path, "--mapping", "guangdong", "--withdraw-missing", "--yes")
    )
    assert result.exit_code == code, result.output
    assert told in result.output
    assert "Traceback" not in result.output
    assert await state(loaded_city) == before


@pytest.mark.usefixtures("command_database")
async def test_good_rows_go_in_beside_bad_ones(
    loaded_city: Database, register: bytes, tmp_path: Path
) -> None:
    data = _cell(3, "consult_phone", "020-00000000")(_cell(6, "matter_name", "@SUM")(register))
    result = await hotline_json(
        *("kb", "import", _write(tmp_path, data), "--mapping", "guangdong", "--yes")
    )
    assert [(row["code"], row["fields"]) for row in result["changed"]] == [
        ("11440000006940116U2440102002002", ["phones"])
    ]
    assert (result["unchanged"], len(result["rejected"])) == (ROWS - 2, 1)
    assert result["written"]
