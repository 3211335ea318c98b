"""Service records are found by the window (窗口) and the time, too."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NAME = "ix_service_records_window_finished_at"


def upgrade() -> None:
    op.create_index(_NAME, "service_records", ["window", "finished_at"])


def downgrade() -> None:
    op.drop_index(_NAME, "service_records")
