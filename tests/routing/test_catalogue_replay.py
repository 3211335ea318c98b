"""``hotline routing replay`` on stored cases."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete
from town import NOW, person

from core.database import Database
from core.identity import Role
from routing.catalogue import CatalogueEntry
from routing.editing import save_draft
from routing.models import PastCase
from service.replay_command import NothingToReplay, run

LINE = "- {code: A-03-12, category: A0312, lead: power, basis: x, valid_from: 2026-01-01}\n"


async def replayed(database: Database, file: Path | None, *, as_json: bool = True) -> None:
    await asyncio.to_thread(run, database.url, file, 100, as_json)


async def test_a_file_is_compared_with_the_catalogue_in_force(
    catalogue: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "catalogue.yml"
    file.write_text(LINE, "utf-8")
    await replayed(catalogue, file)
    told = json.loads(capsys.readouterr().out)
    # The file has no entry for A0313, so those cases go to the desk.
    assert (told["n"], told["changed"]) == (10, 10)
    assert (told["right_before"], told["right_after"]) == (9, 1)
    assert told["by_category"]["A0312"] == {
        "n": 5,
        "changed": 5,
        "right_before": 4,
        "right_after": 1,
    }
    assert {c["verdict"] for c in told["changes"] if c["category"] == "A0313"} == {"worse"}
    assert told["changes"][0].keys() == {
        "case_number",
        "category",
        "before",
        "after",
        "answered_by",
        "verdict",
    }
    await replayed(catalogue, file, as_json=False)
    told_in_words = capsys.readouterr().out
    assert "10 件，改派 10 件；派对：现在 9，改后 1" in told_in_words
    assert "示例市城市管理局 → 示例市供电公司，办结的是示例市供电公司：改对了" in told_in_words
    assert "示例市供电公司 → 派单员决定" in told_in_words


async def test_the_drafts_are_compared(
    catalogue: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = CatalogueEntry("", "A0312", "power", "清单", date(2100, 1, 1), words=("电缆",))
    async with catalogue.unit_of_work() as session:
        editor = person(Role.SUPERVISOR)
        await save_draft(session, editor, entry, (0, 0), "电缆归供电", NOW)
    await replayed(catalogue, None)
    told = json.loads(capsys.readouterr().out)
    assert (told["changed"], told["right_before"], told["right_after"]) == (1, 9, 10)
    assert told["changes"][0]["verdict"] == "better"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "读不到文件"),
        ("- {code: a}\n", "缺少 category"),
        ("just text\n", "不是派单目录文件"),
        ("- [\n", "不是派单目录文件"),
    ],
)
async def test_a_file_that_is_none_is_told(
    catalogue: Database, tmp_path: Path, content: str | None, told: str
) -> None:
    file = tmp_path / "catalogue.yml"
    if content is not None:
        file.write_text(content, "utf-8")
    with pytest.raises(NothingToReplay, match=told):
        await replayed(catalogue, file)


async def test_without_drafts_or_cases_there_is_nothing(catalogue: Database) -> None:
    with pytest.raises(NothingToReplay, match="没有草稿"):
        await replayed(catalogue, None)
    async with catalogue.unit_of_work() as session:
        await session.execute(delete(PastCase))
    with pytest.raises(NothingToReplay, match="还没有办结"):
        await replayed(catalogue, None)
