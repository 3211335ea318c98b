"""Items of a public register as one CSV file, for measuring without a database.

The columns are those of the Guangdong portal: matter_name, TASK_CODE, DEPT_NAME, handle_time …; 无
means empty.
"""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path
from typing import Any

from kb.documents import Document, document
from kb.schemas import ItemRecord

_EMPTY = ("", "无")
_DAYS = re.compile(r"(\d+)\((工作日|自然日)\)")
_NEEDED = ("matter_name", "TASK_CODE")
_FROM = date(2021, 1, 1)
_LONGEST = 10_000_000


class BadItems(ValueError):
    """A file of items that cannot be used; the message says in Chinese why."""


def read_public_items(path: Path) -> list[ItemRecord]:
    """The items of the file, in its order. Raises BadItems."""
    csv.field_size_limit(_LONGEST)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or any(name not in rows[0] for name in _NEEDED):
        raise BadItems(f"{path.name} 没有数据行，或缺少列 {'、'.join(_NEEDED)}")
    return [_record(row) for row in rows]


def public_documents(path: Path) -> list[Document]:
    """The same items as search reads them."""
    return [document(item) for item in read_public_items(path)]


def _record(row: dict[str, str]) -> ItemRecord:
    def told(name: str) -> str:
        value = (row.get(name) or "").strip()
        return "" if value in _EMPTY else value

    place = told("handle_location").removeprefix("办理地点：")
    standard = told("accept_standard")
    content: dict[str, Any] = {
        "code": told("TASK_CODE"),
        "name": told("matter_name")[:200],
        "unit": "public",
        "unit_name": told("DEPT_NAME") or "未注明部门",
        "type": told("TASK_TYPE_TEXT") or "公共服务",
        "level": told("matter_level") or "省级",
        "theme": told("theme_category")[:60],
        "summary": " ".join(filter(None, [told("parentCatalogName"), told("DEPT_NAME")])) or "—",
        "conditions": [{"text": standard[:4000]}] if standard else [],
        "materials": [
            {"name": part.strip()[:400]}
            for part in told("material_intro").split("|")
            if part.strip()
        ],
        "limits": {
            "legal": _days(told("handle_time")),
            "promised": _days(told("handle_time_limit")),
        },
        "windows": [{"name": place[:400]}] if place else [],
        "visits": int(told("visit_number")) if told("visit_number").isdigit() else None,
        "phones": {
            "inquiry": told("consult_phone")[:60] or None,
            "complaint": told("complain_phone")[:60] or None,
        },
        "valid_from": _FROM,
    }
    return ItemRecord.model_validate(content)


def _days(text: str) -> dict[str, Any] | None:
    found = _DAYS.search(text)
    return {"days": int(found[1]), "unit": found[2]} if found else None
