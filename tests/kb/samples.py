"""Items for tests: one complete, and ways to vary it."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from kb.readers.own_yaml import read_entries
from kb.schemas import RECORDS, ItemRecord, Record, kind_of

CITY = Path(__file__).parents[2] / "city"
TODAY = date(2026, 6, 1)

COMPLETE: dict[str, Any] = {
    "code": "T-001",
    "name": "渔船登记",
    "aliases": ["渔船上户"],
    "questions": ["打鱼的船要不要登记"],
    "unit": "agriculture",
    "type": "行政确认",
    "audience": ["自然人"],
    "level": "县级",
    "theme": "农业渔业",
    "summary": "为新买的渔船办理登记。",
    "conditions": [
        {"when": None, "text": "船籍港在本市。"},
        {"when": "二手船", "text": "已办注销。"},
    ],
    "materials": [
        {"name": "购船合同", "source": "申请人自备", "form": "复印件", "copies": 1},
        {"name": "委托书", "form": "原件", "copies": 1, "when": "代办时"},
    ],
    "process": ["提交", "查验", "领证"],
    "fees": {"charged": True, "items": [{"name": "工本费", "amount": "10元/本"}]},
    "limits": {
        "legal": {"days": 20, "unit": "工作日"},
        "promised": {"days": 5, "unit": "工作日"},
        "note": "查验另需 2 天",
    },
    "windows": [
        {
            "name": "渔政窗口",
            "address": "渡口路 1 号",
            "hours": "周一至周五 9:00-17:00",
            "phone": "0000-12340001",
        }
    ],
    "online": {"available": True, "url": "https://zwfw.example.cn/t", "how": "登录后填表"},
    "visits": 1,
    "result": "渔船登记证书",
    "phones": {"inquiry": "0000-12340001", "complaint": "0000-12340002"},
    "agent": "可以代办，带委托书。",
    "legal_basis": ["《渔业船舶登记办法》"],
    "faq": [{"q": "小舢板要登记吗", "a": "长度不足 5 米的不用。"}],
    "valid_from": "2026-01-01",
    "valid_to": None,
    "version": 2,
}
_ONLY_NECESSARY = ("code", "name", "unit", "type", "level", "summary", "valid_from", "version")


def complete(**changes: Any) -> ItemRecord:
    """The complete item with ``changes``."""
    return ItemRecord.model_validate(
        {**COMPLETE, "unit_name": "示例市农业农村局", "inquiry_phone_of_unit": "", **changes}
    )


def bare(**changes: Any) -> ItemRecord:
    """An item of which only what must be there is there."""
    kept = {name: COMPLETE[name] for name in _ONLY_NECESSARY}
    return ItemRecord.model_validate({**kept, "unit_name": "示例市农业农村局", **changes})


@cache
def city_entries() -> tuple[Record, ...]:
    """Everything the sample city's files say, as the process holds it."""
    return tuple(
        RECORDS[kind_of(entry.content)].model_validate(
            {**entry.content.model_dump(), "unit_name": entry.content.unit}
        )
        for entry in read_entries(CITY)[0]
    )


def city_records() -> list[ItemRecord]:
    """The sample city's items as the process holds them."""
    return [entry for entry in city_entries() if isinstance(entry, ItemRecord)]
