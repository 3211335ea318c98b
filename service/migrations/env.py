"""Run by Alembic with the connection that `service.migrations` opened."""

from __future__ import annotations

from typing import Any

from alembic import context

from service.metadata import metadata

connection = context.config.attributes["connection"]


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave out what other programs define: procrastinate's tables."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


context.configure(
    connection=connection,
    target_metadata=metadata,
    include_name=_is_ours,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
