"""Windows with a code, cases opened from rectifications, notices about no case, and complaints of
guides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service_windows",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=43), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["unit"], ["units.code"], name=op.f("fk_service_windows_unit_units")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_windows")),
        sa.UniqueConstraint("code", name=op.f("uq_service_windows_code")),
    )
    op.create_index(
        "uq_service_windows_open",
        "service_windows",
        ["unit", "number", "place"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.add_column("rectifications", sa.Column("case_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_rectifications_case_id_cases"), "rectifications", "cases", ["case_id"], ["id"]
    )
    op.create_unique_constraint(op.f("uq_rectifications_case_id"), "rectifications", ["case_id"])
    op.alter_column("staff_notices", "case_id", nullable=True)
    op.add_column(
        "staff_notices",
        sa.Column("title", sa.String(length=200), server_default="", nullable=False),
    )
    op.add_column("staff_notices", sa.Column("address", sa.String(length=200), nullable=True))
    op.create_check_constraint(
        op.f("ck_staff_notices_about_one"), "staff_notices", "num_nonnulls(case_id, address) = 1"
    )
    op.create_table(
        "knowledge_complaints",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("samples", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("handled_by", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_complaints")),
    )
    op.create_index(op.f("ix_knowledge_complaints_code"), "knowledge_complaints", ["code"])
    op.create_index(op.f("ix_knowledge_complaints_unit"), "knowledge_complaints", ["unit"])
    op.create_index(
        "uq_knowledge_complaints_open",
        "knowledge_complaints",
        ["code"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    op.drop_table("knowledge_complaints")
    op.execute("DELETE FROM staff_notices WHERE case_id IS NULL")
    op.drop_constraint(op.f("ck_staff_notices_about_one"), "staff_notices", type_="check")
    op.drop_column("staff_notices", "address")
    op.drop_column("staff_notices", "title")
    op.alter_column("staff_notices", "case_id", nullable=False)
    op.drop_constraint(op.f("uq_rectifications_case_id"), "rectifications", type_="unique")
    op.drop_column("rectifications", "case_id")
    op.drop_table("service_windows")
