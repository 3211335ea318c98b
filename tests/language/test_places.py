"""Places in a text, in the wording that was said."""

from __future__ import annotations

import pytest

from language.places import find_places, was_corrected

NAMED = [
    ("望湖路18号的路灯坏了", ["望湖路18号"]),
    ("我家住的滨江新村6栋有人往下扔东西", ["滨江新村6栋"]),
    ("实验路小学门口停了两排车", ["实验路小学门口"]),
    ("东风菜场外头那个摆摊的", ["东风菜场外头"]),
    ("中山路和文化路那个十字路口红灯不亮", ["中山路和文化路那个十字路口"]),
    ("红星路口老堵车", ["红星路口"]),
    ("幸福巷口停了辆破车", ["幸福巷口"]),
    ("龙潭乡高坪村没有水", ["龙潭乡高坪村"]),
    ("跃进河上游有人倒垃圾", ["跃进河上游"]),
    ("物业不管事，永丰里15号", ["永丰里15号"]),
    ("救护车快来，百合园8号楼2单元301", ["百合园8号楼2单元301"]),
    ("锦绣家园小区好多人遛狗", ["锦绣家园小区"]),
    ("地铁C口全是单车", ["地铁C口"]),
    ("市三医院挂不上号", ["市三医院"]),
    ("步行街3号楼2楼油烟大", ["步行街3号楼2楼"]),
    ("在绕城高速12公里处撞了", ["绕城高速12公里处"]),
]
CORRECTED = [
    ("在建设路，不对，是中山路", ["中山路"]),
    ("石桥小区，不对不对，是石桥花园南门", ["石桥花园南门"]),
]
NO_PLACE = [
    "28路司机态度好",
    "非机动车道全占了",
    "路面坑坑洼洼",
    "村里干部不管",
    "渣土车一路洒",
    "建议社区多搞活动",
    "老板欠我工资",
    "走了好几里路",
]


@pytest.mark.parametrize(("text", "places"), NAMED + CORRECTED)
def test_a_place_is_read_as_said(text: str, places: list[str]) -> None:
    found = find_places(text)
    assert [place.text for place in found] == places
    assert all(text[place.start : place.end] == place.text for place in found)


@pytest.mark.parametrize("text", NO_PLACE)
def test_what_names_no_place_gives_none(text: str) -> None:
    assert find_places(text) == []


def test_a_correction_is_noticed() -> None:
    assert was_corrected("东门，不对，是西门")
    assert not was_corrected("物业不对业主负责")
