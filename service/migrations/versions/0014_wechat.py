"""The WeChat door: messages as they came, what may be sent to whom, the shared access token."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "wechat_messages",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("signed", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("taken_at", moment, nullable=True),
        sa.Column("done_at", moment, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_wechat_messages")),
        sa.UniqueConstraint("signed", name=op.f("uq_wechat_messages_signed")),
    )
    op.create_index(
        op.f("ix_wechat_messages_received_at"), "wechat_messages", ["received_at"], unique=False
    )
    op.create_index(
        "ix_wechat_messages_waiting",
        "wechat_messages",
        ["received_at"],
        unique=False,
        postgresql_where="done_at IS NULL",
    )
    op.create_table(
        "wechat_allowances",
        sa.Column("user_hash", sa.String(64), nullable=False),
        sa.Column("message_until", moment, nullable=False),
        sa.Column("message_left", sa.Integer(), nullable=False),
        sa.Column("event_until", moment, nullable=False),
        sa.Column("event_left", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_hash", name=op.f("pk_wechat_allowances")),
    )
    op.create_table(
        "wechat_tokens",
        sa.Column("app_id", sa.String(64), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("app_id", name=op.f("pk_wechat_tokens")),
    )


def downgrade() -> None:
    for table in ("wechat_tokens", "wechat_allowances", "wechat_messages"):
        op.drop_table(table)
