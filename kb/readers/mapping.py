"""A mapping file says where each field of an entry stands in somebody else's register.

``fields`` leads from a field of `kb.schemas` (dotted: ``limits.legal``, ``windows.0.name``) to a
column, or to a rule for reading it (`FieldRule`). Mappings that ship stand in kb/mappings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.calendar import LOCAL
from kb.readers.plain import Refused, cell_text, plain
from kb.readers.reading import UnusableSource, reason_of
from kb.schemas import Kind

SHIPPED = Path(__file__).parents[1] / "mappings"
_DATE = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T].*)?")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class FieldRule(_Strict):
    """How one field is read. Steps are taken in this order, each only if it is given:

    ``from`` a column, or ``join`` of several with spaces, or a fixed ``value``; ``remove`` a
    beginning; ``present`` instead of anything that stands there; ``date`` in any usual writing;
    ``pattern``: must match, named groups become an object; ``split`` into a list; ``table`` from
    their codes to ours; ``parts``: each piece is an object, its parts split by ``part_separator``
    and some of them read by ``part_tables`` (a separator after a backslash is text);
    ``each``: a list of objects (JSON) read by rules; ``default`` when nothing is left.
    """

    column: str | None = Field(None, alias="from")
    join: list[str] = []
    value: Any = None
    remove: str = ""
    present: Any = None
    date: bool = False
    pattern: str | None = None
    split: str | None = None
    table: dict[str, Any] = {}
    parts: list[str] = []
    part_separator: str = "｜"
    part_tables: dict[str, dict[str, Any]] = {}
    each: dict[str, FieldRule] = {}
    default: Any = None

    @field_validator("each", mode="before")
    @classmethod
    def _short_each(cls, rules: Any) -> Any:
        return _spelt_out(rules)

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"不是有效的正则表达式：{error}") from error
        return pattern

    @property
    def columns(self) -> list[str]:
        """The columns that it reads."""
        return [self.column] if self.column else self.join


class SourceMapping(_Strict):
    """A whole mapping. ``needed`` columns must be there: all that are named, unless it says which.

    ``units`` leads from names in the register to codes of units, before the names of the city's
    own; ``default_unit`` answers for entries of any other name. ``empty`` are words for nothing.
    ``only``: records with another value in that column are no longer in use and left aside.
    """

    title: str = ""
    kind: Kind = Kind.ITEM
    needed: list[str] | None = None
    empty: list[str] = ["", "无"]
    units: dict[str, str] = {}
    default_unit: str | None = None
    only: dict[str, list[str]] = {}
    fields: dict[str, FieldRule]

    @field_validator("fields", mode="before")
    @classmethod
    def _short(cls, rules: Any) -> Any:
        return _spelt_out(rules)

    def takes(self, record: Mapping[str, Any]) -> bool:
        """Whether the record is one in use."""
        return all(_scalar(record.get(name)) in wanted for name, wanted in self.only.items())

    @property
    def needed_columns(self) -> list[str]:
        """The columns without which a file is not this register."""
        if self.needed is not None:
            return self.needed
        named = [column for rule in self.fields.values() for column in rule.columns]
        return list(dict.fromkeys(named))


def load_mapping(name: str) -> SourceMapping:
    """The mapping of that path, or the one of that name that ships. Raises UnusableSource."""
    path = Path(name)
    if not path.suffix:
        path = SHIPPED / f"{name}.yml"
    try:
        raw = yaml.safe_load(path.read_text("utf-8-sig"))
        return SourceMapping.model_validate(raw)
    except (OSError, UnicodeDecodeError) as error:
        shipped = "、".join(sorted(one.stem for one in SHIPPED.glob("*.yml")))
        raise UnusableSource(f"读不到映射文件 {name}（自带的有：{shipped}）") from error
    except yaml.YAMLError as error:
        raise UnusableSource(f"映射文件 {name} 不是有效的 YAML：{error}") from error
    except ValidationError as error:
        raise UnusableSource(f"映射文件 {name} 不对：{reason_of(error)}") from error


class Translation:
    """One record of a register on its way to an entry: the raw content and what to remark."""

    def __init__(self, mapping: SourceMapping, record: Mapping[str, Any]) -> None:
        """Raises Refused with the column when a value may not go in."""
        self.remarks: list[str] = []
        self._empty = frozenset(mapping.empty)
        self.raw: dict[str, Any] = self._object(mapping.fields, record)

    def _object(self, rules: Mapping[str, FieldRule], record: Mapping[str, Any]) -> dict[str, Any]:
        raw: dict[str, Any] = {}
        for path, rule in rules.items():
            value = self._field(rule, record)
            if value not in (None, "", [], {}):
                _put(raw, path, value)
        return {name: _listed(value) for name, value in raw.items()}

    def _field(self, rule: FieldRule, record: Mapping[str, Any]) -> Any:
        if rule.value is not None:
            return rule.value
        if rule.each:
            listed = record.get(rule.column or "")
            parts = listed if isinstance(listed, list) else []
            return [self._object(rule.each, part) for part in parts if isinstance(part, dict)]
        told = " ".join(filter(None, (self._text(record, name) for name in rule.columns)))
        found = self._read(rule, told.removeprefix(rule.remove).strip()) if told else None
        return rule.default if found in (None, "", []) else found

    def _text(self, record: Mapping[str, Any], column: str) -> str:
        value = record.get(column)
        if value is None or isinstance(value, (list, dict)):
            return ""
        try:
            told, cleaned = plain(cell_text(_scalar(value)))
        except Refused as error:
            raise Refused(f"“{column}”{error}") from error
        if cleaned:
            self.remarks.append(f"“{column}”去掉了网页标记")
        return "" if told in self._empty else told

    def _read(self, rule: FieldRule, told: str) -> Any:
        if rule.present is not None:
            return rule.present
        if rule.date:
            return self._date(rule, told)
        if rule.pattern is not None:
            return self._matched(rule, told)
        if rule.split is None:
            return self._piece(rule, told)
        pieces = [part for part in split(told, rule.split) if part]
        read = [self._piece(rule, part) for part in pieces]
        return [one for one in read if one is not None]

    def _piece(self, rule: FieldRule, told: str) -> Any:
        if rule.parts:
            parts = split(told, rule.part_separator)
            return {
                name: rule.part_tables.get(name, {}).get(part, part)
                for name, part in zip(rule.parts, parts, strict=False)
                if part
            }
        if rule.table:
            if told not in rule.table:
                self._left_out(rule, told, "不在对照表里")
            return rule.table.get(told)
        return told

    def _date(self, rule: FieldRule, told: str) -> str | None:
        if re.fullmatch(r"\d{12,13}", told):
            # Milliseconds since 1970, as Java writes them.
            return (
                datetime.fromtimestamp(int(told) / 1000, UTC).astimezone(LOCAL).date().isoformat()
            )
        found = _DATE.fullmatch(told)
        if found is None:
            self._left_out(rule, told, "不是日期")
            return None
        return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"

    def _matched(self, rule: FieldRule, told: str) -> Any:
        found = re.search(rule.pattern or "", told)
        if found is None:
            self._left_out(rule, told, "格式不符")
            return None
        return found.groupdict() or told

    def _left_out(self, rule: FieldRule, told: str, why: str) -> None:
        self.remarks.append(f"“{'、'.join(rule.columns)}”的“{told[:40]}”{why}，没有采用")


def split(text: str, separator: str) -> list[str]:
    """The stripped parts of ``text``; a separator after a backslash is part of the text."""
    parts = re.split(r"(?<!\\)" + re.escape(separator), text)
    return [part.replace("\\" + separator, separator).strip() for part in parts]


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value).strip()


def _put(raw: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for name in above:
        raw = raw.setdefault(name, {})
    raw[last] = value


def _listed(value: Any) -> Any:
    """Objects whose keys are all numbers are lists: ``windows.0.name``."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(part) for name, part in value.items()}
    if inner and all(name.isdecimal() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def _spelt_out(rules: Any) -> Any:
    """``field: column`` is short for ``field: {from: column}``."""
    if not isinstance(rules, dict):
        return rules
    return {
        field: {"from": rule} if isinstance(rule, str) else rule for field, rule in rules.items()
    }
