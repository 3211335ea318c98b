"""The linking desk: which service or case a review is about, with the candidates side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from cases.views import is_secret
from console.list_tabs import ListTab
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.repository import ConsoleRepository
from console.review_filters import read_choice
from console.route import console_router
from console.staff import CurrentStaff, PostedForm, Staff, database_of, tree_of
from core.calendar import LOCAL
from core.database import now
from core.errors import Conflict, InvalidInput, NotFound
from reviews.candidate_repository import RULES, CaseRow
from reviews.consent import CITIZEN
from reviews.grades import BAD, GRADE_NAMES, Grade
from reviews.link_desk import Open, counts, leave, listed, look, tie, undo
from reviews.linking import About, Reason
from reviews.models import Review, ReviewLink, ServiceRecord
from reviews.narrowing import Wanted
from units.tree import UnitTree

router = console_router()
PATH = "/console/links"
_TABS = {
    "desk": "待关联",
    "auto": "规则已关联",
    "manual": "人工已关联",
    "exact": "按编号关联",
    "none": "没有线索",
}
# A review that came in a moment ago.
_FRESH = "待关联（几分钟内由规则关联）"
_STEPS = {**_TABS, "desk": "交关联台", "manual": "人工关联", "undone": "解除关联"}
_STEPS |= {"entered": "录入纸质评价", "void": "撤回录入", "named": "市民同意单位知道是谁"}
_DONE = {"tie": "已关联", "leave": "已标为没有对应的办件或工单", "undo": "已解除关联"}
_ROWS = {
    "number": "编号",
    "item": "事项",
    "unit": "单位",
    "window": "窗口",
    "place": "地点",
    "time": "时间",
}


@dataclass(frozen=True)
class Line:
    """One review in the list; ``about`` is what it says that it is about."""

    id: int
    grade: str
    bad: bool
    about: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Column:
    """A service or case beside the review: ``facts`` by the names of `_ROWS`, ``percent`` how likely.

    ``about`` names it in the form, see `_about`; ``kind`` is 办件 or 工单.
    """

    about: str
    kind: str
    facts: Mapping[str, str]
    percent: int | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Step:
    """One line of the history of links."""

    at: datetime
    by: str
    what: str
    number: str
    note: str


@router.get("/links")
async def links_page(
    request: Request,
    staff: CurrentStaff,
    tab: str = "desk",
    page: int = 1,
    done: str = "",
    was: int = 0,
) -> Response:
    """Reviews by how they are tied, the oldest first; ``was`` is the one that was ``done`` just
    now. Raises NotAllowed."""
    tab = tab if tab in _TABS else "desk"
    choice = read_choice(request, staff)
    async with database_of(request).unit_of_work() as session:
        number = await counts(session, staff.actor, choice.wanted)
        paging = Paging(page, number.get(tab, 0))
        reviews = await listed(session, staff.actor, tab, choice.wanted, PAGE_SIZE, paging.offset)
    return render(
        request,
        "links.html",
        tabs=[
            ListTab(name, number.get(key, 0), choice.address(tab=key), key == tab)
            for key, name in _TABS.items()
        ],
        lines=[_line(review) for review in reviews],
        paging=paging,
        page_address=lambda page: choice.address(tab=tab, page=page),
        choice=choice,
        tab=tab,
        done=_DONE.get(done, ""),
        was=was,
    )


@router.get("/links/{review_id}")
async def link_page(
    request: Request, review_id: int, staff: CurrentStaff, done: str = "", was: int = 0
) -> Response:
    """One review with its candidates, or with what it is tied to; ``was`` is the one that was
    ``done`` just now. Raises NotAllowed, NotFound."""
    return await _show(request, staff, review_id, done=_DONE.get(done, ""), was=was)


@router.post("/links/{review_id}/{action}")
async def do(request: Request, review_id: int, action: str, form: PostedForm) -> Response:
    """Tie, leave or undo; then the next review that waits, after undoing the same one."""
    staff, note = form.staff, form.text("note")
    try:
        async with database_of(request).unit_of_work() as session:
            match action:
                case "tie":
                    await tie(session, staff.actor, review_id, _about(form.text("about")), now())
                case "leave":
                    await leave(session, staff.actor, review_id, note, now())
                case "undo":
                    await undo(session, staff.actor, review_id, note, now())
                case _:
                    raise NotFound("没有这项操作")
            waiting = await listed(session, staff.actor, "desk", Wanted(), 1)
    except (Conflict, InvalidInput) as error:
        return await _show(request, staff, review_id, error=error, note=note)
    address = PATH
    if action == "undo":
        address = f"{PATH}/{review_id}"
    elif waiting:
        address = f"{PATH}/{waiting[0].id}"
    was = review_id if action != "undo" else ""
    return RedirectResponse(link(address, done=action, was=was), 303)


async def _show(
    request: Request,
    staff: Staff,
    review_id: int,
    *,
    done: str = "",
    was: int = 0,
    error: Conflict | InvalidInput | None = None,
    note: str = "",
) -> Response:
    tree = tree_of(request)
    async with database_of(request).unit_of_work() as session:
        one = await look(session, staff.actor, review_id)
        logins = [step.by for step in one.history]
        people = await ConsoleRepository(session, staff.actor).staff_names(logins)
    review = one.review
    return render(
        request,
        "link.html",
        error.status if error else 200,
        review=review,
        line=_line(review),
        state=state_of(review),
        rows=_ROWS,
        said={name: str(review.said.get(name, "")) for name in _ROWS},
        columns=_columns(one, tree),
        tied=_tied(review) is not None,
        history=[_step(step, one, people) for step in reversed(one.history)],
        done=done,
        was=was,
        problem=error.message if error else "",
        problems=error.fields if error else {},
        note=note,
    )


def state_of(review: Review) -> str:
    """How far the tying of a review is; what the rules have not seen yet waits for them."""
    fresh = review.link == "none" and review.linked_at is None
    return _FRESH if fresh else _TABS.get(review.link, "已撤回")


def _line(review: Review) -> Line:
    grade = Grade(review.grade)
    said = [str(review.said[name]) for name in ("item", "unit", "number") if name in review.said]
    return Line(
        review.id,
        GRADE_NAMES[grade],
        grade in BAD,
        "，".join(said[:2]) or "没有说明是哪件事",
        review.text,
        review.created_at,
    )


def _about(said: str) -> About:
    kind, _, id = said.partition("-")
    if kind not in ("case", "record") or not (id.isascii() and id.isdecimal() and len(id) < 19):
        raise NotFound("没有这个办件或工单")
    return About(kind == "case", int(id))


def _tied(review: Review | ReviewLink) -> About | None:
    if review.case_id is not None:
        return About(True, review.case_id)
    return About(False, review.service_record_id) if review.service_record_id is not None else None


def _columns(one: Open, tree: UnitTree) -> list[Column]:
    tied = _tied(one.review)
    if tied is not None:
        return [_column(one, tied, tree, None, ())]
    return [
        _column(
            one,
            scored.candidate.about,
            tree,
            round(scored.probability * 100),
            tuple(sorted(scored.reasons, key=lambda reason: -abs(reason.weight))),
        )
        for scored in one.best
    ]


def _column(
    one: Open, about: About, tree: UnitTree, percent: int | None, reasons: tuple[Reason, ...]
) -> Column:
    if about.is_case:
        facts = _facts_of_case(one.cases[about.id], tree)
        return Column(f"case-{about.id}", "工单", facts, percent, reasons)
    facts = _facts_of_record(one.records[about.id], tree)
    return Column(f"record-{about.id}", "办件", facts, percent, reasons)


def _facts_of_case(row: CaseRow, tree: UnitTree) -> dict[str, str]:
    case = row.case
    return {
        "number": case.number,
        "item": "内容保密" if is_secret(case) else case.title,
        "unit": tree.name(row.unit) if row.unit else "",
        "window": "",
        "place": case.place_text,
        "time": _times(("登记", case.created_at), ("答复", case.told_at)),
    }


def _facts_of_record(record: ServiceRecord, tree: UnitTree) -> dict[str, str]:
    return {
        "number": record.project_no,
        "item": record.item_name,
        "unit": tree.name(record.unit) if record.unit else record.dept_name,
        "window": record.window,
        "place": record.place,
        "time": _times(("受理", record.accepted_at), ("办结", record.finished_at)),
    }


def _times(*moments: tuple[str, datetime | None]) -> str:
    return "，".join(f"{name} {at.astimezone(LOCAL):%m-%d %H:%M}" for name, at in moments if at)


def _step(step: ReviewLink, one: Open, people: Mapping[str, str]) -> Step:
    by = {RULES: "规则", CITIZEN: "市民"}.get(step.by) or people.get(step.by, step.by)
    about, number = _tied(step), ""
    if about is not None and about.is_case:
        number = f"工单 {one.cases[about.id].case.number}"
    elif about is not None:
        number = f"办件 {one.records[about.id].project_no}"
    return Step(step.at, by, _STEPS[step.action], number, step.note)
