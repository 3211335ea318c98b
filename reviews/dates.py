"""Which moments of services and reviews can be true. Pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from core.calendar import LOCAL

# 好差评 came with 国办发〔2019〕51号; a service that was rated may have begun long before it.
FIRST_REVIEW = date(2019, 1, 1)
FIRST_SERVICE = date(2000, 1, 1)
# Clocks of two platforms differ.
AHEAD = timedelta(minutes=10)


def review_problem(at: datetime, latest: datetime) -> str | None:
    """What is wrong with the moment of a review that came at ``latest``; None when nothing."""
    return _problem("评价时间", at, FIRST_REVIEW, latest)


def service_problem(begun: datetime, done: datetime | None, latest: datetime) -> str | None:
    """The same of a service that was accepted at ``begun`` and finished at ``done``."""
    wrong = _problem("受理时间", begun, FIRST_SERVICE, latest)
    if wrong or done is None:
        return wrong
    if done < begun and not _is_only_a_day(done, begun):
        return "办结时间早于受理时间"
    return _problem("办结时间", done, FIRST_SERVICE, latest)


def came_before(at: datetime, what: datetime) -> bool:
    """Whether a review of ``at`` is of a day before ``what`` it is about."""
    return at.astimezone(LOCAL).date() < what.astimezone(LOCAL).date()


def _problem(name: str, at: datetime, first: date, latest: datetime) -> str | None:
    if at > latest + AHEAD:
        return f"{name}晚于现在"
    if at.astimezone(LOCAL).date() < first:
        return f"{name}早于 {first.year} 年，不可能"
    return None


def _is_only_a_day(done: datetime, begun: datetime) -> bool:
    """A moment that was delivered without an hour reads as midnight."""
    local = done.astimezone(LOCAL)
    return local.time() == time() and not came_before(done, begun)
