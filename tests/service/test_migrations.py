"""The migrations make exactly the tables that the rooms describe."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from core.database import Base, Database
from service import migrations


async def test_nothing_is_left_to_migrate(schema: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        ours = set(Base.metadata.tables)
        context = MigrationContext.configure(
            connection,
            opts={
                "include_object": lambda thing, name, kind, reflected, other: (
                    kind != "table" or name in ours
                )
            },
        )
        return list(compare_metadata(context, Base.metadata))

    async with schema.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def test_migrating_again_changes_nothing(scratch_url: str, schema: Database) -> None:
    assert migrations.upgrade(scratch_url) == (migrations.head(), migrations.head())
