"""Our own YAML: lists of entries by the fields of `kb.schemas`, one file or a city's folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from kb.readers.reading import FileEntry, Reading, Rejected
from kb.schemas import Kind

# The folders of a city's own files, and what each holds.
FOLDERS = {
    "items": Kind.ITEM,
    "policies": Kind.POLICY,
    "life_events": Kind.LIFE_EVENT,
}
# The C parser is ten times faster, which a start of the line feels.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ENTRY = re.compile(r"^(?=- )", re.MULTILINE)
_LARGEST = 5_000_000


def read_entries(city_dir: Path) -> tuple[list[FileEntry], list[Rejected]]:
    """Entries of ``city_dir``'s items, policies and life events that fit, and those that do not.

    Raises nothing.
    """
    reading = read_folder(city_dir)
    return reading.entries, reading.rejected


def read_folder(city_dir: Path) -> Reading:
    """The same with remarks. Raises nothing."""
    reading = Reading()
    for folder, kind in FOLDERS.items():
        paths = sorted((city_dir / folder).glob("*.yml"))
        if not paths and kind is Kind.ITEM:
            reading.reject(folder, 0, None, "没有找到事项文件")
        for path in paths:
            _read_file(path, kind, reading)
    return reading


def take_own(reading: Reading, kind: Kind, raw: dict[str, Any], file: str, line: int) -> None:
    """Take an entry by our own fields; it may name another ``kind``."""
    named = raw.pop("kind", kind)
    if named in tuple(Kind):
        reading.take(Kind(named), raw, file, line)
    else:
        reading.reject(file, line, None, f"没有“{named}”这一类条目")


def take_text(reading: Reading, kind: Kind, text: str, file: str) -> None:
    """Take every entry of a file's text."""
    for line, raw in _entries(text):
        if isinstance(raw, str):
            reading.reject(file, line, None, raw)
        else:
            take_own(reading, kind, raw, file, line)


def _read_file(path: Path, kind: Kind, reading: Reading) -> None:
    try:
        if path.stat().st_size > _LARGEST:
            reading.reject(path.name, 1, None, f"文件超过 {_LARGEST // 1_000_000} MB")
            return
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reading.reject(path.name, 1, None, f"文件读不出来：{error}")
        return
    take_text(reading, kind, text, path.name)


def _entries(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Line and entry, or line and the reason why it cannot be read.

    Each entry is parsed by itself, so that a slip of the pen spoils one and not the file.
    """
    line = 1
    for part in _ENTRY.split(text):
        try:
            loaded = yaml.load(part, Loader=_Loader)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            yield line, f"不是有效的 YAML：{' '.join(str(error).split())}"
            loaded = None
        if isinstance(loaded, list):
            for entry in loaded:
                yield line, entry if isinstance(entry, dict) else "条目不是键值对"
        elif loaded is not None:
            yield line, "条目应以“- ”开头"
        line += part.count("\n")
