"""What the sample city's knowledge files say: valid, whole, told apart, visibly invented."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from pydantic import ValidationError

from kb.schemas import EntryContent, ItemContent, LifeEventContent, PolicyContent

_Content = TypeVar("_Content", bound=EntryContent)
CITY = Path(__file__).parents[2] / "city"
# folder, schema, the fewest entries it holds
FOLDERS: list[tuple[str, type[EntryContent], int]] = [
    ("items", ItemContent, 209),
    ("policies", PolicyContent, 50),
    ("life_events", LifeEventContent, 16),
]
ALIASES_AND_QUESTIONS = 2570
_FILES_AT_MOST = 600
_PHONE = re.compile(r"(?<![\d-])(?:0\d{2,3}-?)?\d{7,11}(?!\d)|(?<!\d)0000-\d+")
_INVENTED = re.compile(r"0000-1234\d{4}")
# Emergency and public lines that every city has.
_HOTLINE = re.compile(r"1[12]\d{1,3}|12345")


@cache
def _raw(folder: str) -> list[tuple[str, dict[str, Any]]]:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [
        (path.name, entry)
        for path in sorted((CITY / folder).glob("*.yml"))
        for entry in yaml.load(path.read_text("utf-8"), loader)
    ]


@cache
def _entries() -> list[EntryContent]:
    return [schema.model_validate(raw) for name, schema, _ in FOLDERS for _, raw in _raw(name)]


def _of(kind: type[_Content]) -> list[_Content]:
    return [entry for entry in _entries() if isinstance(entry, kind)]


@cache
def _codes(file: str) -> frozenset[str]:
    return frozenset(entry["code"] for entry in yaml.safe_load((CITY / file).read_text("utf-8")))


def _twice(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


@pytest.mark.parametrize(("folder", "schema", "fewest"), FOLDERS)
def test_every_entry_fits_its_schema(folder: str, schema: type[EntryContent], fewest: int) -> None:
    rejected = []
    for file, raw in _raw(folder):
        try:
            schema.model_validate(raw)
        except ValidationError as error:
            rejected.append(f"{file} {raw.get('code')}: {error}")
    assert rejected == []
    assert len(_raw(folder)) >= fewest


def test_there_are_many_ways_to_ask() -> None:
    assert sum(len(e.aliases) + len(e.questions) for e in _entries()) >= ALIASES_AND_QUESTIONS


def test_files_stay_readable() -> None:
    files = [path for name, _, _ in FOLDERS for path in (CITY / name).glob("*.yml")]
    long = {path.name: len(path.read_text("utf-8").splitlines()) for path in files}
    assert {name: lines for name, lines in long.items() if lines > _FILES_AT_MOST} == {}


def test_codes_and_names_occur_once() -> None:
    assert _twice(entry.code for entry in _entries()) == []
    assert _twice(entry.name for entry in _entries()) == []


def test_a_name_or_alias_means_one_entry() -> None:
    meant: dict[str, set[str]] = defaultdict(set)
    for entry in _entries():
        assert _twice(alias.lower() for alias in entry.aliases) == [], entry.code
        for name in (entry.name, *entry.aliases):
            meant[name.lower()].add(entry.code)
    assert {name: codes for name, codes in meant.items() if len(codes) > 1} == {}


def test_a_citizens_wording_means_one_entry() -> None:
    meant: dict[str, set[str]] = defaultdict(set)
    for entry in _entries():
        assert _twice(entry.questions) == [], entry.code
        for question in entry.questions:
            meant[question].add(entry.code)
    assert {text: codes for text, codes in meant.items() if len(codes) > 1} == {}


def test_units_areas_and_entries_referred_to_exist() -> None:
    units, areas = _codes("units.yml"), _codes("territory.yml")
    items = {entry.code for entry in _of(ItemContent)}
    policies = {entry.code for entry in _of(PolicyContent)}
    missing = [(e.code, e.unit) for e in _entries() if e.unit not in units]
    for item in _of(ItemContent):
        served = [w.area for w in item.windows if w.area] + [a.area for a in item.agents]
        missing += [(item.code, area) for area in served if area not in areas]
        if item.superseded_by and item.superseded_by not in items:
            missing.append((item.code, item.superseded_by))
    for policy in _of(PolicyContent):
        missing += [(policy.code, unit) for unit in policy.joint_units if unit not in units]
        missing += [(policy.code, code) for code in policy.items if code not in items]
        if policy.superseded_by and policy.superseded_by not in policies:
            missing.append((policy.code, policy.superseded_by))
    for event in _of(LifeEventContent):
        missing += [(event.code, step.item) for step in event.steps if step.item not in items]
    assert missing == []


def test_a_superseded_policy_ends_where_its_successor_begins() -> None:
    policies = {policy.code: policy for policy in _of(PolicyContent)}
    pairs = [(old, policies[old.superseded_by]) for old in policies.values() if old.superseded_by]
    assert len(pairs) >= 2
    for old, new in pairs:
        assert {old.code, old.document_number} & set(new.replaces), new.code
        assert new.differences, new.code
        assert old.valid_to is not None
        assert (new.valid_from - old.valid_to).days == 1, old.code


def test_policies_of_every_fate() -> None:
    policies = _of(PolicyContent)
    assert any(policy.void_on for policy in policies)
    assert any(policy.renewed_on for policy in policies)
    assert any(p.normative and not p.renewed_on and p.valid_from.year == 2020 for p in policies)
    assert {policy.mode for policy in policies} == {"免申即享", "依申请", "普遍适用"}
    assert [policy.code for policy in policies if len(policy.interpretation) < 3] == []
    assert _twice(policy.document_number for policy in policies) == []


def test_some_items_are_done_near_home() -> None:
    items = _of(ItemContent)
    near = [item for item in items if len([w for w in item.windows if w.area]) >= 2]
    assert len(near) >= 10
    helped = {contact.area for item in items for contact in item.agents}
    assert {"chengxi.xiling", "qingshi.yunling", "qingshi.chaxi"} <= helped


def test_phones_are_invented() -> None:
    real = []
    for name, _, _ in FOLDERS:
        for file, raw in _raw(name):
            text = yaml.safe_dump(raw, allow_unicode=True, width=10**6)
            real += [(file, found) for found in _PHONE.findall(text) if not _INVENTED.match(found)]
    for item in _of(ItemContent):
        said = [item.phones.inquiry, item.phones.complaint, *(w.phone for w in item.windows)]
        said += [contact.phone for contact in item.agents]
        real += [
            (item.code, phone)
            for phone in said
            if phone and not _INVENTED.fullmatch(phone) and not _HOTLINE.fullmatch(phone)
        ]
    assert real == []
