"""The working calendar: holidays and make-up days of a year, and whether it is announced.

Every change is applied to the clocks that run, in the background.
"""

from __future__ import annotations

from datetime import date, timedelta

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from cases.tasks import recompute_clocks
from console.menu import CALENDAR_ROLES
from console.render import link, render
from console.repository import CalendarRepository
from console.route import console_router
from console.staff import CurrentStaff, Posted, PostedForm, Staff, database_of
from console.wording import DONE
from core.calendar import LOCAL
from core.database import now
from core.errors import InvalidInput
from core.jobs import defer
from reviews.rectification_tasks import recompute_rectifications

router = console_router()
log = structlog.get_logger(__name__)
_PATH = "/console/calendar"
_WEEKDAYS = "一二三四五六日"
_MAX_NOTE = 100
# A range longer than any holiday is a slip of the pen.
_MAX_RANGE = 15


@router.get("/calendar")
async def calendar_page(
    request: Request, staff: CurrentStaff, year: int = 0, done: str = ""
) -> Response:
    """A year's exceptions; this year's unless asked otherwise."""
    staff.actor.require(*CALENDAR_ROLES)
    return await _show(request, year, done=done)


@router.post("/calendar/days")
async def set_days(request: Request, form: PostedForm) -> Response:
    """Make one day, or all from a first to a last one, a holiday or a make-up day."""
    _check(form.staff)
    typed = {name: form.text(name) for name in ("day", "until", "kind", "note")}
    try:
        days = _days(typed["day"], typed["until"] or typed["day"])
        if typed["kind"] not in ("holiday", "workday"):
            raise InvalidInput("请选择放假还是上班", fields={"kind": "请选择"})
        if len(typed["note"]) > _MAX_NOTE:
            raise InvalidInput("说明太长", fields={"note": f"不超过 {_MAX_NOTE} 字"})
    except InvalidInput as error:
        return await _show(request, _year_typed(form), 422, typed=typed, problem=error)
    working = typed["kind"] == "workday"
    async with database_of(request).unit_of_work() as session:
        for day in days:
            await CalendarRepository(session).set_day(day, working=working, note=typed["note"])
        await defer(session, recompute_clocks)
        await defer(session, recompute_rectifications)
    _log(form, "set", first=str(days[0]), last=str(days[-1]), working=working)
    return _back(days[0].year, "day")


@router.post("/calendar/days/{day}/remove")
async def remove_day(request: Request, day: date, form: PostedForm) -> Response:
    """Let a day follow the week again."""
    _check(form.staff)
    async with database_of(request).unit_of_work() as session:
        await CalendarRepository(session).remove_day(day)
        await defer(session, recompute_clocks)
        await defer(session, recompute_rectifications)
    _log(form, "removed", day=str(day))
    return _back(day.year, "removed")


@router.post("/calendar/{year}/announced")
async def set_announced(request: Request, year: int, form: PostedForm) -> Response:
    """Mark a year's arrangement as official, or as provisional again."""
    _check(form.staff)
    announced = form.text("announced") == "yes"
    async with database_of(request).unit_of_work() as session:
        await CalendarRepository(session).set_announced(_year(year), announced)
        await defer(session, recompute_clocks)
        await defer(session, recompute_rectifications)
    _log(form, "announced", year=year, announced=announced)
    return _back(year, "announced")


async def _show(
    request: Request,
    year: int,
    status: int = 200,
    *,
    done: str = "",
    typed: dict[str, str] | None = None,
    problem: InvalidInput | None = None,
) -> Response:
    this_year = now().astimezone(LOCAL).year
    year = year if 2000 <= year <= 2100 else this_year
    async with database_of(request).unit_of_work() as session:
        repository = CalendarRepository(session)
        years = await repository.years()
        days = await repository.days(year)
    offered = sorted({*years, this_year, this_year + 1, year})
    return render(
        request,
        "calendar.html",
        status,
        year=year,
        years=[(y, link(_PATH, year=y), y == year) for y in offered],
        announced=years.get(year, False),
        lines=[(d, f"星期{_WEEKDAYS[d.day.weekday()]}") for d in days],
        typed=typed or {},
        message=problem.message if problem else "",
        problems=problem.fields if problem else {},
        done=DONE.get(done, ""),
    )


def _check(staff: Staff) -> None:
    staff.actor.require(*CALENDAR_ROLES)


def _days(first: str, last: str) -> list[date]:
    """Every day from ``first`` to ``last``, both ISO dates. Raises InvalidInput."""
    begin, end = _date("day", first), _date("until", last)
    count = (end - begin).days + 1
    if not 0 < count <= _MAX_RANGE:
        problem = f"不能早于开始日期，最多连续 {_MAX_RANGE} 天"
        raise InvalidInput("日期范围不对", fields={"until": problem})
    return [begin + timedelta(days=n) for n in range(count)]


def _date(field: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput("日期不对", fields={field: "请选择日期"}) from error
    _year(day.year, field)
    return day


def _year(year: int, field: str = "day") -> int:
    if not 2000 <= year <= 2100:
        raise InvalidInput("年份不对", fields={field: "年份须在 2000 至 2100 之间"})
    return year


def _year_typed(form: Posted) -> int:
    year = form.text("year")
    return int(year) if year.isascii() and year.isdigit() and len(year) == 4 else 0


def _back(year: int, done: str) -> Response:
    return RedirectResponse(link(_PATH, year=year, done=done), 303)


def _log(form: Posted, change: str, **facts: object) -> None:
    log.info("calendar_edited", by=form.staff.actor.login, change=change, **facts)
