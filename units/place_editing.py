"""Changes of the territory by staff: checked, kept with who and when, announced to every process."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.database import now
from core.errors import Conflict, InvalidInput, NotFound
from units.addresses import Section
from units.gazetteer import Gazetteer
from units.models import Place, PlaceEdit
from units.place_repository import PlaceRepository
from units.place_rules import PlaceEntry, problems
from units.repository import UnitRepository


async def add(session: AsyncSession, entry: PlaceEntry, by: str) -> Place:
    """A new place. Raises InvalidInput with the fields that do not fit."""
    gazetteer = await _checked(session, entry)
    code = f"{entry.parent or 'city'}.{entry.kind}.n{secrets.token_hex(4)}"
    while code in gazetteer.places:
        code = f"{entry.parent or 'city'}.{entry.kind}.n{secrets.token_hex(4)}"
    place = Place(code=code, unit=None, active=True, edited=True, version=1, **_values(entry))
    session.add(place)
    await session.flush()
    await _keep(session, place, None, by)
    return place


async def change(
    session: AsyncSession, code: str, version: int, entry: PlaceEntry, by: str
) -> Place:
    """The place as ``entry`` says. Raises NotFound, InvalidInput, or Conflict when somebody has
    changed it since ``version``."""
    place = await _locked(session, code, version)
    await _checked(session, entry, code)
    before = snapshot(place)
    for name, value in _values(entry).items():
        setattr(place, name, value)
    if snapshot(place) != before:
        await _keep(session, place, before, by)
    return place


async def retire(session: AsyncSession, code: str, version: int, by: str) -> Place:
    """Take a place out of use; cases that name it keep it. Raises NotFound, Conflict, or
    InvalidInput while other places lie in it or a unit governs it."""
    place = await _locked(session, code, version)
    if place.unit is not None:
        raise InvalidInput("区县、街道和社区随单位名录，不能在这里停用")
    below = await PlaceRepository(session).below(code)
    if below:
        raise InvalidInput(f"还有地点在它里面：{'、'.join(below[:5])}，请先移走")
    return await _switch(session, place, False, by)


async def restore(session: AsyncSession, code: str, version: int, by: str) -> Place:
    """Use a retired place again. Raises NotFound, Conflict, or InvalidInput when it no longer fits."""
    place = await _locked(session, code, version)
    await _checked(session, entry_of(place), code)
    return await _switch(session, place, True, by)


def entry_of(place: Place) -> PlaceEntry:
    """What staff may change of ``place``."""
    return PlaceEntry(
        place.name,
        place.kind,
        place.parent,
        tuple(place.aliases),
        tuple(Section(**section) for section in place.sections),
    )


def snapshot(place: Place) -> dict[str, Any]:
    """What the history keeps of ``place``."""
    return {
        "name": place.name,
        "kind": place.kind,
        "parent": place.parent,
        "aliases": list(place.aliases),
        "sections": list(place.sections),
        "active": place.active,
    }


async def _locked(session: AsyncSession, code: str, version: int) -> Place:
    place = await PlaceRepository(session).locked(code)
    if place is None:
        raise NotFound("没有这个地点")
    if place.version != version:
        raise Conflict("这个地点刚被别人改过，请核对现在的内容后再保存")
    return place


async def _checked(session: AsyncSession, entry: PlaceEntry, code: str | None = None) -> Gazetteer:
    # One editor at a time, so that two of them cannot put two places into each other.
    await UnitRepository(session).lock()
    gazetteer = await Gazetteer.load(session)
    found = problems(entry, gazetteer, code)
    if found:
        raise InvalidInput("请改正标出的内容", fields=found)
    return gazetteer


async def _switch(session: AsyncSession, place: Place, active: bool, by: str) -> Place:
    if place.active != active:
        before = snapshot(place)
        place.active = active
        await _keep(session, place, before, by)
    return place


async def _keep(
    session: AsyncSession, place: Place, before: dict[str, Any] | None, by: str
) -> None:
    if before is not None:
        place.version += 1
        place.edited = True
    session.add(PlaceEdit(place=place.code, by=by, at=now(), before=before, after=snapshot(place)))
    await session.flush()
    await UnitRepository(session).announce()


def _values(entry: PlaceEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.kind,
        "parent": entry.parent,
        "aliases": list(entry.aliases),
        "sections": _plain(entry.sections),
    }


def _plain(sections: Sequence[Section]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in vars(section).items() if value is not None}
        for section in sections
    ]
