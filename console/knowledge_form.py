"""The form of an entry of any kind, built from its shape, and what was typed into it. Pure.

A field is called by its dotted path behind ``c.``: ``c.materials.0.name``. What does not read as its
type stays as it was typed, so that nothing is lost and the schema says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.calendar import LOCAL
from kb.shape import AREA_FIELDS, UNIT_FIELDS, Group, Leaf, LeafKind, Node, Rows

BEFORE = "c."
# Where the number of a row stands in the row that a script copies.
ANY_ROW = "__row__"
_MOST_ROWS = 200
_FLAGS = {"yes": True, "no": False}
_LONG_LINE = 60
# Name of the list that a field offers.
_LISTS = {**dict.fromkeys(UNIT_FIELDS, "units"), **dict.fromkeys(AREA_FIELDS, "areas")}


@dataclass(frozen=True)
class Field:
    """One control. ``value`` is what stands in it; several lines when ``many``."""

    path: str
    label: str
    kind: LeafKind
    required: bool
    choices: tuple[str, ...]
    longest: int
    value: str
    problem: str
    many: bool
    offers: str
    blank: bool
    default: str = ""

    @property
    def id(self) -> str:
        """The id of the control in its page."""
        return (BEFORE + self.path).replace(".", "-")

    @property
    def wide(self) -> bool:
        """Whether it needs the whole width."""
        return self.many or self.kind == "text" or self.longest > _LONG_LINE

    @property
    def telling(self) -> bool:
        """Whether it must be seen: it says something, must say something, does not fit, or is a
        day, for validity is what is looked at most."""
        says = self.value != self.default
        return bool(self.required or self.problem or says or self.kind == "date")


def main_fields(fields: Iterable[Field]) -> list[Field]:
    """Those that must be seen."""
    return [field for field in fields if field.telling]


def more_fields(fields: Iterable[Field]) -> list[Field]:
    """The rest, which a fold may hide."""
    return [field for field in fields if not field.telling]


@dataclass(frozen=True)
class RowGroup:
    """One row of a section: its fields, and what it is called."""

    number: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Section:
    """A part of the form. With ``rows`` it grows: ``new_row`` is the one to copy."""

    path: str
    label: str
    fields: tuple[Field, ...] = ()
    rows: tuple[RowGroup, ...] = ()
    new_row: RowGroup | None = None
    problem: str = ""

    @property
    def id(self) -> str:
        """The id of the section in its page."""
        return "part-" + (self.path.replace(".", "-") or "basic")

    @property
    def problems(self) -> int:
        """How many fields of it do not fit."""
        fields = [*self.fields, *(field for row in self.rows for field in row.fields)]
        return sum(1 for field in fields if field.problem) + bool(self.problem)


Codes = Callable[[str, str], str]
Written = Callable[[str, str], str]


def sections(
    shape: Group, content: Mapping[str, Any], problems: Mapping[str, str], written: Written
) -> list[Section]:
    """The form with ``content`` in it and each problem at its field.

    ``written`` gives for the name of a field and a code how people write what it stands for.
    """
    builder = _Builder(_at_fields(problems), written)
    basic = [part for part in shape.parts if _is_field(part)]
    found = [Section("", "基本内容", tuple(builder.fields(basic, content, "")))]
    for part in shape.parts:
        if not _is_field(part):
            found += builder.parts(part, content.get(part.name), part.name, part.label)
    return found


def read(shape: Group, typed: Mapping[str, str], codes: Codes) -> dict[str, Any]:
    """What the form says. ``codes`` turns what stands in a field of that name into a code, or
    gives it back as it is."""
    values = {
        path.removeprefix(BEFORE): text.replace("\x00", "").replace("\r\n", "\n").strip()
        for path, text in typed.items()
        if path.startswith(BEFORE)
    }
    return _read_group(shape, values, "", codes)


class _Builder:
    def __init__(self, problems: Mapping[str, str], written: Written) -> None:
        self.problems = problems
        self.written = written

    def parts(self, node: Node, value: Any, path: str, label: str) -> list[Section]:
        """The section of a group or of rows; rows inside a group get one of their own."""
        problem = self.problems.get(path, "")
        if isinstance(node, Rows):
            assert isinstance(node.row, Group)
            listed = value if isinstance(value, list) else []
            rows = [self._row(node.row, row, path, str(n)) for n, row in enumerate(listed)]
            new = self._row(node.row, {}, path, ANY_ROW)
            return [Section(path, label, rows=tuple(rows), new_row=new, problem=problem)]
        assert isinstance(node, Group)
        held = value if isinstance(value, Mapping) else {}
        inside = [part for part in node.parts if isinstance(part, Rows) and not _is_field(part)]
        rest = tuple(part for part in node.parts if part not in inside)
        fields = tuple(self.fields(rest, held, f"{path}."))
        found = [Section(path, label, fields, problem=problem)]
        for part in inside:
            below = f"{path}.{part.name}"
            found += self.parts(part, held.get(part.name), below, part.label)
        return found

    def fields(self, parts: Iterable[Node], held: Mapping[str, Any], before: str) -> list[Field]:
        """Controls of values, of lists of values, and of groups without rows."""
        found = []
        for part in parts:
            path = before + part.name
            value = held.get(part.name)
            match part:
                case Leaf():
                    found.append(self._field(part, value, path))
                case Rows(row=Leaf() as leaf):
                    found.append(self._lines(part, leaf, value, path))
                case Group():
                    inner = value if isinstance(value, Mapping) else {}
                    found += [
                        _labelled(field, part.label)
                        for field in self.fields(part.parts, inner, f"{path}.")
                    ]
        return found

    def _row(self, group: Group, value: Any, path: str, number: str) -> RowGroup:
        held = value if isinstance(value, Mapping) else {}
        return RowGroup(number, tuple(self.fields(group.parts, held, f"{path}.{number}.")))

    def _field(self, leaf: Leaf, value: Any, path: str) -> Field:
        shown = leaf.default if value is None else value
        return Field(
            path=path,
            label=leaf.label,
            kind=leaf.kind,
            required=leaf.required,
            choices=leaf.choices,
            longest=leaf.longest,
            value=self._text(leaf, shown),
            problem=self.problems.get(path, ""),
            many=False,
            offers=_LISTS.get(leaf.name, "") if leaf.kind == "line" else "",
            blank=not leaf.required and leaf.default is None,
            default=self._text(leaf, leaf.default),
        )

    def _lines(self, rows: Rows, leaf: Leaf, value: Any, path: str) -> Field:
        listed = value if isinstance(value, list) else []
        return Field(
            path=path,
            label=rows.label,
            kind="text",
            required=rows.required,
            choices=(),
            longest=0,
            value="\n".join(self._text(leaf, one) for one in listed),
            problem=self.problems.get(path, ""),
            many=True,
            offers="",
            blank=True,
        )

    def _text(self, leaf: Leaf, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if leaf.kind == "moment":
            return _moment_text(str(value))
        return self.written(leaf.name, str(value)) if leaf.kind == "line" else str(value)


def _labelled(field: Field, before: str) -> Field:
    return Field(**{**field.__dict__, "label": f"{before} · {field.label}"})


def _is_field(node: Node) -> bool:
    return isinstance(node, Leaf) or (isinstance(node, Rows) and isinstance(node.row, Leaf))


def _at_fields(problems: Mapping[str, str]) -> dict[str, str]:
    """Problems by field: one of a line of a list stands at the list."""
    found = dict(problems)
    for path, text in problems.items():
        above, _, last = path.rpartition(".")
        if last.isdigit():
            found.setdefault(above, f"第 {int(last) + 1} 项：{text}")
    return found


def _read_group(
    group: Group, values: Mapping[str, str], before: str, codes: Codes
) -> dict[str, Any]:
    found = {}
    for part in group.parts:
        value = _read(part, values, before + part.name, codes)
        if value is not None:
            found[part.name] = value
    return found


def _read(node: Node, values: Mapping[str, str], path: str, codes: Codes) -> Any:
    match node:
        case Leaf():
            return _read_leaf(node, values.get(path, ""), codes)
        case Rows(row=Leaf() as leaf):
            lines = (line.strip() for line in values.get(path, "").split("\n"))
            return [_read_leaf(leaf, line, codes) for line in lines if line]
        case Rows(row=Group() as group):
            rows = [
                _read_group(group, values, f"{path}.{number}.", codes)
                for number in _row_numbers(values, path)[:_MOST_ROWS]
            ]
            return [row for row in rows if not _says_nothing(group, row)]
        case Group():
            held = _read_group(node, values, f"{path}.", codes)
            return None if _says_nothing(node, held) else held


def _read_leaf(leaf: Leaf, text: str, codes: Codes) -> Any:
    if not text:
        return None
    match leaf.kind:
        case "flag":
            return _FLAGS.get(text, text)
        case "number":
            return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else text
        case "moment":
            return _moment(text)
        case "line" if leaf.name in _LISTS:
            return codes(leaf.name, text)
    return text


def _row_numbers(values: Mapping[str, str], path: str) -> list[int]:
    """Numbers of the rows that were sent, in their order; a row that was taken out leaves a gap."""
    beginning = f"{path}."
    found = {
        int(number)
        for name in values
        if name.startswith(beginning)
        and re.fullmatch(r"[0-9]{1,6}", number := name.removeprefix(beginning).split(".")[0])
    }
    return sorted(found)


def _says_nothing(group: Group, held: Mapping[str, Any]) -> bool:
    """Whether a group holds no more than what its fields start with."""
    defaults = {part.name: part.default for part in group.parts if isinstance(part, Leaf)}
    return all(value in ([], defaults.get(name)) for name, value in held.items())


def _moment(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (at if at.tzinfo else at.replace(tzinfo=LOCAL)).isoformat()


def _moment_text(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M")
    except ValueError:
        return text
