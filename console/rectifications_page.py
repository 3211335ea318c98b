"""The desk of bad reviews: what waits for whom, and one rectification with its history."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import Request
from starlette.responses import Response

from cases.models import Case
from console.clock import Clock, clock
from console.list_tabs import ListTab
from console.menu import REVIEW_ROLES
from console.paging import PAGE_SIZE, Paging
from console.render import render
from console.repository import ConsoleRepository
from console.review_filters import read_choice, units_to_choose
from console.route import console_router
from console.staff import CurrentStaff, Staff, database_of, tree_of
from core.database import now
from core.errors import NotFound
from core.identity import Actor
from reviews.grades import GRADE_NAMES, TAGS, Grade
from reviews.models import Rectification, RectificationEvent, Review
from reviews.publishing import PUBLISHERS, is_private
from reviews.rectification import (
    ACTION_NAMES,
    CASE_OPENERS,
    DOES,
    ENDED,
    MOST_EXTENSION_DAYS,
    OPEN,
    STATE_NAMES,
    WITH_SUPERVISOR,
    WITH_UNIT,
    Action,
    State,
    possible,
)
from reviews.rectification_clocks import BEGUN_ANEW
from reviews.rectification_repository import RectificationRepository, Row
from reviews.rectifying import facts
from reviews.reviewer import HIDDEN_CASE, knows_who, reviewer_of, words_for
from reviews.second import second_until
from reviews.signed_links import second_link
from units.tree import UnitTree

router = console_router()
PATH = "/console/rectifications"
_TABS = {
    "open": ("未结束", OPEN),
    "unit": ("待单位整改", WITH_UNIT - {State.SUPERVISED}),
    "decision": ("待审核", WITH_SUPERVISOR),
    "callback": ("待回访", frozenset({State.CALLBACK})),
    "supervised": ("督办中", frozenset({State.SUPERVISED})),
    "ended": ("已结束", ENDED),
}
_HINTS = {
    Action.VERIFY: "先联系市民核实情况，写明核实到的事实；不能得知评价人时由热线代为联系，"
    "热线写的话承办单位看得到，不要写市民的姓名、电话。",
    Action.PLAN: "情况复杂、不能马上办到的：向市民说明理由，并约定完成日期。",
    Action.FINISH: "写明怎么整改的；这段话会念给市民听，请不要写他人的姓名和电话。",
    Action.APPEAL: "误评或恶意差评，由督办员复核；须写明理由并附证据图片，只能申诉一次。",
    Action.CLAIM_IMPOSSIBLE: "法律、政策不允许的：写明依据，由督办员审核，并向市民解释。",
    Action.ASK_EXTENSION: f"只能延期一次，最多 {MOST_EXTENSION_DAYS} 个工作日；审批期间时限照常计算。",
    **dict.fromkeys(
        (Action.SOLVED, Action.UNSOLVED, Action.NOT_REACHED, Action.UNREACHABLE),
        "写市民怎么说。承办单位看得到这段话，请不要写市民的姓名、电话等能认出是谁的内容。",
    ),
}


@dataclass(frozen=True)
class QueueLine:
    """One rectification in the queue."""

    id: int
    about: str
    number: str
    case_number: str
    grade: str
    text: str
    given_at: datetime
    unit: str
    state: str
    clock: Clock


@dataclass(frozen=True)
class HistoryLine:
    """One line of the history as it is read."""

    at: datetime
    by: str
    what: str
    note: str
    extra: str
    pictures: list[str]


@dataclass(frozen=True)
class Problem:
    """An action that did not go through, with what was typed."""

    action: Action
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)


@router.get("/rectifications")
async def queue(
    request: Request, staff: CurrentStaff, tab: str = "open", page: int = 1
) -> Response:
    """Rectifications that the reader may see, the soonest due first."""
    staff.actor.require(*REVIEW_ROLES)
    tab = tab if tab in _TABS else "open"
    choice, tree, at = read_choice(request, staff), tree_of(request), now()
    async with database_of(request).unit_of_work() as session:
        repository = RectificationRepository(session, staff.actor)
        counts = await repository.counts(choice.wanted, choice.late_at)
        sums = {key: sum(counts.get(s, 0) for s in states) for key, (_, states) in _TABS.items()}
        paging = Paging(page, sums[tab])
        rows = await repository.queue(
            _TABS[tab][1], choice.wanted, choice.late_at, limit=PAGE_SIZE, offset=paging.offset
        )
    return render(
        request,
        "rectifications.html",
        choice=choice,
        units=units_to_choose(request, staff),
        tab=tab,
        tabs=[
            ListTab(name, sums[key], choice.address(tab=key), key == tab)
            for key, (name, _) in _TABS.items()
        ],
        lines=[_line(row, tree, at, staff.actor) for row in rows],
        paging=paging,
        page_address=lambda page: choice.address(tab=tab, page=page),
    )


@router.get("/rectifications/{rectification_id}")
async def rectification_page(
    request: Request, rectification_id: int, staff: CurrentStaff, done: str = ""
) -> Response:
    """Raises NotFound for one that does not exist or that the reader may not see."""
    known = done in {action.value for action in DOES}
    return await show(
        request,
        staff,
        rectification_id,
        done=f"已记下：{ACTION_NAMES[Action(done)]}" if known else "",
    )


@router.get("/rectifications/{rectification_id}/pictures/{picture_id}")
async def picture(
    request: Request, rectification_id: int, picture_id: uuid.UUID, staff: CurrentStaff
) -> Response:
    """Evidence, for whoever may read the rectification. Raises NotFound."""
    async with database_of(request).unit_of_work() as session:
        repository = RectificationRepository(session, staff.actor)
        await repository.get(rectification_id)
        history = await repository.history(rectification_id)
        known = {one for line in history for one in line.data.get("pictures", [])}
        found = None
        if str(picture_id) in known:
            found = await ConsoleRepository(session, staff.actor).attachment(picture_id)
    if found is None:
        raise NotFound("没有找到这张图片")
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(found.content, media_type=found.media_type, headers=headers)


async def show(
    request: Request,
    staff: Staff,
    rectification_id: int,
    *,
    status: int = 200,
    done: str = "",
    problem: Problem | None = None,
) -> Response:
    """The page as it stands now. Raises NotFound."""
    staff.actor.require(*REVIEW_ROLES)
    tree, at = tree_of(request), now()
    async with database_of(request).unit_of_work() as session:
        repository = RectificationRepository(session, staff.actor)
        row = await repository.get(rectification_id)
        events = await repository.history(rectification_id)
        hide = await words_for(session, staff.actor, row.review)
        opened = await session.get(Case, row.rectification.case_id or 0)
        people = await ConsoleRepository(session, staff.actor).staff_names([e.by for e in events])
        rateable = await second_until(session, row.rectification, at) is not None
    one = row.rectification
    return render(
        request,
        "rectification.html",
        status,
        one=one,
        review=row.review,
        words=hide(row.review.text),
        done_words=hide(one.done or ""),
        grade=GRADE_NAMES[Grade(row.review.grade)],
        tags=tag_words(row.review),
        line=_line(row, tree, at, staff.actor),
        known=knows_who(staff.actor, row.review),
        step=clock(one.step_due_at, at) if one.step_due_at else None,
        second=GRADE_NAMES[Grade(one.second_grade)] if one.second_grade else "",
        reviewer=reviewer_of(staff.actor, row.review, row.record),
        actions=[
            (action.value, ACTION_NAMES[action], _HINTS.get(action, ""))
            for action in possible(State(one.state), staff.actor.role, facts(one, at))
        ],
        begun_anew=any(event.action in BEGUN_ANEW for event in events),
        history=[_history(event, people, tree, hide) for event in reversed(events)],
        second_link=request.app.state.settings.address + second_link(one.id)
        if staff.actor.role in DOES[Action.SOLVED] and rateable
        else "",
        calls=staff.actor.role in DOES[Action.SOLVED],
        publishes=staff.actor.role in PUBLISHERS and not is_private(row.case),
        opened=opened.number if opened else "",
        opens=staff.actor.role in CASE_OPENERS and one.case_id is None and one.closed_at is None,
        done=done,
        problem=problem,
    )


def tag_words(review: Review) -> list[str]:
    """The tags of a review in Chinese; one that is not known stands as its code."""
    return [TAGS[Grade(review.grade)].get(code, code) for code in review.tags]


def _line(row: Row, tree: UnitTree, at: datetime, actor: Actor) -> QueueLine:
    one = row.rectification
    known = knows_who(actor, row.review)
    number = row.case.number if row.case else row.record.project_no if row.record else ""
    return QueueLine(
        one.id,
        _about(row, known),
        number if known else "",
        row.case.number if row.case and known else "",
        GRADE_NAMES[Grade(row.review.grade)],
        row.review.text,
        row.review.created_at,
        tree.name(one.unit),
        STATE_NAMES[State(one.state)],
        _clock(one, at),
    )


def _about(row: Row, known: bool) -> str:
    if row.case is not None:
        return row.case.title if known else HIDDEN_CASE
    return row.record.item_name if row.record else "已不再关联"


def _clock(one: Rectification, at: datetime) -> Clock:
    ended = one.closed_at or one.finished_at
    return clock(one.due_at, at, stopped=ended is not None, closed_at=one.finished_at)


def _history(
    event: RectificationEvent,
    people: Mapping[str, str],
    tree: UnitTree,
    hide: Callable[[str], str],
) -> HistoryLine:
    by = {"citizen": "市民", "line": "热线系统"}.get(event.by) or people.get(event.by, event.by)
    unit = tree.name(event.unit) if event.unit and event.unit in tree.units else ""
    extra = ""
    if planned := event.data.get("planned_on"):
        extra = f"约定 {planned} 前完成"
    elif days := event.data.get("days"):
        extra = f"申请延长 {days} 个工作日"
    elif number := event.data.get("number"):
        extra = f"工单 {number}"
    elif grade := event.data.get("grade"):
        extra = GRADE_NAMES[Grade(grade)]
    return HistoryLine(
        event.at,
        f"{unit} {by}".strip(),
        ACTION_NAMES[Action(event.action)],
        hide(event.note),
        extra,
        event.data.get("pictures", []),
    )
