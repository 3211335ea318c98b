"""What citizens think of how their case was handled (好差评)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Integer, String, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now


class Review(Base):
    """One review of one closing of a case. ``grade`` is 5 for 非常满意 down to 1.

    ``is_default`` marks a grade that nobody gave; the line never invents one, so it is false
    unless another platform delivers such a row.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        Unique("case_id", "round", name="uq_reviews_case_id_round"),
        CheckConstraint("grade BETWEEN 1 AND 5", name="grade_range"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    round: Mapped[int] = mapped_column(Integer)
    grade: Mapped[int] = mapped_column(Integer)
    tags: Mapped[list[str]] = mapped_column(default=list)
    text: Mapped[str] = mapped_column(Text, default="")
    channel: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
