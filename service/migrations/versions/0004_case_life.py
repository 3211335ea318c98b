"""The life of a case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalogue_drafts",
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("entry", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_catalogue_drafts")),
    )
    op.create_table(
        "catalogue_publications",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["undoes"],
            ["catalogue_publications.id"],
            name=op.f("fk_catalogue_publications_undoes_catalogue_publications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_publications")),
        sa.UniqueConstraint("undoes", name=op.f("uq_catalogue_publications_undoes")),
    )
    op.create_table(
        "clock_rules",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=True),
        sa.Column("urgency", sa.String(length=16), nullable=True),
        sa.Column("category", sa.String(length=16), nullable=True),
        sa.Column("around_the_clock", sa.Boolean(), nullable=True),
        sa.Column("complex", sa.Boolean(), nullable=True),
        sa.Column("amount", sa.Float(), nullable=False),
        sa.Column("measure", sa.String(length=16), nullable=False),
        sa.Column("yellow", sa.Float(), nullable=False),
        sa.Column("escalate", sa.Float(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_clock_rules")),
    )
    op.create_index(op.f("ix_clock_rules_kind"), "clock_rules", ["kind"], unique=False)
    op.create_table(
        "routing_examples",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("case_number", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=True),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("first_unit", sa.String(length=64), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("street", sa.String(length=64), nullable=True),
        sa.Column("district", sa.String(length=64), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_examples")),
        sa.UniqueConstraint("case_number", name=op.f("uq_routing_examples_case_number")),
    )
    op.create_index(
        "ix_routing_examples_closed_on", "routing_examples", ["closed_on"], unique=False
    )
    op.create_table(
        "catalogue_versions",
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("territory", sa.String(length=64), nullable=True),
        sa.Column("condition", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("lead", sa.String(length=64), nullable=False),
        sa.Column("assist", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("publication", sa.BigInteger(), nullable=True),
        sa.Column("author", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category"],
            ["categories.code"],
            name=op.f("fk_catalogue_versions_category_categories"),
        ),
        sa.ForeignKeyConstraint(
            ["publication"],
            ["catalogue_publications.id"],
            name=op.f("fk_catalogue_versions_publication_catalogue_publications"),
        ),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_catalogue_versions")),
    )
    op.create_index(
        op.f("ix_catalogue_versions_category"), "catalogue_versions", ["category"], unique=False
    )
    op.create_index(
        op.f("ix_catalogue_versions_publication"),
        "catalogue_versions",
        ["publication"],
        unique=False,
    )
    op.create_table(
        "category_changes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["code"], ["categories.code"], name=op.f("fk_category_changes_code_categories")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category_changes")),
    )
    op.create_index(op.f("ix_category_changes_code"), "category_changes", ["code"], unique=False)
    op.create_table(
        "unit_successions",
        sa.Column("old", sa.String(length=64), nullable=False),
        sa.Column("new", sa.String(length=64), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["new"], ["units.code"], name=op.f("fk_unit_successions_new_units")
        ),
        sa.ForeignKeyConstraint(
            ["old"], ["units.code"], name=op.f("fk_unit_successions_old_units")
        ),
        sa.PrimaryKeyConstraint("old", name=op.f("pk_unit_successions")),
    )
    op.create_index(op.f("ix_unit_successions_new"), "unit_successions", ["new"], unique=False)
    op.create_table(
        "callbacks",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("contacted", sa.Boolean(), nullable=True),
        sa.Column("solved", sa.String(length=16), nullable=True),
        sa.Column("asked_satisfied", sa.Boolean(), nullable=False),
        sa.Column("satisfied", sa.String(length=16), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("done_by", sa.String(length=64), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_callbacks_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callbacks")),
    )
    op.create_index("ix_callbacks_done_at", "callbacks", ["done_at"], unique=False)
    op.create_index(
        "ix_callbacks_queue", "callbacks", ["state", "priority", "due_at"], unique=False
    )
    op.create_index("uq_callbacks_case_round", "callbacks", ["case_id", "round"], unique=True)
    op.create_table(
        "case_identities",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("name_encrypted", sa.Text(), nullable=True),
        sa.Column("phone_encrypted", sa.Text(), nullable=True),
        sa.Column("phone_hash", sa.String(length=64), nullable=True),
        sa.Column("on_behalf_of_encrypted", sa.Text(), nullable=True),
        sa.Column("detail_encrypted", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_identities_case_id_cases")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_identities")),
    )
    op.create_index(
        op.f("ix_case_identities_phone_hash"), "case_identities", ["phone_hash"], unique=False
    )
    op.create_table(
        "case_links",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("from_case_id", sa.BigInteger(), nullable=False),
        sa.Column("to_case_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["from_case_id"], ["cases.id"], name=op.f("fk_case_links_from_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["to_case_id"], ["cases.id"], name=op.f("fk_case_links_to_case_id_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_links")),
    )
    op.create_index(
        op.f("ix_case_links_from_case_id"), "case_links", ["from_case_id"], unique=False
    )
    op.create_index(op.f("ix_case_links_to_case_id"), "case_links", ["to_case_id"], unique=False)
    op.create_table(
        "identity_openings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_identity_openings_case_id_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_openings")),
    )
    op.create_index(
        op.f("ix_identity_openings_case_id"), "identity_openings", ["case_id"], unique=False
    )
    op.create_table(
        "place_edits",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["place"], ["places.code"], name=op.f("fk_place_edits_place_places")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_edits")),
    )
    op.create_index("ix_place_edits_place_at", "place_edits", ["place", "at"], unique=False)
    op.create_table(
        "place_suggestions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("street", sa.String(length=100), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("case_numbers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["street"], ["places.code"], name=op.f("fk_place_suggestions_street_places")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_suggestions")),
        sa.UniqueConstraint("name", "street", name="uq_place_suggestions_name_street"),
    )
    op.create_index("ix_place_suggestions_state", "place_suggestions", ["state"], unique=False)
    op.create_table(
        "staff_notices",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=150), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_staff_notices_case_id_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_staff_notices_key")),
    )
    op.create_index(op.f("ix_staff_notices_case_id"), "staff_notices", ["case_id"], unique=False)
    op.create_index("ix_staff_notices_unit_at", "staff_notices", ["unit", "at"], unique=False)
    op.create_table(
        "case_approvals",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("sub_case_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("decided_by_unit", sa.String(length=64), nullable=True),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("proposed_unit", sa.String(length=64), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_approvals_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["sub_case_id"], ["sub_cases.id"], name=op.f("fk_case_approvals_sub_case_id_sub_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_approvals")),
    )
    op.create_index(op.f("ix_case_approvals_case_id"), "case_approvals", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_case_approvals_decided_by_unit"),
        "case_approvals",
        ["decided_by_unit"],
        unique=False,
    )
    op.create_index(
        "ix_case_approvals_state_kind",
        "case_approvals",
        ["state", "kind", "asked_at"],
        unique=False,
    )
    op.create_index(
        "uq_case_approvals_pending",
        "case_approvals",
        ["sub_case_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "case_clocks",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("sub_case_id", sa.BigInteger(), nullable=True),
        sa.Column("approval_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.Float(), nullable=False),
        sa.Column("measure", sa.String(length=16), nullable=False),
        sa.Column("extra_days", sa.Integer(), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("yellow_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("yellow_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("red_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalate_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["approval_id"],
            ["case_approvals.id"],
            name=op.f("fk_case_clocks_approval_id_case_approvals"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_clocks_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["sub_case_id"], ["sub_cases.id"], name=op.f("fk_case_clocks_sub_case_id_sub_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_clocks")),
    )
    op.create_index(op.f("ix_case_clocks_case_id"), "case_clocks", ["case_id"], unique=False)
    op.create_index(
        "ix_case_clocks_escalation",
        "case_clocks",
        ["escalate_at"],
        unique=False,
        postgresql_where=sa.text("state = 'running' AND escalated_at IS NULL"),
    )
    op.create_index(
        "ix_case_clocks_red",
        "case_clocks",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'running' AND red_sent_at IS NULL"),
    )
    op.create_index(
        op.f("ix_case_clocks_sub_case_id"), "case_clocks", ["sub_case_id"], unique=False
    )
    op.create_index(
        "ix_case_clocks_yellow",
        "case_clocks",
        ["yellow_at"],
        unique=False,
        postgresql_where=sa.text("state = 'running' AND yellow_sent_at IS NULL"),
    )
    op.drop_index(op.f("ix_catalogue_entries_category"), table_name="catalogue_entries")
    op.drop_table("catalogue_entries")
    op.add_column("cases", sa.Column("search", postgresql.TSVECTOR(), nullable=True))
    op.add_column(
        "cases", sa.Column("priority", sa.SmallInteger(), nullable=False, server_default="2")
    )
    op.add_column(
        "cases", sa.Column("complex", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("cases", sa.Column("about_unit", sa.String(length=64), nullable=True))
    op.add_column("cases", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("cases", sa.Column("citizen_answer", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("result", sa.String(length=16), nullable=True))
    op.add_column("cases", sa.Column("first_unit", sa.String(length=64), nullable=True))
    op.add_column(
        "cases", sa.Column("automatic", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "cases", sa.Column("dispatches", sa.SmallInteger(), nullable=False, server_default="0")
    )
    op.add_column(
        "cases", sa.Column("returns", sa.SmallInteger(), nullable=False, server_default="0")
    )
    op.add_column(
        "cases", sa.Column("urges", sa.SmallInteger(), nullable=False, server_default="0")
    )
    op.add_column(
        "cases", sa.Column("reworks", sa.SmallInteger(), nullable=False, server_default="0")
    )
    op.add_column(
        "cases", sa.Column("reopens", sa.SmallInteger(), nullable=False, server_default="0")
    )
    op.add_column(
        "cases", sa.Column("extended", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "cases", sa.Column("supervised", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "cases", sa.Column("unreasonable", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "cases", sa.Column("excluded", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("cases", sa.Column("look_again_on", sa.Date(), nullable=True))
    op.add_column("cases", sa.Column("merged_into", sa.BigInteger(), nullable=True))
    op.add_column(
        "cases", sa.Column("is_group", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    # Who speaks moves to a table of its own; nothing that was stored is lost.
    op.execute(
        """
        INSERT INTO case_identities (
            case_id, name_encrypted, phone_encrypted, phone_hash, on_behalf_of_encrypted,
            detail_encrypted
        )
        SELECT id, name_encrypted, phone_encrypted, phone_hash, on_behalf_of_encrypted,
            detail_original
        FROM cases
        """
    )
    op.execute(
        """
        UPDATE cases SET citizen_answer = public_answer, public_answer = NULL,
            told_at = closed_at, priority = CASE urgency WHEN 'urgent' THEN 1 ELSE 2 END
        """
    )
    op.drop_index(op.f("ix_cases_phone_hash"), table_name="cases")
    op.drop_index(op.f("ix_cases_state_due_at"), table_name="cases")
    op.create_index(op.f("ix_cases_closed_at"), "cases", ["closed_at"], unique=False)
    op.create_index(
        "ix_cases_done_again",
        "cases",
        ["id"],
        unique=False,
        postgresql_where=sa.text("reworks > 0 OR reopens > 0"),
    )
    op.create_index(op.f("ix_cases_merged_into"), "cases", ["merged_into"], unique=False)
    op.create_index("ix_cases_queue", "cases", ["state", "priority", "due_at", "id"], unique=False)
    op.create_index(
        "ix_cases_returned", "cases", ["id"], unique=False, postgresql_where=sa.text("returns > 0")
    )
    op.create_index(
        "ix_cases_same_place", "cases", ["category", "street", "created_at"], unique=False
    )
    op.create_index("ix_cases_search", "cases", ["search"], unique=False, postgresql_using="gin")
    op.create_foreign_key(
        op.f("fk_cases_merged_into_cases"), "cases", "cases", ["merged_into"], ["id"]
    )
    op.drop_column("cases", "on_behalf_of_encrypted")
    op.drop_column("cases", "name_encrypted")
    op.drop_column("cases", "phone_encrypted")
    op.drop_column("cases", "phone_hash")
    op.drop_column("cases", "detail_original")
    op.add_column("categories", sa.Column("successor", sa.String(length=16), nullable=True))
    op.add_column("categories", sa.Column("auto_threshold", sa.Float(), nullable=True))
    op.add_column(
        "categories", sa.Column("version", sa.Integer(), server_default="1", nullable=False)
    )
    op.create_foreign_key(
        op.f("fk_categories_successor_categories"),
        "categories",
        "categories",
        ["successor"],
        ["code"],
    )
    op.add_column(
        "places", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False)
    )
    op.add_column(
        "places", sa.Column("edited", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("sub_cases", sa.Column("parent_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "sub_cases", sa.Column("final", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("sub_cases", sa.Column("task", sa.Text(), nullable=False, server_default=""))
    op.add_column("sub_cases", sa.Column("handler", sa.String(length=64), nullable=True))
    op.add_column("sub_cases", sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sub_cases", sa.Column("result", sa.String(length=16), nullable=True))
    op.add_column(
        "sub_cases", sa.Column("result_reason", sa.Text(), nullable=False, server_default="")
    )
    op.add_column("sub_cases", sa.Column("public_answer", sa.Text(), nullable=True))
    op.drop_index(op.f("ix_sub_cases_unit_state"), table_name="sub_cases")
    op.create_index(
        "ix_sub_cases_unit_state", "sub_cases", ["unit", "state", "case_id"], unique=False
    )
    op.create_foreign_key(
        op.f("fk_sub_cases_parent_id_sub_cases"), "sub_cases", "sub_cases", ["parent_id"], ["id"]
    )
    op.add_column(
        "units",
        sa.Column("answers_signed", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
