"""How entries of each kind are built, read off their schemas, with the Chinese name of every field.

Forms, readable pages and differences all walk the same shape, so a field that a schema gains shows
up in all of them. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from kb.field_names import FIELD_NAMES
from kb.schemas import CONTENTS, Kind

LeafKind = Literal["line", "text", "number", "flag", "choice", "date", "moment"]
# What codes in these fields stand for.
UNIT_FIELDS = frozenset({"unit", "joint_units"})
AREA_FIELDS = frozenset({"area", "areas"})
_LONGEST_LINE = 400


@dataclass(frozen=True)
class Leaf:
    """One value. ``choices`` are the values allowed, ``longest`` the most characters (0: any)."""

    name: str
    label: str
    kind: LeafKind
    required: bool
    choices: tuple[str, ...] = ()
    longest: int = 0
    default: Any = None


@dataclass(frozen=True)
class Group:
    """Several fields that belong together, under one name."""

    name: str
    label: str
    parts: tuple[Node, ...]

    def key_part(self) -> Leaf:
        """The field by which people tell rows of such a group apart."""
        leaves = [part for part in self.parts if isinstance(part, Leaf)]
        return next((leaf for leaf in leaves if leaf.required), leaves[0])


@dataclass(frozen=True)
class Rows:
    """Any number of values, or of groups of them."""

    name: str
    label: str
    row: Leaf | Group
    required: bool = False


Node = Leaf | Group | Rows


@cache
def shape_of(kind: Kind) -> Group:
    """What an entry of ``kind`` consists of, code and version left out: nobody types those."""
    schema = CONTENTS[kind].model_json_schema()
    whole = _group("", "", CONTENTS[kind].__name__, schema, schema.get("$defs", {}))
    kept = tuple(part for part in whole.parts if part.name not in ("code", "version"))
    return Group("", "", kept)


def field_label(kind: Kind, path: str) -> str:
    """The Chinese name of a dotted path, as problems of a content name it: ``materials.0.copies``.

    Unknown steps stay as they are.
    """
    node: Node | None = shape_of(kind)
    said = []
    for step in path.split("."):
        if isinstance(node, Rows) and step.isdigit():
            said.append(f"第 {int(step) + 1} 项")
            node = node.row
            continue
        parts = node.parts if isinstance(node, Group) else ()
        node = next((part for part in parts if part.name == step), None)
        said.append(node.label if node else step)
    return " / ".join(said)


def _group(
    name: str, label: str, owner: str, schema: Mapping[str, Any], defs: Mapping[str, Any]
) -> Group:
    required = schema.get("required", [])
    parts = tuple(
        _node(field, _label(owner, field), field in required, described, defs)
        for field, described in schema["properties"].items()
    )
    return Group(name, label, parts)


def _node(
    name: str, label: str, required: bool, described: Mapping[str, Any], defs: Mapping[str, Any]
) -> Node:
    if "anyOf" in described:
        (one,) = [option for option in described["anyOf"] if option.get("type") != "null"]
        return _node(name, label, False, {"default": None, **one}, defs)
    if "$ref" in described:
        owner = described["$ref"].rpartition("/")[2]
        return _group(name, label, owner, defs[owner], defs)
    if described["type"] == "array":
        row = _node(name, label, True, described["items"], defs)
        assert isinstance(row, Leaf | Group), "lists of lists are not in any schema"
        return Rows(name, label, row, required)
    return Leaf(
        name,
        label,
        _leaf_kind(described),
        required,
        tuple(described.get("enum", ())),
        described.get("maxLength", 0),
        described.get("default"),
    )


def _leaf_kind(described: Mapping[str, Any]) -> LeafKind:
    if "enum" in described:
        return "choice"
    if described["type"] == "boolean":
        return "flag"
    if described["type"] == "integer":
        return "number"
    formats: dict[str | None, LeafKind] = {"date": "date", "date-time": "moment"}
    if described.get("format") in formats:
        return formats[described["format"]]
    return "line" if 0 < described.get("maxLength", 0) <= _LONGEST_LINE else "text"


def _label(owner: str, field: str) -> str:
    return FIELD_NAMES.get(f"{owner}.{field}") or FIELD_NAMES.get(field) or field
