"""Answered cases are found by the time their citizen was told, for the linking of reviews."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0018"
branch_labels = None
depends_on = None

_NAME = "ix_cases_told_at"


def upgrade() -> None:
    op.create_index(_NAME, "cases", ["told_at"], postgresql_where=sa.text("told_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_index(_NAME, "cases")
