"""What citizens type into the pages' forms."""

from __future__ import annotations

import pytest

from cases.vocabulary import CaseType
from integrations.web.forms import known_key, new_key, read_form, read_review
from reviews.grades import Grade

COMPLETE = {
    "key": "0b7c2c1e-6a1c-4d3e-9a51-5a8f6f3c1d20",
    "type": "help",
    "detail": "路灯坏了两盏",
    "place": "望湖路 18 号",
    "since": "上周三",
    "contact": "phone",
    "phone": "13800001111",
    "name": "示例·李",
    "on_behalf_of": "",
}


def test_complete_form_is_taken_as_typed() -> None:
    entry = read_form(COMPLETE).entry
    assert entry is not None
    assert (entry.key, entry.type) == (COMPLETE["key"], CaseType.HELP)
    assert (entry.detail, entry.place, entry.since) == ("路灯坏了两盏", "望湖路 18 号", "上周三")
    assert (entry.phone, entry.name, entry.anonymous) == ("13800001111", "示例·李", False)
    assert not entry.confidential


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"detail": ""}, "detail"),
        ({"detail": " 坏了 "}, "detail"),
        ({"detail": "长" * 4001}, "detail"),
        ({"place": "  "}, "place"),
        ({"place": "路" * 301}, "place"),
        ({"since": "久" * 101}, "since"),
        ({"name": "名" * 41}, "name"),
        ({"on_behalf_of": "人" * 41}, "on_behalf_of"),
        ({"contact": ""}, "contact"),
        ({"contact": "pigeon"}, "contact"),
        ({"phone": ""}, "phone"),
        ({"phone": "123"}, "phone"),
    ],
)
def test_each_mistake_is_named_at_its_field(changed: dict[str, str], field: str) -> None:
    read = read_form({**COMPLETE, **changed})
    assert read.entry is None
    assert list(read.problems) == [field]


def test_an_empty_form_names_everything_that_is_needed() -> None:
    assert set(read_form({}).problems) == {"detail", "place", "contact"}


def test_whoever_stays_anonymous_leaves_no_name_or_number() -> None:
    entry = read_form({**COMPLETE, "contact": "anonymous"}).entry
    assert entry is not None
    assert (entry.anonymous, entry.name, entry.phone) == (True, "", "")


@pytest.mark.parametrize(
    ("contact", "ticked", "wanted"),
    [("phone", "yes", True), ("phone", "", False), ("anonymous", "yes", False)],
)
def test_text_messages_are_wanted_only_by_who_says_so(
    contact: str, ticked: str, wanted: bool
) -> None:
    entry = read_form({**COMPLETE, "contact": contact, "sms": ticked}).entry
    assert entry is not None
    assert entry.sms is wanted


def test_an_unknown_type_is_left_to_the_line() -> None:
    entry = read_form({**COMPLETE, "type": "<script>"}).entry
    assert entry is not None
    assert entry.type is None


def test_the_key_survives_a_correction_and_a_foreign_one_is_replaced() -> None:
    key = new_key()
    assert known_key(key) == key
    assert known_key("' OR 1=1") != "' OR 1=1"
    assert new_key() != key


@pytest.mark.parametrize(
    ("grade", "tags", "text", "fields"),
    [
        ("5", [], "", []),
        ("3", [], "", []),
        ("2", [], "", ["text"]),
        ("1", [], "  ", ["text"]),
        ("2", ["209"], "", []),
        ("1", [], "没人来", []),
        # Ticked for 不满意 before changing to 非常不满意: no reason for the latter.
        ("1", ["209"], "", ["text"]),
        ("", [], "", ["grade"]),
        ("6", [], "", ["grade"]),
        ("5", [], "好" * 2001, ["text"]),
    ],
)
def test_what_a_rating_needs(grade: str, tags: list[str], text: str, fields: list[str]) -> None:
    assert list(read_review(grade, tags, text).problems) == fields


def test_tags_of_another_grade_are_dropped() -> None:
    review = read_review("2", ["209", "510", "209"], "")
    assert (review.grade, review.tags) == (Grade.DISSATISFIED, ["209"])
