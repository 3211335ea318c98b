"""JSON of foreign registers: a list of records, or an object that holds one somewhere."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from kb.readers.decoding import read_text
from kb.readers.reading import UnusableSource
from kb.readers.tables import MOST_ROWS, Row

_DEEP = 4


def read_records(path: Path, needed: Collection[str]) -> list[Row]:
    """The records of the file, each with the line where it begins. Raises UnusableSource.

    The list is the first, from outside in, whose first object has all ``needed`` fields.
    """
    text = read_text(path)
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnusableSource(
            f"{path.name} 不是完整的 JSON：第 {error.lineno} 行第 {error.colno} 列起读不下去，"
            "文件可能没有传完"
        ) from error
    except RecursionError as error:
        raise UnusableSource(f"{path.name} 嵌套太深") from error
    if isinstance(whole, dict) and all(name in whole for name in needed):
        return [Row(1, whole)]
    records = _records(whole, needed)
    if records is None:
        raise UnusableSource(f"{path.name} 里没有带字段 {'、'.join(needed)} 的列表")
    if len(records) > MOST_ROWS:
        raise UnusableSource(f"{path.name} 超过 {MOST_ROWS:,} 条，请分成几个文件")
    lines = _lines(text, records)
    return [
        Row(line, record) if isinstance(record, dict) else Row(line, {}, "不是一个对象")
        for line, record in zip(lines, records, strict=True)
    ]


def _records(value: Any, needed: Collection[str], depth: int = 0) -> list[Any] | None:
    if isinstance(value, list):
        first = next((one for one in value if isinstance(one, dict)), None)
        if first is not None and all(name in first for name in needed):
            return value
    if depth >= _DEEP:
        return None
    inner = value.values() if isinstance(value, dict) else ()
    found = (_records(one, needed, depth + 1) for one in inner)
    return next((one for one in found if one is not None), None)


def _lines(text: str, records: list[Any]) -> list[int]:
    """Where each record begins: the list is read once more, piece by piece."""
    decoder = json.JSONDecoder()
    start = text.find("[")
    while decoder.raw_decode(text, start)[0] != records:
        start = text.find("[", start + 1)
    lines, line, seen, place = [], 1, 0, start + 1
    for _ in records:
        while text[place] in " \t\r\n,":
            place += 1
        line += text.count("\n", seen, place)
        seen = place
        lines.append(line)
        place = decoder.raw_decode(text, place)[1]
    return lines
