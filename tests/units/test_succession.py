"""One unit follows another: what is refused, what the successor takes over, and restarts."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.database import Database, now
from core.errors import Conflict, InvalidInput
from units.loading import LoadReport, load
from units.models import Place, Unit, UnitSuccession
from units.succession import SuccessionRepository, names_after, refusal
from units.tree import UnitInfo, UnitTree

CITY = Path(__file__).parents[2] / "city"
DAY, TODAY = date(2026, 8, 1), date(2026, 8, 5)


def unit(code: str, parent: str | None = "city", active: bool = True) -> UnitInfo:
    return UnitInfo(code, f"{code}局", code, "x", "city", parent, active=active)


TREE = UnitTree.of(
    [unit("city", None), unit("urban"), unit("parks"), unit("gone", active=False),
     unit("section", "urban")]
)  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("urban", "parks", None),
        ("section", "urban", None),
        ("section", "parks", None),
        ("urban", "section", "下级"),
        ("urban", "urban", "同一个"),
        ("gone", "parks", "已经停用"),
        ("urban", "gone", "不能承接"),
        ("city", "parks", "最上级"),
        ("nobody", "parks", "没有这个单位"),
        ("urban", "nobody", "没有这个单位"),
    ],
)
def test_who_may_follow_whom(old: str, new: str, told: str | None) -> None:
    problem = refusal(TREE, old, new)
    assert problem is None if told is None else told in str(problem)


@pytest.mark.parametrize(
    ("own", "old", "expected"),
    [
        ([], [], [("城管局", "2026-07-31")]),
        (
            [{"name": "园林处", "until": "2010-01-01"}],
            [{"name": "市容办", "until": "2015-01-01"}],
            [("园林处", "2010-01-01"), ("市容办", "2015-01-01"), ("城管局", "2026-07-31")],
        ),
        # Done twice it says the same.
        ([{"name": "城管局", "until": "2026-07-31"}], [], [("城管局", "2026-07-31")]),
    ],
)
def test_former_names_end_the_day_before(
    own: list[dict[str, Any]], old: list[dict[str, Any]], expected: list[tuple[str, str]]
) -> None:
    names = names_after(own, "城管局", old, DAY)
    assert [(name["name"], name["until"]) for name in names] == expected


@pytest.fixture
async def sample(database: Database) -> Database:
    async with database.unit_of_work() as session:
        await load(session, CITY)
    return database


async def merge(database: Database, old: str, new: str, day: date = DAY) -> None:
    async with database.unit_of_work() as session:
        merger = UnitSuccession(old=old, new=new, from_day=day, reason="文件", by="admin")
        repository = SuccessionRepository(session)
        await repository.plan(merger, TODAY)
        await repository.merge(merger)
        merger.done_at = now()


async def test_the_successor_takes_over_and_a_restart_undoes_nothing(
    sample: Database, tmp_path: Path
) -> None:
    street, community = "chengdong.wanghu", "chengdong.wanghu.hubin"
    await merge(sample, "parks", "urban")
    await merge(sample, street, "chengdong.chunhui")
    async with sample.unit_of_work() as session:
        urban = await session.get_one(Unit, "urban")
        assert {"name": "示例市园林绿化局", "until": "2026-07-31"} in urban.former_names
        assert set((await session.get_one(Unit, "parks")).duties) <= set(urban.duties)
        tree = await UnitTree.load(session)
        place = await session.get_one(Place, street)
        below = await session.get_one(Unit, community)
    assert tree.current("parks") == "urban" and not tree.units["parks"].active
    assert tree.name("parks") == "示例市园林绿化局"
    assert (place.unit, below.parent) == ("chengdong.chunhui", "chengdong.chunhui")
    for name in ("units.yml", "territory.yml"):
        shutil.copy(CITY / name, tmp_path / name)
    async with sample.unit_of_work() as session:
        assert await load(session, tmp_path) == LoadReport(0, 0, 0)
    # The successor is merged itself: who had both is the third.
    await merge(sample, "urban", "housing")
    async with sample.unit_of_work() as session:
        assert await load(session, tmp_path) == LoadReport(0, 0, 0)
        tree = await UnitTree.load(session)
    assert tree.current("parks") == tree.current("urban") == "housing"
    names = {former.name for former in tree.units["housing"].former_names}
    assert {"示例市园林绿化局", "示例市城市管理局"} <= names


async def test_a_unit_is_merged_once_and_a_plan_can_be_cancelled(sample: Database) -> None:
    later = UnitSuccession(
        old="parks", new="urban", from_day=date(2026, 9, 1), reason="文件", by="admin"
    )
    async with sample.unit_of_work() as session:
        await SuccessionRepository(session).plan(later, TODAY)
    with pytest.raises(Conflict):
        await merge(sample, "parks", "housing")
    async with sample.unit_of_work() as session:
        repository = SuccessionRepository(session)
        assert await repository.due(TODAY) == []
        assert [m.old for m in await repository.due(date(2026, 9, 1))] == ["parks"]
        await repository.cancel("parks")
    await merge(sample, "parks", "housing")
    for old in ("parks", "water"):
        with pytest.raises(Conflict):
            async with sample.unit_of_work() as session:
                await SuccessionRepository(session).cancel(old)


async def test_a_merger_is_not_dated_too_far_back(sample: Database) -> None:
    with pytest.raises(InvalidInput) as caught:
        await merge(sample, "parks", "urban", date(2024, 1, 1))
    assert "day" in caught.value.fields
