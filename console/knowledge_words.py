"""The knowledge desk in words: names of kinds and states, and an entry as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from console.territory_form import Areas
from core.calendar import LOCAL
from core.database import now
from kb.differences import Names, said, summary
from kb.models import Entry
from kb.schemas import Kind
from kb.shape import Group, Leaf, Node, Rows, shape_of
from kb.states import STATE_NAMES, EntryState, state_of
from units.gazetteer import AREAS, Gazetteer
from units.tree import UnitTree

KIND_NAMES = {
    Kind.ITEM: "事项",
    Kind.POLICY: "政策",
    Kind.LIFE_EVENT: "一件事",
    Kind.NOTICE: "通知公告",
}
_STATE_TAGS = {
    EntryState.LIVE: "tag-good",
    EntryState.ENDING: "tag-warn",
    EntryState.COMING: "tag-info",
    EntryState.ENDED: "tag-bad",
}
# Who is not a person: what wrote a version.
_AUTHORS = {"file": "随文件导入", "merger": "机构合并"}


@dataclass(frozen=True)
class Fact:
    """A field of an entry: one text, or several lines, or a table with its heads."""

    label: str
    lines: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class EntryLine:
    """An entry as lists show it."""

    entry: Entry
    kind: str
    unit: str
    state: EntryState
    state_name: str
    tag: str
    validity: str


def local_today() -> date:
    """The present day of the line."""
    return now().astimezone(LOCAL).date()


async def load_areas(session: AsyncSession) -> Areas:
    """Districts, streets and communities as people write them."""
    return Areas(await Gazetteer.load(session, AREAS))


def names_of(tree: UnitTree, areas: Areas) -> Names:
    """What the codes in entries are called now."""
    return Names(
        {code: unit.name for code, unit in tree.units.items()},
        {code: areas.label(code) for code in areas.gazetteer.places},
    )


def entry_line(entry: Entry, tree: UnitTree, today: date) -> EntryLine:
    """The entry with its state on ``today``."""
    successor = entry.content.get("superseded_by")
    state = state_of(entry.status, entry.valid_from, entry.valid_to, successor, today)
    return EntryLine(
        entry=entry,
        kind=KIND_NAMES[Kind(entry.kind)],
        unit=tree.name(entry.unit),
        state=state,
        state_name=STATE_NAMES[state],
        tag=_STATE_TAGS.get(state, ""),
        validity=f"{entry.valid_from} 至 {entry.valid_to or '长期'}",
    )


def author_name(login: str | None, people: Mapping[str, str]) -> str:
    """The name of who wrote something; files and mergers write as well."""
    return _AUTHORS.get(login or "", people.get(login or "", login or ""))


def facts(kind: Kind, content: Mapping[str, Any], names: Names) -> list[Fact]:
    """Everything that ``content`` says, also unfinished, in the order of its fields."""
    return list(_facts(shape_of(kind), content, "", names))


def _facts(node: Node, value: Any, prefix: str, names: Names) -> Iterator[Fact]:
    label = prefix + node.label
    match node:
        case Leaf():
            if text := said(node, value, names):
                yield Fact(label, (text,))
        case Group():
            yield from _group_facts(node, value, label, names)
        case Rows(row=Leaf() as leaf):
            if lines := tuple(filter(None, (said(leaf, one, names) for one in _listed(value)))):
                yield Fact(label, lines)
        case Rows(row=Group() as group):
            if rows := [row for row in _listed(value) if isinstance(row, Mapping)]:
                yield _table(label, group, rows, names)


def _group_facts(group: Group, value: Any, label: str, names: Names) -> Iterator[Fact]:
    """The whole entry field by field; a group inside it as lines, its rows as tables."""
    held = value if isinstance(value, Mapping) else {}
    if not label:
        for part in group.parts:
            yield from _facts(part, held.get(part.name), "", names)
        return
    rows = [part for part in group.parts if isinstance(part, Rows) and isinstance(part.row, Group)]
    told = (
        (part.label, summary(part, held.get(part.name), names))
        for part in group.parts
        if part not in rows
    )
    if lines := tuple(f"{name}：{text}" for name, text in told if text):
        yield Fact(label, lines)
    for part in rows:
        yield from _facts(part, held.get(part.name), f"{label} · ", names)


def _table(label: str, group: Group, rows: list[Mapping[str, Any]], names: Names) -> Fact:
    cells = [[summary(part, row.get(part.name), names) for part in group.parts] for row in rows]
    told = [n for n in range(len(group.parts)) if any(row[n] for row in cells)]
    return Fact(
        label,
        heads=tuple(group.parts[n].label for n in told),
        rows=tuple(tuple(row[n] for n in told) for row in cells),
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
