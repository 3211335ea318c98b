"""The city's own time limits into their table, repeatably."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import ClockRule
from cases.timing import rule_of

_OPTIONAL = ("type", "urgency", "around_the_clock", "complex", "escalate")


async def load(session: AsyncSession, city_dir: Path) -> None:
    """Make the table what ``city_dir``/clocks.yml says; clocks that run keep their limits.

    Raises OSError or yaml.YAMLError when the file cannot be read, KeyError or ValueError when a
    row is incomplete or makes no sense.
    """
    file = (city_dir / "clocks.yml").read_text("utf-8")
    rows = read(list(yaml.load(file, Loader=yaml.CSafeLoader) or []))
    await session.execute(
        delete(ClockRule).where(ClockRule.code.not_in([row["code"] for row in rows]))
    )
    for row in rows:
        changes = {name: value for name, value in row.items() if name != "code"}
        await session.execute(
            insert(ClockRule)
            .values(row)
            .on_conflict_do_update(index_elements=["code"], set_=changes)
        )


def read(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the table; one that names several categories becomes one for each."""
    found = []
    for row in rows:
        several = row.get("categories") or [row.get("category")]
        for category in several:
            code = f"{row['code']}.{category}" if "categories" in row else row["code"]
            values = {
                "code": code,
                "kind": row["kind"],
                "name": row["name"],
                "category": category,
                "amount": float(row["amount"]),
                "measure": row["measure"],
                "yellow": float(row["yellow"]),
                "basis": row.get("basis", ""),
                **{name: row.get(name) for name in _OPTIONAL},
            }
            rule_of(ClockRule(**values))
            found.append(values)
    return found
