"""Who brings an entry of the knowledge base: the city's own files, or a named import."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("knowledge_entries", sa.Column("source", sa.String(length=64), nullable=True))
    op.create_index(
        op.f("ix_knowledge_entries_source"), "knowledge_entries", ["source"], unique=False
    )
    # Until now only the city's folder brought entries.
    op.execute("UPDATE knowledge_entries SET source = 'city' WHERE source_fingerprint IS NOT NULL")
