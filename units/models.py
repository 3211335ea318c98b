"""Tables of units (承办单位) and of the places they serve."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class Unit(Base):
    """A unit that serves the city: a bureau, a utility, a district, a street, a community.

    ``former_names`` is a list of ``{name, until}``; ``until`` is the last day (ISO) of that name.
    A unit that left the city data stays with ``active`` false, because history names it.
    """

    __tablename__ = "units"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    short: Mapped[str] = mapped_column(String(40))
    aliases: Mapped[list[str]]
    kind: Mapped[str] = mapped_column(String(20))
    level: Mapped[str] = mapped_column(String(12))
    parent: Mapped[str | None] = mapped_column(ForeignKey("units.code"), index=True)
    duties: Mapped[list[str]]
    hours: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    duty_phone: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(200), default="")
    former_names: Mapped[list[dict[str, Any]]]
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class Place(Base):
    """A named place, from a district down to a housing estate.

    ``parent`` is the place it lies in; ``unit`` governs it, null means as its parent.
    ``sections`` of a road that crosses streets: a list of ``{name, parent}``.
    """

    __tablename__ = "places"
    __table_args__ = (Index("ix_places_name", "name"),)

    code: Mapped[str] = mapped_column(String(100), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(16))
    parent: Mapped[str | None] = mapped_column(ForeignKey("places.code"), index=True)
    unit: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    aliases: Mapped[list[str]]
    sections: Mapped[list[dict[str, Any]]]
    active: Mapped[bool] = mapped_column(Boolean, default=True)
