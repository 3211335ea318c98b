"""The category tree and the dispatch catalogue (派单目录)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class CategoryRow(Base):
    """A category of one of three levels; retired ones are kept for old cases."""

    __tablename__ = "categories"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    parent: Mapped[str | None] = mapped_column(ForeignKey("categories.code"))
    cues: Mapped[list[str]] = mapped_column(default=list)
    examples: Mapped[list[str]] = mapped_column(default=list)
    type_hint: Mapped[str | None] = mapped_column(String(16))
    urgent: Mapped[bool] = mapped_column(Boolean, default=False)
    around_the_clock: Mapped[bool] = mapped_column(Boolean, default=False)
    retired: Mapped[bool] = mapped_column(Boolean, default=False)


class CatalogueRow(Base):
    """Who is responsible: category × territory × condition → lead and assisting units."""

    __tablename__ = "catalogue_entries"

    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    category: Mapped[str] = mapped_column(ForeignKey("categories.code"), index=True)
    territory: Mapped[str | None] = mapped_column(String(64))
    condition: Mapped[dict[str, Any] | None]
    lead: Mapped[str] = mapped_column(String(64))
    assist: Mapped[list[str]] = mapped_column(default=list)
    basis: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer, default=1)
