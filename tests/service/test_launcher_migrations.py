"""The migrations make what the models say and what the other programs need."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from procrastinate.schema import SchemaManager
from sqlalchemy import create_engine

from core.database import Database, driver_url
from service import migrations
from service.metadata import metadata


def test_models_and_migrations_agree(schema: Database) -> None:
    engine = create_engine(driver_url(schema.url))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: (
                    not (kind == "table" and name and name.startswith("procrastinate_"))
                )
            },
        )
        difference = compare_metadata(context, metadata)
    engine.dispose()
    assert difference == []


def test_migrating_twice_is_migrating_once(schema: Database) -> None:
    before, after = migrations.upgrade(schema.url)
    assert before == after == migrations.head()


def test_the_queue_is_the_one_of_the_installed_procrastinate() -> None:
    """A newer release needs a migration of its own; this fails until it has one."""
    kept = Path(migrations.__file__).parent / "procrastinate.sql"
    assert kept.read_text("utf-8") == SchemaManager.get_schema()
