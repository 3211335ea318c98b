"""The sample files of categories and catalogue into their tables, repeatably."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from routing.models import CatalogueRow, CategoryRow


async def load(session: AsyncSession, city_dir: Path) -> None:
    """Upsert every category and catalogue entry of ``city_dir``; what is gone there is left alone.

    Raises OSError or yaml.YAMLError when a file cannot be read.
    """
    categories = _read(city_dir / "categories.yml")
    for row in sorted(categories, key=lambda r: len(str(r["code"]))):
        values = {
            "code": row["code"],
            "name": row["name"],
            "parent": row.get("parent"),
            # A cue such as 12333 is a number to YAML.
            "cues": [str(cue) for cue in row.get("cues") or []],
            "examples": [str(example) for example in row.get("examples") or []],
            "type_hint": row.get("type_hint"),
            "urgent": bool(row.get("urgent")),
            "around_the_clock": bool(row.get("around_the_clock")),
        }
        await session.execute(_upsert(CategoryRow, values))
    for row in _read(city_dir / "catalogue.yml"):
        values = {
            "code": row["code"],
            "category": row["category"],
            "territory": row.get("territory"),
            "condition": row.get("condition"),
            "lead": row["lead"],
            "assist": row.get("assist") or [],
            "basis": row["basis"],
            "valid_from": row["valid_from"],
            "valid_to": row.get("valid_to"),
            "version": row.get("version", 1),
        }
        await session.execute(_upsert(CatalogueRow, values))


def _read(path: Path) -> list[dict[str, Any]]:
    return list(yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader) or [])


def _upsert(table: type[CategoryRow] | type[CatalogueRow], values: dict[str, Any]) -> Any:
    changes = {name: value for name, value in values.items() if name != "code"}
    return insert(table).values(values).on_conflict_do_update(index_elements=["code"], set_=changes)
