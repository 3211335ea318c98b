"""Service records (办件), what citizens think of how they were served (好差评), and what ties the two."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
)
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now


class ServiceRecord(Base):
    """One service of one transaction, by the national data elements of 政务服务“好差评”.

    ``project_no`` (办件编号) and ``service_number`` (which service of it) name it. ``unit`` is the
    code of a unit of this city, null when nobody knows ``dept_name``. ``channel`` is the code pf,
    ``status`` proStatus (1 waiting, 2 under way, 3 finished), ``kind`` projectType (1 即办件,
    2 承诺件), ``applicant_kind`` userProp (1 individual, 2 firm). ``applicant`` is encrypted JSON:
    ``name``, ``phone``, ``cert`` and, of an agent, ``agent``. ``source`` is who delivers it.
    ``followed_in`` is the conversation in which its citizen looked at it last; ``invited_at`` is when
    it was decided whether to invite the citizen to rate it, once.
    """

    __tablename__ = "service_records"
    __table_args__ = (
        Unique("project_no", "service_number", name="uq_service_records_project_no_service_number"),
        Index("ix_service_records_unit_finished_at", "unit", "finished_at"),
        Index("ix_service_records_item_code_finished_at", "item_code", "finished_at"),
        Index("ix_service_records_item_name_finished_at", "item_name", "finished_at"),
        Index("ix_service_records_window_finished_at", "window", "finished_at"),
        Index(
            "ix_service_records_uninvited",
            "finished_at",
            postgresql_where="invited_at IS NULL AND phone_hash IS NOT NULL",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    project_no: Mapped[str] = mapped_column(String(64))
    service_number: Mapped[int] = mapped_column(Integer, default=1)
    item_code: Mapped[str] = mapped_column(String(64), default="")
    item_name: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(100), default="")
    dept_code: Mapped[str] = mapped_column(String(18), default="")
    dept_name: Mapped[str] = mapped_column(String(200), default="")
    unit: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    window: Mapped[str] = mapped_column(String(100), default="")
    manager: Mapped[str] = mapped_column(String(100), default="")
    place: Mapped[str] = mapped_column(String(200), default="")
    channel: Mapped[int] = mapped_column(Integer)
    status: Mapped[int] = mapped_column(Integer)
    kind: Mapped[int | None] = mapped_column(Integer)
    applicant_kind: Mapped[int | None] = mapped_column(Integer)
    applicant: Mapped[str | None] = mapped_column(Text)
    phone_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    accepted_at: Mapped[datetime]
    promised_on: Mapped[date | None] = mapped_column(Date)
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(64), index=True)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    followed_in: Mapped[uuid.UUID | None]
    invited_at: Mapped[datetime | None]


class Review(Base):
    """One review of one closing of a case, of one service, or (not yet) of anything known.

    ``grade`` is 5 for 非常满意 down to 1. ``round`` is the closing of the case, or assessNumber of a
    service (1 first, 2 second review). ``channel`` is a `cases.vocabulary.Source` or a
    `reviews.codes.Channel.word`. ``is_default`` marks a grade that nobody gave; the line never
    invents one, so it is false unless another platform delivers such a row. ``said`` is what the
    reviewer said that it is about, as said: ``number``, ``unit``, ``item``, ``window``, ``place``,
    ``time``. ``reviewer`` is encrypted JSON (``name``, ``phone``); a unit reads it only when
    ``named`` (the citizen agreed). ``source`` and ``source_id`` make an import idempotent.

    ``link``: ``exact`` (by number, code or in the case's own talk), ``auto`` (by rules, certain),
    ``manual`` (by the linking desk), ``desk`` (waits for it), ``none`` (tied to nothing), ``void``
    (typed in by mistake and taken back; it counts nowhere).
    """

    __tablename__ = "reviews"
    __table_args__ = (
        Unique("case_id", "round", name="uq_reviews_case_id_round"),
        Unique("service_record_id", "round", name="uq_reviews_service_record_id_round"),
        Unique("source", "source_id", name="uq_reviews_source_source_id"),
        CheckConstraint("grade BETWEEN 1 AND 5", name="grade_range"),
        CheckConstraint(
            "num_nonnulls(case_id, service_record_id) "
            "= CASE WHEN link IN ('exact', 'auto', 'manual') THEN 1 ELSE 0 END",
            name="linked_to_one",
        ),
        Index("ix_reviews_waiting", "created_at", postgresql_where="link = 'desk'"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    service_record_id: Mapped[int | None] = mapped_column(ForeignKey("service_records.id"))
    round: Mapped[int] = mapped_column(Integer)
    grade: Mapped[int] = mapped_column(Integer)
    tags: Mapped[list[str]] = mapped_column(default=list)
    text: Mapped[str] = mapped_column(Text, default="")
    channel: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
    reviewer_kind: Mapped[int | None] = mapped_column(Integer)
    reviewer: Mapped[str | None] = mapped_column(Text)
    contact_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    named: Mapped[bool] = mapped_column(Boolean, default=False)
    said: Mapped[dict[str, Any]] = mapped_column(default=dict)
    source: Mapped[str] = mapped_column(String(64), default="line")
    source_id: Mapped[str | None] = mapped_column(String(64))
    link: Mapped[str] = mapped_column(String(8), default="exact")
    score: Mapped[float | None] = mapped_column(Float)
    reasons: Mapped[list[str]] = mapped_column(default=list)
    linked_at: Mapped[datetime | None]
    linked_by: Mapped[str | None] = mapped_column(String(64))


class ReviewLink(Base):
    """One step of tying a review to what it is about. Rows are added, never changed.

    ``by`` is a login, ``rules`` or ``citizen``. ``action`` is the link that came of it (`Review.link`),
    ``undone``, ``entered`` (typed in from paper) or ``named`` (the citizen agreed later); the two ids say with what it was tied, or from what it was taken.
    """

    __tablename__ = "review_links"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    by: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(8))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    service_record_id: Mapped[int | None] = mapped_column(ForeignKey("service_records.id"))
    score: Mapped[float | None] = mapped_column(Float)
    reasons: Mapped[list[str]] = mapped_column(default=list)
    note: Mapped[str] = mapped_column(Text, default="")


class ServiceWindow(Base):
    """A window (窗口) of a unit with a printed code that leads to its page of reviews.

    ``code`` cannot be guessed. ``number`` is the window's own (A01), as service records name it.
    ``closed_at``: the code is no longer taken.
    """

    __tablename__ = "service_windows"
    __table_args__ = (
        Index(
            "uq_service_windows_open",
            "unit",
            "number",
            "place",
            unique=True,
            postgresql_where="closed_at IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    code: Mapped[str] = mapped_column(String(43), unique=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"))
    number: Mapped[str] = mapped_column(String(40))
    place: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(64))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(64))


class Rectification(Base):
    """How a unit puts a bad review right; its life is `reviews.rectification`.

    ``due_at`` is the end of the whole (working days, `cases.clocks`), ``step_due_at`` that of the
    present step: verifying, deciding or calling back. ``planned_on`` is the date that the citizen
    was told; ``done`` what was done, in the unit's words. ``extension_days`` waits for a decision.
    ``late`` stays once a limit was missed; ``tries`` are calls in vain and ``reached`` says how the
    calling back ended. ``second_grade`` is the citizen's second review (二评). ``closed_at`` is set once it has ended.
    ``case_id`` is the case that staff opened from it.
    """

    __tablename__ = "rectifications"
    __table_args__ = (
        Index("ix_rectifications_unit_state", "unit", "state"),
        Index("ix_rectifications_due", "due_at", postgresql_where="closed_at IS NULL"),
        CheckConstraint("second_grade BETWEEN 1 AND 5", name="second_grade_range"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id"), unique=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"))
    state: Mapped[str] = mapped_column(String(24))
    version: Mapped[int] = mapped_column(Integer, default=1)
    opened_at: Mapped[datetime]
    yellow_at: Mapped[datetime]
    due_at: Mapped[datetime]
    due_provisional: Mapped[bool] = mapped_column(Boolean, default=False)
    step_due_at: Mapped[datetime | None]
    yellow_sent_at: Mapped[datetime | None]
    red_sent_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    planned_on: Mapped[date | None] = mapped_column(Date)
    done: Mapped[str] = mapped_column(Text, default="")
    finished_at: Mapped[datetime | None]
    extended: Mapped[bool] = mapped_column(Boolean, default=False)
    extension_days: Mapped[int | None] = mapped_column(Integer)
    late: Mapped[bool] = mapped_column(Boolean, default=False)
    claimed: Mapped[bool] = mapped_column(Boolean, default=False)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    reached: Mapped[bool | None] = mapped_column(Boolean)
    second_grade: Mapped[int | None] = mapped_column(Integer)
    second_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), unique=True)


class RectificationEvent(Base):
    """One line of the history of a rectification. Rows are added, never changed.

    ``by`` is a login, ``citizen`` or ``line``.
    """

    __tablename__ = "rectification_events"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    rectification_id: Mapped[int] = mapped_column(ForeignKey("rectifications.id"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))
    unit: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(24))
    from_state: Mapped[str | None] = mapped_column(String(24))
    to_state: Mapped[str] = mapped_column(String(24))
    note: Mapped[str] = mapped_column(Text, default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ReviewPublication(Base):
    """Words of a review, and the answer to it, that a clerk has released to the public."""

    __tablename__ = "review_publications"

    review_id: Mapped[int] = mapped_column(
        ForeignKey("reviews.id"), primary_key=True, autoincrement=False
    )
    text: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text, default="")
    released_at: Mapped[datetime] = mapped_column(index=True)
    released_by: Mapped[str] = mapped_column(String(64))
