"""What a corrected case teaches."""

from __future__ import annotations

import pytest

from units.learning import name_to_learn


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("翠湖苑3栋南门", "翠湖苑"),
        ("翠湖苑", "翠湖苑"),
        ("投诉金色小区十八号楼", "金色小区"),
        ("老渡口", "老渡口"),
        ("我家楼下", "我家楼下"),
        ("未说明", None),
        ("说不清楚", None),
        ("30.12345,120.54321", None),
        ("就是那天我走过的那个很黑的地方", None),
        ("", None),
        ("路", None),
    ],
)
def test_the_name_is_learnt_without_its_number(said: str, name: str | None) -> None:
    assert name_to_learn(said) == name
