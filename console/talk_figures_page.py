"""What citizens think of the talks themselves: figures by day and kind, and the way to the talks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

from fastapi import Request
from starlette.responses import Response

from bot.farewell import REASONS
from bot.talk_figures import TalkAxis, TalkFigures, TalkTally
from cases.measures import STEP_NAMES, Rate, beginning, piece_mark, piece_name, pieces
from cases.vocabulary import SOURCE_NAMES, Source
from console.charts import ColumnChart, LineChart, column_chart, line_chart
from console.measures_choice import Choice, choose, spans
from console.measures_lines import percent
from console.menu import SUPERVISION_ROLES
from console.paging import PAGE_SIZE, Paging
from console.render import render
from console.route import console_router
from console.staff import CurrentStaff, database_of
from core.errors import NotFound
from intake.triage import Way
from reviews.grades import BAD, GRADE_NAMES, Grade

router = console_router()
PATH = "/console/talk-figures"
_AXES = {
    TalkAxis.SERVED: "按接待",
    TalkAxis.CHANNEL: "按渠道",
    TalkAxis.WAY: "按去向",
    TalkAxis.DAY: "按日",
}
_VIEWS = tuple(axis.value for axis in _AXES)
_SERVED = {"assistant": "智能助手", "person": "有座席接待"}
_WAYS = {
    Way.ACCEPT: "登记工单",
    Way.TRANSFER: "紧急转接",
    Way.LEGAL_ROUTE: "引导法定途径",
    Way.EXPLAIN: "解答说明",
    Way.POLICE_CLUE: "移交线索",
}
# What can be asked for of the graded talks.
_WHICH = {
    "all": ("评价过的对话", tuple(Grade)),
    "bad": ("不满意的对话", tuple(BAD)),
    "worst": ("非常不满意的对话", (Grade.VERY_DISSATISFIED,)),
}


@dataclass(frozen=True)
class Line:
    """One row of the table; ``all`` and ``bad`` lead to its talks."""

    name: str
    tally: TalkTally
    all: str
    bad: str


@router.get("/talk-figures")
async def talk_figures_page(request: Request, staff: CurrentStaff) -> Response:
    """The figures as the address asks for them. Raises NotAllowed."""
    staff.actor.require(*SUPERVISION_ROLES)
    choice = choose(request, staff, _VIEWS)
    axis = TalkAxis(choice.view)
    async with database_of(request).unit_of_work() as session:
        figures = TalkFigures(session)
        total = await figures.total(choice.span)
        found = await figures.by(choice.span, axis)
        days = await figures.by(choice.span, TalkAxis.DAY)
        reasons = await figures.reasons(choice.span)
    return render(
        request,
        "talk_figures.html",
        choice=choice,
        total=total,
        cards=[
            ("满意率", total.content, "基本满意及以上 ÷ 评价过的对话", "all", "看评价过的对话"),
            (
                "不满意率",
                total.displeased,
                "不满意、非常不满意 ÷ 评价过的对话",
                "bad",
                "看不满意的",
            ),
            (
                "非常不满意率",
                Rate(total.worst, total.rated),
                "非常不满意 ÷ 评价过的对话",
                "worst",
                "看这些对话",
            ),
            ("参评率", total.answered, "评价过的对话 ÷ 市民说过话的对话", "", ""),
        ],
        behind=lambda which: choice.address(f"{PATH}/talks", which=which),
        percent=partial(percent, counted="段"),
        spans=spans(choice, PATH),
        step_names=STEP_NAMES,
        views=[(name, choice.address(PATH, view=a.value), a is axis) for a, name in _AXES.items()],
        axis=_AXES[axis].removeprefix("按"),
        lines=[_line(key, tally, axis, choice) for key, tally in found.items()],
        charts=_charts(days, choice) if total.rated else None,
        reasons=[(REASONS[code], count) for code, count in reasons.items()],
    )


@router.get("/talk-figures/talks")
async def talks_behind(
    request: Request, staff: CurrentStaff, which: str = "all", page: int = 1
) -> Response:
    """The talks behind a figure, with ``by`` and ``value`` of one row of the table.

    Raises NotAllowed, NotFound for a row that there cannot be.
    """
    staff.actor.require(*SUPERVISION_ROLES)
    choice, query = choose(request, staff, _VIEWS), request.query_params
    by, value = query.get("by", ""), query.get("value", "").replace("\x00", "")
    if which not in _WHICH or (by and by not in set(TalkAxis)):
        raise NotFound("没有这个页面，地址可能输错了。")
    row = (TalkAxis(by), _value(TalkAxis(by), value)) if by else None
    name, grades = _WHICH[which]
    page = min(max(page, 1), 100_000)
    async with database_of(request).unit_of_work() as session:
        found, total = await TalkFigures(session).talks(
            choice.span, grades, row, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE
        )
    asked = {"which": which, "by": by, "value": value}
    return render(
        request,
        "talk_figures_behind.html",
        name=f"{_name(row[1], row[0])}：{name}" if row else name,
        choice=choice,
        lines=[
            (
                one,
                GRADE_NAMES[Grade(one.grade or 0)],
                _name(one.channel, TalkAxis.CHANNEL),
                _SERVED[one.served],
                [words for code, words in REASONS.items() if code in one.reasons],
            )
            for one in found
        ],
        paging=Paging(page, total),
        back=choice.address(PATH),
        page_address=lambda page: choice.address(f"{PATH}/talks", **asked, page=page),
    )


def _line(key: str | date | None, tally: TalkTally, axis: TalkAxis, choice: Choice) -> Line:
    asked = {"by": axis.value, "value": key}
    path = f"{PATH}/talks"
    return Line(
        _name(key, axis),
        tally,
        choice.address(path, **asked),
        choice.address(path, which="bad", **asked),
    )


def _value(axis: TalkAxis, typed: str) -> str | date | None:
    if not typed or axis is not TalkAxis.DAY:
        return typed or None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise NotFound("没有这个页面，地址可能输错了。") from None


def _name(key: str | date | None, axis: TalkAxis) -> str:
    if key is None or isinstance(key, date):
        return str(key or "没有办成什么")
    match axis:
        case TalkAxis.SERVED:
            return _SERVED.get(key, key)
        case TalkAxis.CHANNEL:
            return SOURCE_NAMES[Source(key)] if key in set(Source) else key
        case TalkAxis.WAY:
            return _WAYS[Way(key)] if key in set(Way) else key
        case TalkAxis.DAY:
            return key


def _charts(days: dict[date, TalkTally], choice: Choice) -> tuple[LineChart, ColumnChart]:
    """The share of content people and how many graded, over time."""
    starts = pieces(choice.span, choice.step)
    good, rated = dict.fromkeys(starts, 0), dict.fromkeys(starts, 0)
    for day, tally in days.items():
        start = beginning(day, choice.step)
        good[start] += tally.good
        rated[start] += tally.rated
    names = [piece_name(start, choice.step) for start in starts]
    marks = [piece_mark(start, choice.step) for start in starts]
    shares = [Rate(good[start], rated[start]).share for start in starts]
    return (
        line_chart(shares, names, marks),
        column_chart([rated[start] for start in starts], names, marks, "段"),
    )
