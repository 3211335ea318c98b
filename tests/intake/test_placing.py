"""From words to a place and its units: boundaries, names used twice, other cities."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from intake import form, questions
from intake.form import Matter, Place
from intake.placing import recommend, territories
from intake.service import Intake
from routing.catalogue import CatalogueEntry, Territory
from routing.classify import Category, Classifier
from routing.service import CategoryFacts, Router
from units.loading import read_gazetteer
from units.location import BOUNDARY, SAME_NAME, locate
from units.tree import UnitInfo, UnitTree

CITY = Path(__file__).parents[2] / "city"
ON = date(2026, 8, 5)
LAMPS, POWER = "A0312", "A0317"


@pytest.fixture(scope="module")
def intake() -> Intake:
    rows = yaml.safe_load((CITY / "units.yml").read_text("utf-8"))
    tree = UnitTree.of(
        UnitInfo(r["code"], r["name"], r["short"], r["kind"], r["level"], r.get("parent"))
        for r in rows
    )
    categories = [
        Category(LAMPS, "路灯照明", ("路灯", "灯不亮"), ("路灯坏了晚上很黑", "这条路的路灯不亮")),
        Category(POWER, "供电", ("停电", "没电"), ("家里停电了一直没来电", "小区又没电了")),
    ]
    facts = {c.code: CategoryFacts(c.code, c.name, c.name, None, False, False) for c in categories}
    entries = [
        CatalogueEntry("L", LAMPS, "@district.urban", "清单", date(2026, 1, 1)),
        CatalogueEntry("P", POWER, "power", "清单", date(2026, 1, 1)),
    ]
    router = Router(facts, Classifier(categories), entries, tree)
    return Intake(router, read_gazetteer(CITY), tree)


def ranked(intake: Intake, text: str) -> list[tuple[str, float]]:
    located = locate(intake.gazetteer, text)
    reason = located.reason if located else ""
    found = recommend(intake.router, text, territories(located), ON, reason)
    return [(candidate.dispatch.lead, round(candidate.score, 3)) for candidate in found]


def test_a_boundary_halves_the_certainty_where_it_decides_the_unit(intake: Intake) -> None:
    sure = dict(ranked(intake, "湖滨路的路灯坏了"))
    both = dict(ranked(intake, "中山路的路灯坏了"))
    assert both["chengdong.urban"] == both["chengxi.urban"]
    assert both["chengdong.urban"] == pytest.approx(sure["chengdong.urban"] / 2, abs=0.1)
    reasons = recommend(
        intake.router,
        "中山路的路灯坏了",
        territories(locate(intake.gazetteer, "中山路")),
        ON,
        BOUNDARY,
    )[0].dispatch.reasons
    assert reasons[-1] == "交界地点：城东区望湖街道、城西区桂园街道"


def test_a_boundary_costs_nothing_where_one_unit_serves_both_sides(intake: Intake) -> None:
    sure, both = ranked(intake, "湖滨路停电了"), ranked(intake, "中山路停电了")
    assert sure[0][0] == both[0][0] == "power"
    assert both[0][1] == pytest.approx(sure[0][1], abs=0.05)


def test_no_place_says_nothing() -> None:
    assert territories(None) == [Territory()]


@pytest.mark.parametrize(
    ("place", "count", "reason"),
    [
        (Place(text="中山路"), 2, BOUNDARY),
        (Place(text="文昌路"), 2, SAME_NAME),
        (Place(text="育才路", district="chengdong"), 2, BOUNDARY),
        (Place(text="建设路", district="chengxi"), 1, ""),
        (Place(text="湖滨路", district="chengdong", street="chengdong.wanghu"), 1, ""),
        (Place(text="翠湖苑"), 1, ""),
        (Place(text=form.UNKNOWN), 1, ""),
    ],
)
def test_where_a_place_may_lie(intake: Intake, place: Place, count: int, reason: str) -> None:
    where, why = intake.territories(place)
    assert (len(where), why) == (count, reason)


@pytest.mark.parametrize(
    ("said", "answer", "street"),
    [
        ("中山路的路灯坏了", "东侧的", "chengdong.wanghu"),
        ("中山路的路灯坏了", "26号门口", "chengxi.guiyuan"),
        ("中山路的路灯坏了", "城西区那边", "chengxi.guiyuan"),
        ("建设路的路灯坏了", "临江区的", "linjiang.dukou"),
        ("天和家园停电了", "二期", "chengxi.guiyuan"),
    ],
)
def test_what_the_name_left_open_is_asked_and_answered(
    intake: Intake, said: str, answer: str, street: str
) -> None:
    matter = intake.listen(Matter(), said, "file_case")
    assert matter.awaiting == "place_choice"
    asked = questions.question(matter)
    assert len({choice.value for choice in asked.choices}) == 2
    matter = intake.listen(matter, answer, "inform")
    assert matter.place is not None and matter.place.street == street


def test_what_nobody_can_tell_stays_open_for_the_dispatcher(intake: Intake) -> None:
    matter = intake.listen(Matter(), "中山路的路灯坏了", "file_case")
    for _ in range(form.MAX_ASKED):
        assert matter.awaiting == "place_choice"
        matter = intake.listen(matter, "说不清楚", "inform")
    assert matter.place == Place(text="中山路")
    assert len(intake.territories(matter.place)[0]) == 2


def test_a_place_corrected_to_a_name_used_twice_is_asked_about(intake: Intake) -> None:
    matter = intake.listen(Matter(), "湖滨路停电三天了，电话13800000021", "file_case")
    assert matter.awaiting == "confirm"
    matter = intake.listen(matter, "不对，是文昌路", "inform")
    assert matter.awaiting == "place_choice" and matter.place is None
    matter = intake.listen(matter, "青石县的", "inform")
    assert matter.awaiting == "confirm"
    assert matter.place is not None and matter.place.street == "qingshi.qingshi"


def test_names_of_roads_do_not_speak_of_the_matter(intake: Intake) -> None:
    assert intake.about("纺织路靠近望湖湿地公园的路灯坏了") == "靠近的路灯坏了"
    assert intake.about("望湖湿地公园里的路灯坏了") == "望湖湿地公园里的路灯坏了"


@pytest.mark.parametrize(
    ("text", "hotline"),
    [
        ("我在杭州市西湖区，路灯坏了", "0571-12345"),
        ("我从杭州搬来，住湖滨苑，停电了", None),
        ("城西区桂园路的路灯坏了", None),
    ],
)
def test_another_city_is_recognised(intake: Intake, text: str, hotline: str | None) -> None:
    found = intake.elsewhere(text)
    assert (found and found.hotline) == hotline


SEVERAL = "一是望湖路18号路灯坏了三天，二是春晖路停电了，电话13800000021"


def test_several_matters_are_heard_with_their_own_places(intake: Intake) -> None:
    matter = intake.listen(Matter(), SEVERAL, "file_case")
    first, second = form.each(matter)
    assert matter.awaiting == "confirm"
    assert (first.category, second.category) == (LAMPS, POWER)
    assert (first.place and first.place.text, second.place and second.place.text) == (
        "望湖路18号",
        "春晖路",
    )
    assert second.phone == "13800000021"


def test_what_has_no_place_of_its_own_lies_by_the_first(intake: Intake) -> None:
    matter = intake.listen(Matter(), "望湖路18号路灯坏了三天，另外家里停电了", "file_case")
    assert [one.place and one.place.text for one in form.each(matter)] == ["望湖路18号"] * 2


@pytest.mark.parametrize(
    ("said", "details"),
    [
        ("第二件不要了", 1),
        ("是同一件事", 1),
        ("第二件从上周开始的", 2),
    ],
)
def test_several_matters_are_corrected_one_by_one(intake: Intake, said: str, details: int) -> None:
    matter = intake.listen(Matter(), SEVERAL, "file_case")
    matter = intake.listen(matter, said, "inform")
    assert len(form.each(matter)) == details
    assert matter.phone == "13800000021"
    if details == 2:
        assert [one.since for one in form.each(matter)] == ["三天", "上周"]


@pytest.mark.parametrize(
    ("said", "matters"),
    [
        ("望湖路18号路灯坏了三天。春晖路停电了。", ["望湖路18号路灯坏了三天", "春晖路停电了"]),
        ("望湖路18号路灯坏了三天；春晖路停电了", ["望湖路18号路灯坏了三天", "春晖路停电了"]),
        ("两件事：望湖路18号路灯坏了；春晖路停电了", ["望湖路18号路灯坏了", "春晖路停电了"]),
        (
            "您好，我住望湖路18号。路灯坏了。家里停电了",
            ["您好，我住望湖路18号。路灯坏了", "家里停电了"],
        ),
        ("望湖路18号路灯坏了三天。一直停电没人管。", None),
        ("望湖路18号路灯坏了三天。晚上看不见路。", None),
    ],
)
def test_sentences_keep_matters_apart(intake: Intake, said: str, matters: list[str] | None) -> None:
    assert intake.matters_in(said) == (matters or [said])


def test_one_matter_told_at_length_stays_one(intake: Intake) -> None:
    matter = intake.listen(Matter(), "望湖路路灯坏了，另外那边路灯也不亮了", "file_case")
    assert matter.others == []


def test_answers_to_another_question_go_where_they_belong(intake: Intake) -> None:
    matter = intake.listen(Matter(), "学府路12号小区门口路灯坏了", "file_case")
    place = matter.place
    assert place is not None and place.text.startswith("学府路12号")
    matter = intake.listen(matter, "匿名", "inform")
    assert (matter.anonymous, matter.since, matter.place) == (True, None, place)
    matter = intake.listen(matter, "昨天开始", "inform")
    assert (matter.since, matter.place, matter.awaiting) == ("昨天", place, "confirm")
    assert "昨天" not in form.title(matter)


@pytest.mark.parametrize("said", ["昨天开始", "匿名"])
def test_a_name_used_twice_is_still_asked_about(intake: Intake, said: str) -> None:
    matter = intake.listen(Matter(), "中山路的路灯坏了", "file_case")
    matter = intake.listen(matter, said, "inform")
    assert (matter.awaiting, matter.place) == ("place_choice", None)
    assert matter.anonymous if said == "匿名" else matter.since == "昨天"
