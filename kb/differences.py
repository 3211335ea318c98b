"""What changed between two contents of an entry, field by field, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.calendar import LOCAL
from kb.schemas import Kind
from kb.shape import AREA_FIELDS, UNIT_FIELDS, Group, Leaf, Node, Rows, shape_of

# A number of days is told as one: 20 个工作日.
_SPAN = {"days", "unit"}


@dataclass(frozen=True)
class Names:
    """What codes of units and of areas are called; a code that is in neither is shown as it is."""

    units: Mapping[str, str]
    areas: Mapping[str, str]


@dataclass(frozen=True)
class Difference:
    """One field: ``before`` is empty for what came new, ``after`` for what went."""

    label: str
    before: str
    after: str


def differences(
    kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any], names: Names
) -> list[Difference]:
    """What ``after`` says otherwise than ``before``, in the order of the fields.

    Both may be unfinished. Rows of a list are told apart by their name, so that one more material
    is one difference.
    """
    return list(_in_group(shape_of(kind), before, after, "", names))


def said(leaf: Leaf, value: Any, names: Names) -> str:
    """The value as people read it; empty when nothing is said."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if leaf.name in UNIT_FIELDS and not leaf.choices:
        return names.units.get(str(value), str(value))
    if leaf.name in AREA_FIELDS:
        return names.areas.get(str(value), str(value))
    if leaf.kind == "moment":
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            return str(value)
        return at.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M")
    return str(value)


def summary(node: Node, value: Any, names: Names) -> str:
    """A field with all below it in one line; empty when nothing is said."""
    match node:
        case Leaf():
            return said(node, value, names)
        case Rows():
            rows = value if isinstance(value, Sequence) and not isinstance(value, str) else []
            return "；".join(filter(None, (summary(node.row, row, names) for row in rows)))
        case Group():
            held = _held(value)
            if {part.name for part in node.parts} == _SPAN:
                return f"{held['days']} 个{held.get('unit', '')}" if "days" in held else ""
            told = [(part.label, summary(part, held.get(part.name), names)) for part in node.parts]
            return "，".join(f"{label}：{text}" for label, text in told if text)


def _in_group(
    group: Group, before: Any, after: Any, prefix: str, names: Names
) -> Iterator[Difference]:
    was, will = _held(before), _held(after)
    for part in group.parts:
        yield from _in(part, was.get(part.name), will.get(part.name), prefix, names)


def _in(node: Node, before: Any, after: Any, prefix: str, names: Names) -> Iterator[Difference]:
    label = prefix + node.label
    match node:
        case Leaf():
            was, will = said(node, before, names), said(node, after, names)
            if was != will:
                yield Difference(label, was, will)
        case Group():
            yield from _in_group(node, before, after, f"{label} / ", names)
        case Rows(row=Leaf() as leaf):
            yield from _values(label, leaf, before or [], after or [], names)
        case Rows(row=Group() as group):
            yield from _rows(label, group, before or [], after or [], names)


def _values(
    label: str, leaf: Leaf, before: Sequence[Any], after: Sequence[Any], names: Names
) -> Iterator[Difference]:
    was = [said(leaf, value, names) for value in before]
    will = [said(leaf, value, names) for value in after]
    gone, new = _without(was, will), _without(will, was)
    yield from (Difference(label, text, "") for text in gone)
    yield from (Difference(label, "", text) for text in new)
    if not gone and not new and was != will:
        yield Difference(f"{label}（顺序）", "、".join(was), "、".join(will))


def _without(some: Sequence[str], others: Sequence[str]) -> list[str]:
    left = list(others)
    kept = []
    for text in some:
        if text in left:
            left.remove(text)
        else:
            kept.append(text)
    return kept


def _rows(
    label: str, group: Group, before: Sequence[Any], after: Sequence[Any], names: Names
) -> Iterator[Difference]:
    key = group.key_part()
    left = [(said(key, _held(row).get(key.name), names), row) for row in before]
    was_order = [name for name, _ in left]
    pairs: list[tuple[str, Any, Any]] = []
    for row in after:
        name = said(key, _held(row).get(key.name), names)
        at = next((i for i, (other, _) in enumerate(left) if other == name), None)
        pairs.append((name, left.pop(at)[1] if at is not None else None, row))
    for _, row in left:
        yield Difference(label, summary(group, row, names), "")
    for name, was, row in pairs:
        if was is None:
            yield Difference(label, "", summary(group, row, names))
        else:
            yield from _in_group(group, was, row, f"{label}“{name}” / ", names)
    will_order = [name for name, _, _ in pairs]
    if sorted(was_order) == sorted(will_order) and was_order != will_order:
        yield Difference(f"{label}（顺序）", "、".join(was_order), "、".join(will_order))


def _held(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
