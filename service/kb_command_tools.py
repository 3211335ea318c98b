"""What the commands ``hotline kb …`` share: the database, the units' names, how they end."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from core.database import Database
    from kb.readers.unit_names import UnitNames
    from units.tree import UnitTree

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出结果")]
Result = TypeVar("Result")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def fail(message: str, code: int = 1) -> NoReturn:
    """End with one sentence on stderr."""
    typer.echo(f"错误：{printable(message)}", err=True)
    raise typer.Exit(code)


def printable(text: str) -> str:
    """``text`` from a foreign file, unable to steer the terminal."""
    return _CONTROL.sub("�", text)


def with_database(work: Callable[[Database], Awaitable[Result]], code: int = 1) -> Result:
    """What ``work`` gives; without a database the end with ``code``."""
    from sqlalchemy.exc import OperationalError

    from core.database import Database
    from core.settings import get_settings
    from service.line_database import NO_DATABASE, database_url

    url = database_url(get_settings())
    if url is None:
        fail(NO_DATABASE, code)

    found: list[Result] = []

    async def run() -> None:
        database = Database(url, pool=2)
        try:
            # Not returned: at its end asyncio writes the result of its task out as text, which
            # takes seconds for thousands of entries.
            found.append(await work(database))
        finally:
            await database.close()

    try:
        asyncio.run(run())
    except OperationalError as error:
        fail(f"连不上数据库：{' '.join(str(error.orig).split())}", code)
    return found[0]


def unit_names(tree: UnitTree) -> UnitNames:
    """The names of the units that are active."""
    from kb.readers.unit_names import UnitNames

    return UnitNames(unit for unit in tree.units.values() if unit.active)


def on_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()
