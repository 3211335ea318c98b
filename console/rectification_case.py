"""A case from a rectification: what a bad review tells of is handled as any matter."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from cases.service import register
from console.case_advice import intake_of
from console.rectifications_page import PATH
from console.render import link
from console.route import console_router
from console.staff import PostedForm, database_of, tree_of
from core.database import now
from intake.form import Matter
from reviews.rectification_case import case_opened, case_to_open

router = console_router()


@router.post("/rectifications/{rectification_id}/open_case")
async def open_case(request: Request, rectification_id: int, form: PostedForm) -> Response:
    """Open it once; whoever asks again is led to the same. It names nobody. Raises NotAllowed,
    NotFound, Conflict."""
    actor, at, intake = form.staff.actor, now(), intake_of(request)
    async with database_of(request).unit_of_work() as session:
        one, wanted = await case_to_open(session, actor, rectification_id, tree_of(request))
        category = wanted.category or intake.classify(Matter(words=[wanted.detail])).category
        known = category if category in intake.router.categories else None
        filed = await register(session, replace(wanted, category=known), at, by=actor)
        case_opened(session, actor, one, filed.case_id, filed.number, at)
    return RedirectResponse(link(f"{PATH}/{rectification_id}", done="open_case"), 303)
