"""Values of quick replies: written, read back, and foreign ones refused."""

from __future__ import annotations

import pytest

from kb.choices import Choice, choice_value, read_choice_value, title_of
from kb.schemas import Kind


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (choice_value("T-001", ("fee",)), Choice(Kind.ITEM, "T-001", ("fee",))),
        (choice_value("T-001", ("time", "fee")), Choice(Kind.ITEM, "T-001", ("time", "fee"))),
        (choice_value("T-001", ()), Choice(Kind.ITEM, "T-001", ("overview",))),
        (choice_value("P-1", (), Kind.POLICY), Choice(Kind.POLICY, "P-1", ("overview",))),
        ("life_event:E-1:steps", Choice(Kind.LIFE_EVENT, "E-1", ("steps",))),
        ("item:T-001", Choice(Kind.ITEM, "T-001", ())),
        ("notice:N-1", None),
        ("item:", None),
        ("case:consult", None),
        ("item:a:b:c", None),
        ("", None),
    ],
)
def test_values_of_quick_replies(value: str, read: Choice | None) -> None:
    assert read_choice_value(value) == read


def test_a_long_name_is_shortened_to_a_title() -> None:
    assert title_of("渔" * 61) == "渔" * 59 + "…"
    assert title_of("渔" * 60) == "渔" * 60
