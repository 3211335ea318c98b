"""The assistant's short memory, in a schema of its own (bot/components/tracker_store.py).

With the embedded database the assistant has a role that sees this schema and nothing else.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GRANT = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'hotline_tracker') THEN
        GRANT USAGE ON SCHEMA assistant TO hotline_tracker;
        GRANT SELECT, INSERT, UPDATE, DELETE ON assistant.events TO hotline_tracker;
    END IF;
END $$
"""


def upgrade() -> None:
    op.execute("CREATE SCHEMA assistant")
    op.create_table(
        "events",
        sa.Column("conversation", sa.String(255), primary_key=True),
        sa.Column("events", sa.Text, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        schema="assistant",
    )
    op.execute(GRANT)
