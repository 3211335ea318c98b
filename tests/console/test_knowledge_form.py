"""The form of an entry: what is shown comes back as it was, whatever was typed is kept."""

from __future__ import annotations

from typing import Any

import pytest

from console.knowledge_form import (
    BEFORE,
    Section,
    main_fields,
    more_fields,
    read,
    sections,
)
from kb.readers.own_yaml import read_entries
from kb.schemas import CONTENTS, Kind, kind_of
from kb.shape import shape_of
from tests.kb.samples import CITY, COMPLETE

NAMES = {"urban": "示例市城市管理局", "chengdong": "城东区"}
CODES = {name: code for code, name in NAMES.items()}


def _written(field: str, text: str) -> str:
    return NAMES.get(text, text) if field in ("unit", "areas", "area", "joint_units") else text


def _codes(field: str, text: str) -> str:
    return CODES.get(text, text)


def _typed(shown: list[Section]) -> dict[str, str]:
    """What a browser would send of these sections."""
    fields = [field for section in shown for field in section.fields]
    fields += [field for section in shown for row in section.rows for field in row.fields]
    assert len({field.path for field in fields}) == len(fields)
    return {BEFORE + field.path: field.value.replace("\n", "\r\n") for field in fields}


def _again(kind: Kind, content: dict[str, Any]) -> dict[str, Any]:
    return read(shape_of(kind), _typed(sections(shape_of(kind), content, {}, _written)), _codes)


def test_every_entry_of_the_city_comes_back_as_it_was() -> None:
    entries = [entry.content for entry in read_entries(CITY)[0]]
    assert len(entries) > 200
    for content in entries:
        kind = kind_of(content)
        typed = _again(kind, content.model_dump(mode="json"))
        typed |= {"code": content.code, "version": content.version}
        assert CONTENTS[kind].model_validate(typed) == content


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (Kind.LIFE_EVENT, {
            "code": "E-1", "name": "开饭馆", "unit": "urban", "summary": "开店。",
            "steps": [{"item": "A-1"}, {"item": "A-2", "after": ["A-1"], "when": "外卖"}],
            "shared_materials": [{"name": "执照", "items": ["A-1", "A-2"], "copies": 1}],
            "valid_from": "2026-01-01",
        }),
        (Kind.NOTICE, {
            "code": "N-1", "name": "停水", "unit": "urban", "topic": "停水", "text": "检修。",
            "areas": ["chengdong"], "places": ["望湖路", "新村"],
            "starts_at": "2026-06-01T08:00:00+08:00", "ends_at": "2026-06-01T20:30:00+08:00",
        }),
    ],
)  # fmt: skip
def test_other_kinds_come_back_as_they_were(kind: Kind, raw: dict[str, Any]) -> None:
    content = CONTENTS[kind].model_validate(raw)
    typed = _again(kind, content.model_dump(mode="json"))
    assert CONTENTS[kind].model_validate({**typed, "code": raw["code"]}) == content


@pytest.mark.parametrize(
    ("path", "text", "kept"),
    [
        ("visits", "两次", "两次"),
        ("visits", " 2 ", 2),
        ("valid_from", "明天", "明天"),
        ("unit", "示例市城市管理局", "urban"),
        ("unit", "某局", "某局"),
        ("aliases", " 甲 \r\n\r\n乙\x00", ["甲", "乙"]),
        ("summary", "一\r\n二", "一\n二"),
        ("online.available", "no", False),
        ("online.available", "", None),
        ("limits.legal.days", "二十", "二十"),
        ("fees.charged", "perhaps", "perhaps"),
    ],
)
def test_what_was_typed_is_kept(path: str, text: str, kept: Any) -> None:
    found: Any = read(shape_of(Kind.ITEM), {BEFORE + path: text, "reason": "不是内容"}, _codes)
    assert "reason" not in found
    for step in path.split("."):
        found = found.get(step) if found else None
    assert found == kept


def test_rows_may_be_taken_out_and_blank_ones_do_not_count() -> None:
    typed = {
        "materials.0.name": "照片",
        "materials.0.required": "yes",
        "materials.4.name": "",
        "materials.4.required": "yes",
        "materials.11.name": "合同",
        "materials.11.required": "no",
        "materials.x.name": "怪",
        "fees.items.2.name": "工本费",
        "fees.items.2.amount": "10 元",
        "limits.legal.unit": "工作日",
    }
    found = read(shape_of(Kind.ITEM), {BEFORE + path: text for path, text in typed.items()}, _codes)
    assert found["materials"] == [
        {"name": "照片", "required": True},
        {"name": "合同", "required": False},
    ]
    assert found["fees"] == {"items": [{"name": "工本费", "amount": "10 元"}]}
    assert "limits" not in found


def test_problems_stand_at_their_fields() -> None:
    problems = {"name": "不能为空", "aliases.1": "不能为空", "materials.0.copies": "请填整数"}
    shown = sections(shape_of(Kind.ITEM), COMPLETE, problems, _written)
    fields = [f for s in shown for f in (*s.fields, *(x for row in s.rows for x in row.fields))]
    assert {f.path: f.problem for f in fields if f.problem} == {
        "name": "不能为空",
        "aliases": "第 2 项：不能为空",
        "materials.0.copies": "请填整数",
    }
    assert {s.label: s.problems for s in shown if s.problems} == {"基本内容": 2, "材料": 1}


def test_what_says_nothing_yet_is_folded_away() -> None:
    problems = {"materials.0.basis": "不能超过 4000 字"}
    shown = sections(shape_of(Kind.ITEM), COMPLETE, problems, _written)
    (materials,) = [section for section in shown if section.path == "materials"]
    fields = materials.rows[0].fields
    assert [field.label for field in main_fields(fields)] == [
        "材料名称", "依据", "来源", "形式", "份数",
    ]  # fmt: skip
    assert {"签字盖章", "是否必交", "适用情形"} <= {field.label for field in more_fields(fields)}
    assert len(main_fields(fields)) + len(more_fields(fields)) == len(fields)
