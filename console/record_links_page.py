"""Rating links of finished transactions: looked up by number, to be shown or given to the citizen."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from console.render import render
from console.route import console_router
from console.staff import CurrentStaff, database_of, tree_of
from console.windows_page import drawn
from core.database import now
from core.errors import NotFound
from core.identity import Actor
from reviews.record_rating import records_for, window_end
from reviews.signed_links import record_link
from reviews.windows import WINDOW_ROLES

router = console_router()


@router.get("/record-links")
async def record_links(request: Request, staff: CurrentStaff, number: str = "") -> Response:
    """A form, and the links of the transaction that was asked for. Raises NotAllowed."""
    staff.actor.require(*WINDOW_ROLES)
    number, message, lines = number.strip()[:64], "", []
    if number:
        try:
            lines = await _lines(request, staff.actor, number)
        except NotFound as missing:
            message = missing.message
    return render(
        request,
        "record_links.html",
        404 if message else 200,
        number=number,
        message=message,
        lines=lines,
    )


async def _lines(request: Request, actor: Actor, number: str) -> list[dict[str, object]]:
    at, base, tree = now(), request.app.state.settings.address, tree_of(request)
    lines: list[dict[str, object]] = []
    async with database_of(request).unit_of_work() as session:
        for record in await records_for(session, actor, number):
            until = await window_end(session, record)
            # Whether it was rated is not told: a unit would know whose review it was.
            address = base + record_link(record.id) if until is not None and at <= until else ""
            lines.append(
                {
                    "record": record,
                    "unit": tree.name(record.unit) if record.unit else record.dept_name,
                    "until": until,
                    "address": address,
                    "svg": drawn(address) if address else "",
                }
            )
    return lines
