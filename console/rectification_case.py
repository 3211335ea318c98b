"""A case from a rectification: what a bad review tells of is handled as any matter."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from cases.vocabulary import CaseType, Source
from console.case_advice import intake_of
from console.rectifications_page import PATH
from console.render import link
from console.route import console_router
from console.staff import PostedForm, database_of
from core.database import now
from intake.by_staff import StaffEntry, register_by_staff
from reviews.rectifying import case_opened, case_to_open

router = console_router()


@router.post("/rectifications/{rectification_id}/open_case")
async def open_case(request: Request, rectification_id: int, form: PostedForm) -> Response:
    """Open it once; whoever asks again is led to the same. It names nobody. Raises NotAllowed,
    NotFound, Conflict."""
    actor, at = form.staff.actor, now()
    async with database_of(request).unit_of_work() as session:
        one, detail = await case_to_open(session, actor, rectification_id)
        entry = StaffEntry(
            key=f"rectification-{rectification_id}",
            source=Source.REFERRED,
            detail=detail,
            type=CaseType.COMPLAINT,
            anonymous=True,
        )
        filed = await register_by_staff(session, intake_of(request), entry, actor, at)
        case_opened(session, actor, one, filed.case_id, filed.number, at)
    return RedirectResponse(link(f"{PATH}/{rectification_id}", done="open_case"), 303)
