"""The sample files of categories and catalogue into their tables, repeatably."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import case
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from routing.catalogue import CatalogueEntry, settle
from routing.models import CatalogueRow, CategoryRow
from routing.repository import CatalogueRepository, values_of


async def load(session: AsyncSession, city_dir: Path) -> None:
    """Upsert every category and catalogue version of ``city_dir``; what is gone is left alone.

    What staff have edited since is theirs: their categories keep name, place and threshold, and
    an entry with a version of theirs takes none from the file. Raises OSError or yaml.YAMLError
    when a file cannot be read.
    """
    categories = _read(city_dir / "categories.yml")
    for row in sorted(categories, key=lambda r: len(str(r["code"]))):
        await session.execute(_category(row))
    edited = await CatalogueRepository(session).edited_codes()
    for row in _read(city_dir / "catalogue.yml"):
        if row["code"] not in edited:
            await session.execute(_version(row))


def read_files(city_dir: Path) -> tuple[list[CategoryRow], list[CatalogueEntry]]:
    """Categories and catalogue of ``city_dir`` without a database, as `load` would store them.

    Raises OSError, yaml.YAMLError, KeyError or ValueError when a file does not fit.
    """
    rows = []
    for row in _read(city_dir / "categories.yml"):
        ours, learnt = _parts(row)
        rows.append(CategoryRow(code=row["code"], **ours, **learnt))
    entries = [CatalogueEntry.from_row(row) for row in _read(city_dir / "catalogue.yml")]
    return rows, settle(entries)


def _parts(row: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What staff may edit, and what only the file says."""
    ours = {
        "name": row["name"],
        "parent": row.get("parent"),
        "auto_threshold": row.get("auto_threshold"),
    }
    learnt = {
        # A cue such as 12333 is a number to YAML.
        "cues": [str(cue) for cue in row.get("cues") or []],
        "examples": [str(example) for example in row.get("examples") or []],
        "type_hint": row.get("type_hint"),
        "urgent": bool(row.get("urgent")),
        "around_the_clock": bool(row.get("around_the_clock")),
    }
    return ours, learnt


def _category(row: dict[str, Any]) -> Any:
    ours, learnt = _parts(row)
    untouched = CategoryRow.version == 1
    kept = {
        name: case((untouched, value), else_=getattr(CategoryRow, name))
        for name, value in ours.items()
    }
    return (
        insert(CategoryRow)
        .values(code=row["code"], **ours, **learnt)
        .on_conflict_do_update(index_elements=["code"], set_={**kept, **learnt})
    )


def _version(row: dict[str, Any]) -> Any:
    entry = CatalogueEntry.from_row(row)
    values = values_of(entry)
    key = ("code", "version")
    changes = {name: value for name, value in values.items() if name not in key}
    return (
        insert(CatalogueRow).values(values).on_conflict_do_update(index_elements=key, set_=changes)
    )


def _read(path: Path) -> list[dict[str, Any]]:
    return list(yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader) or [])
