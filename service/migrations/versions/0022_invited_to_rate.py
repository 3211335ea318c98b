"""Whose citizen was invited to rate a service, where it is followed, and what a message asks about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("service_records", sa.Column("invited_at", sa.DateTime(timezone=True)))
    op.add_column("service_records", sa.Column("followed_in", sa.Uuid()))
    op.create_index(
        "ix_service_records_uninvited",
        "service_records",
        ["finished_at"],
        postgresql_where=sa.text("invited_at IS NULL AND phone_hash IS NOT NULL"),
    )
    op.add_column("deliveries", sa.Column("about", sa.String(32)))


def downgrade() -> None:
    op.drop_column("deliveries", "about")
    op.drop_index("ix_service_records_uninvited", "service_records")
    op.drop_column("service_records", "followed_in")
    op.drop_column("service_records", "invited_at")
