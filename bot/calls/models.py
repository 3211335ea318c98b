"""Calls and their recordings. Numbers and what was said are stored encrypted."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now


class Call(Base):
    """One call: ``carrier`` is the exchange's name, ``call_id`` the exchange's own id of the call.

    ``state``: ``assistant`` → ``waiting`` (for a person) → ``seat`` (in ``room`` with a seat) or
    ``emergency`` (dialled through) → ``ended``; ``left``: the seat has left the room, and the caller says
    who goes on. ``step`` is the number that the exchange's next
    request carries; ``memory`` and ``answer`` are what the voice dialogue keeps of the call and
    what it said last (encrypted JSON). ``verified``: the network vouches for the number.
    ``missed_at``: hung up while waiting for a person or dialled through; ``callback_wanted_at``: asked to be rung.
    """

    __tablename__ = "calls"
    __table_args__ = (
        UniqueConstraint("carrier", "call_id"),
        Index("ix_calls_caller_hash_ended_at", "caller_hash", "ended_at"),
        Index("ix_calls_going_on", "started_at", postgresql_where="ended_at IS NULL"),
        Index(
            "ix_calls_to_call_back",
            "id",
            postgresql_where="called_back_at IS NULL"
            " AND (missed_at IS NOT NULL OR callback_wanted_at IS NOT NULL)",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    carrier: Mapped[str] = mapped_column(String(20))
    call_id: Mapped[str] = mapped_column(String(64))
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id"), index=True)
    caller: Mapped[str | None] = mapped_column(Text)
    caller_hash: Mapped[str | None] = mapped_column(String(64))
    verified: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[str] = mapped_column(String(12), default="assistant")
    step: Mapped[int] = mapped_column(Integer, default=1)
    memory: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    room: Mapped[str | None] = mapped_column(String(64))
    seat: Mapped[str | None] = mapped_column(String(64))
    waiting_since: Mapped[datetime | None]
    connected_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    callback_wanted_at: Mapped[datetime | None]
    called_back_at: Mapped[datetime | None]
    called_back_by: Mapped[str | None] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]


class CallRecording(Base):
    """A recording that the exchange made; ``address`` (encrypted) is where the exchange keeps it."""

    __tablename__ = "call_recordings"

    provider_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    call: Mapped[int] = mapped_column(ForeignKey("calls.id"), index=True)
    address: Mapped[str] = mapped_column(Text)
    seconds: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(default=now)
