"""Files of service records and reviews: JSON, CSV, or a folder with both tables."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kb.problems import problems_of
from reviews.exchange import FIELD_NAMES, RecordRow, ReviewRow, Row

MAX_BYTES = 500 * 2**20
RECORDS, REVIEWS = "projects", "evaluations"
_TABLES: dict[str, type[RecordRow] | type[ReviewRow]] = {RECORDS: RecordRow, REVIEWS: ReviewRow}


class UnusableFile(ValueError):
    """A file that cannot be used as a whole; the message says in Chinese why."""


@dataclass(frozen=True)
class Rejected:
    """A row that was left out: where it stands, which one it is, and why."""

    file: str
    table: str
    line: int
    number: str
    reason: str


@dataclass(frozen=True)
class At:
    """Where a row stands: the line of a file, or which entry (from 1) of the list ``table``."""

    file: str
    line: int
    table: str = ""

    def rejected(self, number: str, reason: str) -> Rejected:
        """The row as one that was left out."""
        return Rejected(self.file, self.table, self.line, number, reason)


@dataclass(frozen=True)
class _Broken:
    """What stands where a row should, and why it is none."""

    reason: str


@dataclass
class Read:
    """What the files say."""

    records: list[tuple[At, RecordRow]] = field(default_factory=list)
    reviews: list[tuple[At, ReviewRow]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


# Of which table a row is, where it stands, and what it says.
_Placed = tuple[str, At, dict[str, Any] | _Broken]


def read(path: Path) -> Read:
    """Everything in ``path``, records before reviews. Raises UnusableFile."""
    found = Read()
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not files:
        raise UnusableFile(f"{path.name} 里没有 .csv 文件")
    for file in files:
        for table, at, row in _rows(file):
            _take(found, table, at, row)
    return found


def _take(found: Read, table: str, at: At, row: dict[str, Any] | _Broken) -> None:
    if isinstance(row, _Broken):
        found.rejected.append(at.rejected("", row.reason))
        return
    told = {name: value for name, value in row.items() if value not in ("", None)}
    try:
        if table == RECORDS:
            found.records.append((at, RecordRow.model_validate(told)))
        else:
            found.reviews.append((at, ReviewRow.model_validate(told)))
    except ValidationError as error:
        reason = "；".join(
            f"{FIELD_NAMES.get(name.split('.')[0], name)}（{name}）{problem}"
            for name, problem in problems_of(error).items()
        )
        names = ("projectNo",) if table == RECORDS else ("evaluationId", "projectNo", "ticketNo")
        number = next((str(told[name])[:64] for name in names if name in told), "")
        found.rejected.append(at.rejected(number, reason))


def _rows(file: Path) -> Iterator[_Placed]:
    text = _text(file)
    if file.suffix.lower() == ".json":
        yield from _from_json(file.name, text)
    else:
        yield from _from_table(file.name, text)


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise UnusableFile(f"{file.name} 超过 {MAX_BYTES // 2**20} MB，请分成几个文件")
        content = file.read_bytes()
    except OSError as error:
        raise UnusableFile(f"读不了 {file.name}：{error.strerror}") from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnusableFile(f"{file.name} 既不是 UTF-8 也不是 GB18030 编码")


def _from_json(name: str, text: str) -> Iterator[_Placed]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"（第 {error.lineno} 行）" if isinstance(error, json.JSONDecodeError) else ""
        raise UnusableFile(f"{name} 不是完整的 JSON{where}") from error
    lists = told if isinstance(told, dict) else {"": told}
    for table, rows in lists.items():
        if not isinstance(rows, list) or (rows and not any(isinstance(r, dict) for r in rows)):
            raise UnusableFile(f"{name} 应是列表，或含 {RECORDS}、{REVIEWS} 两个列表")
        if table and table not in _TABLES:
            raise UnusableFile(f"{name} 里有不认识的列表 {table[:40]}")
        for line, row in enumerate(rows, 1):
            at = At(name, line, table)
            if isinstance(row, dict):
                yield table or _table_of(row), at, row
            else:
                yield table, at, _Broken("应是一个对象")


def _from_table(name: str, text: str) -> Iterator[_Placed]:
    # Strict: a quote that is not closed would take in the rows after it.
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        names = reader.fieldnames or ()
    except csv.Error as error:
        raise UnusableFile(f"{name} 的第一行引号没有配对") from error
    if "projectNo" not in names:
        raise UnusableFile(f"{name} 的第一行应是国家平台的字段名（如 projectNo）")
    table = _table_of(dict.fromkeys(names))
    while True:
        before = reader.reader.line_num
        try:
            row = next(reader, None)
        except csv.Error:
            lost = f"引号没有配对，第 {before + 1} 到 {reader.reader.line_num} 行都没有收"
            yield table, At(name, before + 1), _Broken(lost)
            continue
        if row is None:
            return
        yield table, At(name, before + 1), {k: v for k, v in row.items() if isinstance(k, str)}


def _table_of(names: dict[str, Any]) -> str:
    return REVIEWS if "satisfaction" in names else RECORDS


def as_json(records: Iterable[RecordRow], reviews: Iterable[ReviewRow]) -> str:
    """One object with both lists, one row a line."""
    lists = {RECORDS: records, REVIEWS: reviews}
    parts = []
    for table, rows in lists.items():
        lines = ",\n".join(json.dumps(_plain(row), ensure_ascii=False) for row in rows)
        parts.append(f'"{table}": [\n{lines}\n]')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def as_csv(kind: type[RecordRow] | type[ReviewRow], rows: Sequence[Row]) -> str:
    """A table with every field as a column, for spreadsheets marked as UTF-8."""
    head = [str(info.alias) for info in kind.model_fields.values()]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, head)
    writer.writeheader()
    for row in rows:
        plain = _plain(row)
        if tags := plain.get("evalDetail"):
            plain["evalDetail"] = ",".join(tags)
        writer.writerow(plain)
    return "\ufeff" + out.getvalue()


def _plain(row: Row) -> dict[str, Any]:
    return row.model_dump(mode="json", by_alias=True, exclude_defaults=True)
