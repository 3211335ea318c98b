"""How staff change the category tree: add, rename, move, retire, set the threshold.

Codes are stable and never used again; a retired category stays for old cases. Functions write
and announce, they never commit; every edit is kept with who, when and why.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Conflict, InvalidInput
from core.identity import Actor
from routing.editing import EDITOR_ROLES
from routing.models import CategoryChange, CategoryRow
from routing.repository import CatalogueRepository, CategoryRepository, level_of

MAX_NAME = 60


@dataclass(frozen=True)
class Edit:
    """One edit by somebody: ``version`` of the category as he or she saw it."""

    actor: Actor
    code: str
    version: int
    reason: str
    now: datetime


async def add(
    session: AsyncSession, actor: Actor, parent: str | None, name: str, reason: str, now: datetime
) -> CategoryRow:
    """A new category below ``parent`` (None: of level 1), with the next free code.

    Raises InvalidInput when the name is empty or taken there, the parent is retired or of
    level 3, or no code is free; NotAllowed.
    """
    actor.require(*EDITOR_ROLES)
    _check_reason(reason)
    rows = await _locked_tree(session)
    above = _parent(rows, parent, level=None)
    name = _name(name)
    _free_name(rows, parent, name, "")
    row = CategoryRow(
        code=next_code(above.code if above else None, rows), name=name, parent=parent, version=2
    )
    session.add(row)
    await session.flush()
    _keep(session, Edit(actor, row.code, 0, reason, now), f"新增“{name}”")
    await CatalogueRepository(session).announce()
    return row


async def rename(session: AsyncSession, edit: Edit, name: str) -> None:
    """Another name. Raises Conflict, InvalidInput, NotAllowed."""
    rows, row = await _begin(session, edit)
    name = _name(name)
    _free_name(rows, row.parent, name, row.code)
    if name != row.name:
        await _done(session, edit, row, f"由“{row.name}”改名为“{name}”")
        row.name = name


async def move(session: AsyncSession, edit: Edit, parent: str) -> None:
    """Below another parent of the same level; the code stays. Raises as `rename`."""
    rows, row = await _begin(session, edit)
    if row.parent is None:
        raise InvalidInput("一级类别没有上级，不能移动", fields={"parent": "一级类别不能移动"})
    above = _parent(rows, parent, level=level_of(row, rows) - 1)
    _free_name(rows, parent, row.name, row.code)
    if above is not None and parent != row.parent:
        was = rows[row.parent]
        await _done(session, edit, row, f"由“{was.name}”移到“{above.name}”")
        row.parent = parent


async def retire(session: AsyncSession, edit: Edit, successor: str | None) -> None:
    """No longer recommended; old cases keep it. ``successor``: the one to use instead.

    Raises InvalidInput while categories below are in use, or when the successor is none of the
    same level in use; Conflict, NotAllowed.
    """
    rows, row = await _begin(session, edit)
    if row.retired:
        raise Conflict("这个类别已经停用了")
    below = [r.name for r in rows.values() if r.parent == row.code and not r.retired]
    if below:
        names = "、".join(below[:3])
        raise InvalidInput(f"下级类别还在用（{names}），请先停用或移走下级。")
    if successor is not None:
        after = rows.get(successor)
        fits = after is not None and not after.retired and after.code != row.code
        if after is None or not fits or level_of(after, rows) != level_of(row, rows):
            problem = "须是同一级、在用的另一个类别"
            raise InvalidInput("接替的类别不对", fields={"successor": problem})
        await _done(session, edit, row, f"停用，由“{after.name}”接替")
    else:
        await _done(session, edit, row, "停用")
    row.retired, row.successor = True, successor


async def restore(session: AsyncSession, edit: Edit) -> None:
    """In use again. Raises InvalidInput while its parent is retired; Conflict, NotAllowed."""
    rows, row = await _begin(session, edit)
    if not row.retired:
        raise Conflict("这个类别本来就在用")
    _parent(rows, row.parent, level=None)
    _free_name(rows, row.parent, row.name, row.code)
    await _done(session, edit, row, "恢复使用")
    row.retired, row.successor = False, None


async def set_threshold(session: AsyncSession, edit: Edit, threshold: float | None) -> None:
    """From which score (0-1) on cases are dispatched without a clerk; None: the line's default.

    1 means never, as no score is that sure. Raises InvalidInput outside 0.5-1; Conflict,
    NotAllowed.
    """
    _rows, row = await _begin(session, edit)
    if threshold is not None and not 0.5 <= threshold <= 1:
        raise InvalidInput("阈值不对", fields={"threshold": "请填 50 至 100 之间的数"})
    if threshold != row.auto_threshold:
        words = f"自动派单阈值由{_percent(row.auto_threshold)}改为{_percent(threshold)}"
        await _done(session, edit, row, words)
        row.auto_threshold = threshold


def next_code(parent: str | None, used: Collection[str]) -> str:
    """The code after the highest ever used: a letter, or the parent's and two digits. Pure.

    Raises InvalidInput when there is none left.
    """
    if parent is None:
        last = max((code for code in used if len(code) == 1), default="@")
        if last == "Z":
            raise InvalidInput("一级类别编码 A 至 Z 已用完")
        return string.ascii_uppercase[ord(last) - ord("A") + 1]
    width = len(parent) + 2
    numbers = [
        int(code[-2:])
        for code in used
        if len(code) == width and code.startswith(parent) and code[-2:].isdigit()
    ]
    number = max(numbers, default=0) + 1
    if number > 99:
        raise InvalidInput("这个类别下的编码 01 至 99 已用完")
    return f"{parent}{number:02d}"


async def _locked_tree(session: AsyncSession) -> dict[str, CategoryRow]:
    await CatalogueRepository(session).lock()
    return {row.code: row for row in await CategoryRepository(session).rows()}


async def _begin(session: AsyncSession, edit: Edit) -> tuple[dict[str, CategoryRow], CategoryRow]:
    edit.actor.require(*EDITOR_ROLES)
    rows = await _locked_tree(session)
    _check_reason(edit.reason)
    return rows, await CategoryRepository(session).locked(edit.code, edit.version)


async def _done(session: AsyncSession, edit: Edit, row: CategoryRow, what: str) -> None:
    row.version += 1
    _keep(session, edit, what)
    await CatalogueRepository(session).announce()


def _keep(session: AsyncSession, edit: Edit, what: str) -> None:
    session.add(
        CategoryChange(
            code=edit.code, at=edit.now, by=edit.actor.login, what=what, reason=edit.reason
        )
    )


def _check_reason(reason: str) -> None:
    if not reason:
        raise InvalidInput("请写明修改原因", fields={"reason": "请填写，会留在历史里"})


def _name(name: str) -> str:
    if not 0 < len(name) <= MAX_NAME:
        raise InvalidInput("名称不对", fields={"name": f"请写 1 至 {MAX_NAME} 字"})
    return name


def _free_name(rows: dict[str, CategoryRow], parent: str | None, name: str, own: str) -> None:
    same = (r for r in rows.values() if r.parent == parent and r.name == name and not r.retired)
    if any(row.code != own for row in same):
        raise InvalidInput("名称重复", fields={"name": f"这一级已有“{name}”"})


def _parent(
    rows: dict[str, CategoryRow], parent: str | None, level: int | None
) -> CategoryRow | None:
    """The parent, checked; ``level`` None: any that may have categories below."""
    if parent is None:
        return None
    row = rows.get(parent)
    allowed: Sequence[int] = (1, 2) if level is None else (level,)
    if row is None or row.retired or level_of(row, rows) not in allowed:
        problem = "须是在用的一级或二级类别" if level is None else "须是同一级、在用的上级类别"
        raise InvalidInput("上级类别不对", fields={"parent": problem})
    return row


def _percent(threshold: float | None) -> str:
    return "默认" if threshold is None else f"{threshold:.0%}"
