"""``hotline kb import``: a file's entries into the knowledge base, shown before they are written."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.kb_command_tools import Json, fail, on_terminal, printable, unit_names, with_database

if TYPE_CHECKING:
    from core.database import Database
    from kb.loading import Plan
    from kb.readers.reading import Reading

EPILOG = (
    "退出码：0 全部收下（或已是最新）；1 有拒收的行，其余已收下；2 什么都没有写（文件不能用或没有一条合格、"
    "没有确认、连不上数据库）。"
)
UNUSABLE = 2
_NAMED = 10


def import_(
    file: Annotated[
        Path, typer.Argument(help="YAML 文件或文件夹、JSON（国家平台字段名）、CSV 或 .xlsx")
    ],
    mapping: Annotated[
        str | None,
        typer.Option(help="映射文件，或自带的：guangdong、national、table；后两个是默认的"),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="来源的名称；同一来源重复导入才会更新和撤下。默认是文件名")
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="对不上单位的条目归这个单位（编码），代替映射里的")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看会有什么变化，不写入")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="不再确认，直接写入")] = False,
    withdraw_missing: Annotated[
        bool, typer.Option("--withdraw-missing", help="撤下这个来源以前有、文件里没有了的条目")
    ] = False,
    as_json: Json = False,
) -> None:
    """把文件里的条目收进知识库：先列出新增、修改、撤下和拒收的，确认后一次写入。"""
    from kb.loading import CITY

    name = (source or file.stem).strip()
    if not 0 < len(name) <= 64 or name == CITY:
        fail(f"来源的名称应有 1 到 64 个字，且不能是 {CITY}（那是城市文件夹）", UNUSABLE)
    if not (dry_run or yes or (on_terminal() and not as_json)):
        fail("没有人可以确认：请加 --yes 写入，或加 --dry-run 只看变化", UNUSABLE)

    async def work(database: Database) -> tuple[Plan, Reading, bool]:
        reading = await _read(database, file, mapping, unit)
        found = await _planned(database, reading, name, withdraw_missing)
        if not as_json:
            typer.echo(printable(_told(found, reading, name)))
        if yes:
            _refuse_to_empty(found)
        agreed = found.writes and not dry_run and (yes or typer.confirm("写入以上变化吗？"))
        if agreed:
            await _write(database, reading, name, withdraw_missing, found)
        return found, reading, agreed

    found, reading, written = with_database(work, UNUSABLE)
    if as_json:
        typer.echo(json.dumps(_result(found, reading, name, written), ensure_ascii=False))
    elif written:
        typer.echo(f"已写入，各进程随即更新。质量报告：hotline kb check --source {name}")
    if not reading.entries or (found.writes and not written and not dry_run):
        raise typer.Exit(UNUSABLE)
    raise typer.Exit(1 if found.rejected else 0)


def _refuse_to_empty(found: Plan) -> None:
    """A file that was cut at the end of a row looks like one from which most entries left."""
    left = len(found.changed) + len(found.unchanged)
    if len(found.withdrawn) > left:
        fail(
            f"会撤下 {len(found.withdrawn)} 条，只剩 {left} 条：像是文件不完整，什么都没有写。"
            "确实要撤，请在终端里不带 --yes 运行并确认",
            UNUSABLE,
        )


async def _read(database: Database, file: Path, mapping: str | None, unit: str | None) -> Reading:
    from kb.readers.reading import UnusableSource
    from kb.readers.sources import read_source
    from service.progress import Progress
    from units.tree import UnitTree

    async with database.sessions() as session:
        tree = await UnitTree.load(session)
    names = unit_names(tree)
    if unit is not None and names.code(unit) is None:
        fail(f"没有单位 {unit}", UNUSABLE)
    default = names.code(unit) if unit is not None else None
    try:
        async with Progress(sys.stderr).step("读文件"):
            return await asyncio.to_thread(
                read_source, file, mapping=mapping, units=names, default_unit=default
            )
    except UnusableSource as error:
        fail(str(error), UNUSABLE)


async def _planned(database: Database, reading: Reading, source: str, withdraw: bool) -> Plan:
    from kb.loading import plan
    from service.progress import Progress

    # Rolled back at the end, so that nobody waits while a person reads.
    async with database.sessions() as session, Progress(sys.stderr).step("与数据库比较"):
        return await plan(
            session, reading.entries, reading.rejected, source, withdraw_missing=withdraw
        )


async def _write(
    database: Database, reading: Reading, source: str, withdraw: bool, shown: Plan
) -> None:
    from kb.loading import plan, write
    from service.progress import Progress

    async with database.unit_of_work() as session, Progress(sys.stderr).step("写入"):
        found = await plan(
            session, reading.entries, reading.rejected, source, withdraw_missing=withdraw
        )
        if found != shown:
            fail("知识库刚刚有了别的变化，什么都没有写：请重新运行", UNUSABLE)
        await write(session, found)


def _told(found: Plan, reading: Reading, source: str) -> str:
    from kb.field_names import FIELD_NAMES

    lines = [
        f"来源“{source}”：新增 {len(found.new)}，修改 {len(found.changed)}，"
        f"不变 {len(found.unchanged)}，撤下 {len(found.withdrawn)}，拒收 {len(found.rejected)}"
    ]
    for step in found.new[:_NAMED]:
        lines.append(f"  + {step.change.content.code} {step.change.content.name}")
    lines += _rest(found.new)
    for step in found.changed:
        fields = "、".join(FIELD_NAMES.get(name, name) for name in step.fields)
        lines.append(f"  ~ {step.change.content.code} {step.change.content.name}：{fields}")
    for change in found.withdrawn:
        lines.append(f"  - {change.content.code} {change.content.name}")
    if len(found.gone) > len(found.withdrawn):
        lines.append(_kept(found))
    for row in found.rejected:
        lines.append(f"  ✗ {row.file} 第 {row.line} 行 {row.code or ''}：{row.reason}")
    for remark in reading.remarks[:_NAMED]:
        lines.append(f"  ! {remark.file} 第 {remark.line} 行 {remark.code}：{remark.text}")
    lines += _rest(reading.remarks)
    if reading.skipped:
        lines.append(f"跳过 {reading.skipped} 条已停用的")
    return "\n".join(lines)


def _rest(listed: list[Any]) -> list[str]:
    return [f"  … 共 {len(listed)} 条"] if len(listed) > _NAMED else []


def _kept(found: Plan) -> str:
    codes = "、".join(found.gone[:_NAMED])
    if found.doubtful:
        why = "拒收的行里可能就有它们，这次都保留"
    else:
        why = "都保留；要撤下请加 --withdraw-missing"
    return f"文件里没有这个来源的 {len(found.gone)} 条（{codes} …），{why}"


def _result(found: Plan, reading: Reading, source: str, written: bool) -> dict[str, Any]:
    return {
        "source": source,
        "written": written,
        "new": [step.change.content.code for step in found.new],
        "changed": [
            {
                "code": step.change.content.code,
                "name": step.change.content.name,
                "fields": step.fields,
            }
            for step in found.changed
        ],
        "unchanged": len(found.unchanged),
        "withdrawn": [change.content.code for change in found.withdrawn],
        "gone": found.gone,
        "skipped": reading.skipped,
        "rejected": [asdict(row) for row in found.rejected],
        "remarks": [asdict(remark) for remark in reading.remarks],
    }
