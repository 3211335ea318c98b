"""What does not fit in a content, field by field, in Chinese for whoever typed it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from kb.field_names import FIELD_NAMES
from kb.shape import AREA_FIELDS, UNIT_FIELDS

# Where a problem of the whole entry stands, not of one field.
WHOLE = "entry"
_FIELDS = re.compile(r"\b(?:valid_from|valid_to|renewed_on)\b")
# What stands for a unit or an area was not found by its name.
UNKNOWN_UNIT = "请从单位名录中选择"
UNKNOWN_AREA = "请写区县、街道或社区的全名"
_NAMED = {
    **dict.fromkeys(UNIT_FIELDS, UNKNOWN_UNIT),
    **dict.fromkeys(AREA_FIELDS, UNKNOWN_AREA),
}
_DAY = "请写成 2026-01-31 这样的日期"
_MOMENT = "请选择日期和时间"
_TEXTS = {
    "missing": "必填",
    "none_required": "必填",
    "string_type": "必填",
    "extra_forbidden": "没有这个字段",
    "string_too_short": "不能为空",
    "string_too_long": "不能超过 {max_length} 字",
    "string_pattern_mismatch": "格式不对，或含有不允许的字符",
    "int_parsing": "请填整数",
    "int_type": "请填整数",
    "int_from_float": "请填整数",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "bool_parsing": "请选择是或否",
    "bool_type": "请选择是或否",
    "literal_error": "请从列表中选择",
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "too_short": "至少要有 {min_length} 项",
    "list_type": "至少要有一项",
    "model_type": "内容不完整",
}


def problems_of(error: ValidationError) -> dict[str, str]:
    """Each problem by its dotted path, ``entry`` for the whole; the first one of a field counts."""
    found: dict[str, str] = {}
    for problem in error.errors():
        path = ".".join(str(step) for step in problem["loc"]) or WHOLE
        told = _told(problem["type"], problem["msg"], problem.get("ctx", {}))
        if problem["type"] == "string_pattern_mismatch":
            field = next((str(s) for s in reversed(problem["loc"]) if isinstance(s, str)), "")
            told = _NAMED.get(field, told)
        found.setdefault(path, told)
    return found


def _told(kind: str, message: str, context: Mapping[str, Any]) -> str:
    if kind == "value_error":
        said = message.removeprefix("Value error, ")
        return _FIELDS.sub(lambda found: FIELD_NAMES[found[0]], said)
    return _TEXTS.get(kind, "格式不对").format_map(context)
