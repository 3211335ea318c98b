"""``hotline bench reviews``: a generated month is imported and linked in a database of its own."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from sqlalchemy import text

from core.database import Database, now
from core.settings import Settings
from service.bench_cases import scratch
from service.bench_reviews_data import DAYS, FIRST_DAY, City, Generator, Month

_KEY = "bench-only-key-that-protects-nothing"
_SOURCE = "bench"


def run(settings: Settings, server: str, records: int, reviews: int, seed: int) -> dict[str, Any]:
    """Generate, import, link and judge; gives the figures, seconds of wall clock.

    Raises psycopg.OperationalError when the server cannot be reached or no database may be made.
    """
    from service import migrations

    if not settings.secret_key.get_secret_value():
        os.environ["HOTLINE_SECRET_KEY"] = _KEY
    folder = Path(settings.city_dir)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        Progress(*columns, console=Console(stderr=True)) as progress,
        scratch(server, "hotline_bench_reviews", keep=False) as (url, _),
        tempfile.TemporaryDirectory() as scratch_folder,
    ):
        making = progress.add_task("生成办件和评价", total=1)
        month = Generator(City.read(folder), seed).month(records, reviews)
        file = Path(scratch_folder) / "month.json"
        rows = {"projects": month.records, "evaluations": month.reviews}
        file.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
        progress.update(making, completed=1)
        migrations.upgrade(url)
        return asyncio.run(_measured(url, folder, file, month, progress))


async def _measured(
    url: str, folder: Path, file: Path, month: Month, progress: Progress
) -> dict[str, Any]:
    import kb.loading
    import units.loading

    database = Database(url, pool=2)
    try:
        async with database.unit_of_work() as session:
            await units.loading.load(session, folder)
            await kb.loading.load(session, folder)
        began = time.perf_counter()
        await _import(database, file, progress)
        imported = time.perf_counter()
        await _link(database, progress)
        linked = time.perf_counter()
        links = await _links(database)
        came_of = await _figures(database)
    finally:
        await database.close()
    from reviews.link_evaluation import figures

    found = figures(links, month.truth, month.numbered)
    return {
        "records": len(month.records),
        "reviews": len(month.reviews),
        "linking": {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in asdict(found).items()
        },
        "bad": sum(row["satisfaction"] < 3 for row in month.reviews),
        "rectification": came_of,
        "seconds": {
            "import": round(imported - began, 1),
            "link": round(linked - imported, 1),
            "figures": came_of.pop("seconds"),
        },
    }


async def _import(database: Database, file: Path, progress: Progress) -> None:
    from kb.readers.unit_names import UnitNames
    from reviews.codes import CodeSystem
    from reviews.files import read
    from reviews.importing import take
    from units.tree import UnitTree

    found = await asyncio.to_thread(read, file)
    task = progress.add_task("导入", total=len(found.records) + len(found.reviews))
    async with database.unit_of_work() as session:
        names = UnitNames((await UnitTree.load(session)).units.values())
        await take(
            session, found, _SOURCE, CodeSystem.NATIONAL, names, now(), _told(progress, task)
        )


async def _link(database: Database, progress: Progress) -> None:
    from reviews.link_service import find
    from reviews.tying import apply

    task = progress.add_task("关联", total=None)
    async with database.unit_of_work() as session:
        await session.execute(text("ANALYZE service_records, reviews"))
    async with database.unit_of_work() as session:
        outcomes = await find(session, _told(progress, task))
        await apply(session, outcomes, now())


async def _links(database: Database) -> dict[str, tuple[str, str | None]]:
    from reviews.record_repository import RecordRepository

    async with database.sessions() as session:
        rows = RecordRepository(session).all_reviews()
        return {str(review.source_id): (review.link, number) async for review, _, number, _ in rows}


def _told(progress: Progress, task: TaskID) -> Any:
    async def told(rows: int) -> None:
        progress.update(task, advance=rows)

    return told


# What becomes of rectifications, by the last digit of the id: [D] seven of ten are put right, one of
# them late, one appeal is found right, and two go on, one of them late.
_BECOME = {
    "completed": (0, 1, 2, 3, 4, 5, 6),
    "invalid": (7,),
    "under_way": (8,),
    "supervised": (9,),
}
_LATE = (6, 9)


async def _figures(database: Database) -> dict[str, Any]:
    """Let the bad reviews be put right, or not, and count the figures of the month by unit."""
    from cases.measures import Span
    from core.identity import Actor, Role
    from reviews.figures import Axis, Figure
    from reviews.figures_repository import FigureRepository
    from reviews.narrowing import Wanted

    span = Span(FIRST_DAY, FIRST_DAY + timedelta(days=DAYS + 6))
    actor = Actor("bench", "bench", Role.SUPERVISOR, "hotline", frozenset({"hotline"}))
    async with database.unit_of_work() as session:
        for state, digits in _BECOME.items():
            closed = "opened_at" if state in ("completed", "invalid") else "NULL"
            await session.execute(
                text(
                    f"UPDATE rectifications SET state = :state, closed_at = {closed}, "
                    "late = id % 10 = ANY (:late) WHERE id % 10 = ANY (:digits)"
                ),
                {"state": state, "late": list(_LATE), "digits": list(digits)},
            )
        opened = await session.scalar(text("SELECT count(*) FROM rectifications"))
        repository, wanted = FigureRepository(session, actor), Wanted(span)
        began = time.perf_counter()
        total = await repository.total(wanted)
        units = await repository.by(wanted, Axis.UNIT)
        seconds = round(time.perf_counter() - began, 1)
    rates = {
        figure.value: round(share, 4)
        for figure in (Figure.BAD, Figure.RECTIFIED, Figure.ON_TIME)
        if (share := total.rate(figure).share) is not None
    }
    return {"opened": opened, "units": len(units), **rates, "seconds": seconds}
