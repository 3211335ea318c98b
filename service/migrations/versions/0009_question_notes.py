"""Questions that are not the line's to answer are put away with the reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "knowledge_questions",
        sa.Column("settled_note", sa.Text(), server_default="", nullable=False),
    )
    op.create_index(
        "ix_knowledge_questions_settled",
        "knowledge_questions",
        ["settled_at"],
        postgresql_where=sa.text("settled_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_knowledge_questions_settled", table_name="knowledge_questions")
    op.drop_column("knowledge_questions", "settled_note")
