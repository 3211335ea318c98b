"""``hotline routing replay``: past cases under a changed dispatch catalogue."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from routing.catalogue import CatalogueEntry
    from routing.replay import Past, Replay
    from units.tree import UnitTree

_SHOWN = 20


class NothingToReplay(Exception):
    """Why there is nothing to compare, as one Chinese sentence."""


def run(url: str, file: Path | None, limit: int, as_json: bool) -> None:
    """Print what the latest ``limit`` closed cases would do under the catalogue of ``file``.

    None means the drafts of the console. Raises NothingToReplay.
    """
    past, before, after, tree, on = asyncio.run(_read(url, file, limit))
    result = _replay(past, before, after, tree, on)
    if as_json:
        print(json.dumps(result.to_json(), ensure_ascii=False))
        return
    total = result.total
    print(
        f"{total.n} 件，改派 {total.changed} 件；"
        f"派对：现在 {total.right_before}，改后 {total.right_after}（按 {on} 的目录）"
    )
    for change in result.changes[:_SHOWN]:
        print("  " + _line(change, tree))
    if total.changed > _SHOWN:
        print(f"  …… 另有 {total.changed - _SHOWN} 件，加 --json 列出全部")


def read_catalogue(file: Path) -> list[CatalogueEntry]:
    """The entries of a catalogue file. Raises NothingToReplay when it cannot be read."""
    import yaml

    from routing.catalogue import CatalogueEntry

    try:
        rows = yaml.safe_load(file.read_text("utf-8"))
        return [CatalogueEntry.from_row(row) for row in rows]
    except OSError as error:
        raise NothingToReplay(f"读不到文件 {file}：{error.strerror}") from error
    except KeyError as error:
        raise NothingToReplay(f"{file} 里有一条目录缺少 {error.args[0]}") from error
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise NothingToReplay(f"{file} 不是派单目录文件：{reason}") from error


async def _read(
    url: str, file: Path | None, limit: int
) -> tuple[list[Past], list[CatalogueEntry], list[CatalogueEntry], UnitTree, date]:
    from core.calendar import LOCAL
    from core.database import Database, now
    from routing.editing import draft_entry
    from routing.replay import as_past
    from routing.repository import CatalogueRepository
    from units.tree import UnitTree

    after = read_catalogue(file) if file else []
    today = now().astimezone(LOCAL).date()
    database = Database(url)
    try:
        async with database.unit_of_work() as session:
            repository = CatalogueRepository(session)
            before = await repository.versions()
            past = [as_past(row) for row in await repository.past_cases(limit)]
            tree = await UnitTree.load(session)
            drafts = [draft_entry(draft) for draft in await repository.drafts()]
    finally:
        await database.close()
    if not past:
        raise NothingToReplay("还没有办结并归类的工单可以比较")
    if file:
        return past, before, after, tree, today
    if not drafts:
        raise NothingToReplay("没有草稿：请在控制台“派单目录”里保存草稿，或用 --catalogue 指定文件")
    day = max([today, *(draft.valid_from for draft in drafts)])
    return past, before, [*before, *drafts], tree, day


def _replay(
    past: Sequence[Past],
    before: list[CatalogueEntry],
    after: list[CatalogueEntry],
    tree: UnitTree,
    on: date,
) -> Replay:
    import typer

    from routing.replay import replay

    with typer.progressbar(length=len(past), label="比对工单", file=sys.stderr) as bar:
        return replay(past, before, after, tree, on, lambda: bar.update(1))


def _line(change: Any, tree: UnitTree) -> str:
    from routing.replay import VERDICT_NAMES

    before, after = (tree.short(code) or "派单员决定" for code in (change.before, change.after))
    answered = tree.short(change.answered_by)
    verdict = VERDICT_NAMES[change.verdict]
    return f"{change.case_number} {before} → {after}，办结的是{answered}：{verdict}"
