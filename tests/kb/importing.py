"""The command ``hotline`` against the scratch database."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from core.database import Database
from service.cli import app

TABLES = ("knowledge_entries", "knowledge_versions")


async def hotline(*arguments: object, answer: str | None = None) -> Result:
    """Run the command; in a thread, because it brings its own event loop."""
    words = [str(argument) for argument in arguments]
    return await asyncio.to_thread(CliRunner().invoke, app, words, input=answer)


async def hotline_json(*arguments: object) -> dict[str, Any]:
    """What the command reports with ``--json``."""
    result = await hotline(*arguments, "--json")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


async def state(database: Database) -> str:
    """A hash of everything that imports write."""
    digest = hashlib.sha256()
    async with database.unit_of_work() as session:
        for table in TABLES:
            query = text(f"SELECT row_to_json(t)::text AS row FROM {table} t ORDER BY row")
            for row in await session.scalars(query):
                digest.update(row.encode())
    return digest.hexdigest()
