"""Entries as files that `kb.readers` reads back to the same: our YAML and JSON, and tables."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import yaml

from kb.models import Entry
from kb.readers.mapping import FieldRule, SourceMapping
from kb.repository import content_of
from kb.schemas import Content, kind_of

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def exported(row: Entry) -> Content:
    """What the entry says, with the version its source gave it, so that it comes back unchanged."""
    return content_of(row).model_copy(update={"version": row.source_version})


def as_yaml(contents: Iterable[Content]) -> str:
    """One list; what a field says when nothing is said is left out."""
    records = [_record(content, "python") for content in contents]
    return str(yaml.dump(records, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100))


def as_json(contents: Iterable[Content]) -> str:
    """The same list as JSON."""
    records = [_record(content, "json") for content in contents]
    return json.dumps(records, ensure_ascii=False, indent=1) + "\n"


def as_table(
    contents: Iterable[Content], mapping: SourceMapping
) -> tuple[list[str], list[list[str]]]:
    """Columns and rows by a mapping each field of which is one column."""
    rules = [(path, rule) for path, rule in mapping.fields.items() if rule.column]
    head = [rule.column or "" for _, rule in rules]
    rows = []
    for content in contents:
        told = content.model_dump(mode="json")
        rows.append([_cell(rule, _at(told, path)) for path, rule in rules])
    return head, rows


def _record(content: Content, mode: str) -> dict[str, Any]:
    told = content.model_dump(mode=mode, exclude_defaults=True)
    # Dates as dates, so that the file reads like a city's own.
    return {"kind": kind_of(content).value, **told}


def _at(told: Any, path: str) -> Any:
    for step in path.split("."):
        told = told.get(step) if isinstance(told, dict) else None
    return told


def _cell(rule: FieldRule, value: Any) -> str:
    if rule.split is None or not isinstance(value, list):
        return _piece(rule, value)
    return rule.split.join(_escaped(_piece(rule, one), rule.split) for one in value)


def _piece(rule: FieldRule, value: Any) -> str:
    if not isinstance(value, dict):
        return _text(rule.table, value)
    told = [_text(rule.part_tables.get(name, {}), value.get(name)) for name in rule.parts]
    while told and not told[-1]:
        told.pop()
    return rule.part_separator.join(_escaped(part, rule.part_separator) for part in told)


def _text(table: dict[str, Any], value: Any) -> str:
    if value is None:
        return ""
    ours = {read: theirs for theirs, read in table.items()}
    return str(ours.get(value, value))


def _escaped(text: str, separator: str) -> str:
    return text.replace(separator, "\\" + separator)
