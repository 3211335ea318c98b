"""Tables of the seats: who is there, what rings, whom to call back, notes, and ready answers."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Identity, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now


class SeatState(Base):
    """Whether a seat is there: ``on`` (在席), ``break`` (小休), ``wrap`` (话后处理) or ``off`` (离席).

    ``telephone`` is where calls are put through to. ``seen_at`` is when one of the seat's pages last asked for news; a seat whose pages are all
    closed is away, whatever its state says.
    """

    __tablename__ = "seat_states"

    login: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(8), default="off")
    telephone: Mapped[str] = mapped_column(String(30), default="")
    since: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)


class Alarm(Base):
    """An emergency (紧急) that was told in a talk: it rings until a seat takes it.

    ``words`` (encrypted) is all that was said of it. ``taken_*`` says who answered it and when,
    ``closed_*`` who settled it, with a note; it stays open until then.
    """

    __tablename__ = "alarms"
    __table_args__ = (
        Index("ix_alarms_open", "raised_at", postgresql_where=text("closed_at IS NULL")),
        Index("ix_alarms_conversation_id", "conversation_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id"))
    kind: Mapped[str] = mapped_column(String(40))
    number: Mapped[str] = mapped_column(String(20))
    hazard: Mapped[bool] = mapped_column(Boolean, default=False)
    words: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[datetime] = mapped_column(default=now)
    taken_by: Mapped[str | None] = mapped_column(String(64))
    taken_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(64))
    closed_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")


class SeatNote(Base):
    """What a seat wrote for other seats (``text`` encrypted); a citizen never sees it."""

    __tablename__ = "seat_notes"
    __table_args__ = (Index("ix_seat_notes_conversation_id_id", "conversation_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id"))
    by: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(default=now)


class ReadyAnswer(Base):
    """A ready answer (常用语) that a seat inserts and sends as it is or changed."""

    __tablename__ = "ready_answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(60), unique=True)
    text: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(64))
    changed_at: Mapped[datetime] = mapped_column(default=now)


class SeatCallback(Base):
    """Somebody to be called back: who asked for it, hung up, or left while waiting.

    ``key`` names the happening, so that it is listed once however often it is told. ``reason`` is
    ``asked``, ``missed_call``, ``left`` or ``emergency``; ``state`` goes ``waiting`` → ``taken`` → ``done``, and
    back to ``waiting`` after a try that reached nobody, not before ``not_before``. ``phone`` is
    encrypted; without one the citizen is answered in the conversation.
    """

    __tablename__ = "seat_callbacks"
    __table_args__ = (
        Index("ix_seat_callbacks_open", "asked_at", postgresql_where=text("state <> 'done'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("conversations.id"), index=True
    )
    channel: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(16))
    phone: Mapped[str | None] = mapped_column(Text)
    queue: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    asked_at: Mapped[datetime] = mapped_column(default=now)
    not_before: Mapped[datetime | None]
    taken_by: Mapped[str | None] = mapped_column(String(64))
    taken_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(64))
    closed_at: Mapped[datetime | None]


class SeatCallbackTry(Base):
    """One try to reach somebody: ``result`` is reached, no_answer, busy or wrong_number."""

    __tablename__ = "seat_callback_tries"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    callback_id: Mapped[int] = mapped_column(ForeignKey("seat_callbacks.id"), index=True)
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=now)
    result: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text, default="")
    number: Mapped[int] = mapped_column(Integer)
