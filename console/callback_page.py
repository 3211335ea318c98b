"""The callback desk (回访台): who is to be called, the case beside the call, and what was said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from cases import callback as calls
from cases.callback_repository import CallbackRepository, CallbackRow, Pile
from cases.callback_rules import (
    CAUSE_NAMES,
    NOT_REACHED,
    REACHED_NAMES,
    TRIES,
    Attempt,
    Cause,
    Reached,
    is_free,
)
from cases.models import Callback
from cases.repository import COUNTED, CaseRepository
from cases.vocabulary import (
    CALLBACK_STATE_NAMES,
    RESULT_NAMES,
    SATISFIED_NAMES,
    SOLVED_NAMES,
    CallbackState,
    Satisfied,
    Solved,
)
from console.clock import Clock, clock
from console.menu import CALLBACK_ROLES
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, Posted, PostedForm, Staff, database_of, tree_of
from console.wording import happened
from core.calendar import LOCAL
from core.database import now
from core.errors import Conflict, InvalidInput, NotFound
from core.identity import Role
from units.tree import UnitTree

router = console_router()
_PATH = "/console/callback"
PILE_NAMES = {
    Pile.NOW: "待回访",
    Pile.MINE: "我手上的",
    Pile.LATER: "稍后再打",
    Pile.DONE: "已回访",
    Pile.UNREACHABLE: "联系不上",
}
_FINISHED = frozenset({Pile.DONE, Pile.UNREACHABLE})
_DONE = {
    "close": "回访结果已保存，工单已结案。",
    "rework": "回访结果已保存，工单已退回承办单位重办。",
    "supervise": "回访结果已保存，工单已再次重办，并交督办员督办。",
    "later": "已记下这次没有打通，到时间会再排进来。",
    "unreachable": "已多次联系不上，不再拨打；评价期满后自动结案。",
    "refused": "已记下市民不愿回答，工单已结案。",
    "release": "已放回队列。",
    "none": "现在没有要打的回访了。",
    "unreasonable": "已认定为不合理诉求，工单已结案，并已告知市民。",
}
_FIELDS = (
    "contacted", "solved", "satisfied", "cause", "note", "outcome", "again", "reason", "basis",
)  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """A form that did not go through: which one, why, and what had been typed into it."""

    form: str
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """One call of a pile, ready to be shown."""

    row: CallbackRow
    lead: str
    clock: Clock
    tries: int
    holder: str
    result: str
    back: bool


@dataclass(frozen=True)
class TabLink:
    name: str
    count: str
    address: str
    current: bool


@router.get("/callback")
async def desk(
    request: Request,
    staff: CurrentStaff,
    pile: str = "",
    q: str = "",
    page: int = 1,
    done: str = "",
) -> Response:
    """The queue, what waits for later, and what is finished."""
    staff.actor.require(*CALLBACK_ROLES)
    at, tree = now(), tree_of(request)
    wanted = Pile(pile) if pile in tuple(Pile) else Pile.NOW
    text = q.replace("\x00", "").strip()[:100]
    async with database_of(request).unit_of_work() as session:
        repository = CallbackRepository(session, staff.actor)
        counts = await repository.counts(at, text)
        paging = Paging(min(max(page, 1), 100_000), min(counts[wanted], COUNTED))
        rows = await repository.pile(wanted, at, text, limit=PAGE_SIZE, offset=paging.offset)
        logins = {login for r in rows for login in (r.callback.claimed_by, r.callback.done_by)}
        names = await ConsoleRepository(session, staff.actor).staff_names(
            [one for one in logins if one]
        )
    path = request.url.path
    return render(
        request,
        "callback.html",
        tabs=[
            TabLink(name, _count(counts[p]), link(path, pile=p, q=text), p is wanted)
            for p, name in PILE_NAMES.items()
        ],
        pile=wanted,
        pile_name=PILE_NAMES[wanted],
        finished=wanted in _FINISHED,
        text=text,
        lines=[_line(row, tree, at, staff, names) for row in rows],
        paging=paging,
        total=_count(counts[wanted]),
        page_address=lambda page: link(path, pile=wanted, q=text, page=page),
        done=_DONE.get(done, ""),
    )


@router.post("/callback/next")
async def take_next(request: Request, form: PostedForm) -> Response:
    """Take the next call and open it."""
    async with database_of(request).unit_of_work() as session:
        found = await calls.take_next(session, form.staff.actor, now())
        target = f"{_PATH}/{found.id}" if found else link(_PATH, done="none")
    return RedirectResponse(target, 303)


@router.get("/callback/{callback_id}")
async def one_call(request: Request, callback_id: int, staff: CurrentStaff) -> Response:
    """One call: the case, its answer and history, and for who has it the number and the forms."""
    return await _show(request, staff, callback_id)


@router.post("/callback/{callback_id}/{what}")
async def act(request: Request, callback_id: int, what: str, form: PostedForm) -> Response:
    """Do something to a call; what does not go through comes back with what was typed."""
    perform = _PERFORM.get(what)
    if perform is None:
        raise NotFound("没有这个页面，地址可能输错了。")
    try:
        async with database_of(request).unit_of_work() as session:
            done = await perform(session, form, _known(callback_id))
    except (Conflict, InvalidInput) as error:
        typed = {name: form.text(name) for name in _FIELDS if form.text(name)}
        problem = Problem(what, error.message, error.fields, typed)
        return await _show(request, form.staff, callback_id, error.status, problem)
    target = link(_PATH, done=done) if done else f"{_PATH}/{callback_id}"
    return RedirectResponse(target, 303)


async def _show(
    request: Request,
    staff: Staff,
    callback_id: int,
    status: int = 200,
    problem: Problem | None = None,
) -> Response:
    staff.actor.require(*CALLBACK_ROLES)
    at, tree, actor = now(), tree_of(request), staff.actor
    async with database_of(request).unit_of_work() as session:
        repository = CallbackRepository(session, actor)
        row = await repository.get(_known(callback_id))
        view = await CaseRepository(session, actor).view(row.case.id)
        person = await calls.identity(session, actor, row)
        earlier = await repository.earlier(row.callback)
        logins = {event.actor for event in view.events if event.actor}
        logins |= {one["by"] for call in (*earlier, row.callback) for one in call.attempts}
        if row.callback.claimed_by:
            logins.add(row.callback.claimed_by)
        names = await ConsoleRepository(session, actor).staff_names(logins)
    callback = row.callback
    waiting = callback.state == CallbackState.WAITING and callback.round == view.round
    categories = request.app.state.city.router.categories
    return render(
        request,
        "callback_call.html",
        status,
        view=view,
        callback=callback,
        state=CALLBACK_STATE_NAMES[CallbackState(callback.state)],
        waiting=waiting,
        mine=waiting and callback.claimed_by == actor.login,
        free=waiting and is_free(callback.claimed_by, callback.claimed_at, actor.login, at),
        holder=names.get(callback.claimed_by or "", ""),
        person=person,
        words=view.detail,
        original=person.detail if person else view.detail,
        category=categories[view.category].path.replace("/", " › ")
        if view.category in categories
        else "未归类",
        lead=tree.name(view.lead),
        result=RESULT_NAMES.get(view.result, "") if view.result else "",
        clock=clock(callback.due_at, at, stopped=not waiting),
        attempts=[_attempt(one, names) for one in calls.attempts_of(callback)],
        said=_said(callback),
        earlier=[(one, _said(one)) for one in earlier],
        history=[(event, happened(event, tree, names)) for event in reversed(view.events)],
        rated=view.round == row.case.rated_round,
        tries=TRIES,
        may_refuse_demand=waiting and actor.role is Role.SUPERVISOR and view.reworks > 0,
        problem=problem,
        names={
            "solved": {s.value: SOLVED_NAMES[s] for s in Solved},
            "satisfied": {s.value: SATISFIED_NAMES[s] for s in Satisfied},
            "cause": {c.value: CAUSE_NAMES[c] for c in Cause},
            "outcome": {r.value: n for r, n in REACHED_NAMES.items() if r is not Reached.REACHED},
            "contacted": _CONTACTED,
        },
    )


_CONTACTED = {"yes": "联系过", "no": "没有联系过", "unknown": "记不清"}


async def _claim(session: AsyncSession, form: Posted, callback_id: int) -> str:
    await calls.claim(session, form.staff.actor, callback_id, now())
    return ""


async def _release(session: AsyncSession, form: Posted, callback_id: int) -> str:
    await calls.release(session, form.staff.actor, callback_id)
    return "release"


async def _identity(session: AsyncSession, form: Posted, callback_id: int) -> str:
    reason = form.text("reason")
    await calls.open_secret(session, form.staff.actor, callback_id, reason, now())
    return ""


async def _attempt_failed(session: AsyncSession, form: Posted, callback_id: int) -> str:
    outcome = form.text("outcome")
    if outcome not in tuple(Reached):
        raise InvalidInput("请选择这次通话的情况", fields={"outcome": "请选择"})
    call = await calls.not_reached(
        session,
        form.staff.actor,
        callback_id,
        Reached(outcome),
        form.text("note"),
        now(),
        again=_moment(form.text("again")),
    )
    if call.state == CallbackState.WAITING:
        return "later"
    return "refused" if call.state == CallbackState.DONE else "unreachable"


async def _finish(session: AsyncSession, form: Posted, callback_id: int) -> str:
    solved, satisfied, cause = (form.text(name) for name in ("solved", "satisfied", "cause"))
    if solved not in tuple(Solved):
        raise InvalidInput("回访结果还没有填完整", fields={"solved": "请选择是否解决"})
    answers = calls.Answers(
        {"yes": True, "no": False}.get(form.text("contacted")),
        Solved(solved),
        Satisfied(satisfied) if satisfied in tuple(Satisfied) else None,
        Cause(cause) if cause in tuple(Cause) else None,
        form.text("note"),
    )
    follows = await calls.finish(session, form.staff.actor, callback_id, answers, now())
    return follows.value


async def _unreasonable(session: AsyncSession, form: Posted, callback_id: int) -> str:
    await calls.close_as_unreasonable(
        session,
        form.staff.actor,
        callback_id,
        form.text("reason"),
        form.text("basis"),
        now(),
    )
    return "unreasonable"


_PERFORM: dict[str, Callable[[AsyncSession, Posted, int], Awaitable[str]]] = {
    "claim": _claim,
    "release": _release,
    "identity": _identity,
    "attempt": _attempt_failed,
    "finish": _finish,
    "unreasonable": _unreasonable,
}


def _known(callback_id: int) -> int:
    """The id, if the database could hold it. Raises NotFound."""
    if not 0 < callback_id < 2**63:
        raise NotFound("没有找到这次回访")
    return callback_id


def _moment(typed: str) -> datetime | None:
    """Local date and time as a browser sends them; None when nothing was typed."""
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=LOCAL)
    except ValueError as error:
        raise InvalidInput("约定时间不对", fields={"again": "请选择日期和时间"}) from error


def _count(number: int) -> str:
    return f"{COUNTED}+" if number > COUNTED else str(number)


def _line(
    row: CallbackRow, tree: UnitTree, at: datetime, staff: Staff, names: Mapping[str, str]
) -> Line:
    callback = row.callback
    waiting = callback.state == CallbackState.WAITING
    held = waiting and not is_free(callback.claimed_by, callback.claimed_at, "", at)
    mine = callback.claimed_by == staff.actor.login
    return Line(
        row,
        tree.short(row.lead),
        clock(callback.due_at, at, stopped=not waiting),
        sum(one.outcome in NOT_REACHED for one in calls.attempts_of(callback)),
        ("我" if mine else names.get(callback.claimed_by or "", "")) if held else "",
        _said(callback),
        callback.round < row.case.round,
    )


def _said(callback: Callback) -> str:
    """What the citizen said, in one line."""
    said = []
    if callback.solved:
        said.append(SOLVED_NAMES[Solved(callback.solved)])
    if callback.satisfied:
        said.append(SATISFIED_NAMES[Satisfied(callback.satisfied)])
    elif callback.solved and not callback.asked_satisfied:
        said.append("已自行评价")
    if callback.state == CallbackState.DONE and not said:
        said.append("不愿回答")
    return "、".join(said)


def _attempt(one: Attempt, names: Mapping[str, str]) -> tuple[datetime, str, str, str]:
    return one.at, names.get(one.by, one.by), REACHED_NAMES[one.outcome], one.note
