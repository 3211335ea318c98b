"""Editing the category tree."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from town import DISPATCHER, NOW, person

from core.database import Database
from core.errors import Conflict, InvalidInput, NotAllowed
from core.identity import Role
from routing import category_editing as editing
from routing.category_editing import Edit, next_code
from routing.models import CategoryRow
from routing.repository import CategoryRepository

EDITOR = person(Role.SUPERVISOR)


def edit(code: str, version: int = 1, reason: str = "三定调整") -> Edit:
    return Edit(EDITOR, code, version, reason, NOW)


async def row(database: Database, code: str) -> CategoryRow:
    async with database.unit_of_work() as session:
        return await session.get_one(CategoryRow, code)


async def history(database: Database, code: str) -> list[str]:
    async with database.unit_of_work() as session:
        return [change.what for change in await CategoryRepository(session).changes(code)]


@pytest.mark.parametrize(
    ("parent", "used", "expected"),
    [
        (None, [], "A"),
        (None, ["A", "C", "A01"], "D"),
        ("A", ["A"], "A01"),
        ("A", ["A", "A01", "A07", "A0199", "B09"], "A08"),
        ("A03", ["A03", "A0312", "A0209"], "A0313"),
    ],
)
def test_codes_count_on_and_are_never_used_again(
    parent: str | None, used: list[str], expected: str
) -> None:
    assert next_code(parent, used) == expected


@pytest.mark.parametrize(("parent", "used"), [(None, ["Z"]), ("A", ["A99"])])
def test_codes_run_out_aloud(parent: str | None, used: list[str]) -> None:
    with pytest.raises(InvalidInput, match="已用完"):
        next_code(parent, used)


async def test_every_edit_is_kept_and_the_code_stays(catalogue: Database) -> None:
    async with catalogue.unit_of_work() as session:
        new = await editing.add(session, EDITOR, "A03", "井盖", "新增", NOW)
    assert new.code == "A0314"
    async with catalogue.unit_of_work() as session:
        await editing.rename(session, edit("A0314", 2), "井盖缺失")
        await editing.move(session, edit("A0314", 3), "B01")
        await editing.set_threshold(session, edit("A0314", 4), 0.85)
        await editing.retire(session, edit("A0314", 5), "A0312")
        await editing.restore(session, edit("A0314", 6))
    after = await row(catalogue, "A0314")
    assert (after.name, after.parent, after.auto_threshold) == ("井盖缺失", "B01", 0.85)
    assert (after.retired, after.successor, after.version) == (False, None, 7)
    assert await history(catalogue, "A0314") == [
        "恢复使用",
        "停用，由“路灯”接替",
        "自动派单阈值由默认改为85%",
        "由“市政管理”移到“噪声”",
        "由“井盖”改名为“井盖缺失”",
        "新增“井盖”",
    ]


async def test_a_retired_category_is_kept_but_no_longer_a_leaf(catalogue: Database) -> None:
    async with catalogue.unit_of_work() as session:
        await editing.retire(session, edit("A0312"), None)
    async with catalogue.unit_of_work() as session:
        assert await CategoryRepository(session).leaves() == {"A0313"}
    assert (await row(catalogue, "A0312")).retired


Do = Callable[..., Awaitable[Any]]


@pytest.mark.parametrize(
    ("do", "code", "argument", "field"),
    [
        (editing.rename, "A0312", "", "name"),
        (editing.rename, "A0312", "停电", "name"),
        (editing.rename, "A0312", "长" * 61, "name"),
        (editing.move, "A", "B", "parent"),
        (editing.move, "A0312", "B", "parent"),
        (editing.move, "A0312", "A0313", "parent"),
        (editing.move, "A0312", "Q", "parent"),
        (editing.move, "A03", "B01", "parent"),
        (editing.retire, "A0312", "A0312", "successor"),
        (editing.retire, "A0312", "B01", "successor"),
        (editing.retire, "A0312", "Q", "successor"),
        (editing.set_threshold, "A0312", 0.49, "threshold"),
        (editing.set_threshold, "A0312", 1.01, "threshold"),
    ],
)
async def test_what_cannot_be_is_refused(
    catalogue: Database, do: Do, code: str, argument: object, field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        async with catalogue.unit_of_work() as session:
            await do(session, edit(code), argument)
    assert field in caught.value.fields
    assert await history(catalogue, code) == []


async def test_a_parent_in_use_is_not_retired(catalogue: Database) -> None:
    with pytest.raises(InvalidInput, match="下级类别还在用（路灯、停电）"):
        async with catalogue.unit_of_work() as session:
            await editing.retire(session, edit("A03"), None)


async def test_two_editors_are_told_and_one_without_the_right_is_refused(
    catalogue: Database,
) -> None:
    async with catalogue.unit_of_work() as session:
        await editing.rename(session, edit("A0312"), "路灯照明")
    with pytest.raises(Conflict):
        async with catalogue.unit_of_work() as session:
            await editing.rename(session, edit("A0312"), "照明")
    stranger = Edit(DISPATCHER, "A0312", 2, "x", NOW)
    with pytest.raises(NotAllowed):
        async with catalogue.unit_of_work() as session:
            await editing.rename(session, stranger, "照明")
    with pytest.raises(NotAllowed):
        async with catalogue.unit_of_work() as session:
            await editing.add(session, DISPATCHER, "A03", "井盖", "x", NOW)
    with pytest.raises(InvalidInput):
        async with catalogue.unit_of_work() as session:
            await editing.rename(session, edit("A0312", 2, ""), "照明")
    async with catalogue.unit_of_work() as session:
        assert (await session.get_one(CategoryRow, "A0312")).name == "路灯照明"
