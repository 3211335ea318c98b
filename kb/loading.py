"""Files of entries into tables. A bad entry is reported and left out; its neighbours go in."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from kb.models import Entry
from kb.repository import KnowledgeRepository, content_of
from kb.schemas import CONTENTS, Content, Kind, Status, kind_of
from units.tree import UnitTree

# The C parser is ten times faster, which a start of the line feels.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ENTRY = re.compile(r"^(?=- )", re.MULTILINE)
_LARGEST = 5_000_000
# Who brought a version that came from a file.
BY_FILE = "file"
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
class FileEntry:
    """An entry that fits its schema, and where it stands."""

    content: Content
    file: str
    line: int


# The folders of a city's own files, and what each holds.
FOLDERS = {
    "items": Kind.ITEM,
    "policies": Kind.POLICY,
    "life_events": Kind.LIFE_EVENT,
}


def read_entries(city_dir: Path) -> tuple[list[FileEntry], list[Rejected]]:
    """Entries of ``city_dir``'s items, policies and life events that fit, and those that do not.

    Raises nothing.
    """
    entries: dict[str, FileEntry] = {}
    rejected: list[Rejected] = []
    for folder, kind in FOLDERS.items():
        paths = sorted((city_dir / folder).glob("*.yml"))
        if not paths and kind is Kind.ITEM:
            rejected.append(Rejected(folder, 0, None, "没有找到事项文件"))
        for path in paths:
            _read_file(path, kind, entries, rejected)
    return list(entries.values()), rejected


def _read_file(
    path: Path, kind: Kind, entries: dict[str, FileEntry], rejected: list[Rejected]
) -> None:
    for line, raw in _entries(path):
        if isinstance(raw, str):
            rejected.append(Rejected(path.name, line, None, raw))
            continue
        code = raw.get("code")
        named = code if isinstance(code, str) else None
        try:
            content = CONTENTS[kind].model_validate(raw)
        except ValidationError as error:
            rejected.append(Rejected(path.name, line, named, reason_of(error)))
            continue
        if content.code in entries:
            reason = f"编码与 {entries[content.code].file} 中的条目重复"
            rejected.append(Rejected(path.name, line, content.code, reason))
            continue
        entries[content.code] = FileEntry(content, path.name, line)


async def load(session: AsyncSession, city_dir: Path) -> LoadReport:
    """Make the tables say what the city's files say; a second time changes nothing.

    An entry's version grows when its content changed. What editors changed since a file was read
    stays until the file itself says something else. An entry that came from a file and left the
    files is withdrawn, unless an entry could not be read at all: it may have been that one. Units
    must be loaded before. All in the caller's transaction.
    """
    entries, rejected = read_entries(city_dir)
    return await take_in(session, entries, rejected, withdraw_missing=True)


async def take_in(
    session: AsyncSession,
    entries: Sequence[FileEntry],
    rejected: Sequence[Rejected],
    *,
    withdraw_missing: bool,
) -> LoadReport:
    """Store what was read; ``withdraw_missing`` ends entries of files that are there no more."""
    repository = KnowledgeRepository(session)
    await repository.lock()
    units = await repository.unit_codes()
    tree = await UnitTree.load(session)
    known = {row.code: row for row in await repository.entries()}
    report = LoadReport(rejected=list(rejected))
    for entry in entries:
        # After a merger the successor answers for it, whatever the file still says.
        unit = tree.current(entry.content.unit)
        content = entry.content.model_copy(update={"unit": unit})
        row = known.get(content.code)
        if content.unit not in units:
            reason = f"没有承办单位 {content.unit}"
            report.rejected.append(Rejected(entry.file, entry.line, content.code, reason))
        elif row is not None and row.kind != kind_of(content):
            reason = "编码已用于另一类条目"
            report.rejected.append(Rejected(entry.file, entry.line, content.code, reason))
        else:
            await _store(repository, row, content, fingerprint(entry.content), report)
    if withdraw_missing:
        await _withdraw_missing(repository, known, {e.content.code for e in entries}, report)
    await session.flush()
    if report.new or report.changed or report.withdrawn:
        await repository.announce()
    return report


def fingerprint(content: Content) -> str:
    """Hash of everything a citizen may be told; the version number is not part of it."""
    told = content.model_dump(mode="json", exclude={"version"})
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


async def _store(
    repository: KnowledgeRepository,
    row: Entry | None,
    content: Content,
    source: str,
    report: LoadReport,
) -> None:
    """``source`` is the fingerprint of what the file says, before any merger of units."""
    wanted, version = fingerprint(content), content.version
    if row is None:
        report.new.append(content.code)
    else:
        same = row.fingerprint == wanted and row.status == Status.PUBLISHED
        # The same file as before: what editors made of it since stays.
        if (same or row.source_fingerprint == source) and version <= row.source_version:
            report.unchanged.append(content.code)
            return
        version = max(row.version + 1, version)
        report.changed.append(content.code)
    stored = await repository.store(
        content, Status.PUBLISHED, version, fingerprint=wanted, author=BY_FILE
    )
    stored.source_fingerprint, stored.source_version = source, content.version


async def _withdraw_missing(
    repository: KnowledgeRepository, known: dict[str, Entry], codes: set[str], report: LoadReport
) -> None:
    if any(entry.code is None for entry in report.rejected):
        return
    kept = codes | {entry.code for entry in report.rejected}
    for code, row in known.items():
        from_file = row.source_fingerprint is not None
        if from_file and code not in kept and row.status == Status.PUBLISHED:
            ended = await repository.store(
                content_of(row),
                Status.WITHDRAWN,
                row.version + 1,
                fingerprint=row.fingerprint,
                author=BY_FILE,
                reason="文件中已没有这个条目",
            )
            # Once it stands in a file again, it comes back.
            ended.source_fingerprint = None
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


def reason_of(error: ValidationError) -> str:
    """What does not fit, field by field, in Chinese."""
    parts = []
    for problem in error.errors():
        place = ".".join(str(step) for step in problem["loc"]) or "条目"
        parts.append(f"{place}：{_REASONS.get(problem['type'], problem['msg'])}")
    return "；".join(parts)
