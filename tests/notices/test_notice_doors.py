"""Who is told through which door, and when: tables."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from cases.vocabulary import Source
from core.calendar import LOCAL
from notices.doors import Person, Talk, by_sms, is_away, is_mobile, pushes_to, release
from notices.vocabulary import Kind

AT = datetime(2026, 8, 5, 10, 0, tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("source", "choice", "phone", "allowed"),
    [
        (Source.PHONE, None, "13800001234", True),
        (Source.PHONE, None, "+86 138 0000 1234", True),
        (Source.PHONE, False, "13800001234", False),
        (Source.PHONE, None, "0571-88001234", False),
        (Source.PHONE, None, None, False),
        (Source.WEB, None, "13800001234", False),
        (Source.WEB, True, "13800001234", True),
        (Source.WECHAT, None, "13800001234", False),
        (Source.VISIT, None, "13800001234", True),
    ],
)
def test_who_may_be_texted(
    source: Source, choice: bool | None, phone: str | None, allowed: bool
) -> None:
    assert by_sms(Person(source, phone, choice)) is allowed


@pytest.mark.parametrize(
    ("phone", "reached"),
    [("13800001234", True), ("12345", False), ("02012345678", False), (None, False)],
)
def test_text_messages_reach_mobiles(phone: str | None, reached: bool) -> None:
    assert is_mobile(phone) is reached


@pytest.mark.parametrize(
    ("channel", "address", "pushed"),
    [
        ("wechat", "openid", "openid"),
        ("wechat", None, None),
        ("phone", "CA1", None),
        ("web", None, None),
    ],
)
def test_a_door_that_can_speak_is_used(
    channel: str, address: str | None, pushed: str | None
) -> None:
    assert pushes_to(Talk(channel, address, AT), frozenset({"wechat", "sms"})) == pushed


@pytest.mark.parametrize(
    ("channel", "minutes", "away"),
    [("web", 9, False), ("web", 11, True), ("phone", 0, True)],
)
def test_who_looks_at_the_page_is_not_away(channel: str, minutes: int, away: bool) -> None:
    assert is_away(Talk(channel, None, AT - timedelta(minutes=minutes)), AT) is away
    assert is_away(None, AT)


@pytest.mark.parametrize(
    ("kind", "at", "released"),
    [
        (Kind.ANSWERED, "20:59", None),
        (Kind.ANSWERED, "21:00", "06 08:00"),
        (Kind.PROGRESS, "23:59", "06 08:00"),
        (Kind.PROGRESS, "00:00", "05 08:00"),
        (Kind.PROGRESS, "07:59", "05 08:00"),
        (Kind.PROGRESS, "08:00", None),
        (Kind.CODE, "03:00", None),
        (Kind.LINE, "03:00", None),
        (Kind.FILED, "03:00", None),
    ],
)
def test_the_night_is_quiet(kind: Kind, at: str, released: str | None) -> None:
    # The service thinks in UTC, the night is the city's.
    moment = datetime.combine(AT.date(), time.fromisoformat(at), LOCAL).astimezone(UTC)
    found = release(kind, moment, time(21), time(8))
    assert (f"{found.astimezone(LOCAL):%d %H:%M}" if found else None) == released


def test_quiet_hours_may_lie_within_a_day_or_be_none() -> None:
    noon = datetime(2026, 8, 5, 12, 30, tzinfo=LOCAL)
    found = release(Kind.PROGRESS, noon, time(12), time(14))
    assert found == datetime(2026, 8, 5, 14, 0, tzinfo=LOCAL)
    assert release(Kind.PROGRESS, noon, time(13), time(14)) is None
    assert release(Kind.PROGRESS, noon, time(0), time(0)) is None
