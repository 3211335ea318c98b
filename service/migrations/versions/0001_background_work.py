"""Tables and functions of procrastinate 3.10, the queue of background work.

`procrastinate.sql` is the schema that this release ships (MIT licence), unchanged. A newer
release brings its changes as SQL of its own, which then becomes a migration here.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = Path(__file__).resolve().parent.parent / "procrastinate.sql"


def upgrade() -> None:
    # Straight to the driver: SQLAlchemy would take the percent signs for parameters.
    op.get_bind().connection.cursor().execute(SCHEMA.read_text("utf-8"))
