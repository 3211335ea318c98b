"""Code systems: every code there is, one line each."""

from __future__ import annotations

import pytest

from cases.vocabulary import Source
from reviews.codes import (
    CHANNEL_NAMES,
    Channel,
    CodeSystem,
    ReadChannel,
    read_channel,
    read_grade,
    read_kind,
    write_channel,
    write_grade,
    write_kind,
)
from reviews.grades import Grade

NATIONAL, GBT, ZHEJIANG = CodeSystem.NATIONAL, CodeSystem.GBT_39046, CodeSystem.ZHEJIANG


@pytest.mark.parametrize(
    ("grade", "national", "gbt", "zhejiang"),
    [
        (Grade.VERY_SATISFIED, 5, 1, 5),
        (Grade.SATISFIED, 4, 2, 4),
        (Grade.FAIR, 3, 3, 3),
        (Grade.DISSATISFIED, 2, 4, 2),
        (Grade.VERY_DISSATISFIED, 1, 5, 1),
    ],
)
def test_grade_in_each_system(grade: Grade, national: int, gbt: int, zhejiang: int) -> None:
    codes = {NATIONAL: national, GBT: gbt, ZHEJIANG: zhejiang}
    for system, code in codes.items():
        assert write_grade(grade, system) == code
        assert read_grade(code, system) is grade


@pytest.mark.parametrize("system", CodeSystem)
@pytest.mark.parametrize("code", [0, 6, -1, 51])
def test_a_grade_that_is_none(system: CodeSystem, code: int) -> None:
    with pytest.raises(ValueError):
        read_grade(code, system)


@pytest.mark.parametrize(
    ("channel", "national", "zhejiang"),
    [
        (Channel.PC, 1, 1),
        (Channel.MOBILE, 2, 2),
        (Channel.QR, 3, 3),
        (Channel.TABLET, 4, 4),
        (Channel.HALL, 5, 5),
        (Channel.PHONE, 6, None),
        (Channel.SMS, 7, 6),
    ],
)
def test_channel_in_each_system(channel: Channel, national: int, zhejiang: int | None) -> None:
    assert write_channel(channel, NATIONAL) == write_channel(channel, GBT) == national
    assert read_channel(national, NATIONAL) == ReadChannel(channel)
    if zhejiang is None:
        with pytest.raises(ValueError, match="电话"):
            write_channel(channel, ZHEJIANG)
    else:
        assert write_channel(channel, ZHEJIANG) == zhejiang
        assert read_channel(zhejiang, ZHEJIANG) == ReadChannel(channel)


def test_what_a_platform_set_itself_is_told_apart() -> None:
    assert read_channel(7, ZHEJIANG) == ReadChannel(Channel.PC, is_default=True)
    assert write_channel(Channel.PC, ZHEJIANG, is_default=True) == 7
    assert not read_channel(7, NATIONAL).is_default


@pytest.mark.parametrize("code", [0, 8, 9])
@pytest.mark.parametrize("system", CodeSystem)
def test_a_channel_that_is_none(system: CodeSystem, code: int) -> None:
    with pytest.raises(ValueError):
        read_channel(code, system)


@pytest.mark.parametrize(
    ("system", "code", "kind"),
    [(NATIONAL, 1, 1), (NATIONAL, 2, 2), (GBT, 1, 1), (ZHEJIANG, 1, 2), (ZHEJIANG, 2, 1)],
)
def test_kind_of_transaction(system: CodeSystem, code: int, kind: int) -> None:
    assert read_kind(code, system) == kind
    assert write_kind(kind, system) == code


def test_every_channel_has_a_name() -> None:
    assert {*map(str, Source), *(channel.word for channel in Channel)} == set(CHANNEL_NAMES)
