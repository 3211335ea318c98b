"""Which of the five ways a turn went, and why (国办函〔2025〕66号 第二条)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("turns", sa.Column("way", sa.String(16), nullable=True))
    op.add_column("turns", sa.Column("way_reason", sa.String(100), nullable=True))


def downgrade() -> None:
    op.drop_column("turns", "way_reason")
    op.drop_column("turns", "way")
