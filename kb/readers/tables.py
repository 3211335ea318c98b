"""Rows of CSV and Excel files, each by itself: a damaged row does not spoil the next."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from kb.readers.decoding import LARGEST, read_text
from kb.readers.reading import UnusableSource

MOST_ROWS = 200_000
# Bytes that the parts of an Excel file may come to unpacked, and how many times its own size.
_UNPACKED = 300_000_000
_RATIO = 200
_HEAD_WITHIN = 10
# Excel keeps 15 digits of a number; the rest of a longer code is lost.
_EXACT = 10**15
_END = "\x1d"


@dataclass(frozen=True)
class Row:
    """``line`` is where it begins; with a ``problem`` it cannot be read and ``cells`` is empty."""

    line: int
    cells: dict[str, Any]
    problem: str | None = None


def read_table(path: Path, needed: Collection[str]) -> list[Row]:
    """The rows below the head of a ``.csv`` or ``.xlsx`` file; cells are texts.

    Raises UnusableSource, also when a column of ``needed`` is missing.
    """
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        head, rows = _excel(path, needed)
    elif suffix == ".csv":
        head, rows = _csv(path)
    else:
        raise UnusableSource(f"{path.name}：只读 .csv 和 .xlsx，旧版 .xls 请另存为 .xlsx")
    twice = sorted({name for name in head if name and head.count(name) > 1})
    if twice:
        raise UnusableSource(f"{path.name} 的列名重复：{'、'.join(twice)}")
    missing = [name for name in needed if name not in head]
    if missing:
        have = "、".join(name for name in head if name)[:300] or "无"
        raise UnusableSource(f"{path.name} 缺少列 {'、'.join(missing)}；现有：{have}")
    if not rows:
        raise UnusableSource(f"{path.name} 没有数据行")
    return rows


def _csv(path: Path) -> tuple[list[str], list[Row]]:
    text = read_text(path)
    first = text.partition("\n")[0]
    delimiter = "\t" if "\t" in first and "," not in first else ","
    csv.field_size_limit(LARGEST)
    # An end inside quotation marks would swallow the last line, which is ours.
    reader = csv.reader([*io.StringIO(text, newline=""), _END], delimiter=delimiter)
    table: list[tuple[int, list[str]]] = []
    begins = 1
    for cells in reader:
        table.append((begins, cells))
        begins = reader.line_num + 1
        _limit(len(table), path)
    if table.pop()[1] != [_END]:
        line = table[-1][0] + 1 if table else 1
        raise UnusableSource(
            f"{path.name} 在第 {line} 行起的引号里中断：文件没有传完，或少了一个引号"
        )
    head = [name.strip() for name in table[0][1]]
    last = table[-1][1]
    if len(table) > 1 and len(last) < len(head) and not text.endswith(("\n", "\r")):
        raise UnusableSource(
            f"{path.name} 的最后一行只有 {len(last)} 列（应有 {len(head)} 列）：文件没有传完"
        )
    rows = [_row(line, head, cells) for line, cells in table[1:] if any(cells)]
    return head, rows


def _row(line: int, head: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) != len(head):
        return Row(line, {}, f"有 {len(cells)} 列，应有 {len(head)} 列")
    return Row(line, dict(zip(head, cells, strict=True)))


def _excel(path: Path, needed: Collection[str]) -> tuple[list[str], list[Row]]:
    # Half a second and 30 MB that reading a CSV need not pay for.
    from openpyxl import load_workbook

    _guard_archive(path)
    with _damage_told(path):
        # Formulas come as their text and are refused like any; nothing is calculated.
        book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
        try:
            values = enumerate(book.worksheets[0].iter_rows(values_only=True), 1)
            line, head = _head(values, needed)
            rows = []
            for number, cells in values:
                if any(cell not in (None, "") for cell in cells):
                    rows.append(_excel_row(number, head, cells))
                _limit(number - line, path)
        finally:
            book.close()
    return head, rows


def _head(
    values: Iterator[tuple[int, Sequence[Any]]], needed: Collection[str]
) -> tuple[int, list[str]]:
    """The row that names the columns: the first with all ``needed`` of them, else the first."""
    seen: list[tuple[int, list[str]]] = []
    for number, cells in values:
        names = ["" if cell is None else str(cell).strip() for cell in cells]
        if all(name in names for name in needed):
            return number, names
        if any(names):
            seen.append((number, names))
        if number >= _HEAD_WITHIN:
            break
    return seen[0] if seen else (1, [])


def _excel_row(line: int, head: Sequence[str], cells: Sequence[Any]) -> Row:
    told: dict[str, Any] = {}
    for name, cell in zip(head, cells, strict=False):
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        if isinstance(cell, int) and abs(cell) >= _EXACT:
            return Row(line, {}, f"“{name}”列是长数字，末几位已经丢失：请把该列设为文本后重填")
        told[name] = _as_text(cell)
    return Row(line, {**dict.fromkeys(head, ""), **told})


def _as_text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return str(cell)


def _guard_archive(path: Path) -> None:
    """Refuse what would fill the memory when it is unpacked."""
    with _damage_told(path), zipfile.ZipFile(path) as archive:
        packed = max(path.stat().st_size, 1)
        unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > _UNPACKED or (unpacked > 10_000_000 and unpacked > _RATIO * packed):
            raise UnusableSource(f"{path.name} 解开后有 {unpacked // 1_000_000} MB，太大，不读")
        for part in archive.namelist():
            if part.endswith(".xml") and b"<!DOCTYPE" in archive.open(part).read(2000):
                raise UnusableSource(f"{path.name} 含有外部定义，不读")


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnusableSource(f"读不到 {path.name}：{error.strerror or error}") from error
    except UnusableSource:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, IndexError, ParseError) as error:
        raise UnusableSource(
            f"{path.name} 不是完整的 .xlsx：可能没有传完、加了密码，或是旧版 .xls"
        ) from error


def _limit(rows: int, path: Path) -> None:
    if rows > MOST_ROWS:
        raise UnusableSource(f"{path.name} 超过 {MOST_ROWS:,} 行，请分成几个文件")
