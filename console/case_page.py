"""The page of one case: everything its reader may see, and the forms of what he or she may do."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from cases import vocabulary
from cases.approvals import MOST_EXTENSION_DAYS, RETURNS_BEFORE_CONSULTATION
from cases.desk import RECALL_MINUTES
from cases.repository import CaseRepository
from cases.similar import similar_cases
from cases.states import GONE, Action, SubState
from cases.timing import Timing
from cases.views import CaseView, Identity, PartView
from cases.vocabulary import ApprovalKind, ClockKind, Part
from console.answer_templates import results_for, templates_for
from console.case_advice import basis, intake_of, suggestions
from console.case_lines import (
    clock_lines,
    handling,
    history_lines,
    logins_of,
    part_lines,
    pictures_of,
    request_lines,
)
from console.case_steps import STANDING_NAMES, steps
from console.menu import TRANSCRIPT_ROLES, home_of
from console.render import render, shown_picture
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, Staff, database_of, tree_of
from console.unit_picker import UnitOption, unit_options
from console.wording import DONE
from core.calendar import LOCAL
from core.database import now
from core.errors import NotFound
from core.identity import UNIT_ROLES
from reviews.rectification_repository import RectificationRepository
from reviews.service import reviews_of
from routing.repository import CategoryRepository, leaves
from routing.service import Router
from units.tree import UnitTree

router = console_router()
_CHOOSES_ANY_UNIT = frozenset(
    {Action.DISPATCH, Action.DESIGNATE, Action.REASSIGN, Action.ADD_ASSIST, Action.RETURN}
)


@dataclass(frozen=True)
class Problem:
    """An action that did not go through: why, and what had been typed for it."""

    action: Action
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """How a page of a case is to be shown: after what, with what went wrong, who was opened."""

    status: int = 200
    done: str = ""
    problem: Problem | None = None
    opened: Identity | None = None
    citizen_only: bool = False
    adopt: int | None = None


@router.get("/cases/{number}")
async def case_page(
    request: Request,
    number: str,
    staff: CurrentStaff,
    done: str = "",
    history: str = "",
    adopt: int | None = None,
) -> Response:
    """Raises NotFound for a number that does not exist or that the reader may not see.

    ``history=citizen`` leaves out what only staff may read; ``adopt`` is the part of a unit below
    whose answer the form starts with.
    """
    shown = Shown(done=done, citizen_only=history == "citizen", adopt=adopt)
    return await show_case(request, staff, number, shown)


@router.get("/cases/{number}/print")
async def print_page(request: Request, number: str, staff: CurrentStaff) -> Response:
    """The case on paper, with what the reader may see and without forms. Raises NotFound."""
    return await show_case(request, staff, number, Shown(), template="case_print.html")


@router.get("/cases/{number}/attachments/{attachment_id}")
async def attachment(
    request: Request, number: str, attachment_id: uuid.UUID, staff: CurrentStaff
) -> Response:
    """A picture of a case, for whoever may read the case and the line that it came with."""
    async with database_of(request).unit_of_work() as session:
        view = await view_of(session, staff, number)
        known = {*view.attachments, *(one for e in view.events for one in pictures_of(e))}
        picture = None
        if attachment_id in known:
            picture = await ConsoleRepository(session, staff.actor).attachment(attachment_id)
    return shown_picture(picture)


async def show_case(
    request: Request, staff: Staff, number: str, shown: Shown, *, template: str = "case.html"
) -> Response:
    """The page of case ``number`` as it stands now. Raises NotFound."""
    tree, at, intake = tree_of(request), now(), intake_of(request)
    async with database_of(request).unit_of_work() as session:
        view = await view_of(session, staff, number)
        found = await _around(session, staff, view)
    names: dict[str, str] = found["names"]
    identity = view.identity or shown.opened
    live, gone = part_lines(view, tree, names, at)
    large, due_at = handling(view, at)
    problem = shown.problem
    return render(
        request,
        template,
        shown.status,
        view=view,
        v=vocabulary,
        home=home_of(staff.actor.role),
        identity=identity,
        opened=shown.opened is not None,
        words=shown.opened.detail if shown.opened else view.detail,
        original=identity.detail if identity else view.detail,
        category=category_path(intake.router, view),
        place=place_name(tree, view),
        about=tree.name(view.about_unit),
        lead=tree.name(view.lead),
        steps=steps(view),
        standing_names=STANDING_NAMES,
        clock=large,
        due_at=due_at,
        clocks=clock_lines(view, tree, at, found["return_until"]),
        parts=live,
        assisting=[
            tree.name(p.unit)
            for p in view.parts
            if p.part is Part.ASSIST and p.parent_id is None and p.state not in GONE
        ],
        gone=gone,
        requests=request_lines(view, tree, names),
        history=history_lines(view.events, tree, names, citizen_only=shown.citizen_only),
        citizen_only=shown.citizen_only,
        names=names,
        reviews=found["reviews"],
        rectification=found["rectification"],
        similar=found["similar"],
        unit_short=tree.short,
        unit_name=tree.name,
        category_option=_category_option(intake.router, view),
        basis=basis(view),
        suggestions=suggestions(intake, view, at.astimezone(LOCAL).date()),
        transcript=view.conversation_id if staff.actor.role in TRANSCRIPT_ROLES else None,
        units=_units(tree, view),
        below=_below(tree, view),
        categories=found["categories"],
        printed_at=at,
        done=DONE.get(shown.done, ""),
        problem=problem,
        typed=problem.typed if problem else {},
        problems=problem.fields if problem else {},
        key=new_key(),
        return_until=found["return_until"],
        too_late_to_return=found["return_until"] is not None and found["return_until"] < at,
        **_asked(view, shown.adopt, at),
    )


def new_key() -> str:
    """A name for one request that must not be carried out twice."""
    return uuid.uuid4().hex


async def view_of(session: AsyncSession, staff: Staff, number: str) -> CaseView:
    """The case with this number as ``staff`` sees it. Raises NotFound."""
    repository = CaseRepository(session, staff.actor)
    case = await repository.by_number(number.replace("\x00", ""))
    if case is None:
        raise NotFound("没有找到这张工单，可能编号有误，或不在您的查看范围内。")
    return await repository.view(case.id)


async def _around(session: AsyncSession, staff: Staff, view: CaseView) -> dict[str, Any]:
    """What stands around the case: names, reviews, similar cases, what a form offers."""
    case = await CaseRepository(session, staff.actor).get(view.id)
    categories = []
    if Action.CORRECT in view.actions:
        rows = await CategoryRepository(session).rows()
        named, wanted = {row.code: row for row in rows}, set(leaves(rows))
        categories = [
            (f"{row.code} {row.name}", named[row.parent].name if row.parent else "")
            for row in rows
            if row.code in wanted
        ]
    return {
        "names": await ConsoleRepository(session, staff.actor).staff_names(logins_of(view)),
        "reviews": [
            review
            for review in (await reviews_of(session, [view.id])).get(view.id, [])
            if review.named or staff.actor.role not in UNIT_ROLES
        ],
        "rectification": await RectificationRepository(session, staff.actor).opened(view.id),
        "similar": await similar_cases(session, staff.actor, case) if view.actions else [],
        "categories": categories,
        "return_until": await _return_until(session, view),
    }


async def _return_until(session: AsyncSession, view: CaseView) -> datetime | None:
    if view.own is None or Action.RETURN not in view.actions:
        return None
    case = await CaseRepository(session, None).get(view.id)
    return (await Timing.load(session)).due(ClockKind.RETURN, case, view.own.created_at).at


def _just_dispatched(view: CaseView, at: datetime) -> bool:
    lead = next((p for p in view.parts if p.part is Part.LEAD and p.state not in GONE), None)
    return lead is not None and at <= lead.created_at + timedelta(minutes=RECALL_MINUTES)


def _asked(view: CaseView, adopt: int | None, at: datetime) -> dict[str, object]:
    """What the forms start with: the part they are about and the answer written so far."""
    mine = view.own
    children = [
        p
        for p in view.parts
        if mine is not None and p.parent_id == mine.id and p.state is SubState.ANSWERED
    ]
    source: PartView | None = next((p for p in children if p.id == adopt), mine)
    return {
        "mine": mine,
        "answered_below": children,
        "adopted": source is not mine,
        "so_far": {
            "citizen_answer": (source.citizen_answer if source else "") or "",
            "internal_note": (source.internal_note if source else "") or "",
            "public_answer": (source.public_answer if source else "") or "",
            "result": source.result.value if source and source.result else "",
            "result_reason": source.result_reason if source else "",
        },
        "recallable": Action.RECALL in view.actions and _just_dispatched(view, at),
        "results": results_for(view.type),
        "templates": templates_for(view.type),
        "most_days": MOST_EXTENSION_DAYS,
        "consultation_next": view.returns + 1 >= RETURNS_BEFORE_CONSULTATION,
        "returns": ApprovalKind.RETURN,
    }


def category_path(router: Router, view: CaseView) -> str:
    """城乡建设 › 市政管理 › 路灯."""
    facts = router.categories.get(view.category or "")
    return " › ".join(facts.path.split("/")) if facts else "未归类"


def _category_option(router: Router, view: CaseView) -> str:
    facts = router.categories.get(view.category or "")
    return f"{facts.code} {facts.name}" if facts else ""


def place_name(tree: UnitTree, view: CaseView) -> str:
    """What was said of the place, with district and street: 望湖路8号（城东区望湖街道）."""
    codes = [code for code in (view.district, view.street) if code]
    inside = "".join(tree.short(code).removesuffix("政府") for code in codes)
    return f"{view.place_text or '地点不详'}{f'（{inside}）' if inside else ''}"


def _units(tree: UnitTree, view: CaseView) -> list[UnitOption]:
    if view.actions & _CHOOSES_ANY_UNIT or any(a.decidable for a in view.approvals):
        return unit_options(tree)
    return []


def _below(tree: UnitTree, view: CaseView) -> list[UnitOption]:
    """The units that the reader's unit may hand work down to."""
    if view.own is None or Action.DELEGATE not in view.actions:
        return []
    return unit_options(tree, tree.below(view.own.unit) - {view.own.unit})
