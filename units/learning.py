"""What corrected cases teach about places: names that citizens use and the territory lacks."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import now
from core.errors import Conflict, InvalidInput, NotFound
from units.gazetteer import Gazetteer
from units.models import Place, PlaceSuggestion
from units.place_editing import add, change, entry_of
from units.place_patterns import generic_names
from units.place_repository import PlaceRepository
from units.place_rules import PlaceEntry

MAX_NAME = 60
# What has no ending of a place (老渡口) is a name only when it is short.
_LONGEST_BARE = 8
_NO_NAME = re.compile(r"未说明|不清楚|不知道|[，。,.;；!！?？]|^[^\u4e00-\u9fff]*$")


def name_to_learn(said: str) -> str | None:
    """The name in what was said of a place, without house number: 翠湖苑 of 翠湖苑3栋南门. Pure.

    None when nothing is left that could be a name: 未说明, coordinates, a whole story.
    """
    spans = generic_names(said)
    name = spans[0].name if spans else said.strip()
    plain = not _NO_NAME.search(name) and 2 <= len(name) <= MAX_NAME
    return name if plain and (spans or len(name) <= _LONGEST_BARE) else None


async def suggest(session: AsyncSession, name: str, street: str, case_number: str) -> None:
    """Note that a dispatcher put what citizens call ``name`` into ``street`` (a code).

    One row a name and street; the count and the case numbers grow. Whoever calls makes sure that
    no words of a secret case come here. A street that is no place is ignored.
    """
    learnt = name_to_learn(name)
    if learnt is None or await session.get(Place, street) is None:
        return
    row = insert(PlaceSuggestion).values(
        name=learnt,
        street=street,
        count=1,
        case_numbers=[case_number],
        state="open",
        changed_at=now(),
    )
    await session.execute(
        row.on_conflict_do_update(
            constraint="uq_place_suggestions_name_street",
            set_={
                "count": PlaceSuggestion.count + 1,
                "case_numbers": PlaceSuggestion.case_numbers.concat([case_number]),
                "changed_at": now(),
            },
            # The same case corrected twice teaches nothing more.
            where=~PlaceSuggestion.case_numbers.contains([case_number]),
        )
    )


async def accept_as_alias(session: AsyncSession, suggestion_id: int, place: str, by: str) -> Place:
    """Make the suggested name an alias of ``place`` (a code).

    Raises NotFound, Conflict when it is decided already, InvalidInput when the place lies
    elsewhere than the dispatchers said.
    """
    found = await _open(session, suggestion_id)
    row = await PlaceRepository(session).locked(place)
    if row is None or not row.active:
        raise InvalidInput("请从列表中选择地点", fields={"place": "没有这个地点"})
    if found.street not in (await Gazetteer.load(session)).areas(place):
        raise InvalidInput("这个地点不在派单员选定的街道里", fields={"place": "不在同一街道"})
    entry = entry_of(row)
    if found.name not in (entry.name, *entry.aliases):
        entry = replace(entry, aliases=(*entry.aliases, found.name))
    changed = await change(session, place, row.version, entry, by)
    _decide(found, "accepted", by)
    return changed


async def accept_as_place(session: AsyncSession, suggestion_id: int, kind: str, by: str) -> Place:
    """Add the suggested name as a new place of its street.

    Raises NotFound, Conflict when it is decided already, InvalidInput when it does not fit.
    """
    found = await _open(session, suggestion_id)
    added = await add(session, PlaceEntry(found.name, kind, found.street), by)
    _decide(found, "accepted", by)
    return added


async def dismiss(session: AsyncSession, suggestion_id: int, by: str) -> None:
    """Put a suggestion away; it stays away however often it comes. Raises NotFound, Conflict."""
    _decide(await _open(session, suggestion_id), "dismissed", by)


async def _open(session: AsyncSession, suggestion_id: int) -> PlaceSuggestion:
    found = await PlaceRepository(session).suggestion(suggestion_id)
    if found is None:
        raise NotFound("没有这条建议")
    if found.state != "open":
        raise Conflict("这条建议刚被别人处理过")
    return found


def _decide(suggestion: PlaceSuggestion, state: str, by: str) -> None:
    suggestion.state, suggestion.decided_by, suggestion.changed_at = state, by, now()
