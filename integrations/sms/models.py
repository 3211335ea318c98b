"""Who wants no text messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now


class TextRefusal(Base):
    """A number (keyed hash) whose owner has sent 退订; deleted when 订阅 comes."""

    __tablename__ = "text_refusals"

    number_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
