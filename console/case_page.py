"""The page of one case: everything its reader may see, and the forms of what he or she may do."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from cases.repository import CaseRepository
from cases.states import OPEN, OPEN_PARTS, Action
from cases.views import CaseView, PartView
from console.clock import Clock, clock
from console.menu import TRANSCRIPT_ROLES, home_of
from console.render import render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, Staff, database_of, tree_of
from console.unit_picker import UnitOption, unit_options
from console.wording import DONE, happened
from core.calendar import LOCAL
from core.database import now
from core.errors import NotFound
from core.privacy import new_token
from reviews.service import reviews_of
from routing.catalogue import Territory
from routing.service import Router
from units.tree import UnitTree

router = console_router()
_MOST_SUGGESTED = 3


@dataclass(frozen=True)
class Problem:
    """An action that did not go through: why, and what had been typed for it."""

    action: Action
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PartLine:
    part: PartView
    unit: str
    clock: Clock
    gone: bool


@dataclass(frozen=True)
class HistoryLine:
    at: str
    text: str
    reason: str
    quote: str


@dataclass(frozen=True)
class Suggestion:
    """A unit that may be the right one, and why."""

    unit: str
    short: str
    reasons: str


@router.get("/cases/{number}")
async def case_page(request: Request, number: str, staff: CurrentStaff, done: str = "") -> Response:
    """Raises NotFound for a number that does not exist or that the reader may not see."""
    return await show_case(request, staff, number, done=done)


@router.get("/cases/{number}/attachments/{attachment_id}")
async def attachment(
    request: Request, number: str, attachment_id: uuid.UUID, staff: CurrentStaff
) -> Response:
    """A picture of a case, for whoever may read the case."""
    async with database_of(request).unit_of_work() as session:
        case = await CaseRepository(session, staff.actor).by_number(number)
        picture = None
        if case is not None and str(attachment_id) in case.attachments:
            picture = await ConsoleRepository(session, staff.actor).attachment(attachment_id)
    if picture is None:
        raise NotFound("没有找到这张图片")
    # Stricter than the pages' own policy: what came from outside is only ever looked at.
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(picture.content, media_type=picture.media_type, headers=headers)


async def show_case(
    request: Request,
    staff: Staff,
    number: str,
    *,
    status: int = 200,
    done: str = "",
    problem: Problem | None = None,
) -> Response:
    """The page of case ``number`` as it stands now. Raises NotFound."""
    tree, router_, at = tree_of(request), router_of(request), now()
    async with database_of(request).unit_of_work() as session:
        view = await view_of(session, staff, number)
        reviews = (await reviews_of(session, [view.id])).get(view.id, [])
        logins = {event.actor for event in view.events if event.actor}
        names = await ConsoleRepository(session, staff.actor).staff_names(logins)
    open_case = view.state in OPEN
    return render(
        request,
        "case.html",
        status,
        view=view,
        home=home_of(staff.actor.role),
        words=view.identity.detail if view.identity else view.detail,
        category=_category(router_, view),
        place=_place(tree, view),
        lead=tree.name(view.lead),
        clock=clock(view.due_at, at, stopped=not open_case, closed_at=view.closed_at),
        parts=[_part_line(tree, part, view) for part in view.parts],
        history=_history(view, tree, names),
        reviews=reviews,
        reasons=_reasons(view),
        suggestions=_suggestions(router_, tree, view),
        transcript=view.conversation_id if staff.actor.role in TRANSCRIPT_ROLES else None,
        units=_units(tree, view),
        done=DONE.get(done, ""),
        problem=problem,
        typed=problem.typed if problem else {},
        problems=problem.fields if problem else {},
        key=new_token(),
        **_asked(view),
    )


async def view_of(session: AsyncSession, staff: Staff, number: str) -> CaseView:
    """The case with this number as ``staff`` sees it. Raises NotFound."""
    repository = CaseRepository(session, staff.actor)
    case = await repository.by_number(number.replace("\x00", ""))
    if case is None:
        raise NotFound("没有找到这张工单，可能编号有误，或不在您的查看范围内。")
    return await repository.view(case.id)


def router_of(request: Request) -> Router:
    """Categories and catalogue as they stand now."""
    found: Router = request.app.state.city.router
    return found


def _asked(view: CaseView) -> dict[str, object]:
    """What the forms start with: the part they are about and the answer written so far."""
    mine = next((p for p in view.parts if p.id == view.own_part), None)
    return {
        "mine": mine,
        "answer_so_far": mine.citizen_answer or "" if mine else "",
        "note_so_far": mine.internal_note or "" if mine else "",
    }


def _category(router: Router, view: CaseView) -> str:
    facts = router.categories.get(view.category or "")
    return " › ".join(facts.path.split("/")) if facts else "未归类"


def _place(tree: UnitTree, view: CaseView) -> str:
    inside = "".join(_area(tree, view))
    return f"{view.place_text or '地点不详'}{f'（{inside}）' if inside else ''}"


def _area(tree: UnitTree, view: CaseView) -> list[str]:
    """District and street as people say them: 城东区, 望湖街道."""
    found = [tree.short(code) for code in (view.district, view.street) if code]
    return [name.removesuffix("政府") for name in found]


def _part_line(tree: UnitTree, part: PartView, view: CaseView) -> PartLine:
    running = part.state in OPEN_PARTS and view.state in OPEN
    return PartLine(
        part, tree.name(part.unit), clock(part.due_at, now(), stopped=not running), not running
    )


def _history(view: CaseView, tree: UnitTree, names: dict[str, str]) -> list[HistoryLine]:
    return [
        HistoryLine(
            event.at.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M"),
            happened(event, tree, names),
            event.reason,
            event.text or "",
        )
        for event in reversed(view.events)
    ]


def _reasons(view: CaseView) -> list[str]:
    reasons = [str(reason) for reason in view.routing.get("reasons", [])]
    entry = view.routing.get("entry")
    if entry and not any(str(entry) in reason for reason in reasons):
        reasons.insert(0, f"目录 {entry}")
    return reasons


def _suggestions(router: Router, tree: UnitTree, view: CaseView) -> list[Suggestion]:
    """Likely units for whoever dispatches, best first; this only saves typing."""
    if Action.DISPATCH not in view.actions:
        return []
    today = now().astimezone(LOCAL).date()
    where = Territory(view.district, view.street, "".join(_area(tree, view)))
    found = router.recommend(view.detail, where, today)[:_MOST_SUGGESTED]
    return [
        Suggestion(
            tree.name(one.dispatch.lead),
            tree.short(one.dispatch.lead),
            " · ".join(one.dispatch.reasons),
        )
        for one in found
    ]


def _units(tree: UnitTree, view: CaseView) -> list[UnitOption]:
    if view.actions & {Action.DISPATCH, Action.REASSIGN}:
        return unit_options(tree)
    return []
