"""Contacts, cases, the parts of units in them, and their history."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Index, Integer, String, Text, text
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
    """One matter of one citizen (工单).

    ``title`` and ``detail`` carry no phone or identity numbers; the words as they came are in
    ``detail_original``, encrypted like name and phone. ``version`` grows with every change that a
    clerk must know of before deciding. ``round`` counts closings: each is rated once.
    """

    __tablename__ = "cases"
    __table_args__ = (Index("ix_cases_state_due_at", "state", "due_at"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    type: Mapped[str] = mapped_column(String(16))
    category: Mapped[str | None] = mapped_column(String(16), index=True)
    title: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str] = mapped_column(Text)
    detail_original: Mapped[str] = mapped_column(Text)
    place_text: Mapped[str] = mapped_column(String(300), default="")
    place_code: Mapped[str | None] = mapped_column(String(64))
    street: Mapped[str | None] = mapped_column(String(64), index=True)
    district: Mapped[str | None] = mapped_column(String(64), index=True)
    since_text: Mapped[str] = mapped_column(String(100), default="")
    urgency: Mapped[str] = mapped_column(String(16))
    around_the_clock: Mapped[bool] = mapped_column(Boolean, default=False)
    name_encrypted: Mapped[str | None] = mapped_column(Text)
    phone_encrypted: Mapped[str | None] = mapped_column(Text)
    phone_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    anonymous: Mapped[bool] = mapped_column(Boolean, default=False)
    confidential: Mapped[bool] = mapped_column(Boolean, default=False)
    on_behalf_of_encrypted: Mapped[str | None] = mapped_column(Text)
    subject_of_complaint: Mapped[str | None] = mapped_column(String(200))
    attachments: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(String(24))
    source: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime] = mapped_column(index=True)
    due_provisional: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    closed_at: Mapped[datetime | None]
    public_answer: Mapped[str | None] = mapped_column(Text)
    routing: Mapped[dict[str, Any]] = mapped_column(default=dict)
    round: Mapped[int] = mapped_column(Integer, default=1)
    rated_round: Mapped[int | None] = mapped_column(Integer)


class SubCase(Base):
    """The part of one unit in a case, with its own state and clock.

    ``internal_note`` is for staff, ``citizen_answer`` for the citizen once the case is closed.
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
        Index("ix_sub_cases_unit_state", "unit", "state"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    unit: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(24))
    due_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=now)
    accepted_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    internal_note: Mapped[str | None] = mapped_column(Text)
    citizen_answer: Mapped[str | None] = mapped_column(Text)


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
