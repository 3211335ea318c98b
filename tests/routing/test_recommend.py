"""How catalogue, classifier, similar cases and territory become ranked units."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from routing.about import Conduct
from routing.catalogue import Candidate, CatalogueEntry, Dispatch, Territory
from routing.examples import Example
from routing.models import CategoryRow
from routing.service import (
    SAFE_SCORE,
    Router,
    calibrated,
    place_decides,
    weigh_cases,
)
from routing.similar import CaseIndex, Similar
from units.tree import UnitInfo, UnitTree

DAY = date(2026, 6, 1)
WANGHU = Territory("chengdong", "chengdong.wanghu", "城东区望湖街道")
NOWHERE = Territory()


def unit(code: str, name: str, kind: str, level: str, parent: str | None, *more: str) -> UnitInfo:
    return UnitInfo(code, name, name.removeprefix("示例市"), kind, level, parent, more)


TREE = UnitTree.of(
    [
        unit("city", "示例市人民政府", "政府", "city", None),
        unit("urban", "示例市城市管理局", "城管", "city", "city", "城管局", "城管"),
        unit("labour", "示例市人力资源和社会保障局", "人社", "city", "city", "人社局", "社保中心"),
        unit("gas", "示例市燃气有限公司", "燃气公司", "city", "city", "燃气公司"),
        unit("petition", "示例市信访局", "信访", "city", "city"),
        unit("chengdong", "示例市城东区人民政府", "区县政府", "district", "city"),
        unit("chengdong.urban", "示例市城东区城市管理局", "城管", "district", "chengdong"),
        unit(
            "chengdong.wanghu",
            "示例市城东区望湖街道办事处",
            "街道镇",
            "street",
            "chengdong",
            "望湖街道办",
        ),
    ]
)
LAMP = [f"{road}上的路灯坏了没人修" for road in ("东街", "西街", "南街", "北街")]
PAY = [f"{shop}老板拖欠工资不发" for shop in ("饭店", "工厂", "工地", "商场")]
RUDE = ["窗口的人态度恶劣", "办事员不作为互相推诿", "工作人员上班玩手机", "领导收红包"]


def category(code: str, name: str, examples: list[str], **more: Any) -> CategoryRow:
    return CategoryRow(code=code, name=name, cues=[name], examples=examples, **more)


def entry(code: str, category: str, lead: str, **more: Any) -> CatalogueEntry:
    return CatalogueEntry(code, category, lead, "权责清单（示例）", date(2026, 1, 1), **more)


def router(*closed: Example, threshold: float | None = None) -> Router:
    return Router.of(
        [
            category("A0312", "路灯", LAMP, auto_threshold=threshold),
            category("E0101", "工资", PAY),
            category("N0101", "态度", RUDE),
        ],
        [
            entry("A-03-12", "A0312", "@district.urban"),
            entry("E-01-01", "E0101", "labour"),
            entry("N-01-01", "N0101", "petition"),
        ],
        TREE,
        closed=closed,
    )


def case(number: str, text: str, unit: str, district: str | None = "chengdong") -> Example:
    return Example(
        case_number=number,
        text=text,
        type="complaint",
        category="A0312",
        unit=unit,
        first_unit=unit,
        automatic=False,
        street=None,
        district=district,
        closed_on=date(2026, 5, 1),
    )


def test_a_clear_matter_at_a_known_place_is_dispatched_by_itself() -> None:
    best, *_ = router().recommend("东街上的路灯坏了没人修", WANGHU, DAY)
    assert best.dispatch.lead == "chengdong.urban"
    assert best.automatic and best.score >= SAFE_SCORE
    assert best.dispatch.reasons[0] == "目录 A-03-12 · 辖区 城东区望湖街道"


def test_similar_cases_stand_in_the_reason_a_clerk_reads() -> None:
    closed = [case(f"2605010{n}", f"东街上的路灯坏了{n}天", "chengdong.urban") for n in range(3)]
    best, *_ = router(*closed).recommend("东街上的路灯坏了没人修", WANGHU, DAY)
    assert best.dispatch.reasons[0] == "目录 A-03-12 · 相似工单 3 件 · 辖区 城东区望湖街道"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("东街上的路灯坏了没人修", NOWHERE),
        ("嗯嗯好的", WANGHU),
        ("两件事：1、东街上的路灯坏了没人修；2、饭店老板拖欠工资不发", WANGHU),
        ("城管局的工作人员态度恶劣", WANGHU),
    ],
)
def test_what_is_in_doubt_waits_for_the_dispatcher(text: str, place: Territory) -> None:
    assert not any(one.automatic for one in router().recommend(text, place, DAY))


@pytest.mark.parametrize(("threshold", "automatic"), [(None, True), (0.5, True), (1.0, False)])
def test_a_category_sets_its_own_threshold(threshold: float | None, automatic: bool) -> None:
    best, *_ = router(threshold=threshold).recommend("东街上的路灯坏了没人修", WANGHU, DAY)
    assert best.automatic is automatic


@pytest.mark.parametrize(
    ("text", "place", "about"),
    [
        ("城管局的工作人员态度恶劣", NOWHERE, "urban"),
        ("城管局的工作人员态度恶劣", WANGHU, "chengdong.urban"),
        ("人社局不作为", WANGHU, "labour"),
        ("投诉望湖街道办，主任收红包", NOWHERE, "chengdong.wanghu"),
        ("街道办的人上班打牌", WANGHU, "chengdong.wanghu"),
        ("镇政府干部打人", WANGHU, "chengdong.wanghu"),
        ("举报城东区城市管理局队员暴力执法", NOWHERE, "chengdong.urban"),
        # Named on the way, a part of a department, or a company's service: no unit is judged.
        ("路灯坏了，给城管局打过电话", WANGHU, None),
        ("社保中心窗口态度恶劣", NOWHERE, None),
        ("燃气公司的人态度恶劣", NOWHERE, None),
        ("老板态度恶劣，不发工资，请人社局管管", NOWHERE, None),
        ("街道办的人上班打牌", NOWHERE, None),
    ],
)
def test_whose_conduct_is_complained_of(text: str, place: Territory, about: str | None) -> None:
    assert Conduct(TREE).complained_of(text, place) == about


@pytest.mark.parametrize(
    ("text", "place", "about"),
    [
        ("举报街道城管队员收保护费", WANGHU, "chengdong.wanghu"),
        ("某社区书记把低保名额给了自己亲戚", WANGHU, "chengdong.wanghu"),
        ("举报村主任贪污征地补偿款", WANGHU, "chengdong.wanghu"),
        ("望湖街道办事处的王科长收受红包", NOWHERE, "chengdong.wanghu"),
        ("举报隔壁工地夜间施工，打过城管局电话没用", WANGHU, None),
        ("举报饭店老板克扣工资", WANGHU, None),
    ],
)
def test_a_report_names_its_people_anywhere(text: str, place: Territory, about: str | None) -> None:
    assert Conduct(TREE).complained_of(text, place, anywhere=True) == about


@pytest.mark.parametrize(
    ("text", "place", "about", "above"),
    [
        ("城管局的工作人员态度恶劣", WANGHU, "chengdong.urban", "chengdong"),
        ("望湖街道办不作为互相推诿", WANGHU, "chengdong.wanghu", "chengdong"),
        ("人社局的工作人员上班玩手机", NOWHERE, "labour", "city"),
    ],
)
def test_a_matter_about_a_unit_goes_to_its_superior_never_to_itself(
    text: str, place: Territory, about: str, above: str
) -> None:
    found = router().recommend(text, place, DAY)
    assert found and found[0].dispatch.lead == above
    named = {code for one in found for code in (one.dispatch.lead, *one.dispatch.assists)}
    assert about not in named and not any(one.automatic for one in found)


def test_a_department_blamed_on_the_way_does_not_turn_the_matter() -> None:
    text = "东街上的路灯坏了没人修，一个多月了晚上看不见路，打了电话城管局不作为"
    found = router().recommend(text, WANGHU, DAY)
    assert found[0].dispatch.lead == "chengdong.urban" and not found[0].automatic


def candidate(lead: str, score: float) -> Candidate:
    return Candidate(Dispatch(lead, (), f"X-{lead}", [f"目录 X-{lead} · 辖区 某街道"]), "X", score)


def test_calibrated_scores_keep_their_order_and_add_up_to_one_at_most() -> None:
    found = calibrated([candidate("a", 0.6), candidate("b", 0.2), candidate("c", 0.1)])
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(0.88, abs=0.005) and sum(scores) <= 1.0
    assert calibrated([]) == []


@pytest.mark.parametrize(
    ("ended", "district", "leads"),
    [
        (["b"] * 8, None, "b"),
        (["b"], None, "a"),
        (["b.bureau"] * 8, "elsewhere", "a"),
    ],
)
def test_where_similar_cases_ended_moves_the_ranking(
    ended: list[str], district: str | None, leads: str
) -> None:
    found = [candidate("a", 0.5), candidate("b", 0.3)]
    similar = [Similar(case(str(n), "x", unit, district), 0.9) for n, unit in enumerate(ended)]
    assert weigh_cases(found, similar, WANGHU)[0].dispatch.lead == leads


def test_cases_of_the_same_district_support_its_bureau() -> None:
    similar = [Similar(case("1", "x", "chengdong.urban"), 0.8)]
    best, *_ = weigh_cases([candidate("chengdong.urban", 0.5)], similar, WANGHU)
    assert best.score > 0.5
    assert best.dispatch.reasons == ["目录 X-chengdong.urban · 相似工单 1 件 · 辖区 某街道"]


@pytest.mark.parametrize(
    ("entries", "place", "decides"),
    [
        ([entry("X-1", "X", "labour")], NOWHERE, True),
        ([entry("X-1", "X", "@district.urban")], NOWHERE, False),
        ([entry("X-1", "X", "@district.urban")], WANGHU, True),
        (
            [entry("X-1", "X", "labour"), entry("X-2", "X", "urban", territory="chengxi")],
            NOWHERE,
            False,
        ),
        (
            [entry("X-1", "X", "labour"), entry("X-2", "X", "urban", territory="chengdong.wanghu")],
            Territory("chengdong"),
            False,
        ),
        (
            [entry("X-1", "X", "labour"), entry("X-2", "X", "urban", territory="chengxi.guiyuan")],
            Territory("chengdong"),
            True,
        ),
    ],
)
def test_whether_the_place_decides(
    entries: list[CatalogueEntry], place: Territory, decides: bool
) -> None:
    one = Candidate(Dispatch("labour", (), "X-1"), "X", 0.9)
    assert place_decides(one, entries, place, DAY) is decides


def test_a_case_is_added_replaced_and_forgotten() -> None:
    index = CaseIndex([case("1", "东街上的路灯坏了", "a")])
    assert index.similar("停水了怎么办") == []
    more = index.changed("2", case("2", "东街的路灯坏了三天", "b"))
    assert [found.case.case_number for found in more.similar("东街上的路灯坏了")] == ["1", "2"]
    replaced = more.changed("1", case("1", "东街上的路灯坏了", "c"))
    assert len(replaced) == 2 and replaced.similar("东街上的路灯坏了")[0].case.unit == "c"
    gone = replaced.changed("1", None).changed("2", None)
    assert len(gone) == 0 and gone.similar("东街上的路灯坏了") == []
    assert len(index) == 1
