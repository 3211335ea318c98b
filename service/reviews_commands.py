"""``hotline reviews``: service records and reviews of other platforms, and what ties them."""

from __future__ import annotations

import csv
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reviews.codes import CodeSystem
from service.kb_command_tools import Json, fail, printable, unit_names, with_database

if TYPE_CHECKING:
    from core.database import Database
    from reviews.files import Read
    from reviews.importing import Report
    from reviews.link_service import Outcome

EPILOG = "退出码：0 完成；1 已说明原因的失败，或有拒收的行；2 用法错误。"
app = typer.Typer(
    help="好差评：导入、导出、关联、评测、统计。", no_args_is_help=True, epilog=EPILOG
)
Codes = Annotated[
    CodeSystem,
    typer.Option(help="代码体系：national 国家平台，gbt39046 国标（满意度相反），zhejiang 浙江"),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只看会有什么变化，不写入")]
_NAMED = 20


@app.command("import", epilog=EPILOG)
def import_(
    file: Annotated[Path, typer.Argument(help="JSON、CSV（国家平台字段名），或放 CSV 的文件夹")],
    codes: Codes = CodeSystem.NATIONAL,
    source: Annotated[
        str | None, typer.Option(help="没有 dataSource 的行的来源，默认是文件名")
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """收进办件和评价；重复导入不会重复，拒收的行逐行说明。"""
    from reviews.files import UnusableFile, read

    name = (source or file.stem).strip()
    if not 0 < len(name) <= 64:
        fail("来源的名称应有 1 到 64 个字", 2)
    try:
        found = read(file)
    except UnusableFile as error:
        fail(str(error))
    report = with_database(lambda database: _taken(database, found, name, codes, dry_run))
    _tell(report, as_json, written=not dry_run)
    raise typer.Exit(1 if report.rejected else 0)


async def _taken(
    database: Database, found: Read, source: str, codes: CodeSystem, dry_run: bool
) -> Report:
    from core.database import now
    from reviews.importing import take
    from units.tree import UnitTree

    async with database.sessions() as session:
        names = unit_names(await UnitTree.load(session))
        with progress("导入", len(found.records) + len(found.reviews)) as told:
            report = await take(session, found, source, codes, names, now(), told)
        if not dry_run:
            await session.commit()
    return report


def _tell(report: Report, as_json: bool, *, written: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"written": written, **asdict(report)}, ensure_ascii=False))
        return
    for title, counts in (("办件", report.records), ("评价", report.reviews)):
        typer.echo(f"{title}：新增 {counts.new}，修改 {counts.changed}，不变 {counts.unchanged}")
    typer.echo(f"按编号关联评价 {report.linked} 条；拒收 {len(report.rejected)} 行")
    for row in report.rejected:
        where = f"{row.table} 第 {row.line} 条" if row.table else f"第 {row.line} 行"
        typer.echo(printable(f"  ✗ {row.file} {where} {row.number}：{row.reason}"))
    if not written:
        typer.echo("以上没有写入（--dry-run）")


@app.command()
def export(
    to: Annotated[Path, typer.Argument(help="JSON 文件（以 .json 结尾），或放两张 CSV 的文件夹")],
    codes: Codes = CodeSystem.NATIONAL,
    as_json: Json = False,
) -> None:
    """写出全部办件和评价（含个人信息，只给上级平台），另一处导入后再导出相同。"""
    from reviews import exporting
    from reviews.exchange import RecordRow, ReviewRow
    from reviews.files import as_csv
    from reviews.files import as_json as written

    async def work(database: Database) -> tuple[list[RecordRow], list[ReviewRow]]:
        async with database.sessions() as session:
            records = [row async for row in exporting.records(session, codes)]
            return records, [row async for row in exporting.reviews(session, codes)]

    try:
        records, reviews = with_database(work)
    except ValueError as error:
        fail(f"这个代码体系写不出全部内容：{error}")
    try:
        if to.suffix.lower() == ".json":
            _write(to, written(records, reviews))
        else:
            to.mkdir(parents=True, exist_ok=True)
            _write(to / "projects.csv", as_csv(RecordRow, records))
            _write(to / "evaluations.csv", as_csv(ReviewRow, reviews))
    except OSError as error:
        fail(f"写不了 {to}：{error.strerror}")
    told = {"records": len(records), "reviews": len(reviews), "to": str(to)}
    plain = f"已写出办件 {len(records)} 件、评价 {len(reviews)} 条：{to}"
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else plain)


def _write(path: Path, content: str) -> None:
    """For its owner only: who reviewed stands in it."""
    path.touch(mode=0o600)
    path.write_text(content, "utf-8", newline="")


@app.command()
def link(dry_run: DryRun = False, as_json: Json = False) -> None:
    """把没有编号的评价关联到办件：有把握的直接关联，存疑的交关联台，没有线索的不关联。"""
    outcomes = with_database(lambda database: _linked(database, dry_run))
    if as_json:
        told = [_plain(one) for one in outcomes]
        typer.echo(json.dumps({"written": not dry_run, "reviews": told}, ensure_ascii=False))
        return
    counts = {name: sum(o.verdict == name for o in outcomes) for name in ("auto", "desk", "none")}
    typer.echo(
        f"待关联 {len(outcomes)} 条：直接关联 {counts['auto']}，交关联台 {counts['desk']}，"
        f"没有线索 {counts['none']}"
    )
    for one in [o for o in outcomes if o.best][:_NAMED]:
        best = one.best[0]
        reasons = "、".join(reason.told for reason in best.reasons)
        typer.echo(
            printable(
                f"  {one.verdict} 评价 {one.review_id} → {best.candidate.number}"
                f"（{best.probability:.0%}）{reasons}"
            )
        )
    if dry_run:
        typer.echo("以上没有写入（--dry-run）")


async def _linked(database: Database, dry_run: bool) -> list[Outcome]:
    from core.database import now
    from reviews.link_service import find
    from reviews.tying import apply

    async with database.sessions() as session:
        with progress("关联", None) as told:
            outcomes = await find(session, told)
        if not dry_run:
            await apply(session, outcomes, now())
            await session.commit()
    return outcomes


def _plain(one: Outcome) -> dict[str, Any]:
    return {
        "review": one.review_id,
        "verdict": one.verdict,
        "candidates": [
            {
                "number": scored.candidate.number,
                "probability": round(scored.probability, 4),
                "reasons": [reason._asdict() for reason in scored.reasons],
            }
            for scored in one.best
        ],
    }


@app.command()
def evaluate(
    file: Annotated[Path, typer.Argument(help="CSV：evaluationId,projectNo（没有对应办件的留空）")],
    as_json: Json = False,
) -> None:
    """以已知的对应关系衡量关联的准确率和召回率。"""
    from reviews.link_evaluation import figures
    from reviews.record_repository import RecordRepository

    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
        truth = {row["evaluationId"]: row["projectNo"] or None for row in rows}
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        fail(f"读不了 {file.name}，应是含 evaluationId 和 projectNo 两列的 CSV：{error}")

    async def work(database: Database) -> dict[str, tuple[str, str | None]]:
        async with database.sessions() as session:
            found = RecordRepository(session).all_reviews()
            return {str(r.source_id): (r.link, number) async for r, _, number, _ in found}

    links = with_database(work)
    numbered = {id for id, (link, _) in links.items() if link == "exact"}
    result = asdict(figures(links, truth, numbered))
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
        return
    for name, title in (("precision", "准确率"), ("recall", "召回率")):
        value = result[name]
        typer.echo(f"{title} {'—' if value is None else f'{value:.2%}'}")
    typer.echo(f"直接关联 {result['auto']}，关联台 {result['desk']}，没有线索 {result['none']}")


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Callable[[int], Awaitable[None]]]:
    """A bar on stderr; what it gives is told how many rows were done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total)

        async def told(rows: int) -> None:
            bar.update(task, advance=rows)

        yield told
