"""Telephone calls, their recordings, and who wants no text messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TO_CALL_BACK = (
    "called_back_at IS NULL AND (missed_at IS NOT NULL OR callback_wanted_at IS NOT NULL)"
)


def upgrade() -> None:
    at = sa.DateTime(timezone=True)
    op.create_table(
        "calls",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("carrier", sa.String(20), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.Uuid, sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("caller", sa.Text),
        sa.Column("caller_hash", sa.String(64)),
        sa.Column("verified", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("memory", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("room", sa.String(64)),
        sa.Column("seat", sa.String(64)),
        sa.Column("waiting_since", at),
        sa.Column("connected_at", at),
        sa.Column("missed_at", at),
        sa.Column("callback_wanted_at", at),
        sa.Column("called_back_at", at),
        sa.Column("called_back_by", sa.String(64)),
        sa.Column("started_at", at, nullable=False),
        sa.Column("ended_at", at),
        sa.UniqueConstraint("carrier", "call_id"),
    )
    op.create_index("ix_calls_conversation_id", "calls", ["conversation_id"])
    op.create_index("ix_calls_caller_hash_ended_at", "calls", ["caller_hash", "ended_at"])
    op.create_index(
        "ix_calls_going_on", "calls", ["started_at"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index(
        "ix_calls_to_call_back", "calls", ["id"], postgresql_where=sa.text(_TO_CALL_BACK)
    )
    op.create_table(
        "call_recordings",
        sa.Column("provider_id", sa.String(64), primary_key=True),
        sa.Column("call", sa.BigInteger, sa.ForeignKey("calls.id"), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("seconds", sa.Integer, nullable=False),
        sa.Column("at", at, nullable=False),
    )
    op.create_index("ix_call_recordings_call", "call_recordings", ["call"])
    op.create_table(
        "text_wishes",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("message_id", sa.String(64), nullable=False, unique=True),
        sa.Column("number_hash", sa.String(64), nullable=False),
        sa.Column("wish", sa.String(8), nullable=False),
        sa.Column("at", at, nullable=False),
    )
    op.create_index("ix_text_wishes_number_hash_id", "text_wishes", ["number_hash", "id"])
    op.create_table(
        "carrier_nonces",
        sa.Column("nonce", sa.String(64), primary_key=True),
        sa.Column("at", at, nullable=False, index=True),
    )


def downgrade() -> None:
    for table in ("carrier_nonces", "text_wishes", "call_recordings", "calls"):
        op.drop_table(table)
