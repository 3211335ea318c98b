"""Conversations, turns and the transcript. What was said is stored encrypted."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now


class Conversation(Base):
    """One citizen at one door. ``owner`` says who speaks: the assistant or a person.

    While a person owns it, it waits in ``queue`` since ``handed_over_at`` (``priority`` as of
    `bot.seats.plan.Priority`) until a ``seat`` (login) takes it at ``taken_at``. ``seen_at`` is when
    the citizen's page was last seen open while waiting.

    ``context`` holds what the talk is about beyond the intake's draft: ``entry`` (code of what was
    last answered from), ``failures`` (turns in a row not understood), ``questions`` (asked back in a
    row), ``areas`` (where the citizen is, narrowest first), ``awaiting``, ``offered`` (value of the one
    entry offered), ``between`` (titles and values of several), ``answered`` (turn of the last answer), ``opinion_of`` (turn whose answer did not
    help, the reason being asked), ``case`` (the one that is talked about), ``filed`` (numbers filed
    here), ``proved`` (those of a telephone number shown to be the citizen's, ``code_sent`` while that
    is going on), ``wrap`` (login of the seat that has left the call and has not classified it yet),
    ``caller`` (encrypted number) and ``displeased`` (values of `bot.farewell.Reason`: why the talk was
    graded badly). ``served_by`` had it last as a seat, until ``served_until``.

    ``address`` (encrypted) is where the door reaches the citizen: an openid, a phone number, a call.
    ``rating`` is the citizen's grade of the talk itself, 1 worst – 5 best. A talk that the citizen
    closed has an empty ``token_hash``, which no token opens.
    """

    __tablename__ = "conversations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    token_hash: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(20))
    owner: Mapped[str] = mapped_column(String(12), default="assistant")
    seat: Mapped[str | None] = mapped_column(String(64))
    handed_over_at: Mapped[datetime | None]
    handover_reason: Mapped[str | None] = mapped_column(String(200))
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)
    queue: Mapped[str] = mapped_column(String(32), default="general", server_default="general")
    priority: Mapped[int] = mapped_column(Integer, default=2, server_default=text("2"))
    taken_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    served_by: Mapped[str | None] = mapped_column(String(64))
    served_until: Mapped[datetime | None]
    address: Mapped[str | None] = mapped_column(Text)
    address_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_turn_at: Mapped[datetime] = mapped_column(default=now)
    rating: Mapped[int | None]
    rated_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_conversations_owner_handed_over_at", "owner", "handed_over_at"),
        Index("ix_conversations_served", "served_by", "served_until"),
        Index("ix_conversations_address_hash_last_turn_at", "address_hash", "last_turn_at"),
    )


class Turn(Base):
    """What a citizen sent, once: ``client_id`` makes a retry harmless. Of kind ``room`` is what
    somebody else said while the caller stood in a room with a seat.

    ``state``: ``received`` → ``answered``; ``failed`` when the assistant gave no answer in time.
    ``way`` is one of the five of `intake.triage`, with its reason; none for mere talk and for answers
    within a form.
    """

    __tablename__ = "turns"
    __table_args__ = (
        UniqueConstraint("conversation_id", "client_id"),
        Index("ix_turns_waiting", "at", postgresql_where="state = 'received'"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id"))
    client_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    heard: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default="received")
    act: Mapped[str | None] = mapped_column(String(40))
    confidence: Mapped[float | None] = mapped_column(Float)
    way: Mapped[str | None] = mapped_column(String(16))
    way_reason: Mapped[str | None] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(default=now)
    answered_at: Mapped[datetime | None]


class Message(Base):
    """One line of the transcript; its ``id`` is the event id that a door resumes from."""

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_conversation_id_id", "conversation_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id"))
    turn_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("turns.id"), index=True)
    speaker: Mapped[str] = mapped_column(String(12))
    content: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(default=now)


class TurnAction(Base):
    """The one action a turn may cause. Inserted in the action's own transaction, so a turn that
    reaches the assistant twice acts once."""

    __tablename__ = "turn_actions"

    turn_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=now)
