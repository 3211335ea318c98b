"""Grades in both code systems, tags by grade, and what a review must say."""

from __future__ import annotations

import pytest

from reviews.grades import BAD, GRADE_NAMES, TAGS, Grade, from_standard, problems, to_standard

G = Grade


@pytest.mark.parametrize(
    ("grade", "interface", "standard", "name"),
    [
        (G.VERY_SATISFIED, 5, 1, "非常满意"),
        (G.SATISFIED, 4, 2, "满意"),
        (G.FAIR, 3, 3, "基本满意"),
        (G.DISSATISFIED, 2, 4, "不满意"),
        (G.VERY_DISSATISFIED, 1, 5, "非常不满意"),
    ],
)
def test_both_code_systems(grade: Grade, interface: int, standard: int, name: str) -> None:
    assert grade == interface
    assert to_standard(grade) == standard
    assert from_standard(standard) is grade
    assert GRADE_NAMES[grade] == name


@pytest.mark.parametrize("code", [0, 6, -1])
def test_codes_outside_the_standard(code: int) -> None:
    with pytest.raises(ValueError):
        from_standard(code)


def test_a_tag_belongs_to_the_grade_of_its_first_digit() -> None:
    assert set(TAGS) == set(Grade)
    for grade, tags in TAGS.items():
        assert len(tags) == 8
        assert len(set(tags.values())) == 8
        for code in tags:
            assert len(code) == 3 and int(code[0]) == grade


@pytest.mark.parametrize(
    ("grade", "tags", "text", "fields"),
    [
        (5, [], "", []),
        (5, ["510", "517"], "很好", []),
        (3, [], "", []),
        (2, [], "", ["text"]),
        (2, [], "  ", ["text"]),
        (2, ["214"], "", []),
        (2, [], "没人来", []),
        (1, [], "", ["text"]),
        (1, ["115"], "", []),
        (1, ["510"], "", ["tags"]),
        (5, ["115"], "", ["tags"]),
        (4, ["406", "406"], "", ["tags"]),
        (4, ["999"], "", ["tags"]),
    ],
)
def test_what_a_review_must_say(grade: int, tags: list[str], text: str, fields: list[str]) -> None:
    assert list(problems(Grade(grade), tags, text)) == fields


def test_bad_grades_are_the_two_lowest() -> None:
    assert {1, 2} == BAD
