"""Contacts, cases, the parts of units in them, and their history."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now

# A sub-case that was returned or taken away no longer counts; see cases.states.GONE.
LIVE = text("state NOT IN ('returned', 'reassigned')")


class Contact(Base):
    """Everything that reaches the line, also what is answered on the spot.

    A conversation has at most one open contact at a time; ``outcome`` null means open.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        Index(
            "uq_contacts_open_conversation",
            "conversation_id",
            unique=True,
            postgresql_where=text("outcome IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(16))
    type: Mapped[str | None] = mapped_column(String(16))
    category: Mapped[str | None] = mapped_column(String(16))
    outcome: Mapped[str | None] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(200), default="")
    started_at: Mapped[datetime] = mapped_column(default=now, index=True)
    ended_at: Mapped[datetime | None]
    # No foreign key: cases.contact_id already points here, and a circle cannot be created in order.
    case_id: Mapped[int | None] = mapped_column(BigInteger, index=True)


class CaseNumberCounter(Base):
    """The last number given on a day (local date of the line)."""

    __tablename__ = "case_number_counters"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    last: Mapped[int] = mapped_column(Integer)


class Case(Base):
    """One matter of one citizen (工单), or the parent of a group of like matters.

    ``title`` and ``detail`` name nobody; who speaks stands in `CaseIdentity`. ``version`` grows
    with every change that a clerk must know of before deciding. ``round`` counts handlings: each
    is told, rated and called back about once. ``told_at`` is when the present round's answer went
    to the citizen, ``closed_at`` when the case was finally closed. ``due_at`` repeats the handling
    clock of the leading part for the queues. ``about_unit`` is the unit complained about: neither
    it nor one below ever sees the case.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_queue", "state", "priority", "due_at", "id"),
        Index("ix_cases_search", "search", postgresql_using="gin"),
        Index("ix_cases_same_place", "category", "street", "created_at"),
        Index("ix_cases_returned", "id", postgresql_where=text("returns > 0")),
        Index("ix_cases_told_at", "told_at", postgresql_where=text("told_at IS NOT NULL")),
        Index("ix_cases_done_again", "id", postgresql_where=text("reworks > 0 OR reopens > 0")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    type: Mapped[str] = mapped_column(String(16))
    category: Mapped[str | None] = mapped_column(String(16), index=True)
    title: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str] = mapped_column(Text)
    search: Mapped[Any] = mapped_column(TSVECTOR, nullable=True, deferred=True)
    place_text: Mapped[str] = mapped_column(String(300), default="")
    place_code: Mapped[str | None] = mapped_column(String(64))
    street: Mapped[str | None] = mapped_column(String(64), index=True)
    district: Mapped[str | None] = mapped_column(String(64), index=True)
    since_text: Mapped[str] = mapped_column(String(100), default="")
    urgency: Mapped[str] = mapped_column(String(16))
    priority: Mapped[int] = mapped_column(SmallInteger, default=2)
    around_the_clock: Mapped[bool] = mapped_column(Boolean, default=False)
    complex: Mapped[bool] = mapped_column(Boolean, default=False)
    anonymous: Mapped[bool] = mapped_column(Boolean, default=False)
    confidential: Mapped[bool] = mapped_column(Boolean, default=False)
    subject_of_complaint: Mapped[str | None] = mapped_column(String(200))
    about_unit: Mapped[str | None] = mapped_column(String(64))
    attachments: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(String(24))
    source: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime] = mapped_column(index=True)
    due_provisional: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    told_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    citizen_answer: Mapped[str | None] = mapped_column(Text)
    public_answer: Mapped[str | None] = mapped_column(Text)
    result: Mapped[str | None] = mapped_column(String(16))
    routing: Mapped[dict[str, Any]] = mapped_column(default=dict)
    first_unit: Mapped[str | None] = mapped_column(String(64))
    automatic: Mapped[bool] = mapped_column(Boolean, default=False)
    dispatches: Mapped[int] = mapped_column(SmallInteger, default=0)
    returns: Mapped[int] = mapped_column(SmallInteger, default=0)
    urges: Mapped[int] = mapped_column(SmallInteger, default=0)
    reworks: Mapped[int] = mapped_column(SmallInteger, default=0)
    reopens: Mapped[int] = mapped_column(SmallInteger, default=0)
    extended: Mapped[bool] = mapped_column(Boolean, default=False)
    supervised: Mapped[bool] = mapped_column(Boolean, default=False)
    unreasonable: Mapped[bool] = mapped_column(Boolean, default=False)
    excluded: Mapped[bool] = mapped_column(Boolean, default=False)
    look_again_on: Mapped[date | None] = mapped_column(Date)
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    is_group: Mapped[bool] = mapped_column(Boolean, default=False)
    round: Mapped[int] = mapped_column(Integer, default=1)
    rated_round: Mapped[int | None] = mapped_column(Integer)


class CaseIdentity(Base):
    """Who speaks in a case, and the words as they came: apart from the case, and encrypted."""

    __tablename__ = "case_identities"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    name_encrypted: Mapped[str | None] = mapped_column(Text)
    phone_encrypted: Mapped[str | None] = mapped_column(Text)
    phone_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    on_behalf_of_encrypted: Mapped[str | None] = mapped_column(Text)
    detail_encrypted: Mapped[str] = mapped_column(Text)


class IdentityOpening(Base):
    """Somebody looked at who speaks in a secret case, and why. Rows are added, never changed."""

    __tablename__ = "identity_openings"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    login: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)


class SubCase(Base):
    """The part of one unit in a case (子单), with its own state and clocks.

    ``internal_note`` is for staff, ``citizen_answer`` for the citizen once the answer has been
    checked, ``public_answer`` for publication. ``parent_id`` is the part of the unit above that
    handed the work down; ``final`` marks a part that cannot be returned any more.
    """

    __tablename__ = "sub_cases"
    __table_args__ = (
        Index("uq_sub_cases_live_unit", "case_id", "unit", unique=True, postgresql_where=LIVE),
        Index(
            "uq_sub_cases_live_lead",
            "case_id",
            unique=True,
            postgresql_where=text("role = 'lead' AND state NOT IN ('returned', 'reassigned')"),
        ),
        Index("ix_sub_cases_unit_state", "unit", "state", "case_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("sub_cases.id"))
    unit: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(24))
    due_at: Mapped[datetime]
    final: Mapped[bool] = mapped_column(Boolean, default=False)
    task: Mapped[str] = mapped_column(Text, default="")
    handler: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    accepted_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    result: Mapped[str | None] = mapped_column(String(16))
    result_reason: Mapped[str] = mapped_column(Text, default="")
    internal_note: Mapped[str | None] = mapped_column(Text)
    citizen_answer: Mapped[str | None] = mapped_column(Text)
    public_answer: Mapped[str | None] = mapped_column(Text)


class Approval(Base):
    """Something a unit asked for, to be decided by somebody else; the clock runs meanwhile.

    ``unit`` asked; ``decided_by_unit`` is the unit whose staff decides a return inside a tree,
    None when the line does. ``until`` is the date asked for (extension, look again).
    """

    __tablename__ = "case_approvals"
    __table_args__ = (
        Index(
            "uq_case_approvals_pending",
            "sub_case_id",
            "kind",
            unique=True,
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_case_approvals_state_kind", "state", "kind", "asked_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    sub_case_id: Mapped[int | None] = mapped_column(ForeignKey("sub_cases.id"))
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    unit: Mapped[str] = mapped_column(String(64))
    decided_by_unit: Mapped[str | None] = mapped_column(String(64), index=True)
    asked_by: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text, default="")
    proposed_unit: Mapped[str | None] = mapped_column(String(64))
    days: Mapped[int | None] = mapped_column(Integer)
    until: Mapped[date | None] = mapped_column(Date)
    decided_by: Mapped[str | None] = mapped_column(String(64))
    decided_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(Text, default="")


class CaseClock(Base):
    """One time limit that runs, or ran, for a case or for one part of it.

    ``amount`` and ``measure`` (working_days, hours, minutes) are what it was started with, so that
    a changed calendar can be applied to it; ``rule`` names where they came from. Once a card went
    out its moment is noted and it never goes out again.
    """

    __tablename__ = "case_clocks"
    __table_args__ = (
        Index(
            "ix_case_clocks_yellow",
            "yellow_at",
            postgresql_where=text("state = 'running' AND yellow_sent_at IS NULL"),
        ),
        Index(
            "ix_case_clocks_red",
            "due_at",
            postgresql_where=text("state = 'running' AND red_sent_at IS NULL"),
        ),
        Index(
            "ix_case_clocks_escalation",
            "escalate_at",
            postgresql_where=text("state = 'running' AND escalated_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    sub_case_id: Mapped[int | None] = mapped_column(ForeignKey("sub_cases.id"), index=True)
    approval_id: Mapped[int | None] = mapped_column(ForeignKey("case_approvals.id"))
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(60))
    basis: Mapped[str] = mapped_column(Text, default="")
    rule: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime]
    amount: Mapped[float] = mapped_column(Float)
    measure: Mapped[str] = mapped_column(String(16))
    extra_days: Mapped[int] = mapped_column(Integer, default=0)
    not_after: Mapped[datetime | None]
    due_at: Mapped[datetime]
    provisional: Mapped[bool] = mapped_column(Boolean, default=False)
    yellow_at: Mapped[datetime]
    yellow_sent_at: Mapped[datetime | None]
    red_sent_at: Mapped[datetime | None]
    escalate_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]


class ClockRule(Base):
    """A time limit as data: the most specific rule that fits a case counts (`cases.clocks`).

    Null in ``type``, ``urgency`` or ``category`` fits all; ``category`` is a code or its beginning.
    """

    __tablename__ = "clock_rules"

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), index=True)
    name: Mapped[str] = mapped_column(String(60))
    type: Mapped[str | None] = mapped_column(String(16))
    urgency: Mapped[str | None] = mapped_column(String(16))
    category: Mapped[str | None] = mapped_column(String(16))
    around_the_clock: Mapped[bool | None] = mapped_column(Boolean)
    complex: Mapped[bool | None] = mapped_column(Boolean)
    amount: Mapped[float] = mapped_column(Float)
    measure: Mapped[str] = mapped_column(String(16))
    yellow: Mapped[float] = mapped_column(Float)
    escalate: Mapped[float | None] = mapped_column(Float)
    basis: Mapped[str] = mapped_column(Text, default="")


class CaseLink(Base):
    """Two cases that belong together. ``before`` keeps what undoing has to restore."""

    __tablename__ = "case_links"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    from_case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    to_case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime]
    by: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text, default="")
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(String(64))


class Callback(Base):
    """Asking the citizen, after an answer, whether it is true (回访); one for each round.

    ``claimed_by`` is the clerk who has it on the line. ``solved`` and ``satisfied`` are asked
    apart; ``asked_satisfied`` is false when the citizen had rated already.
    """

    __tablename__ = "callbacks"
    __table_args__ = (
        Index("uq_callbacks_case_round", "case_id", "round", unique=True),
        Index("ix_callbacks_queue", "state", "priority", "due_at"),
        Index("ix_callbacks_done_at", "done_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    round: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    priority: Mapped[int] = mapped_column(SmallInteger, default=2)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    claimed_at: Mapped[datetime | None]
    attempts: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    contacted: Mapped[bool | None] = mapped_column(Boolean)
    solved: Mapped[str | None] = mapped_column(String(16))
    asked_satisfied: Mapped[bool] = mapped_column(Boolean, default=True)
    satisfied: Mapped[str | None] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text, default="")
    done_by: Mapped[str | None] = mapped_column(String(64))
    done_at: Mapped[datetime | None]


class StaffNotice(Base):
    """What the staff of a unit, or of a role of the line, must know: cards, urgings, decisions.

    ``key`` makes a notice unique, whoever sends it twice. It never tells who speaks in a case.
    """

    __tablename__ = "staff_notices"
    __table_args__ = (Index("ix_staff_notices_unit_at", "unit", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    key: Mapped[str] = mapped_column(String(150), unique=True)
    at: Mapped[datetime]
    unit: Mapped[str] = mapped_column(String(64))
    role: Mapped[str | None] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(24))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    read_at: Mapped[datetime | None]
    read_by: Mapped[str | None] = mapped_column(String(64))


class CaseEvent(Base):
    """One line of a case's history. Rows are added, never changed.

    ``key`` names a citizen's request so that a repeated one is recognised.
    """

    __tablename__ = "case_events"
    __table_args__ = (Index("ix_case_events_case_id_id", "case_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    sub_case_id: Mapped[int | None] = mapped_column(ForeignKey("sub_cases.id"))
    key: Mapped[str | None] = mapped_column(String(150), unique=True)
    at: Mapped[datetime] = mapped_column(default=now)
    actor_kind: Mapped[str] = mapped_column(String(8))
    actor: Mapped[str | None] = mapped_column(String(64))
    actor_unit: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(24))
    from_state: Mapped[str | None] = mapped_column(String(24))
    to_state: Mapped[str | None] = mapped_column(String(24))
    reason: Mapped[str] = mapped_column(Text, default="")
    audience: Mapped[str] = mapped_column(String(8))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
