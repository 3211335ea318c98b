"""Numbers, codes and what citizens make of them when typing."""

from datetime import UTC, datetime

import pytest

from cases.numbers import check_digit, code_fits, make_number, query_code, tidy_number

NUMBER = make_number(datetime(2026, 8, 7, 17, 0, tzinfo=UTC), 42)


def test_the_date_in_a_number_is_the_local_one() -> None:
    assert NUMBER[:12] == "260808000042"
    assert len(NUMBER) == 13


def test_known_check_digit() -> None:
    # The example of ISO/IEC 7064 for MOD 11,10.
    assert check_digit("0794") == "5"


def test_every_wrong_digit_is_found() -> None:
    for place, right in enumerate(NUMBER):
        for wrong in set("0123456789") - {right}:
            assert tidy_number(NUMBER[:place] + wrong + NUMBER[place + 1 :]) is None


@pytest.mark.parametrize(
    "typed",
    [
        f" {NUMBER} ",
        f"{NUMBER[:6]} {NUMBER[6:]}",
        f"{NUMBER[:6]}-{NUMBER[6:]}",
        "".join(chr(ord(d) + 0xFEE0) for d in NUMBER),
    ],
)
def test_numbers_as_people_type_them(typed: str) -> None:
    assert tidy_number(typed) == NUMBER


@pytest.mark.parametrize("typed", ["", "abc", NUMBER[:-1], NUMBER + "\x00", "٢" * 13, "9" * 5000])
def test_what_is_no_number(typed: str) -> None:
    assert tidy_number(typed) is None


def test_a_query_code_is_stable_six_digits_without_0_and_1() -> None:
    code = query_code(NUMBER)
    assert code == query_code(NUMBER)
    assert len(code) == 6
    assert set(code) <= set("23456789")
    assert code_fits(NUMBER, f" {code[:3]} {code[3:]}")
    assert not code_fits(NUMBER, "密码")


def test_query_codes_spread() -> None:
    codes = {query_code(make_number(datetime(2026, 8, 7, tzinfo=UTC), n)) for n in range(2000)}
    assert len(codes) > 1950
