"""``hotline kb export``: published entries as a file that ``hotline kb import`` reads back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.kb_command_tools import Json, fail, with_database

if TYPE_CHECKING:
    from core.database import Database
    from kb.schemas import Content

# Characters that a cell of Excel holds.
_CELL = 32_767


class Format(StrEnum):
    """What a file is written as."""

    YAML = "yaml"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class KindName(StrEnum):
    """Kinds of entries, as `kb.schemas.Kind`; here without loading it."""

    ITEM = "item"
    POLICY = "policy"
    LIFE_EVENT = "life_event"
    NOTICE = "notice"


_BY_SUFFIX = {".yml": Format.YAML, ".yaml": Format.YAML, ".json": Format.JSON}
_BY_SUFFIX |= {".csv": Format.CSV, ".xlsx": Format.XLSX}


def export(
    out: Annotated[Path, typer.Option("--out", "-o", help="写到这个文件")],
    kind: Annotated[KindName | None, typer.Option(help="只要这一类；表格只有事项（item）")] = None,
    source: Annotated[str | None, typer.Option(help="只要这个来源的，city 是城市文件夹")] = None,
    format_: Annotated[Format | None, typer.Option("--format", help="默认看文件名的后缀")] = None,
    as_json: Json = False,
) -> None:
    """把发布中的条目写成文件；按同一来源原样再导入，什么都不会变。表格可以在 Excel 里改了再导入。"""
    chosen = format_ or _BY_SUFFIX.get(out.suffix.lower())
    if chosen is None:
        raise typer.BadParameter("看不出格式，请用 --format yaml、json、csv 或 xlsx")
    table = chosen in (Format.CSV, Format.XLSX)
    if table and kind not in (None, KindName.ITEM):
        raise typer.BadParameter("表格只能放事项，其他类请用 yaml 或 json")
    found = with_database(lambda database: _published(database, kind, source))
    contents = _items(found) if table else found
    if not contents:
        fail("没有符合的条目，没有写文件")
    try:
        out.write_bytes(_bytes(contents, chosen))
    except OSError as error:
        fail(f"写不了 {out}：{error.strerror or error}")
    left = len(found) - len(contents)
    result = {"file": str(out), "format": chosen.value, "entries": len(contents), "left_out": left}
    told = f"{len(contents)} 条，写到 {out}"
    if left:
        told += f"；表格只放事项，另有 {left} 条政策、一件事或通知没有写，要的话用 yaml 或 json"
    typer.echo(json.dumps(result, ensure_ascii=False) if as_json else told)


def _items(contents: Sequence[Content]) -> list[Content]:
    from kb.schemas import Kind, kind_of

    return [one for one in contents if kind_of(one) is Kind.ITEM]


async def _published(
    database: Database, kind: KindName | None, source: str | None
) -> list[Content]:
    from kb.export import exported
    from kb.repository import KnowledgeRepository
    from kb.schemas import Kind, Status

    async with database.sessions() as session:
        rows = await KnowledgeRepository(session).entries([Kind(kind)] if kind else [])
    return [
        exported(row)
        for row in rows
        if row.status == Status.PUBLISHED and source in (None, row.source)
    ]


def _bytes(contents: Sequence[Content], chosen: Format) -> bytes:
    from kb.export import as_json, as_table, as_yaml
    from kb.readers.mapping import load_mapping

    if chosen is Format.YAML:
        return as_yaml(contents).encode()
    if chosen is Format.JSON:
        return as_json(contents).encode()
    head, rows = as_table(contents, load_mapping("table"))
    for row in rows:
        for name, cell in zip(head, row, strict=True):
            if len(cell) >= _CELL:
                fail(f"{row[0]} 的“{name}”超过 {_CELL:,} 字，表格放不下，请用 yaml")
    return _csv(head, rows) if chosen is Format.CSV else _xlsx(head, rows)


def _csv(head: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    from console.excel import safe_text

    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([safe_text(cell) for cell in row] for row in rows)
    # Excel takes a CSV without BOM for the system's own encoding.
    return out.getvalue().encode("utf-8-sig")


def _xlsx(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    from console.excel import Sheet, workbook

    return workbook([Sheet("事项", head, rows)])
