"""Windows with a printed code: their list, a form for a new one, and the sheet to put up."""

from __future__ import annotations

import segno
from fastapi import Request
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from starlette.responses import Response

from console.render import link, render
from console.route import console_router
from console.staff import CurrentStaff, PostedForm, Staff, database_of, tree_of
from console.unit_picker import find_unit, unit_options
from core.database import now
from core.errors import Conflict, InvalidInput
from core.identity import UNIT_ROLES
from reviews.windows import close_window, open_window, window_of, window_path, windows_of

router = console_router()
PATH = "/console/windows"
_DONE = {"opened": "已生成二维码，请打印后贴在窗口。", "closed": "已停用，原来的二维码不能再评价。"}


@router.get("/windows")
async def windows_page(request: Request, staff: CurrentStaff, done: str = "") -> Response:
    """The windows that the reader looks after. Raises NotAllowed."""
    return await _show(request, staff, done=_DONE.get(done, ""))


@router.post("/windows")
async def add(request: Request, form: PostedForm) -> Response:
    """Give a window a code."""
    typed = {name: form.text(name) for name in ("unit", "number", "place")}
    tree, staff = tree_of(request), form.staff
    among = staff.actor.units if staff.actor.role in UNIT_ROLES else None
    try:
        unit = find_unit(tree, typed["unit"], among).code
        async with database_of(request).unit_of_work() as session:
            await open_window(session, staff.actor, unit, typed["number"], typed["place"], now())
    except (InvalidInput, Conflict) as error:
        return await _show(request, staff, typed=typed, problem=error)
    return RedirectResponse(link(PATH, done="opened"), 303)


@router.post("/windows/{window_id}/close")
async def close(request: Request, window_id: int, form: PostedForm) -> Response:
    """Take a code out of use."""
    async with database_of(request).unit_of_work() as session:
        await close_window(session, form.staff.actor, window_id, now())
    return RedirectResponse(link(PATH, done="closed"), 303)


@router.get("/windows/{window_id}/sheet")
async def sheet(request: Request, window_id: int, staff: CurrentStaff) -> Response:
    """The sheet to print: the code, and in words where it leads. Raises NotFound."""
    async with database_of(request).unit_of_work() as session:
        window = await window_of(session, staff.actor, window_id)
    address = request.app.state.settings.address + window_path(window)
    return render(
        request,
        "window_sheet.html",
        window=window,
        unit=tree_of(request).name(window.unit),
        address=address,
        svg=drawn(address),
    )


def drawn(address: str) -> Markup:
    """The code of an address as SVG; level Q is still read when a quarter of it is worn off."""
    code = segno.make(address, error="q", micro=False)
    return Markup(code.svg_inline(scale=8, border=4, omitsize=True, svgclass="qr", lineclass=None))


async def _show(
    request: Request,
    staff: Staff,
    *,
    done: str = "",
    typed: dict[str, str] | None = None,
    problem: InvalidInput | Conflict | None = None,
) -> Response:
    tree = tree_of(request)
    async with database_of(request).unit_of_work() as session:
        windows = await windows_of(session, staff.actor)
    among = staff.actor.units if staff.actor.role in UNIT_ROLES else None
    own = {"unit": tree.name(staff.actor.unit) if among else "", "number": "", "place": ""}
    return render(
        request,
        "windows.html",
        problem.status if problem else 200,
        lines=[(window, tree.name(window.unit), window_path(window)) for window in windows],
        units=unit_options(tree, among),
        typed=typed or own,
        message=problem.message if problem else "",
        problems=problem.fields if problem else {},
        done=done,
    )
