"""Service records, and reviews of them: tied by number, by rules or by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service_records",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("project_no", sa.String(length=64), nullable=False),
        sa.Column("service_number", sa.Integer(), nullable=False),
        sa.Column("item_code", sa.String(length=64), nullable=False),
        sa.Column("item_name", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("dept_code", sa.String(length=18), nullable=False),
        sa.Column("dept_name", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=True),
        sa.Column("window", sa.String(length=100), nullable=False),
        sa.Column("manager", sa.String(length=100), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=True),
        sa.Column("applicant_kind", sa.Integer(), nullable=True),
        sa.Column("applicant", sa.Text(), nullable=True),
        sa.Column("phone_hash", sa.String(length=64), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit"], ["units.code"], name=op.f("fk_service_records_unit_units")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_records")),
        sa.UniqueConstraint(
            "project_no", "service_number", name="uq_service_records_project_no_service_number"
        ),
    )
    op.create_index(
        op.f("ix_service_records_finished_at"), "service_records", ["finished_at"], unique=False
    )
    op.create_index(
        "ix_service_records_item_code_finished_at",
        "service_records",
        ["item_code", "finished_at"],
        unique=False,
    )
    op.create_index(
        "ix_service_records_item_name_finished_at",
        "service_records",
        ["item_name", "finished_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_service_records_phone_hash"), "service_records", ["phone_hash"], unique=False
    )
    op.create_index(op.f("ix_service_records_source"), "service_records", ["source"], unique=False)
    op.create_index(
        "ix_service_records_unit_finished_at",
        "service_records",
        ["unit", "finished_at"],
        unique=False,
    )
    op.create_table(
        "review_links",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=8), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("service_record_id", sa.BigInteger(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_review_links_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["reviews.id"], name=op.f("fk_review_links_review_id_reviews")
        ),
        sa.ForeignKeyConstraint(
            ["service_record_id"],
            ["service_records.id"],
            name=op.f("fk_review_links_service_record_id_service_records"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_links")),
    )
    op.create_index(op.f("ix_review_links_review_id"), "review_links", ["review_id"], unique=False)
    op.add_column("reviews", sa.Column("service_record_id", sa.BigInteger(), nullable=True))
    op.add_column("reviews", sa.Column("reviewer_kind", sa.Integer(), nullable=True))
    op.add_column("reviews", sa.Column("reviewer", sa.Text(), nullable=True))
    op.add_column("reviews", sa.Column("contact_hash", sa.String(length=64), nullable=True))
    op.add_column(
        "reviews", sa.Column("named", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column(
        "reviews",
        sa.Column(
            "said", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
    )
    op.add_column(
        "reviews", sa.Column("source", sa.String(length=64), server_default="line", nullable=False)
    )
    op.add_column("reviews", sa.Column("source_id", sa.String(length=64), nullable=True))
    op.add_column(
        "reviews", sa.Column("link", sa.String(length=8), server_default="exact", nullable=False)
    )
    op.add_column("reviews", sa.Column("score", sa.Float(), nullable=True))
    op.add_column(
        "reviews",
        sa.Column(
            "reasons", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False
        ),
    )
    op.add_column("reviews", sa.Column("linked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("reviews", sa.Column("linked_by", sa.String(length=64), nullable=True))
    op.alter_column("reviews", "case_id", existing_type=sa.BIGINT(), nullable=True)
    op.create_index(op.f("ix_reviews_contact_hash"), "reviews", ["contact_hash"], unique=False)
    op.create_index(
        "ix_reviews_waiting",
        "reviews",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("link = 'desk'"),
    )
    op.create_unique_constraint(
        "uq_reviews_service_record_id_round", "reviews", ["service_record_id", "round"]
    )
    op.create_unique_constraint("uq_reviews_source_source_id", "reviews", ["source", "source_id"])
    op.create_foreign_key(
        op.f("fk_reviews_service_record_id_service_records"),
        "reviews",
        "service_records",
        ["service_record_id"],
        ["id"],
    )
    for column in ("named", "said", "source", "link", "reasons"):
        op.alter_column("reviews", column, server_default=None)
    op.create_check_constraint(
        op.f("ck_reviews_linked_to_one"),
        "reviews",
        "num_nonnulls(case_id, service_record_id) = CASE WHEN link IN ('exact', 'auto', 'manual') THEN 1 ELSE 0 END",
    )
    op.execute(
        "CREATE TRIGGER review_links_are_kept BEFORE UPDATE OR DELETE ON review_links FOR EACH ROW EXECUTE FUNCTION refuse_to_change_history()"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_reviews_linked_to_one"), "reviews", type_="check")
    op.execute("DELETE FROM reviews WHERE case_id IS NULL")
    op.drop_constraint(
        op.f("fk_reviews_service_record_id_service_records"), "reviews", type_="foreignkey"
    )
    op.drop_constraint("uq_reviews_source_source_id", "reviews", type_="unique")
    op.drop_constraint("uq_reviews_service_record_id_round", "reviews", type_="unique")
    op.drop_index(
        "ix_reviews_waiting", table_name="reviews", postgresql_where=sa.text("link = 'desk'")
    )
    op.drop_index(op.f("ix_reviews_contact_hash"), table_name="reviews")
    op.alter_column("reviews", "case_id", existing_type=sa.BIGINT(), nullable=False)
    op.drop_column("reviews", "linked_by")
    op.drop_column("reviews", "linked_at")
    op.drop_column("reviews", "reasons")
    op.drop_column("reviews", "score")
    op.drop_column("reviews", "link")
    op.drop_column("reviews", "source_id")
    op.drop_column("reviews", "source")
    op.drop_column("reviews", "said")
    op.drop_column("reviews", "named")
    op.drop_column("reviews", "contact_hash")
    op.drop_column("reviews", "reviewer")
    op.drop_column("reviews", "reviewer_kind")
    op.drop_column("reviews", "service_record_id")
    op.drop_index(op.f("ix_review_links_review_id"), table_name="review_links")
    op.drop_table("review_links")
    op.drop_index("ix_service_records_unit_finished_at", table_name="service_records")
    op.drop_index(op.f("ix_service_records_source"), table_name="service_records")
    op.drop_index(op.f("ix_service_records_phone_hash"), table_name="service_records")
    op.drop_index("ix_service_records_item_name_finished_at", table_name="service_records")
    op.drop_index("ix_service_records_item_code_finished_at", table_name="service_records")
    op.drop_index(op.f("ix_service_records_finished_at"), table_name="service_records")
    op.drop_table("service_records")
