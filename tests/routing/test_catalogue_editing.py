"""Drafts, publishing and taking back, in the database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from town import DISPATCHER, NOW, person

from core.database import Database
from core.errors import Conflict, InvalidInput, NotAllowed
from core.identity import Role
from routing import loading
from routing.catalogue import CatalogueEntry, match
from routing.editing import (
    Chosen,
    discard_draft,
    draft_entry,
    ending,
    propose,
    publish,
    save_draft,
    undo_last,
)
from routing.models import CatalogueDraft, CategoryRow, Publication
from routing.replay import Past, replay
from routing.repository import CatalogueRepository
from units.tree import UnitTree

CITY = Path(__file__).parents[2] / "city"
EDITOR = person(Role.SUPERVISOR)
OTHER = person(Role.ADMINISTRATOR)
TODAY = NOW.date()
LATER = TODAY + timedelta(days=10)


async def versions(database: Database) -> list[CatalogueEntry]:
    async with database.unit_of_work() as session:
        return await CatalogueRepository(session).versions()


async def lead_on(database: Database, day: date, category: str = "A0312") -> str | None:
    async with database.unit_of_work() as session:
        found = match(await CatalogueRepository(session).entries(), category, "", None, day)
    return found.lead if found else None


async def lamp(database: Database) -> CatalogueEntry:
    lines = [one for one in await versions(database) if one.code == "A-03-12"]
    return max(lines, key=lambda one: one.version)


async def save(
    database: Database, entry: CatalogueEntry, seen: tuple[int, int] = (1, 0), reason: str = "调整"
) -> CatalogueDraft:
    async with database.unit_of_work() as session:
        return await save_draft(session, EDITOR, entry, seen, reason, NOW)


async def publish_now(database: Database, *chosen: Chosen) -> Publication:
    async with database.unit_of_work() as session:
        return await publish(session, EDITOR, chosen, "", NOW)


async def test_a_draft_changes_nothing_until_it_is_published(catalogue: Database) -> None:
    old = await lamp(catalogue)
    await save(catalogue, replace(old, lead="power", valid_from=LATER))
    assert await lead_on(catalogue, LATER) == "urban"
    with psycopg.connect(catalogue.url, autocommit=True) as listener:
        listener.execute("LISTEN catalogue_changed")
        publication = await publish_now(catalogue, Chosen("A-03-12", 1))
        assert list(listener.notifies(timeout=5, stop_after=1))
    assert publication.reason == "调整" and publication.by == EDITOR.login
    assert await lead_on(catalogue, LATER - timedelta(days=1)) == "urban"
    assert await lead_on(catalogue, LATER) == "power"
    both = [one for one in await versions(catalogue) if one.code == "A-03-12"]
    assert both[0] == old, "an older version is never rewritten"
    async with catalogue.unit_of_work() as session:
        assert await CatalogueRepository(session).drafts() == []


async def test_a_new_entry_gets_a_code_of_its_category(catalogue: Database) -> None:
    new = CatalogueEntry("", "A0312", "power", "清单", TODAY, words=("电缆",))
    draft = await save(catalogue, new, (0, 0))
    assert draft.code == "A-03-12-1" and draft_entry(draft).version == 1
    assert (await save(catalogue, replace(new, words=("变压器",)), (0, 0))).code == "A-03-12-2"


async def test_two_editors_of_one_entry_are_told(catalogue: Database) -> None:
    old = await lamp(catalogue)
    await save(catalogue, replace(old, lead="power", valid_from=LATER))
    with pytest.raises(Conflict, match="刚被别人改过"):
        await save(catalogue, replace(old, lead="chengdong", valid_from=LATER))
    # Who has seen the draft may go on from it; what the other one looked at is then out of date.
    await save(catalogue, replace(old, lead="chengdong", valid_from=LATER), (1, 1))
    with pytest.raises(Conflict, match="草稿刚被别人改过"):
        await publish_now(catalogue, Chosen("A-03-12", 1))
    await publish_now(catalogue, Chosen("A-03-12", 2))
    with pytest.raises(Conflict, match="刚被别人改过"):
        await save(catalogue, replace(old, lead="power", valid_from=LATER))


async def test_two_editors_who_publish_at_once_publish_once(catalogue: Database) -> None:
    await save(catalogue, replace(await lamp(catalogue), lead="power", valid_from=LATER))
    results = await asyncio.gather(
        *(publish_now(catalogue, Chosen("A-03-12", 1)) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Publication"]
    assert len([one for one in await versions(catalogue) if one.code == "A-03-12"]) == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"lead": "gone"}, "主办单位撤销的单位已停用"),
        ({"lead": "nobody"}, "nobody 不存在"),
        ({"lead": "chengdong.wanghu", "territory": "chengdong"}, "没有通用目录"),
        ({"category": "A0313"}, "没有通用目录"),
        ({"lead": "@street"}, "镇街履职事项清单"),
        ({"territory": "mars"}, "适用地区"),
    ],
)
async def test_what_leaves_a_gap_or_names_the_dead_is_not_published(
    catalogue: Database, changes: dict[str, str], told: str
) -> None:
    changed = replace(await lamp(catalogue), valid_from=LATER, **changes)  # type: ignore[arg-type]
    await save(catalogue, changed)
    async with catalogue.unit_of_work() as session:
        proposal = await propose(session, ["A-03-12"], TODAY)
    assert proposal.blocked
    assert any(told in finding.text for finding in proposal.findings if finding.blocking)
    with pytest.raises(InvalidInput, match="不能发布"):
        await publish_now(catalogue, Chosen("A-03-12", 1))
    assert await lead_on(catalogue, LATER) == "urban"


async def test_drafts_that_need_each_other_are_published_together(catalogue: Database) -> None:
    await save(catalogue, ending(await lamp(catalogue), LATER))
    new = CatalogueEntry("", "A0312", "power", "清单", LATER)
    draft = await save(catalogue, new, (0, 0))
    with pytest.raises(InvalidInput, match="没有通用目录"):
        await publish_now(catalogue, Chosen("A-03-12", 1))
    await publish_now(catalogue, Chosen("A-03-12", 1), Chosen(draft.code, 1))
    assert await lead_on(catalogue, LATER) == "power"


async def test_a_gap_that_was_there_before_does_not_hinder(catalogue: Database) -> None:
    async with catalogue.unit_of_work() as session:
        session.add(CategoryRow(code="A0314", name="供水", parent="A03"))
    await save(catalogue, replace(await lamp(catalogue), lead="power", valid_from=LATER))
    await publish_now(catalogue, Chosen("A-03-12", 1))
    assert await lead_on(catalogue, LATER) == "power"


async def test_a_draft_that_waited_past_its_day_begins_today(catalogue: Database) -> None:
    await save(catalogue, replace(await lamp(catalogue), lead="power", valid_from=LATER))
    much_later = NOW + timedelta(days=40)
    async with catalogue.unit_of_work() as session:
        proposal = await propose(session, ["A-03-12"], much_later.date())
        await publish(session, EDITOR, [Chosen("A-03-12", 1)], "", much_later)
    assert proposal.late == ["A-03-12"]
    assert await lead_on(catalogue, much_later.date() - timedelta(days=1)) == "urban"
    assert await lead_on(catalogue, much_later.date()) == "power"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"valid_from": TODAY - timedelta(days=1)}, "valid_from"),
        ({"valid_from": LATER, "valid_to": TODAY}, "valid_to"),
        ({"valid_from": date(2101, 1, 1)}, "valid_to"),
    ],
)
async def test_days_that_cannot_be(
    catalogue: Database, changes: dict[str, date], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await save(catalogue, replace(await lamp(catalogue), **changes))  # type: ignore[arg-type]
    assert field in caught.value.fields


async def test_a_reason_is_needed(catalogue: Database) -> None:
    with pytest.raises(InvalidInput) as caught:
        await save(catalogue, replace(await lamp(catalogue), valid_from=LATER), reason="")
    assert "reason" in caught.value.fields


async def test_the_last_publication_is_taken_back_once(catalogue: Database) -> None:
    await save(catalogue, replace(await lamp(catalogue), lead="power", valid_from=TODAY))
    publication = await publish_now(catalogue, Chosen("A-03-12", 1))
    assert await lead_on(catalogue, TODAY) == "power"
    async with catalogue.unit_of_work() as session:
        undone = await undo_last(session, OTHER, publication.id, "派错了", NOW)
    assert undone.undoes == publication.id
    assert await lead_on(catalogue, TODAY) == "urban"
    assert await lead_on(catalogue, TODAY - timedelta(days=1)) == "urban"
    assert len([one for one in await versions(catalogue) if one.code == "A-03-12"]) == 3
    for again in (publication.id, undone.id):
        with pytest.raises(Conflict):
            async with catalogue.unit_of_work() as session:
                await undo_last(session, OTHER, again, "再撤", NOW)


async def test_only_editors_edit(catalogue: Database) -> None:
    old = replace(await lamp(catalogue), valid_from=LATER)
    await save(catalogue, old)
    chosen = Chosen("A-03-12", 1)
    async with catalogue.unit_of_work() as session:
        with pytest.raises(NotAllowed):
            await save_draft(session, DISPATCHER, old, (1, 1), "x", NOW)
        with pytest.raises(NotAllowed):
            await discard_draft(session, DISPATCHER, chosen)
        with pytest.raises(NotAllowed):
            await publish(session, DISPATCHER, [chosen], "x", NOW)
        with pytest.raises(NotAllowed):
            await undo_last(session, DISPATCHER, 1, "x", NOW)


async def test_a_restart_leaves_what_staff_edited(catalogue: Database, tmp_path: Path) -> None:
    (tmp_path / "categories.yml").write_text(
        "- {code: A0312, name: 路灯, parent: A03, cues: [路灯], auto_threshold: 0.8}\n", "utf-8"
    )
    row = "{code: A-03-12, category: A0312, lead: %s, basis: x, valid_from: 2026-01-01}"
    (tmp_path / "catalogue.yml").write_text(f"- {row % 'chengdong'}\n", "utf-8")
    async with catalogue.unit_of_work() as session:
        await loading.load(session, tmp_path)
    assert await lead_on(catalogue, TODAY) == "chengdong", "nobody had edited it yet"
    await save(catalogue, replace(await lamp(catalogue), lead="power", valid_from=TODAY))
    await publish_now(catalogue, Chosen("A-03-12", 1))
    before = await versions(catalogue)
    (tmp_path / "catalogue.yml").write_text(f"- {row % 'urban'}\n", "utf-8")
    async with catalogue.unit_of_work() as session:
        await loading.load(session, tmp_path)
    assert await versions(catalogue) == before
    async with catalogue.unit_of_work() as session:
        category = await session.get_one(CategoryRow, "A0312")
        assert (category.auto_threshold, category.cues) == (0.8, ["路灯"])


async def test_the_sample_city_loads_twice(city: Database) -> None:
    for _ in range(2):
        async with city.unit_of_work() as session:
            await loading.load(session, CITY)
    every = await versions(city)
    assert len({(one.code, one.version) for one in every}) == len(every) > 150


async def test_past_cases_under_a_draft(catalogue: Database) -> None:
    new = CatalogueEntry("", "A0312", "power", "清单", TODAY, words=("电缆",))
    draft = await save(catalogue, new, (0, 0))
    async with catalogue.unit_of_work() as session:
        proposal = await propose(session, [draft.code], TODAY)
        rows = await CatalogueRepository(session).past_cases(8)
        tree = await UnitTree.load(session)
    assert [row.closed_on.day for row in rows] == [5, 5, 4, 4, 3, 3, 2, 2]
    past = [
        Past(f"{n}", "A0312", text, None, None, unit)
        for n, (text, unit) in enumerate(
            [
                ("电缆断了", "power"),
                ("电缆断了", "urban"),
                ("电缆断了", "chengdong"),
                ("灯", "urban"),
            ]
        )
    ]
    result = replay(past, proposal.before, proposal.after, tree, TODAY)
    assert [(c.case_number, c.before, c.after, c.verdict) for c in result.changes] == [
        ("0", "urban", "power", "better"),
        ("1", "urban", "power", "worse"),
        ("2", "urban", "power", "neutral"),
    ]
    told = result.to_json()
    assert {name: told[name] for name in ("n", "changed", "right_before", "right_after")} == {
        "n": 4,
        "changed": 3,
        "right_before": 2,
        "right_after": 2,
    }
    assert set(told["by_category"]) == {"A0312"} and told["by_category"]["A0312"]["changed"] == 3
