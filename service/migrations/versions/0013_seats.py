"""Seats: queues and who is there, alarms, notes, ready answers, people to call back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "staff_accounts",
        sa.Column("skills", postgresql.JSONB(), server_default="[]", nullable=False),
    )
    for column in (
        sa.Column("queue", sa.String(32), server_default="general", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="2", nullable=False),
        sa.Column("taken_at", _AT, nullable=True),
        sa.Column("seen_at", _AT, nullable=True),
    ):
        op.add_column("conversations", column)
    op.create_table(
        "seat_states",
        sa.Column("login", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("telephone", sa.String(30), nullable=False),
        sa.Column("since", _AT, nullable=False),
        sa.Column("seen_at", _AT, nullable=False),
    )
    op.create_table(
        "ready_answers",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("title", sa.String(60), unique=True, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("changed_at", _AT, nullable=False),
    )
    _alarms_and_notes()
    _callbacks()


def _alarms_and_notes() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("conversation_id", sa.Uuid(), sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("hazard", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("raised_at", _AT, nullable=False),
        sa.Column("taken_by", sa.String(64), nullable=True),
        sa.Column("taken_at", _AT, nullable=True),
        sa.Column("closed_by", sa.String(64), nullable=True),
        sa.Column("closed_at", _AT, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
    )
    op.create_index("ix_alarms_conversation_id", "alarms", ["conversation_id"])
    op.create_index(
        "ix_alarms_open", "alarms", ["raised_at"], postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_table(
        "seat_notes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("conversation_id", sa.Uuid(), sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", _AT, nullable=False),
    )
    op.create_index("ix_seat_notes_conversation_id_id", "seat_notes", ["conversation_id", "id"])


def _callbacks() -> None:
    op.create_table(
        "seat_callbacks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("key", sa.String(120), unique=True, nullable=False),
        sa.Column("conversation_id", sa.Uuid(), sa.ForeignKey("conversations.id"), nullable=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("queue", sa.String(32), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("asked_at", _AT, nullable=False),
        sa.Column("not_before", _AT, nullable=True),
        sa.Column("taken_by", sa.String(64), nullable=True),
        sa.Column("taken_at", _AT, nullable=True),
        sa.Column("closed_by", sa.String(64), nullable=True),
        sa.Column("closed_at", _AT, nullable=True),
    )
    op.create_index("ix_seat_callbacks_conversation_id", "seat_callbacks", ["conversation_id"])
    op.create_index(
        "ix_seat_callbacks_open",
        "seat_callbacks",
        ["asked_at"],
        postgresql_where=sa.text("state <> 'done'"),
    )
    op.create_table(
        "seat_callback_tries",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column(
            "callback_id", sa.BigInteger(), sa.ForeignKey("seat_callbacks.id"), nullable=False
        ),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
    )
    op.create_index("ix_seat_callback_tries_callback_id", "seat_callback_tries", ["callback_id"])


def downgrade() -> None:
    for table in (
        "seat_callback_tries",
        "seat_callbacks",
        "seat_notes",
        "alarms",
        "ready_answers",
        "seat_states",
    ):
        op.drop_table(table)
    for column in ("seen_at", "taken_at", "priority", "queue"):
        op.drop_column("conversations", column)
    op.drop_column("staff_accounts", "skills")
