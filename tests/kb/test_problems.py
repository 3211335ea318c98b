"""Whatever does not fit is told in Chinese, at its field."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from kb.problems import problems_of
from kb.schemas import CONTENTS, Kind
from tests.kb.samples import COMPLETE


def _problems(kind: Kind, raw: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ValidationError) as refused:
        CONTENTS[kind].model_validate(raw)
    return problems_of(refused.value)


@pytest.mark.parametrize(
    ("changes", "path", "told"),
    [
        ({"name": ""}, "name", "不能为空"),
        ({"name": None}, "name", "必填"),
        ({"name": "长" * 201}, "name", "不能超过 200 字"),
        ({"unit": "农业农村局？"}, "unit", "请从单位名录中选择"),
        ({"agents": [{"area": "某街", "name": "甲", "phone": "1"}]}, "agents.0.area",
         "请写区县、街道或社区的全名"),
        ({"name": "铃\x07"}, "name", "格式不对，或含有不允许的字符"),
        ({"visits": "两次"}, "visits", "请填整数"),
        ({"visits": 21}, "visits", "不能大于 20"),
        ({"visits": -1}, "visits", "不能小于 0"),
        ({"valid_from": "明天"}, "valid_from", "请写成 2026-01-31 这样的日期"),
        ({"valid_from": ""}, "valid_from", "请写成 2026-01-31 这样的日期"),
        ({"valid_to": "2020-01-01"}, "entry", "失效日期 早于 生效日期"),
        ({"fees": {"charged": True}}, "entry", "收费事项没有列出收费项目"),
        ({"materials": [{"name": "照片", "signature": "按手印"}]}, "materials.0.signature",
         "请从列表中选择"),
        ({"materials": [{"name": "照片", "required": "也许"}]}, "materials.0.required",
         "请选择是或否"),
        ({"faq": [{"q": "问"}]}, "faq.0.a", "必填"),
        ({"limits": {"legal": {"unit": "工作日"}}}, "limits.legal.days", "必填"),
        ({"colour": "red"}, "colour", "没有这个字段"),
    ],
)  # fmt: skip
def test_a_problem_stands_at_its_field(changes: dict[str, Any], path: str, told: str) -> None:
    assert _problems(Kind.ITEM, {**COMPLETE, **changes}) == {path: told}


def test_nothing_is_told_in_another_language() -> None:
    for kind in Kind:
        for text in _problems(kind, {}).values():
            assert not re.search("[A-Za-z]", text)
    event = {"code": "E-1", "name": "事", "unit": "u", "summary": "简", "steps": [{"item": "A-1"}]}
    told = _problems(Kind.LIFE_EVENT, {**event, "valid_from": "2026-01-01"})
    assert told == {"steps": "至少要有 2 项"}
