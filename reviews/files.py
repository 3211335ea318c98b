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
    line: int
    number: str
    reason: str


@dataclass(frozen=True)
class At:
    """Where a row stands: the line of a table, or which entry of a list (from 1)."""

    file: str
    line: int


@dataclass
class Read:
    """What the files say."""

    records: list[tuple[At, RecordRow]] = field(default_factory=list)
    reviews: list[tuple[At, ReviewRow]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


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


def _take(found: Read, table: str, at: At, row: dict[str, Any]) -> None:
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
        number = str(told.get("projectNo") or told.get("evaluationId") or "")[:64]
        found.rejected.append(Rejected(at.file, at.line, number, reason))


def _rows(file: Path) -> Iterator[tuple[str, At, dict[str, Any]]]:
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


def _from_json(name: str, text: str) -> Iterator[tuple[str, At, dict[str, Any]]]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnusableFile(f"{name} 不是完整的 JSON：{str(error)[:100]}") from error
    lists = told if isinstance(told, dict) else {"": told}
    for table, rows in lists.items():
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise UnusableFile(f"{name} 应是列表，或含 {RECORDS}、{REVIEWS} 两个列表")
        if table and table not in _TABLES:
            raise UnusableFile(f"{name} 里有不认识的列表 {table[:40]}")
        for line, row in enumerate(rows, 1):
            yield table or _table_of(row), At(name, line), row


def _from_table(name: str, text: str) -> Iterator[tuple[str, At, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if "projectNo" not in (reader.fieldnames or ()):
            raise UnusableFile(f"{name} 的第一行应是国家平台的字段名（如 projectNo）")
        table = _table_of(dict.fromkeys(reader.fieldnames or ()))
        for row in reader:
            line = reader.line_num
            yield table, At(name, line), {k: v for k, v in row.items() if isinstance(k, str)}
    except csv.Error as error:
        raise UnusableFile(f"{name} 不是完整的 CSV：{error}") from error


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
