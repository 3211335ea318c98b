"""Who is at the console: the session cookie, the actor behind it, and forms that prove to be ours."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from core.database import Database
from core.errors import InvalidInput, NotAllowed
from core.identity import UNIT_ROLES, Actor, Role, current_session
from units.tree import UnitTree

COOKIE = "hotline_staff"


@dataclass(frozen=True)
class Staff:
    """The person behind a request; ``csrf_token`` must come back with every form."""

    actor: Actor
    csrf_token: str


@dataclass(frozen=True)
class Posted:
    """A form sent by ``staff`` from one of our own pages."""

    staff: Staff
    form: FormData

    def text(self, name: str) -> str:
        """The field as typed, without blank ends; empty when absent."""
        value = self.form.get(name)
        return value.replace("\x00", "").strip() if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """A whole number that the page itself put in. Raises InvalidInput."""
        value = self.text(name)
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise InvalidInput("页面内容不完整，请刷新后再试", fields={name: "不是数字"})
        return int(value)


def database_of(request: Request) -> Database:
    """The database of the running service."""
    database: Database = request.app.state.database
    return database


def tree_of(request: Request) -> UnitTree:
    """The units as they stand now."""
    tree: UnitTree = request.app.state.city.tree
    return tree


async def current_staff(request: Request) -> Staff:
    """Raises NotAuthenticated without a valid session (which leads to the log-in page)."""
    async with database_of(request).unit_of_work() as session:
        found = await current_session(session, request.cookies.get(COOKIE))
    account, role = found.account, Role(found.account.role)
    units = _units(tree_of(request), account.unit) if role in UNIT_ROLES else {account.unit}
    staff = Staff(
        Actor(account.login, account.name, role, account.unit, frozenset(units)), found.csrf_token
    )
    request.state.staff = staff
    return staff


def _units(tree: UnitTree, unit: str) -> frozenset[str]:
    """The unit, all below it, and those whose work they took over (机构合并)."""
    below = tree.below(unit)
    return below | {code for code in tree.units if tree.current(code) in below}


CurrentStaff = Annotated[Staff, Depends(current_staff)]


async def posted(request: Request, staff: CurrentStaff) -> Posted:
    """Raises NotAllowed when the form does not carry the session's token."""
    form = await request.form(max_files=0)
    given = form.get("csrf")
    if not isinstance(given, str) or not hmac.compare_digest(
        given.encode(), staff.csrf_token.encode()
    ):
        raise NotAllowed("这个表单已失效，请返回上一页刷新后再提交。", code="csrf")
    return Posted(staff, form)


PostedForm = Annotated[Posted, Depends(posted)]
