"""The category tree and the dispatch catalogue (派单目录)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now


class CategoryRow(Base):
    """A category of one of three levels; retired ones are kept for old cases.

    ``version`` grows with every edit by staff; from 2 on its place in the tree, its name and its
    threshold belong to them, whatever the city's file says.
    """

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
    successor: Mapped[str | None] = mapped_column(ForeignKey("categories.code"))
    # From this score (0-1) on a case of the category is dispatched without a clerk; None: default.
    auto_threshold: Mapped[float | None] = mapped_column(Float)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")


class CategoryChange(Base):
    """One edit of a category: who, when, why, and what it says now. Rows are only added."""

    __tablename__ = "category_changes"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey("categories.code"), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    by: Mapped[str] = mapped_column(String(64))
    what: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="")


class Publication(Base):
    """Versions that took effect together: who published them, when and why.

    ``undoes`` names the publication that this one took back.
    """

    __tablename__ = "catalogue_publications"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    undoes: Mapped[int | None] = mapped_column(ForeignKey("catalogue_publications.id"), unique=True)


class CatalogueRow(Base):
    """One version of a catalogue entry (派单目录). Rows are only added, never changed.

    How versions follow each other: `routing.catalogue.settle`. ``publication`` is None for
    those that came with the city's file.
    """

    __tablename__ = "catalogue_versions"

    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    category: Mapped[str] = mapped_column(ForeignKey("categories.code"), index=True)
    territory: Mapped[str | None] = mapped_column(String(64))
    condition: Mapped[dict[str, Any] | None]
    lead: Mapped[str] = mapped_column(String(64))
    assist: Mapped[list[str]] = mapped_column(default=list)
    basis: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    publication: Mapped[int | None] = mapped_column(
        ForeignKey("catalogue_publications.id"), index=True
    )
    author: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text, default="")


class CatalogueDraft(Base):
    """What the next version of an entry shall say; at most one a code.

    ``based_on`` is the version its author saw (0: a new entry), ``revision`` grows with every
    save. ``entry`` is the entry as `routing.catalogue.CatalogueEntry.to_row` writes it.
    """

    __tablename__ = "catalogue_drafts"

    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    based_on: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(Integer, default=1)
    entry: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(64))
    saved_at: Mapped[datetime] = mapped_column(default=now)


class PastCase(Base):
    """A closed case to learn from: which unit it was given first, and which answered it.

    ``text`` names nobody; secret cases and reports (举报) are never here.
    """

    __tablename__ = "routing_examples"
    __table_args__ = (Index("ix_routing_examples_closed_on", "closed_on"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    case_number: Mapped[str] = mapped_column(String(20), unique=True)
    text: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(String(16))
    category: Mapped[str | None] = mapped_column(String(16))
    unit: Mapped[str] = mapped_column(String(64))
    first_unit: Mapped[str] = mapped_column(String(64))
    automatic: Mapped[bool] = mapped_column(Boolean, default=False)
    street: Mapped[str | None] = mapped_column(String(64))
    district: Mapped[str | None] = mapped_column(String(64))
    closed_on: Mapped[date] = mapped_column(Date)
