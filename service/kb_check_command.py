"""``hotline kb check``: the quality rules as a report per unit, of the database or of a file."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.kb_command_tools import Json, fail, printable, unit_names, with_database

if TYPE_CHECKING:
    from core.database import Database
    from kb.quality import Finding
    from kb.readers.reading import Rejected
    from kb.schemas import Content
    from units.tree import UnitTree

EPILOG = "退出码：0 没有错误（可以有建议）；1 有错误或读不出的条目；2 没有检查成。"
UNUSABLE = 2
SEVERITIES = {"fault": "错误", "gap": "建议"}


@dataclass
class UnitReport:
    """What one unit has to look after; ``name`` with the department where another carries it out."""

    unit: str
    name: str
    entries: int = 0
    faults: int = 0
    gaps: int = 0
    findings: list[Finding] = field(default_factory=list)


def check(
    unit: Annotated[str | None, typer.Option(help="只看这个单位（编码或名称），并逐条列出")] = None,
    file: Annotated[
        Path | None, typer.Option(help="检查文件而不是数据库，与 hotline kb import 能读的相同")
    ] = None,
    mapping: Annotated[str | None, typer.Option(help="文件的映射，同 hotline kb import")] = None,
    source: Annotated[str | None, typer.Option(help="只看数据库里这个来源的条目")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="把逐条的结果写成 Excel 文件")] = None,
    as_json: Json = False,
) -> None:
    """按国家事项数据质量要求和本热线的规则检查条目，每个单位一份：错在哪里、怎么改。"""
    from core.calendar import LOCAL
    from core.database import now
    from kb.quality import check as check_contents

    rejected: list[Rejected] = []
    if file is not None:
        contents, rejected, tree = _from_file(file, mapping)
        chosen = {content.code for content in contents}
    else:
        contents, chosen, tree = with_database(lambda db: _from_database(db, source), UNUSABLE)
    only = None
    if unit is not None and (only := unit_names(tree).code(unit)) is None:
        fail(f"没有单位 {unit}", UNUSABLE)
    found = check_contents(contents, now().astimezone(LOCAL).date())
    wanted = [c for c in contents if c.code in chosen and only in (None, c.unit)]
    reports = _by_unit(wanted, found, tree)
    if xlsx is not None:
        _write_excel(xlsx, reports)
    if as_json:
        told = {"units": [asdict(r) for r in reports], "rejected": [asdict(r) for r in rejected]}
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        typer.echo(printable("\n".join(_told(reports, rejected, details=only is not None))))
    raise typer.Exit(1 if rejected or any(report.faults for report in reports) else 0)


def _from_file(file: Path, mapping: str | None) -> tuple[list[Content], list[Rejected], UnitTree]:
    from core.errors import HotlineError
    from core.settings import get_settings
    from kb.readers.reading import UnusableSource
    from kb.readers.sources import read_source
    from units.loading import read_tree

    try:
        tree = read_tree(get_settings().city_dir)
        reading = read_source(file, mapping=mapping, units=unit_names(tree))
    except (UnusableSource, HotlineError) as error:
        fail(str(error), UNUSABLE)
    return [entry.content for entry in reading.entries], reading.rejected, tree


async def _from_database(
    database: Database, source: str | None
) -> tuple[list[Content], set[str], UnitTree]:
    """Published entries, and the codes of those of ``source``."""
    from kb.repository import KnowledgeRepository, content_of
    from kb.schemas import Status
    from units.tree import UnitTree

    async with database.sessions() as session:
        rows = await KnowledgeRepository(session).entries()
        tree = await UnitTree.load(session)
    published = [row for row in rows if row.status == Status.PUBLISHED]
    chosen = {row.code for row in published if source in (None, row.source)}
    return [content_of(row) for row in published], chosen, tree


def _by_unit(
    contents: Iterable[Content], found: Iterable[Finding], tree: UnitTree
) -> list[UnitReport]:
    """A report for each unit, those with most faults first."""
    of_entry: dict[str, list[Finding]] = defaultdict(list)
    for finding in found:
        of_entry[finding.code].append(finding)
    reports: dict[tuple[str, str], UnitReport] = {}
    for content in contents:
        department = getattr(content, "department", None) or ""
        name = (
            f"{department}（{tree.name(content.unit)}）" if department else tree.name(content.unit)
        )
        report = reports.setdefault((content.unit, department), UnitReport(content.unit, name))
        report.entries += 1
        for finding in of_entry[content.code]:
            report.findings.append(finding)
            if finding.severity == "fault":
                report.faults += 1
            else:
                report.gaps += 1
    return sorted(reports.values(), key=lambda report: (-report.faults, -report.gaps, report.name))


def _told(
    reports: Sequence[UnitReport], rejected: Sequence[Rejected], *, details: bool
) -> list[str]:
    every = [finding for report in reports for finding in report.findings]
    entries = sum(report.entries for report in reports)
    faults = sum(report.faults for report in reports)
    lines = [f"{entries} 条，错误 {faults} 处，建议 {len(every) - faults} 处", ""]
    lines += [f"  ✗ {r.file} 第 {r.line} 行 {r.code or ''}：{r.reason}" for r in rejected]
    for report in reports:
        lines.append(
            f"{report.name}：{report.entries} 条，错误 {report.faults}，建议 {report.gaps}"
        )
        if details:
            lines += [_line(finding) for finding in report.findings]
    lines.append("")
    counts = Counter((f.severity, f.rule, f.advice) for f in every)
    for (severity, rule, advice), count in sorted(counts.items(), key=lambda one: -one[1]):
        example = next(finding for finding in every if finding.rule == rule)
        lines.append(
            f"{SEVERITIES[severity]} {count} 处 → {advice}（如 {example.code}：{example.text}）"
        )
    return lines


def _line(finding: Finding) -> str:
    mark = SEVERITIES[finding.severity]
    return f"  {mark} {finding.code} {finding.name}：{finding.text} → {finding.advice}"


def _write_excel(path: Path, reports: Sequence[UnitReport]) -> None:
    from console.excel import Sheet, workbook

    totals: list[list[Any]] = [[r.name, r.entries, r.faults, r.gaps] for r in reports]
    every = [
        [r.name, f.code, f.name, SEVERITIES[f.severity], f.text, f.advice]
        for r in reports
        for f in r.findings
    ]
    sheets = [
        Sheet("各单位", ["单位", "条目", "错误", "建议"], totals, widths=[40, 8, 8, 8]),
        Sheet(
            "逐条",
            ["单位", "编码", "名称", "级别", "问题", "怎么改"],
            every,
            widths=[30, 24, 36, 8, 60, 36],
        ),
    ]
    try:
        path.write_bytes(workbook(sheets))
    except OSError as error:
        fail(f"写不了 {path}：{error.strerror or error}", UNUSABLE)
