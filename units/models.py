"""Tables of units (承办单位) and of the places they serve."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, now


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
    # An answer of this unit goes out only when its leader has signed it.
    answers_signed: Mapped[bool] = mapped_column(Boolean, default=False)
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class UnitSuccession(Base):
    """A unit that is followed by another from a day on (机构合并); one a unit.

    ``done_at`` null: planned, the day has not come yet. Once carried out it is kept for ever.
    """

    __tablename__ = "unit_successions"

    old: Mapped[str] = mapped_column(ForeignKey("units.code"), primary_key=True)
    new: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    from_day: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(64))
    decided_at: Mapped[datetime] = mapped_column(default=now)
    done_at: Mapped[datetime | None]


class Place(Base):
    """A named place, from a district down to a housing estate.

    ``parent`` is the place it lies in; ``unit`` governs it, null means as its parent.
    ``sections`` of a road (or estate) that crosses streets: a list of ``{name, parent}`` with
    house numbers ``first``, ``last`` and ``side`` (odd, even) where known. A road between two
    districts has no parent. ``version`` counts the edits of staff; what they ``edited`` is theirs,
    the city files change it no more.
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
    version: Mapped[int] = mapped_column(Integer, default=1, server_default=text("1"))
    edited: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


class PlaceEdit(Base):
    """One change of a place by staff: who, when, what stood there before and after."""

    __tablename__ = "place_edits"
    __table_args__ = (Index("ix_place_edits_place_at", "place", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    place: Mapped[str] = mapped_column(ForeignKey("places.code"))
    by: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any]]


class PlaceSuggestion(Base):
    """A name from corrected cases that the territory does not know, or knows elsewhere.

    ``state`` is open, accepted or dismissed. One row a name and street; never words of a secret
    case (who calls `units.learning.suggest` sees to it).
    """

    __tablename__ = "place_suggestions"
    __table_args__ = (
        UniqueConstraint("name", "street", name="uq_place_suggestions_name_street"),
        Index("ix_place_suggestions_state", "state"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    street: Mapped[str] = mapped_column(ForeignKey("places.code"))
    count: Mapped[int] = mapped_column(Integer, default=1)
    case_numbers: Mapped[list[str]]
    state: Mapped[str] = mapped_column(String(12), default="open")
    changed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(60))
