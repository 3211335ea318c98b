"""The small city with a category tree, territory and a dispatch catalogue."""

from __future__ import annotations

from datetime import date

import pytest

from core.database import Database
from routing.models import CatalogueRow, CategoryRow, PastCase
from units.models import Place

START = date(2026, 1, 1)
BASIS = "权责清单（示例）"


@pytest.fixture
async def catalogue(city: Database) -> Database:
    """A0312 路灯 → urban; A0313 停电 → power; five closed cases of each, one answered elsewhere."""
    async with city.unit_of_work() as session:
        for code, name, parent in [
            ("A", "城乡建设", None),
            ("A03", "市政管理", "A"),
            ("A0312", "路灯", "A03"),
            ("A0313", "停电", "A03"),
            ("B", "环境", None),
            ("B01", "噪声", "B"),
        ]:
            session.add(CategoryRow(code=code, name=name, parent=parent))
            await session.flush()
        for place, name, kind, above in [
            ("chengdong", "城东区", "district", None),
            ("chengdong.wanghu", "望湖街道", "street", "chengdong"),
        ]:
            session.add(
                Place(
                    code=place,
                    name=name,
                    kind=kind,
                    parent=above,
                    unit=place,
                    aliases=[],
                    sections=[],
                )
            )
            await session.flush()
        for code, category, lead in [
            ("A-03-12", "A0312", "urban"),
            ("A-03-13", "A0313", "power"),
        ]:
            session.add(
                CatalogueRow(
                    code=code,
                    version=1,
                    category=category,
                    condition=None,
                    lead=lead,
                    assist=[],
                    basis=BASIS,
                    valid_from=START,
                )
            )
        for category, unit in [("A0312", "urban"), ("A0313", "power")]:
            for n in range(5):
                other = n == 0 and unit == "urban"
                session.add(
                    PastCase(
                        case_number=f"20260701{category[-2:]}{n:03d}",
                        text="路灯不亮，地下的电缆也断了" if other else "路灯不亮",
                        type="complaint",
                        category=category,
                        unit="power" if other else unit,
                        first_unit=unit,
                        district="chengdong",
                        closed_on=date(2026, 7, n + 1),
                    )
                )
    return city
