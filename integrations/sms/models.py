"""Who wants no text messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now


class TextWish(Base):
    """A wish to get no texts (``stop``) or to get them again (``start``); the newest of a number counts.

    One row for each message, so that one that comes again later changes nothing.
    """

    __tablename__ = "text_wishes"
    __table_args__ = (Index("ix_text_wishes_number_hash_id", "number_hash", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    message_id: Mapped[str] = mapped_column(String(64), unique=True)
    number_hash: Mapped[str] = mapped_column(String(64))
    wish: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(default=now)
