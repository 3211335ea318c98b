"""The form absorbs what is said, asks only for what is missing, and is corrected in own words."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from cases.vocabulary import CaseType
from core.calendar import LOCAL
from core.database import now
from intake import form, questions
from intake.case_types import guess_type
from intake.facts import read_facts
from intake.form import Heard, Matter, Place


def heard(text: str, act: str = "inform", *places: Place) -> Heard:
    return Heard(
        text=text,
        act=act,
        places=list(places),
        facts=read_facts(text, tuple(p.text for p in places)),
    )


def listen(matter: Matter, text: str, act: str = "inform", *places: Place) -> Matter:
    new = form.absorb(matter, heard(text, act, *places))
    if new.words and new.type is None:
        new.type = guess_type(new.detail)
    return form.settle(new)


ROAD = Place(text="望湖路18号", code="road", street="s", district="d", label="城东区望湖街道")


def test_a_bare_wish_is_asked_what_it_is_about() -> None:
    matter = listen(Matter(), "我要投诉", "file_case")
    assert matter.awaiting == "matter"
    assert matter.words == []


def test_nothing_is_asked_when_everything_was_said() -> None:
    matter = listen(Matter(), "望湖路18号路灯坏了三天，电话13800000021", "file_case", ROAD)
    assert matter.awaiting == "confirm"
    assert (matter.type, matter.since, matter.phone) == (CaseType.HELP, "三天", "13800000021")


def test_each_missing_fact_is_asked_in_turn() -> None:
    matter = listen(Matter(), "路灯坏了", "file_case")
    asked = [matter.awaiting]
    for text, places in (("望湖路18号", [ROAD]), ("三天了", []), ("13800000021", [])):
        matter = listen(matter, text, "inform", *places)
        asked.append(matter.awaiting)
    assert asked == ["place", "since", "contact", "confirm"]
    assert matter.place == ROAD
    assert matter.words == ["路灯坏了"]


def test_nothing_is_asked_more_than_twice() -> None:
    matter = listen(Matter(), "路灯坏了", "file_case")
    for _ in range(8):
        if matter.awaiting == "confirm":
            break
        matter = listen(matter, "不知道")
    assert matter.awaiting == "confirm"
    assert all(times <= form.MAX_ASKED for times in matter.asked.values())
    assert matter.anonymous


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ("电话改成13800000099", "phone", "13800000099"),
        ("匿名吧", "anonymous", True),
        ("要保密", "confidential", True),
        ("不对，是昨天晚上开始的", "since", "昨天晚上"),
        ("是投诉不是求助", "type", CaseType.COMPLAINT),
        ("替我妈反映", "on_behalf_of", "妈"),
    ],
)
def test_the_summary_is_corrected_in_own_words(said: str, field: str, value: object) -> None:
    matter = listen(Matter(), "望湖路18号路灯坏了三天，电话13800000021", "file_case", ROAD)
    matter = listen(matter, said)
    assert matter.awaiting == "confirm"
    assert getattr(matter, field) == value
    assert matter.words == ["望湖路18号路灯坏了三天，电话13800000021"]


def test_a_gate_is_corrected_inside_the_place() -> None:
    start = Place(text="云溪苑小区南门", code="estate")
    matter = listen(Matter(), "云溪苑小区南门路灯灭了三天，13800000002", "file_case", start)
    matter = listen(matter, "不对不对，是东门")
    assert matter.place is not None
    assert matter.place.text == "云溪苑小区东门"
    assert "东门" in questions.question(matter).text


def test_more_about_the_matter_is_added_at_the_summary() -> None:
    matter = listen(Matter(), "望湖路18号路灯坏了三天，电话13800000021", "file_case", ROAD)
    matter = listen(matter, "另外旁边的井盖也松了", "file_case")
    assert matter.detail.endswith("旁边的井盖也松了")


def test_a_name_in_two_districts_is_asked_about() -> None:
    east = Place(text="建设路", code="a", label="城东区")
    west = Place(text="建设路", code="b", label="城西区")
    matter = listen(Matter(), "建设路的路灯坏了", "file_case", east, west)
    assert matter.awaiting == "place_choice"
    assert [c.title for c in questions.question(matter).choices] == ["城东区", "城西区"]
    assert listen(matter, "城西区的").place == west
    elsewhere = Place(text="临江区", code="l", district="l", label="临江区")
    again = listen(matter, "临江区的", "inform", elsewhere)
    assert again.awaiting == "place_choice"
    assert listen(again, "就是建设路", "inform", east, west).place == Place(text="建设路")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("举报一家黑作坊", CaseType.REPORT),
        ("建议增加一趟公交", CaseType.SUGGESTION),
        ("路灯坏了没人修", CaseType.HELP),
        ("物业乱收费", CaseType.COMPLAINT),
        ("感谢社区工作人员", CaseType.PRAISE),
        ("工地偷倒垃圾", CaseType.REPORT),
    ],
)
def test_the_type_is_read_from_the_words(text: str, kind: CaseType) -> None:
    assert guess_type(text) is kind


def test_a_report_is_confidential_unless_the_citizen_says_otherwise() -> None:
    matter = Matter(type=CaseType.REPORT)
    assert form.is_confidential(matter)
    assert not form.is_confidential(matter.model_copy(update={"confidential": False}))


def test_a_wish_with_facts_alone_is_asked_what_it_is_about() -> None:
    matter = listen(Matter(), "我要投诉，地址：望湖路18号，电话13800000021", "file_case", ROAD)
    assert matter.awaiting == "matter"
    assert (matter.words, matter.place, matter.phone) == ([], ROAD, "13800000021")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("云溪苑小区门口路灯灭了三天", "place_detail"),
        ("云溪苑小区南门口路灯灭了三天", "contact"),
        ("云溪苑小区3栋路灯灭了三天", "contact"),
    ],
)
def test_which_gate_is_asked_where_there_are_several(text: str, asked: str) -> None:
    place = Place(text="云溪苑小区南门" if "南门" in text else "云溪苑小区", code="estate")
    assert listen(Matter(), text, "file_case", place).awaiting == asked


@pytest.mark.parametrize("text", ["云溪苑小区", "云溪苑小区门口"])
def test_the_gate_is_taken_and_corrected(text: str) -> None:
    place = Place(text=text, code="estate")
    matter = listen(Matter(), "云溪苑小区门口路灯灭了三天", "file_case", place)
    matter = listen(matter, "南门 挨着药店那个门")
    assert matter.place is not None and matter.place.text == "云溪苑小区南门"
    assert matter.words[-1] == "挨着药店那个门"
    matter = listen(listen(matter, "13800000021"), "不对，是东门")
    assert matter.place is not None and matter.place.text == "云溪苑小区东门"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("昨天晚上", "昨天晚上（{0.month}月{0.day}日）"),
        ("三天", "三天"),
        ("8月3号", "8月3号"),
    ],
)
def test_a_relative_day_is_shown_with_its_date(said: str, shown: str) -> None:
    yesterday = now().astimezone(LOCAL) - timedelta(1)
    matter = listen(Matter(), f"{said}望湖路18号路灯坏了，电话13800000021", "file_case", ROAD)
    rows = {row["label"]: row["value"] for row in (questions.summary(matter).card or {})["rows"]}
    assert rows["时间"] == shown.format(yesterday)
    assert rows["事情"] == f"{said}望湖路18号路灯坏了"


@pytest.mark.parametrize("said", ["打我这个手机号就行", "就这个号码", "可以"])
def test_the_number_a_citizen_calls_from_is_offered(said: str) -> None:
    matter = listen(Matter(caller="13800000002"), "望湖路18号路灯坏了三天", "file_case", ROAD)
    assert "138****0002" in questions.question(matter).text
    matter = listen(matter, said, "affirm" if said == "可以" else "inform")
    assert (matter.phone, matter.awaiting) == ("13800000002", "confirm")


def test_without_a_number_seen_by_the_door_this_number_is_asked_for() -> None:
    matter = listen(Matter(), "望湖路18号路灯坏了三天", "file_case", ROAD)
    assert listen(matter, "就这个号码").phone is None


def test_several_matters_share_who_speaks() -> None:
    first = Matter(words=["路灯坏了"], phone="13800000021", others=[Matter(words=["垃圾没清"])])
    matters = form.each(first)
    assert [one.detail for one in matters] == ["路灯坏了", "垃圾没清"]
    assert {one.phone for one in matters} == {"13800000021"}
    assert not any(one.others for one in matters)
    rows = {row["label"]: row["value"] for row in (questions.summary(first).card or {})["rows"]}
    assert "垃圾没清" in rows["第2件"] and rows["联系"] == "138****0021"


@pytest.mark.parametrize("said", ["不对，是20号门口", "不对，应该是20号", "门牌是20号"])
def test_another_number_in_the_same_road_is_a_place_and_no_date(said: str) -> None:
    matter = listen(Matter(), "望湖路18号路灯坏了三天，电话13800000021", "file_case", ROAD)
    matter = listen(matter, said)
    assert matter.place is not None and matter.place.text == "望湖路20号"
    assert (matter.since, matter.words) == ("三天", ["望湖路18号路灯坏了三天，电话13800000021"])


def test_a_date_that_is_said_so_stays_a_date() -> None:
    matter = listen(Matter(), "望湖路18号路灯坏了三天，电话13800000021", "file_case", ROAD)
    assert listen(matter, "不对，是20号开始的").since == "20号"


def test_a_report_that_says_at_what_hour_is_not_asked_since_when() -> None:
    said = "举报望湖路18号半夜偷倒垃圾，电话13800000021"
    report = Matter(type=CaseType.REPORT)
    assert listen(report, said, "file_case", ROAD).awaiting == "confirm"
    assert listen(Matter(type=CaseType.COMPLAINT), said, "file_case", ROAD).awaiting == "since"


ESTATE = Place(text="学府路12号小区门口", code="estate")
GATE = "学府路12号小区门口路灯灭了"


def asked_for(slot: str) -> Matter:
    """A matter of which the answer to ``slot`` is awaited, and whatever comes after is missing."""
    if slot == "place_detail":
        matter = listen(Matter(), GATE, "file_case", ESTATE)
    else:
        matter = listen(Matter(), "路灯坏了", "file_case")
    if slot in ("since", "contact"):
        matter = listen(matter, "望湖路18号", "inform", ROAD)
    if slot == "contact":
        matter = listen(matter, "不清楚")
        matter = listen(matter, "不清楚") if matter.awaiting == "since" else matter
    assert matter.awaiting == slot
    return matter


@pytest.mark.parametrize("slot", ["place", "place_detail", "since", "contact"])
@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ("匿名", "anonymous", True),
        ("我要匿名反映", "anonymous", True),
        ("昨天晚上", "since", "昨天晚上"),
        ("昨天开始", "since", "昨天"),
        ("大概是从上周三开始的吧", "since", "上周三"),
        ("20号开始的", "since", "20号"),
        ("不是昨天，是前天", "since", "前天"),
        ("三天了", "since", "三天"),
        ("13800000021", "phone", "13800000021"),
        ("我的电话是13800000021", "phone", "13800000021"),
        ("一三八零零零零零零二一", "phone", "13800000021"),
        ("0000-12345678", "phone", "000012345678"),
        ("我叫李明", "name", "李明"),
        ("我是王女士", "name", "王女士"),
        ("我姓王", "name", "王先生/女士"),
        ("不用保密", "confidential", False),
    ],
)
def test_an_answer_goes_where_it_belongs_whatever_was_asked(
    slot: str, said: str, field: str, value: object
) -> None:
    before = asked_for(slot)
    after = listen(before, said)
    assert getattr(after, field) == value
    untouched = {"since", "name", "phone", "anonymous", "confidential"} - {field}
    for other in untouched:
        assert getattr(after, other) == getattr(before, other)
    assert after.words == before.words
    assert after.place == before.place
    assert all(times <= form.MAX_ASKED for times in after.asked.values())


@pytest.mark.parametrize(
    ("slot", "said"),
    [("since", "匿名"), ("contact", "昨天晚上"), ("place", "昨天开始"), ("place", "匿名")],
)
def test_what_was_not_answered_is_asked_again_but_not_a_third_time(slot: str, said: str) -> None:
    again = listen(asked_for(slot), said)
    if slot != "since" or again.asked["since"] < form.MAX_ASKED:
        assert again.awaiting == slot
    assert listen(again, said).awaiting != slot


def test_a_time_that_is_known_is_not_replaced_by_the_way() -> None:
    matter = listen(Matter(), "望湖路18号路灯坏了三天", "file_case", ROAD)
    matter = listen(matter, "昨天晚上")
    assert (matter.since, matter.name, matter.awaiting) == ("三天", None, "contact")


def test_a_time_said_for_a_gate_stands_in_no_place_and_no_title() -> None:
    matter = listen(asked_for("place_detail"), "昨天开始")
    assert matter.place == ESTATE
    assert "昨天" not in form.title(matter)


@pytest.mark.parametrize(
    ("slot", "said", "text"),
    [
        ("place", "18号", "18号"),
        ("place", "春天花园", "春天花园"),
        ("place", "五一路", "五一路"),
        ("place_detail", "18号", "学府路12号小区门口18号"),
        ("place_detail", "靠近药店", "学府路12号小区门口靠近药店"),
    ],
)
def test_a_place_that_sounds_like_a_time_stays_a_place(slot: str, said: str, text: str) -> None:
    matter = listen(asked_for(slot), said)
    assert matter.place is not None and matter.place.text == text


@pytest.mark.parametrize("said", ["18号", "8月18号"])
def test_the_number_of_a_house_is_a_date_only_when_it_must_be(said: str) -> None:
    assert listen(asked_for("since"), said).since == said
    assert listen(asked_for("place"), said).since == (None if said == "18号" else said)


def test_a_name_alone_is_taken_for_the_contact_and_asked_on() -> None:
    matter = listen(asked_for("contact"), "王小明")
    assert (matter.name, matter.phone, matter.awaiting) == ("王小明", None, "contact")


@pytest.mark.parametrize("said", ["匿名", "昨天开始的", "我要匿名举报"])
def test_facts_alone_are_no_matter(said: str) -> None:
    matter = listen(Matter(), said, "file_case")
    assert (matter.words, matter.awaiting) == ([], "matter")


BARE = Place(text="望湖路", code="road", street="s", district="d")


@pytest.mark.parametrize(
    ("said", "act", "places", "place"),
    [
        ("靠近菜市场", "inform", [], "望湖路靠近菜市场"),
        ("在和春晖路的路口", "inform", [], "望湖路和春晖路的路口"),
        ("望湖路18号", "inform", [ROAD], "望湖路18号"),
        ("18号", "inform", [], "望湖路18号"),
        ("不清楚", "inform", [], "望湖路"),
        ("对的", "affirm", [], "望湖路"),
        ("昨天晚上开始的", "inform", [], "望湖路"),
    ],
)
def test_a_road_alone_is_asked_about_once_by_telephone(
    said: str, act: str, places: list[Place], place: str
) -> None:
    matter = listen(Matter(spoken=True), "望湖路的路灯坏了", "file_case", BARE)
    assert matter.awaiting == "place_detail"
    assert "望湖路比较长，请问在哪个路口" in questions.question(matter).text
    matter = listen(matter, said, act, *places)
    assert matter.place is not None and matter.place.text == place
    assert matter.awaiting in ("since", "contact")
    # Who sees a page is not asked, and neither is who has said the number.
    for other, where in ((Matter(), BARE), (Matter(spoken=True), ROAD)):
        assert listen(other, "路灯坏了", "file_case", where).awaiting == "since"


@pytest.mark.parametrize("caller", [None, "13800001234"])
def test_what_is_asked_again_is_asked_in_other_words_with_an_example(caller: str | None) -> None:
    matter = listen(Matter(caller=caller), "路灯坏了", "file_case")
    asked: dict[str, list[str]] = {}
    while matter.awaiting != "confirm":
        asked.setdefault(str(matter.awaiting), []).append(questions.question(matter).text)
        # Nothing was answered.
        matter = form.settle(matter)
    assert set(asked) == {"place", "since", "contact"}
    for first, second in asked.values():
        assert first != second and re.search("例如|就说", second)


def test_a_title_does_not_begin_with_who_speaks() -> None:
    matter = Matter(words=["我是示例·王小明，住望湖路18号，楼上漏水三天了"], place=ROAD)
    assert form.title(matter) == f"{ROAD.text} 楼上漏水三天了"
