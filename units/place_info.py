"""What a place is, as rules see it, and where it lies."""

from __future__ import annotations

from dataclasses import dataclass

from units.addresses import Section

AREAS = ("district", "street", "community")


@dataclass(frozen=True)
class PlaceInfo:
    """A place of the territory; see units.models.Place."""

    code: str
    name: str
    kind: str
    parent: str | None = None
    unit: str | None = None
    aliases: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True)
class Area:
    """Where something lies: unit codes of street and district, None where unknown."""

    street: str | None
    district: str | None


@dataclass(frozen=True)
class Found:
    """A name in a text: with house number or gate it ends at ``end``; who may be meant."""

    start: int
    name_end: int
    end: int
    places: tuple[PlaceInfo, ...]
