"""The knowledge base: entries of every kind with their versions, drafts, answers and questions.

Items were tables of their own before. Their content is not carried over: it came from the city's
files, and every start loads those.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("knowledge_change_seq")))
    op.create_table(
        "knowledge_answers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("aspects", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_answers")),
        sa.UniqueConstraint("turn_id", name=op.f("uq_knowledge_answers_turn_id")),
    )
    op.create_index(
        "ix_knowledge_answers_code_at", "knowledge_answers", ["code", "at"], unique=False
    )
    op.create_index(
        op.f("ix_knowledge_answers_conversation_id"),
        "knowledge_answers",
        ["conversation_id"],
        unique=False,
    )
    op.create_table(
        "knowledge_drafts",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("publish_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_drafts")),
    )
    op.create_index(
        "ix_knowledge_drafts_state_updated_at",
        "knowledge_drafts",
        ["state", "updated_at"],
        unique=False,
    )
    op.create_index(op.f("ix_knowledge_drafts_unit"), "knowledge_drafts", ["unit"], unique=False)
    op.create_index(
        "uq_knowledge_drafts_open",
        "knowledge_drafts",
        ["code"],
        unique=True,
        postgresql_where="state IN ('draft', 'submitted', 'approved')",
    )
    op.create_table(
        "knowledge_questions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("nearest", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("turn_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.String(length=64), nullable=True),
        sa.Column("settled_code", sa.String(length=64), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_questions")),
        sa.UniqueConstraint("turn_id", name=op.f("uq_knowledge_questions_turn_id")),
    )
    op.create_index(
        "ix_knowledge_questions_open",
        "knowledge_questions",
        ["at"],
        unique=False,
        postgresql_where="settled_at IS NULL",
    )
    op.create_table(
        "knowledge_versions",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("approver", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_knowledge_versions")),
    )
    op.create_table(
        "knowledge_entries",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source_version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("source_fingerprint", sa.String(length=64), nullable=True),
        sa.Column(
            "change",
            sa.BigInteger(),
            server_default=sa.text("nextval('knowledge_change_seq')"),
            nullable=False,
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit"], ["units.code"], name=op.f("fk_knowledge_entries_unit_units")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_knowledge_entries")),
        sa.UniqueConstraint("change", name=op.f("uq_knowledge_entries_change")),
    )
    op.create_index(op.f("ix_knowledge_entries_kind"), "knowledge_entries", ["kind"], unique=False)
    op.create_index(
        op.f("ix_knowledge_entries_status"), "knowledge_entries", ["status"], unique=False
    )
    op.create_index(op.f("ix_knowledge_entries_unit"), "knowledge_entries", ["unit"], unique=False)
    op.create_table(
        "knowledge_feedback",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("helpful", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("handled_by", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["answer_id"],
            ["knowledge_answers.id"],
            name=op.f("fk_knowledge_feedback_answer_id_knowledge_answers"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_feedback")),
        sa.UniqueConstraint("answer_id", name=op.f("uq_knowledge_feedback_answer_id")),
    )
    op.create_index(
        op.f("ix_knowledge_feedback_code"), "knowledge_feedback", ["code"], unique=False
    )
    op.create_index(
        "ix_knowledge_feedback_open",
        "knowledge_feedback",
        ["due_at"],
        unique=False,
        postgresql_where="state = 'open'",
    )
    op.create_index(
        op.f("ix_knowledge_feedback_unit"), "knowledge_feedback", ["unit"], unique=False
    )
    op.drop_index(op.f("ix_items_status"), table_name="items")
    op.drop_index(op.f("ix_items_unit"), table_name="items")
    op.drop_table("item_aliases")
    op.drop_table("item_fees")
    op.drop_table("item_windows")
    op.drop_table("item_materials")
    op.drop_table("items")
    op.execute(
        "CREATE TRIGGER knowledge_versions_are_kept BEFORE UPDATE OR DELETE ON knowledge_versions "
        "FOR EACH ROW EXECUTE FUNCTION refuse_to_change_history()"
    )
