"""What the pages that put cases together have in common: candidates, ticked cases, and a form
that comes again with what was typed when it did not go through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from cases.identity import person_of
from cases.masking import hide_person
from cases.models import Case
from cases.repository import CaseRepository
from cases.similar import Neighbour, neighbours, search_open
from cases.states import MainState
from cases.views import CaseView
from console.case_page import view_of
from console.staff import Posted, Staff, database_of, tree_of
from core.errors import Conflict, HotlineError, InvalidInput
from core.identity import Role

ROLES = (Role.DISPATCHER, Role.SUPERVISOR)
_MOST_CHOSEN = 50


@dataclass(frozen=True)
class Candidate:
    """An open case beside the one in hand, and why it may be the same. Names nobody."""

    id: int
    version: int
    number: str
    title: str
    detail: str
    state: MainState
    place: str
    unit: str
    created_at: datetime
    is_group: bool
    own: bool
    likely: bool
    reasons: list[str]


async def carry_out(
    request: Request,
    form: Posted,
    number: str,
    change: Callable[[AsyncSession, CaseView], Awaitable[str]],
    again: Callable[[HotlineError], Awaitable[Response]],
) -> Response:
    """Do ``change`` in a transaction and go where it says, or show the page again with what was
    wrong and what had been typed."""
    form.staff.actor.require(*ROLES)
    try:
        async with database_of(request).unit_of_work() as session:
            target = await change(session, await view_of(session, form.staff, number))
    except (Conflict, InvalidInput) as error:
        return await again(error)
    return RedirectResponse(target, 303)


async def case_of(session: AsyncSession, staff: Staff, number: str) -> tuple[CaseView, Case]:
    """The case as its reader sees it and as it is stored. Raises NotFound."""
    view = await view_of(session, staff, number)
    return view, await CaseRepository(session, staff.actor).get(view.id)


async def candidates(
    request: Request, session: AsyncSession, staff: Staff, case: Case, q: str
) -> list[Candidate]:
    """What was looked for first, then what the line itself found."""
    near = await neighbours(session, staff.actor, case)
    words = q.replace("\x00", "").strip()[:100]
    looked_for = await search_open(session, staff.actor, words, [case.id]) if words else []
    known = {one.case.id: one for one in near}
    rest = [one for one in near if one.case.id not in {found.id for found in looked_for}]
    return [await candidate(request, session, one, known.get(one.id)) for one in looked_for] + [
        await candidate(request, session, one.case, one) for one in rest
    ]


async def candidate(
    request: Request, session: AsyncSession, case: Case, why: Neighbour | None = None
) -> Candidate:
    """``case`` as it is shown beside another one."""
    lead = await CaseRepository(session, None).lead(case.id)
    name, phone = await person_of(session, case.id)
    return Candidate(
        id=case.id,
        version=case.version,
        number=case.number,
        title=case.title,
        detail=hide_person(case.detail, name, phone, secret=True),
        state=MainState(case.state),
        place=case.place_text or "地点不详",
        unit=tree_of(request).short(lead.unit) if lead else "待派单",
        created_at=case.created_at,
        is_group=case.is_group,
        own=why is not None and why.own,
        likely=why is not None and why.likeness.likely,
        reasons=why.likeness.reasons if why else [],
    )


def chosen(form: Posted) -> dict[int, int]:
    """Ids and versions of the ticked cases; each box says ``id:version``."""
    ticked: dict[int, int] = {}
    for value in form.form.getlist("cases")[:_MOST_CHOSEN]:
        id, _, version = str(value).partition(":")
        if id.isdigit() and version.isdigit() and len(id) < 18 and len(version) < 10:
            ticked[int(id)] = int(version)
    return ticked


def typed(form: Posted | None, *names: str) -> dict[str, str]:
    """What had been typed into those fields; empty without a form."""
    return {name: form.text(name) if form else "" for name in names}
