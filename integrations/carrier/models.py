"""Numbers used once by a carrier's gateway."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now


class CarrierNonce(Base):
    """A nonce that has come; the same again is a replay. Kept as long as a signature is fresh."""

    __tablename__ = "carrier_nonces"

    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
