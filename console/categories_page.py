"""The category tree: three levels to read, and forms to add, rename, move and retire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from console.catalogue_page import PATH, may_edit, names_of, today
from console.catalogue_words import Names
from console.menu import CATALOGUE_ROLES
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, Posted, PostedForm, Staff, database_of
from console.unit_picker import UnitOption
from core.database import now
from core.errors import Conflict, InvalidInput, NotFound
from routing import category_editing as editing
from routing.models import CategoryRow
from routing.repository import CatalogueRepository, CategoryRepository, level_of

router = console_router()
CATEGORIES = f"{PATH}/categories"
_MAX_REASON = 500
_DONE = {
    "add": "已新增类别；三级类别还要有通用目录才能派单，请接着新增目录。",
    "rename": "已改名，各处显示新名称。",
    "move": "已移动，编码不变。",
    "retire": "已停用，不再推荐；以往的工单保留原类别。",
    "restore": "已恢复使用。",
    "threshold": "自动派单阈值已更新。",
}


@dataclass(frozen=True)
class Node:
    """One category of the tree with those below it."""

    row: CategoryRow
    level: int
    below: list[Node]
    successor: str


@router.get("/catalogue/categories")
async def categories_page(
    request: Request, staff: CurrentStaff, q: str = "", retired: str = "", done: str = ""
) -> Response:
    """The whole tree, or the categories with a text in code or name."""
    staff.actor.require(*CATALOGUE_ROLES)
    return await _show_tree(request, staff, q=q, retired=retired == "yes", done=done)


@router.post("/catalogue/categories")
async def add_category(request: Request, form: PostedForm) -> Response:
    """A new category; its code is given by the tree."""
    typed = {name: form.text(name) for name in ("parent", "name", "reason")}
    try:
        async with database_of(request).unit_of_work() as session:
            names = await names_of(session)
            parent = find_parent(names, typed["parent"])
            row = await editing.add(
                session, form.staff.actor, parent, typed["name"], _reason(form), now()
            )
    except InvalidInput as error:
        return await _show_tree(request, form.staff, typed=typed, problem=error)
    return RedirectResponse(link(f"{CATEGORIES}/{row.code}", done="add"), 303)


@router.get("/catalogue/categories/{code}")
async def category_page(
    request: Request, staff: CurrentStaff, code: str, done: str = ""
) -> Response:
    """One category with its history and the forms to change it. Raises NotFound."""
    staff.actor.require(*CATALOGUE_ROLES)
    return await _show_category(request, staff, code, done=done)


@router.post("/catalogue/categories/{code}/{action}")
async def change_category(request: Request, code: str, action: str, form: PostedForm) -> Response:
    """Do ``action`` to a category. Raises NotFound for an action there is not."""
    perform = _PERFORM.get(action)
    if perform is None:
        raise NotFound("没有这个页面，地址可能输错了。")
    try:
        async with database_of(request).unit_of_work() as session:
            edit = editing.Edit(
                form.staff.actor, code, form.number("version"), _reason(form), now()
            )
            await perform(session, edit, form, await names_of(session))
    except (Conflict, InvalidInput) as error:
        return await _show_category(request, form.staff, code, action=action, problem=error)
    return RedirectResponse(link(f"{CATEGORIES}/{code}", done=action), 303)


async def _rename(session: AsyncSession, edit: editing.Edit, form: Posted, _: Names) -> None:
    await editing.rename(session, edit, form.text("name"))


async def _move(session: AsyncSession, edit: editing.Edit, form: Posted, names: Names) -> None:
    parent = find_parent(names, form.text("parent"))
    if parent is None:
        raise InvalidInput("请选择上级类别", fields={"parent": "请选择"})
    await editing.move(session, edit, parent)


async def _retire(session: AsyncSession, edit: editing.Edit, form: Posted, names: Names) -> None:
    await editing.retire(session, edit, _find(names, form.text("successor"), "successor"))


async def _restore(session: AsyncSession, edit: editing.Edit, form: Posted, _: Names) -> None:
    await editing.restore(session, edit)


async def _threshold(session: AsyncSession, edit: editing.Edit, form: Posted, _: Names) -> None:
    typed = form.text("threshold").rstrip("%％")
    if typed and not (typed.isascii() and typed.isdigit() and len(typed) < 4):
        raise InvalidInput("阈值不对", fields={"threshold": "请填 50 至 100 之间的整数"})
    await editing.set_threshold(session, edit, int(typed) / 100 if typed else None)


_PERFORM: dict[str, Callable[[AsyncSession, editing.Edit, Posted, Names], Awaitable[None]]] = {
    "rename": _rename,
    "move": _move,
    "retire": _retire,
    "restore": _restore,
    "threshold": _threshold,
}


def find_parent(names: Names, typed: str) -> str | None:
    """Code of the category typed or chosen as parent, None for none. Raises InvalidInput."""
    return _find(names, typed, "parent")


def _find(names: Names, typed: str, field: str) -> str | None:
    if not typed:
        return None
    code = typed.split(" ")[0].upper()
    if code not in names.categories:
        raise InvalidInput("没有这个类别", fields={field: "请从列表中选择"})
    return code


def _reason(form: Posted) -> str:
    reason = form.text("reason")
    if len(reason) > _MAX_REASON:
        raise InvalidInput("原因太长", fields={"reason": f"不超过 {_MAX_REASON} 字"})
    return reason


async def _show_tree(
    request: Request,
    staff: Staff,
    *,
    q: str = "",
    retired: bool = False,
    done: str = "",
    typed: dict[str, str] | None = None,
    problem: InvalidInput | None = None,
) -> Response:
    async with database_of(request).unit_of_work() as session:
        names = await names_of(session)
    text = q.replace("\x00", "").strip()[:100]
    rows = dict(names.categories)
    return render(
        request,
        "categories.html",
        problem.status if problem else 200,
        nodes=_tree(rows, None, text, retired, names),
        text=text,
        retired=retired,
        counts=(len(names.leaves()), sum(row.retired for row in rows.values())),
        parents=_options(names, rows, (1, 2)),
        typed=typed or {},
        done=_DONE.get(done, ""),
        message=problem.message if problem else "",
        problems=problem.fields if problem else {},
        may_edit=may_edit(staff),
    )


async def _show_category(
    request: Request,
    staff: Staff,
    code: str,
    *,
    done: str = "",
    action: str = "",
    problem: Conflict | InvalidInput | None = None,
) -> Response:
    async with database_of(request).unit_of_work() as session:
        names = await names_of(session)
        row = names.categories.get(code)
        if row is None:
            raise NotFound("没有这个类别")
        changes = await CategoryRepository(session).changes(code)
        people = await ConsoleRepository(session, staff.actor).staff_names(
            {change.by for change in changes}
        )
        entries = await CatalogueRepository(session).entries()
    rows = dict(names.categories)
    level = level_of(row, rows)
    day = today()
    return render(
        request,
        "category.html",
        problem.status if problem else 200,
        row=row,
        level=level,
        path_name=names.path(code),
        successor=names.category(row.successor) if row.successor else "",
        below=[r for r in rows.values() if r.parent == code],
        entries=[
            e for e in entries if e.category == code and (not e.valid_to or e.valid_to >= day)
        ],
        names=names,
        parents=_options(names, rows, (level - 1,)),
        others=_options(names, rows, (level,), without=code),
        changes=[(change, people.get(change.by, change.by)) for change in changes],
        failed=action,
        done=_DONE.get(done, ""),
        message=problem.message if problem else "",
        problems=problem.fields if problem else {},
        may_edit=may_edit(staff),
    )


def _tree(
    rows: dict[str, CategoryRow], parent: str | None, text: str, retired: bool, names: Names
) -> list[Node]:
    """The categories below ``parent`` that fit or have one below that does."""
    nodes = []
    for row in rows.values():
        if row.parent != parent or (row.retired and not retired):
            continue
        fits = not text or text.lower() in f"{row.code} {row.name}".lower()
        below = _tree(rows, row.code, "" if fits else text, retired, names)
        if fits or below:
            successor = names.category(row.successor) if row.successor else ""
            nodes.append(Node(row, level_of(row, rows), below, successor))
    return nodes


def _options(
    names: Names, rows: dict[str, CategoryRow], levels: tuple[int, ...], without: str = ""
) -> list[UnitOption]:
    return [
        UnitOption(names.category(row.code), names.path(row.code))
        for row in rows.values()
        if not row.retired and row.code != without and level_of(row, rows) in levels
    ]
