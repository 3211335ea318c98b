"""The draft of an intake: what was said so far, what is asked, what awaits confirmation."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now


class Draft(Base):
    """One matter being taken in. At most one draft of a conversation is open.

    ``state``: ``open`` → ``filed`` or ``dropped``. ``content`` is an encrypted `intake.form.Matter`.
    The draft's id is the idempotency key of the case that is filed from it.
    """

    __tablename__ = "drafts"
    __table_args__ = (
        Index(
            "uq_drafts_open",
            "conversation_id",
            unique=True,
            postgresql_where="state = 'open'",
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    conversation_id: Mapped[uuid.UUID] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(12), default="open")
    content: Mapped[str] = mapped_column(Text)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)
