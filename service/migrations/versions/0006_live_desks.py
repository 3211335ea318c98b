"""Open desks are told of every change: each addition to the history is announced.

By hand: alembic does not see triggers. PostgreSQL sends equal announcements of a transaction once.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION announce_case_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('case_changed', '');
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER case_events_are_announced AFTER INSERT ON case_events "
        "FOR EACH STATEMENT EXECUTE FUNCTION announce_case_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER case_events_are_announced ON case_events")
    op.execute("DROP FUNCTION announce_case_change()")
