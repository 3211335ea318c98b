"""Tables of service items (政务服务事项) by the fields of GB/T 39046-2020."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.database import Base, now


class Item(Base):
    """A matter that citizens or firms can have done.

    ``version`` grows with every change of content; ``fingerprint`` is the hash that tells whether
    it changed. ``source_version`` is the version its author gave it. An item answers from
    ``valid_from`` to ``valid_to`` (both days included, null: no end) while it is published.
    """

    __tablename__ = "items"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    type: Mapped[str] = mapped_column(String(40))
    audience: Mapped[list[str]]
    level: Mapped[str] = mapped_column(String(12))
    theme: Mapped[str] = mapped_column(String(60))
    summary: Mapped[str] = mapped_column(Text)
    questions: Mapped[list[str]]
    conditions: Mapped[list[dict[str, Any]]]
    process: Mapped[list[str]]
    charged: Mapped[bool | None] = mapped_column(Boolean)
    fee_basis: Mapped[str | None] = mapped_column(Text)
    limits: Mapped[dict[str, Any]]
    online: Mapped[dict[str, Any]]
    visits: Mapped[int | None] = mapped_column(Integer)
    result: Mapped[str | None] = mapped_column(Text)
    phones: Mapped[dict[str, Any]]
    agent: Mapped[str | None] = mapped_column(Text)
    legal_basis: Mapped[list[str]]
    faq: Mapped[list[dict[str, Any]]]
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer)
    source_version: Mapped[int] = mapped_column(Integer, default=1)
    status: Mapped[str] = mapped_column(String(12), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    aliases: Mapped[list[ItemAlias]] = relationship(
        cascade="all, delete-orphan", order_by="ItemAlias.place"
    )
    materials: Mapped[list[ItemMaterial]] = relationship(
        cascade="all, delete-orphan", order_by="ItemMaterial.place"
    )
    windows: Mapped[list[ItemWindow]] = relationship(
        cascade="all, delete-orphan", order_by="ItemWindow.place"
    )
    fees: Mapped[list[ItemFee]] = relationship(
        cascade="all, delete-orphan", order_by="ItemFee.place"
    )


class ItemAlias(Base):
    """Another name of an item."""

    __tablename__ = "item_aliases"
    item: Mapped[str] = mapped_column(
        ForeignKey("items.code", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(200))


class ItemMaterial(Base):
    """One material of an item; ``required`` with ``condition`` null means always needed."""

    __tablename__ = "item_materials"

    item: Mapped[str] = mapped_column(
        ForeignKey("items.code", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(String(100))
    form: Mapped[str | None] = mapped_column(String(100))
    copies: Mapped[int | None] = mapped_column(Integer)
    required: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    condition: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)


class ItemWindow(Base):
    """A place where an item is handled."""

    __tablename__ = "item_windows"

    item: Mapped[str] = mapped_column(
        ForeignKey("items.code", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    hours: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(String(60))


class ItemFee(Base):
    """One fee of an item, e.g. 首次申领 / 20 元每证."""

    __tablename__ = "item_fees"

    item: Mapped[str] = mapped_column(
        ForeignKey("items.code", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    amount: Mapped[str] = mapped_column(Text)
