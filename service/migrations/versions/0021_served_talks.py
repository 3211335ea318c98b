"""A talk keeps which seat had it last, and until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("served_by", sa.String(64)))
    op.add_column("conversations", sa.Column("served_until", sa.DateTime(timezone=True)))
    op.create_index("ix_conversations_served", "conversations", ["served_by", "served_until"])


def downgrade() -> None:
    op.drop_index("ix_conversations_served", "conversations")
    op.drop_column("conversations", "served_until")
    op.drop_column("conversations", "served_by")
