"""Tables of the knowledge base: entries of every kind, their versions, drafts, and what came of them.

What an entry says is one document (`kb.schemas`), checked on its way in; columns beside it are what
queries ask for.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Sequence,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now

change_sequence = Sequence("knowledge_change_seq", metadata=Base.metadata)


class Entry(Base):
    """An entry as it holds now.

    ``version`` grows with every change of content; ``fingerprint`` is the hash that tells whether
    it changed, ``source_fingerprint`` the one of what a file last brought: loading the same file
    again leaves alone what editors changed since. ``source_version`` is the version its author gave
    it. ``source`` is who brings it: ``city`` for the city's own folder, the name of an import, null
    for what the editors wrote; what one source no longer has ends no entry of another. It answers from ``valid_from`` to ``valid_to`` (both days included, null: no end) while it is
    published. ``change`` grows over all entries: whoever knows it asks for what came since.
    """

    __tablename__ = "knowledge_entries"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), index=True)
    name: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    version: Mapped[int] = mapped_column(Integer)
    source_version: Mapped[int] = mapped_column(Integer, default=1)
    status: Mapped[str] = mapped_column(String(12), index=True)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    content: Mapped[dict[str, Any]]
    fingerprint: Mapped[str] = mapped_column(String(64))
    source_fingerprint: Mapped[str | None] = mapped_column(String(64))
    source: Mapped[str | None] = mapped_column(String(64), index=True)
    change: Mapped[int] = mapped_column(
        BigInteger, change_sequence, server_default=change_sequence.next_value(), unique=True
    )
    updated_at: Mapped[datetime] = mapped_column(default=now)


class EntryVersion(Base):
    """What an entry said from one change to the next; rows are added, never changed."""

    __tablename__ = "knowledge_versions"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(12))
    unit: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(12))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    content: Mapped[dict[str, Any]]
    author: Mapped[str] = mapped_column(String(64))
    approver: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(default=now)


class EntryDraft(Base):
    """A change that somebody prepares. ``content`` may be unfinished until it is submitted.

    ``state``: draft → submitted → approved → published, or rejected, or discarded. ``based_on`` is
    the version it was made from, 0 for a new entry; ``publish_on`` the day it is planned for.
    """

    __tablename__ = "knowledge_drafts"
    __table_args__ = (
        Index(
            "uq_knowledge_drafts_open",
            "code",
            unique=True,
            postgresql_where="state IN ('draft', 'submitted', 'approved')",
        ),
        Index("ix_knowledge_drafts_state_updated_at", "state", "updated_at"),
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    unit: Mapped[str] = mapped_column(String(64), index=True)
    based_on: Mapped[int] = mapped_column(Integer)
    content: Mapped[dict[str, Any]]
    author: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12))
    publish_on: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str | None] = mapped_column(String(64))
    decision_note: Mapped[str] = mapped_column(Text, default="")
    revision: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class GivenAnswer(Base):
    """An answer that was given from an entry: all of them can be listed when it proves wrong."""

    __tablename__ = "knowledge_answers"
    __table_args__ = (Index("ix_knowledge_answers_code_at", "code", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    turn_id: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    code: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    aspects: Mapped[list[str]]
    question: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(default=now)


class Feedback(Base):
    """What a citizen thought of an answer; an unhelpful one is a task of the unit with a clock.

    ``state`` is open or done; ``outcome`` corrected, explained or no_change.
    """

    __tablename__ = "knowledge_feedback"
    __table_args__ = (
        Index("ix_knowledge_feedback_open", "due_at", postgresql_where="state = 'open'"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("knowledge_answers.id"), unique=True)
    helpful: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str] = mapped_column(Text, default="")
    code: Mapped[str] = mapped_column(String(64), index=True)
    unit: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(12))
    handled_by: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    done_at: Mapped[datetime | None]


class GuideComplaint(Base):
    """Citizens say that more was asked of them than the guide of an item says: a task of its unit.

    One open task an item. ``count`` reviews from ``first_on`` to ``last_on``; ``samples`` are words
    of some, without who said them. ``state`` is open or done; ``outcome`` as of `Feedback`.
    """

    __tablename__ = "knowledge_complaints"
    __table_args__ = (
        Index(
            "uq_knowledge_complaints_open", "code", unique=True, postgresql_where="state = 'open'"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(String(64), index=True)
    unit: Mapped[str] = mapped_column(String(64), index=True)
    count: Mapped[int] = mapped_column(Integer)
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date)
    samples: Mapped[list[str]]
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12))
    handled_by: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    done_at: Mapped[datetime | None]


class OpenQuestion(Base):
    """A question that found nothing, or whose answer did not help.

    ``kind`` is unknown, unclear or unhelpful; ``nearest`` the codes that came nearest;
    ``settled_code`` the entry that answers it since; without one, ``settled_note`` says why not.
    """

    __tablename__ = "knowledge_questions"
    __table_args__ = (
        Index("ix_knowledge_questions_open", "at", postgresql_where="settled_at IS NULL"),
        Index(
            "ix_knowledge_questions_settled",
            "settled_at",
            postgresql_where="settled_at IS NOT NULL",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    question: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(12))
    nearest: Mapped[list[str]]
    conversation_id: Mapped[uuid.UUID | None]
    turn_id: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    at: Mapped[datetime] = mapped_column(default=now)
    settled_by: Mapped[str | None] = mapped_column(String(64))
    settled_code: Mapped[str | None] = mapped_column(String(64))
    settled_note: Mapped[str] = mapped_column(Text, default="", server_default="")
    settled_at: Mapped[datetime | None]
