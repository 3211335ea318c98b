"""What changed between two contents, in words; and that every field has a Chinese name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from kb.differences import Difference, Names, differences, summary
from kb.schemas import Kind
from kb.shape import Group, Leaf, Node, Rows, field_label, shape_of
from tests.kb.samples import COMPLETE

NAMES = Names({"agriculture": "农业农村局", "housing": "住建局"}, {})
_CONTRACT, _LETTER = COMPLETE["materials"]


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Rows):
        yield from _nodes(node.row)
    if isinstance(node, Group):
        for part in node.parts:
            yield from _nodes(part)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_field_of_every_kind_has_a_chinese_name(kind: Kind) -> None:
    labels = [node.label for part in shape_of(kind).parts for node in _nodes(part)]
    assert len(labels) > 8
    assert [label for label in labels if not re.search("[一-鿿]", label)] == []


def test_a_shape_tells_what_kind_of_value_a_field_takes() -> None:
    parts = {part.name: part for part in shape_of(Kind.ITEM).parts}
    assert not {"code", "version"} & set(parts)
    wanted = {"name": "line", "summary": "text", "visits": "number", "valid_to": "date"}
    kinds = {name: part.kind for name, part in parts.items() if isinstance(part, Leaf)}
    assert {name: kinds[name] for name in wanted} == wanted
    materials = parts["materials"]
    assert isinstance(materials, Rows) and isinstance(materials.row, Group)
    assert materials.row.key_part().name == "name"
    signature = next(part for part in materials.row.parts if part.name == "signature")
    assert isinstance(signature, Leaf) and "盖章" in signature.choices


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("name", "名称"),
        ("materials.1.copies", "材料 / 第 2 项 / 份数"),
        ("limits.legal.days", "办理时限 / 法定时限 / 天数"),
        ("aliases.0", "别名 / 第 1 项"),
        ("nothing.3", "nothing / 3"),
    ],
)
def test_paths_of_problems_are_told_in_chinese(path: str, label: str) -> None:
    assert field_label(Kind.ITEM, path) == label


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"version": 9, "code": "T-9"}, []),
        ({"name": "渔船新登记"}, [("名称", "渔船登记", "渔船新登记")]),
        ({"unit": "housing"}, [("承办单位", "农业农村局", "住建局")]),
        ({"valid_to": "2026-12-31"}, [("失效日期", "", "2026-12-31")]),
        ({"fees": {"charged": False, "items": []}}, [
            ("收费 / 是否收费", "是", "否"),
            ("收费 / 收费项目", "收费项目：工本费，金额：10元/本", ""),
        ]),
        ({"limits": {**COMPLETE["limits"], "promised": {"days": 3, "unit": "工作日"}}}, [
            ("办理时限 / 承诺时限 / 天数", "5", "3"),
        ]),
        ({"aliases": ["渔船上户", "船证"]}, [("别名", "", "船证")]),
        ({"process": ["提交", "领证"]}, [("流程", "查验", "")]),
        ({"process": ["查验", "提交", "领证"]}, [
            ("流程（顺序）", "提交、查验、领证", "查验、提交、领证"),
        ]),
        ({"process": ["提交", "提交", "查验", "领证"]}, [("流程", "", "提交")]),
        ({"materials": [{**_CONTRACT, "copies": 2}, _LETTER]}, [
            ("材料“购船合同” / 份数", "1", "2"),
        ]),
        ({"materials": [_LETTER, _CONTRACT]}, [
            ("材料（顺序）", "购船合同、委托书", "委托书、购船合同"),
        ]),
        ({"materials": [_CONTRACT]}, [
            ("材料", "材料名称：委托书，形式：原件，份数：1，适用情形：代办时", ""),
        ]),
        ({"materials": [_CONTRACT, _LETTER, {"name": "照片"}]}, [("材料", "", "材料名称：照片")]),
        ({"materials": None, "windows": "坏", "fees": 3}, [
            ("材料", "材料名称：购船合同，来源：申请人自备，形式：复印件，份数：1", ""),
            ("材料", "材料名称：委托书，形式：原件，份数：1，适用情形：代办时", ""),
        ]),
    ],
)  # fmt: skip
def test_differences_are_told_field_by_field(
    changes: dict[str, Any], told: list[tuple[str, str, str]]
) -> None:
    found = differences(Kind.ITEM, COMPLETE, {**COMPLETE, **changes}, NAMES)
    wanted = [Difference(*one) for one in told]
    assert found[: len(wanted)] == wanted
    if not isinstance(changes.get("windows"), str):
        assert found == wanted


def test_everything_is_new_in_a_new_entry_and_gone_in_an_empty_one() -> None:
    new = differences(Kind.ITEM, {}, COMPLETE, NAMES)
    gone = differences(Kind.ITEM, COMPLETE, {}, NAMES)
    assert {one.before for one in new} == {""} == {one.after for one in gone}
    assert len(new) == len(gone) > 30


def test_moments_are_told_in_local_time() -> None:
    (starts,) = [p for p in shape_of(Kind.NOTICE).parts if p.name == "starts_at"]
    assert summary(starts, "2026-06-01T02:00:00+00:00", NAMES) == "2026-06-01 10:00"
    assert summary(starts, "明天", NAMES) == "明天"
