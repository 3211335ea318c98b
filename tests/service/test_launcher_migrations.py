"""The queue's tables come from a copy of procrastinate's own schema."""

from __future__ import annotations

from pathlib import Path

from procrastinate.schema import SchemaManager

from service import migrations


def test_the_queue_is_the_one_of_the_installed_procrastinate() -> None:
    """A newer release needs a migration of its own; this fails until it has one."""
    kept = Path(migrations.__file__).parent / "procrastinate.sql"
    assert kept.read_text("utf-8") == SchemaManager.get_schema()
