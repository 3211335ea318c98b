"""Conversations have the address of their door; what is told later has a delivery.

An address is an openid, a phone number or the id of a call: encrypted, and found by its keyed hash.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("address", sa.Text, nullable=True))
    op.add_column("conversations", sa.Column("address_hash", sa.String(64), nullable=True))
    op.create_index(
        "ix_conversations_address_hash_last_turn_at",
        "conversations",
        ["address_hash", "last_turn_at"],
    )
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("key", sa.String(200), nullable=False, unique=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.Uuid, nullable=True),
        sa.Column("message_id", sa.BigInteger, nullable=True),
        sa.Column("case_id", sa.BigInteger, sa.ForeignKey("cases.id"), nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("not_before", moment, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("provider_id", sa.String(128), nullable=True),
        sa.Column("error", sa.String(300), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("claimed_at", moment, nullable=True),
        sa.Column("sent_at", moment, nullable=True),
        sa.Column("received_at", moment, nullable=True),
    )
    op.create_table(
        "sms_choices",
        sa.Column("case_id", sa.BigInteger, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("at", moment, nullable=False),
    )
    op.create_table(
        "verification_codes",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("conversation_id", sa.Uuid, nullable=False, index=True),
        sa.Column("phone_hash", sa.String(64), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("used_at", moment, nullable=True),
    )
    for column in ("address_hash", "conversation_id", "case_id"):
        op.create_index(f"ix_deliveries_{column}", "deliveries", [column])
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["not_before"],
        postgresql_where=sa.text("state IN ('queued', 'held')"),
    )
    op.create_index(
        "ix_deliveries_sending",
        "deliveries",
        ["claimed_at"],
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index("ix_deliveries_provider", "deliveries", ["channel", "provider_id"])
    op.create_index("ix_deliveries_listed", "deliveries", ["state", "id"])


def downgrade() -> None:
    op.drop_table("verification_codes")
    op.drop_table("sms_choices")
    op.drop_table("deliveries")
    op.drop_index("ix_conversations_address_hash_last_turn_at", "conversations")
    op.drop_column("conversations", "address_hash")
    op.drop_column("conversations", "address")
