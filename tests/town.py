"""A small city of units and people to act in it."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from cases.service import Registered, Registration, register
from cases.vocabulary import CaseType, Source
from core.calendar import LOCAL
from core.database import Database
from core.identity import Actor, Role
from core.models import CalendarYear
from units.models import Unit

# A Wednesday morning in a year whose holidays are announced.
NOW = datetime(2026, 8, 5, 10, 0, tzinfo=LOCAL)
UNITS = {
    "urban": "示例市城市管理局",
    "power": "示例市供电公司",
    "chengdong": "城东区人民政府",
    "chengdong.wanghu": "望湖街道办事处",
    "chengdong.wanghu.hubin": "湖滨社区居民委员会",
}
_LEVELS = {
    "chengdong": "district",
    "chengdong.wanghu": "street",
    "chengdong.wanghu.hubin": "community",
}


class Names:
    def name(self, code: str) -> str:
        return UNITS[code]


def person(role: Role, unit: str = "hotline", *below: str) -> Actor:
    return Actor(f"{unit}.{role}", "示例·某人", role, unit, frozenset({unit, *below}))


DISPATCHER = person(Role.DISPATCHER)
URBAN = person(Role.UNIT_CLERK, "urban")
POWER = person(Role.UNIT_CLERK, "power")
SUPERVISOR = person(Role.SUPERVISOR)
CALLER = person(Role.CALLBACK_CLERK)
LEADER = person(Role.UNIT_LEADER, "urban")
DISTRICT = person(Role.UNIT_CLERK, "chengdong", "chengdong.wanghu", "chengdong.wanghu.hubin")
STREET = person(Role.UNIT_CLERK, "chengdong.wanghu", "chengdong.wanghu.hubin")

Register = Callable[..., Awaitable[Registered]]


def matter(**changes: Any) -> Registration:
    given: dict[str, Any] = {
        "key": uuid.uuid4().hex,
        "conversation_id": uuid.uuid4(),
        "source": Source.WEB,
        "type": CaseType.COMPLAINT,
        "category": "A0312",
        "title": "望湖路路灯不亮",
        "detail": "望湖路8号门口的路灯坏了，打13800001234找张小明",
        "name": "张小明",
        "phone": "13800001234",
    }
    return Registration(**(given | changes))


@pytest.fixture
async def city(database: Database) -> Database:
    """The scratch database with the units above."""
    async with database.unit_of_work() as session:
        session.add(CalendarYear(year=2026, announced=True))
        for code, name in UNITS.items():
            session.add(
                Unit(
                    code=code,
                    name=name,
                    short=name,
                    aliases=[],
                    kind="城管",
                    level=_LEVELS.get(code, "city"),
                    parent=code.rpartition(".")[0] or None,
                    duties=[],
                    former_names=[],
                )
            )
            await session.flush()
        session.add(
            Unit(
                code="gone",
                name="撤销的单位",
                short="撤销",
                aliases=[],
                kind="城管",
                level="city",
                duties=[],
                former_names=[],
                active=False,
            )
        )
    return database


@pytest.fixture
def file(city: Database) -> Register:
    """File a case in a transaction of its own."""

    async def filing(**changes: Any) -> Registered:
        async with city.unit_of_work() as session:
            return await register(session, matter(**changes), NOW)

    return filing
