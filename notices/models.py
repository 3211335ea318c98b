"""What is told later: one row for each message to one address."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now


class Delivery(Base):
    """A message to a citizen at one door, sent once at most (`notices.vocabulary.State`).

    ``key`` names the happening and the door. ``address`` (an openid, a phone number) and ``content``
    (a `core.replies.Reply` as JSON) are encrypted. ``message_id`` is the line of the transcript that
    is sent. ``about`` is what it asks to rate, if that is not its case (`notices.news`). ``claimed_at`` is when a worker took it to send it: whoever dies after that leaves a row
    of which nobody knows whether it was sent. ``provider_id`` is what the platform calls it, and
    receipts come under.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(
            "ix_deliveries_due", "not_before", postgresql_where=text("state IN ('queued', 'held')")
        ),
        Index("ix_deliveries_sending", "claimed_at", postgresql_where=text("state = 'sending'")),
        Index("ix_deliveries_provider", "channel", "provider_id"),
        Index("ix_deliveries_listed", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(Text)
    address_hash: Mapped[str] = mapped_column(String(64), index=True)
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    about: Mapped[str | None] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(16))
    content: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default="queued")
    not_before: Mapped[datetime] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    provider_id: Mapped[str | None] = mapped_column(String(128))
    error: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(default=now)
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]


class SmsChoice(Base):
    """What was said about text messages for one case; the last word counts."""

    __tablename__ = "sms_choices"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    allowed: Mapped[bool]
    at: Mapped[datetime] = mapped_column(default=now)


class VerificationCode(Base):
    """A code made for a telephone number in a conversation; it opens once, soon, in few tries."""

    __tablename__ = "verification_codes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(index=True)
    phone_hash: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(Integer, default=0)
    used_at: Mapped[datetime | None]
