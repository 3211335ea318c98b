"""The code of a new entry follows on those its unit has."""

from __future__ import annotations

import pytest

from kb.codes import next_code, row_of
from kb.schemas import Kind


@pytest.mark.parametrize(
    ("codes", "kind", "unit", "beginning"),
    [
        (["SL-POLICE-001", "SL-POLICE-007", "X-1"], Kind.ITEM, "police", "SL-POLICE-"),
        ([], Kind.ITEM, "chengdong.urban", "CHENGDONG-URBAN-"),
        (["OLD"], Kind.POLICY, "police", "POLICY-POLICE-"),
    ],
)
def test_the_row_is_the_one_that_most_codes_are_in(
    codes: list[str], kind: Kind, unit: str, beginning: str
) -> None:
    assert row_of(codes, kind, unit) == beginning


@pytest.mark.parametrize(
    ("taken", "code"),
    [
        (set(), "A-001"),
        ({"A-001", "A-009"}, "A-010"),
        ({"A-7"}, "A-8"),
        ({"A-B-9", "A-2"}, "A-3"),
        ({"A-999"}, "A-1000"),
    ],
)
def test_the_number_follows_on_the_last(taken: set[str], code: str) -> None:
    assert next_code("A-", taken) == code
