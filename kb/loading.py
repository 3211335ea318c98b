"""Item files into tables. A bad entry is reported and left out; its neighbours go in."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from kb.models import Item
from kb.repository import ItemRepository, write
from kb.schemas import ItemContent, Status
from units.tree import UnitTree

# The C parser is ten times faster, which a start of the line feels.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ENTRY = re.compile(r"^(?=- )", re.MULTILINE)
_LARGEST = 5_000_000
_REASONS = {
    "missing": "缺少",
    "extra_forbidden": "多余的字段",
    "string_too_short": "不能为空",
    "string_pattern_mismatch": "含有不允许的字符或格式不符",
}


@dataclass(frozen=True)
class Rejected:
    """An entry that was left out. ``code`` is None when it could not be read."""

    file: str
    line: int
    code: str | None
    reason: str


@dataclass(frozen=True)
class LoadReport:
    """Codes by what happened to them, and what was left out."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(frozen=True)
class Entry:
    """An entry that fits its schema, and where it stands."""

    item: ItemContent
    file: str
    line: int


def read_items(city_dir: Path) -> tuple[list[Entry], list[Rejected]]:
    """Entries of ``city_dir/items/*.yml`` that fit, and those that do not. Raises nothing."""
    items: dict[str, Entry] = {}
    rejected: list[Rejected] = []
    paths = sorted((city_dir / "items").glob("*.yml"))
    if not paths:
        rejected.append(Rejected("items", 0, None, "没有找到事项文件"))
    for path in paths:
        for line, raw in _entries(path):
            if isinstance(raw, str):
                rejected.append(Rejected(path.name, line, None, raw))
                continue
            code = raw.get("code") if isinstance(raw, dict) else None
            named = code if isinstance(code, str) else None
            try:
                item = ItemContent.model_validate(raw)
            except ValidationError as error:
                rejected.append(Rejected(path.name, line, named, _reason(error)))
                continue
            if item.code in items:
                reason = f"编码与 {items[item.code].file} 中的事项重复"
                rejected.append(Rejected(path.name, line, item.code, reason))
                continue
            items[item.code] = Entry(item, path.name, line)
    return list(items.values()), rejected


async def load(session: AsyncSession, city_dir: Path) -> LoadReport:
    """Make the tables say what the files say; a second time changes nothing.

    An item's version grows when its content changed. An item that left the files is withdrawn,
    unless an entry could not be read at all: it may have been that one. Units must be loaded
    before. All in the caller's transaction.
    """
    entries, rejected = read_items(city_dir)
    repository = ItemRepository(session)
    await repository.lock()
    units = await repository.unit_codes()
    tree = await UnitTree.load(session)
    known = {row.code: row for row in await repository.rows()}
    report = LoadReport(rejected=rejected)
    for entry in entries:
        # After a merger the successor offers the item, whatever the file still says.
        item = entry.item.model_copy(update={"unit": tree.current(entry.item.unit)})
        if item.unit not in units:
            reason = f"没有承办单位 {item.unit}"
            report.rejected.append(Rejected(entry.file, entry.line, item.code, reason))
        elif item.code not in known:
            row = Item(
                code=item.code,
                version=item.version,
                source_version=item.version,
                status=Status.PUBLISHED,
                fingerprint=fingerprint(item),
            )
            write(row, item)
            session.add(row)
            report.new.append(item.code)
        else:
            row = known[item.code]
            await _update(session, row, item, report)
    _withdraw_missing(known, {entry.item.code for entry in entries}, report)
    await session.flush()
    if report.new or report.changed or report.withdrawn:
        await repository.announce()
    return report


def fingerprint(item: ItemContent) -> str:
    """Hash of everything a citizen may be told; the version number is not part of it."""
    content = item.model_dump(mode="json", exclude={"version"})
    return hashlib.sha256(
        json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
    ).hexdigest()


async def _update(session: AsyncSession, row: Item, item: ItemContent, report: LoadReport) -> None:
    new_print = fingerprint(item)
    same = row.fingerprint == new_print and row.status == Status.PUBLISHED
    if same and item.version <= row.version:
        report.unchanged.append(item.code)
        return
    # Parts are keyed by their place: the old ones must be gone before new ones come.
    row.aliases, row.materials, row.windows, row.fees = [], [], [], []
    await session.flush()
    write(row, item)
    row.version = item.version if same else max(row.version + 1, item.version)
    row.source_version = item.version
    row.fingerprint = new_print
    row.status = Status.PUBLISHED
    report.changed.append(item.code)


def _withdraw_missing(known: dict[str, Item], codes: set[str], report: LoadReport) -> None:
    if any(entry.code is None for entry in report.rejected):
        return
    kept = codes | {entry.code for entry in report.rejected}
    for code, row in known.items():
        if code not in kept and row.status == Status.PUBLISHED:
            row.status = Status.WITHDRAWN
            row.version += 1
            report.withdrawn.append(code)


def _entries(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Line and entry, or line and the reason why it cannot be read.

    Each entry is parsed by itself, so that a slip of the pen spoils one and not the file.
    """
    try:
        if path.stat().st_size > _LARGEST:
            yield 1, f"文件超过 {_LARGEST // 1_000_000} MB"
            return
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        yield 1, f"文件读不出来：{error}"
        return
    line = 1
    for part in _ENTRY.split(text):
        try:
            loaded = yaml.load(part, Loader=_Loader)
        except (yaml.YAMLError, ValueError) as error:
            yield line, f"不是有效的 YAML：{' '.join(str(error).split())}"
            loaded = None
        if isinstance(loaded, list):
            for entry in loaded:
                yield line, entry if isinstance(entry, dict) else "条目不是键值对"
        elif loaded is not None:
            yield line, "条目应以“- ”开头"
        line += part.count("\n")


def _reason(error: ValidationError) -> str:
    parts = []
    for problem in error.errors():
        place = ".".join(str(step) for step in problem["loc"]) or "条目"
        parts.append(f"{place}：{_REASONS.get(problem['type'], problem['msg'])}")
    return "；".join(parts)
