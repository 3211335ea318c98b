"""``hotline reviews report``: the figures of a period by unit, with what they are counted from."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.kb_command_tools import Json, fail, with_database

if TYPE_CHECKING:
    from cases.measures import Span
    from core.database import Database
    from reviews.figures import Tally

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="日期，如 2026-08-01")]


def report(first: Day = None, last: Day = None, as_json: Json = False) -> None:
    """好评率、差评率、主动评价率、差评整改率、按期整改率：合计和按单位，默认近 30 天。"""
    from datetime import timedelta

    from cases.measures import LONGEST, Span
    from core.calendar import LOCAL
    from core.database import now
    from reviews.figures import FORMULAS
    from reviews.public import rates

    until = last.date() if last else now().astimezone(LOCAL).date()
    span = Span(first.date() if first else until - timedelta(days=29), until)
    if not 0 < span.days <= LONGEST:
        fail(f"结束日期不能早于开始日期，最长 {LONGEST} 天")

    async def read(database: Database) -> tuple[Tally, dict[str, Tally]]:
        return await _read(database, span)

    total, units = with_database(read)
    if as_json:
        body: dict[str, Any] = {
            "from": span.first.isoformat(),
            "to": span.last.isoformat(),
            "total": asdict(total) | rates(total),
            "units": {name: asdict(one) | rates(one) for name, one in units.items()},
        }
        typer.echo(json.dumps(body, ensure_ascii=False))
        return
    typer.echo(f"{span.first} 至 {span.last}")
    for name, tally in {"合计": total, **units}.items():
        typer.echo(f"{name}：评价 {tally.every}，有效 {tally.valid}，差评 {tally.bad}")
        for figure, formula in FORMULAS.items():
            rate = tally.rate(figure)
            share = "样本不足" if rate.share is None else f"{rate.share:.1%}"
            typer.echo(f"  {formula.name} {share}（{rate.above} ÷ {rate.below}）")


async def _read(database: Database, span: Span) -> tuple[Tally, dict[str, Tally]]:
    from reviews.figures import Axis
    from reviews.figures_repository import FigureRepository
    from reviews.narrowing import Wanted
    from units.tree import UnitTree

    async with database.sessions() as session:
        repository, tree = FigureRepository(session, None), await UnitTree.load(session)
        units = await repository.by(Wanted(span), Axis.UNIT)
        named = {tree.name(code) if code else "未注明": one for code, one in units.items()}
        return await repository.total(Wanted(span)), named
