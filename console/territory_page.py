"""The territory (地名库): look places up, edit them, and decide what corrected cases suggest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from console.menu import TERRITORY_ROLES
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, Posted, PostedForm, database_of
from console.territory_form import BLANK, Areas, Typed, changed_words, read_entry
from core.errors import Conflict, InvalidInput, NotFound
from units import learning, place_editing
from units.gazetteer import AREAS, Gazetteer
from units.models import Place
from units.place_editing import entry_of
from units.place_repository import PlaceRepository
from units.place_rules import EDITABLE, KIND_NAMES, PlaceEntry, same_names

router = console_router()
log = structlog.get_logger(__name__)
_PATH = "/console/territory"
_DONE = {
    "added": "已添加，马上用于识别地点。",
    "changed": "已保存，马上用于识别地点。",
    "retired": "已停用，不再用于识别地点；原有工单不受影响。",
    "restored": "已恢复使用。",
    "alias": "已记为别名。",
    "place": "已添加为新地点。",
    "dismissed": "已忽略这条建议。",
}


@dataclass(frozen=True)
class PlaceLine:
    place: Place
    kind: str
    where: str


@router.get("/territory")
async def territory_page(
    request: Request,
    staff: CurrentStaff,
    q: str = "",
    area: str = "",
    kind: str = "",
    state: str = "",
    page: int = 1,
    done: str = "",
) -> Response:
    """Places by name, area and kind; those in use unless asked otherwise."""
    staff.actor.require(*TERRITORY_ROLES)
    text = q.replace("\x00", "").strip()[:60]
    async with database_of(request).unit_of_work() as session:
        repository, areas = PlaceRepository(session), Areas(await Gazetteer.load(session, AREAS))
        wanted = areas.find(area) if area else None
        asked: dict[str, Any] = {
            "text": text, "area": wanted, "kind": kind if kind in KIND_NAMES else None,
            "active": state != "retired",
        }  # fmt: skip
        _, total = await repository.search(**asked, limit=0, offset=0)
        paging = Paging(page, total)
        rows, _ = await repository.search(**asked, limit=PAGE_SIZE, offset=paging.offset)
        _, waiting = await repository.suggestions("open", limit=0, offset=0)
    filters = {"q": text, "area": area, "kind": kind, "state": state}
    return render(
        request,
        "territory.html",
        filters=filters,
        unknown_area=bool(area and wanted is None),
        kinds=KIND_NAMES,
        areas=areas.options(),
        lines=[PlaceLine(row, KIND_NAMES[row.kind], areas.where(row)) for row in rows],
        paging=paging,
        page_address=lambda number: link(_PATH, **filters, page=number),
        waiting=waiting,
        done=_DONE.get(done, ""),
    )


@router.get("/territory/new")
async def new_place(request: Request, staff: CurrentStaff) -> Response:
    """An empty form."""
    staff.actor.require(*TERRITORY_ROLES)
    return await _form(request, None, BLANK)


@router.post("/territory/new")
async def add_place(request: Request, form: PostedForm) -> Response:
    """Add a place; a name that is taken is asked about once."""
    form.staff.actor.require(*TERRITORY_ROLES)
    typed = Typed.of(form)
    try:
        async with database_of(request).unit_of_work() as session:
            entry = read_entry(typed, Areas(await Gazetteer.load(session, AREAS)))
            await _warn_of_same_name(session, form, entry)
            place = await place_editing.add(session, entry, form.staff.actor.login)
    except InvalidInput as error:
        return await _form(request, None, typed, error)
    _log(form, "added", place.code)
    return _back(place.code, "added")


@router.get("/territory/suggestions")
async def suggestions_page(
    request: Request, staff: CurrentStaff, page: int = 1, done: str = ""
) -> Response:
    """Names from corrected cases that nobody has decided about, the most frequent first."""
    staff.actor.require(*TERRITORY_ROLES)
    return await _suggestions(request, page, done=done)


@router.post("/territory/suggestions/{suggestion_id}")
async def decide(request: Request, suggestion_id: int, form: PostedForm) -> Response:
    """Take a suggestion over as alias or as place, or put it away."""
    form.staff.actor.require(*TERRITORY_ROLES)
    choice, by = form.text("choice"), form.staff.actor.login
    try:
        async with database_of(request).unit_of_work() as session:
            match choice:
                case "alias":
                    areas = Areas(await Gazetteer.load(session))
                    code = areas.place_named(form.text("place"))
                    await learning.accept_as_alias(session, suggestion_id, code, by)
                case "place":
                    await learning.accept_as_place(session, suggestion_id, form.text("kind"), by)
                case "dismissed":
                    await learning.dismiss(session, suggestion_id, by)
                case _:
                    raise InvalidInput("请选择怎样处理这条建议")
    except InvalidInput as error:
        return await _suggestions(request, 1, problem=error, about=suggestion_id)
    _log(form, f"suggestion_{choice}", str(suggestion_id))
    return RedirectResponse(link(f"{_PATH}/suggestions", done=choice), 303)


@router.get("/territory/{code}")
async def place_page(request: Request, staff: CurrentStaff, code: str, done: str = "") -> Response:
    """One place to edit, with the history of its changes."""
    staff.actor.require(*TERRITORY_ROLES)
    return await _form(request, code, None, done=done)


@router.post("/territory/{code}")
async def change_place(request: Request, code: str, form: PostedForm) -> Response:
    """Save a place, unless somebody else has changed it since the form was opened."""
    form.staff.actor.require(*TERRITORY_ROLES)
    typed = Typed.of(form)
    try:
        async with database_of(request).unit_of_work() as session:
            entry = read_entry(typed, Areas(await Gazetteer.load(session, AREAS)))
            await _warn_of_same_name(session, form, entry, code)
            version = form.number("version")
            await place_editing.change(session, code, version, entry, form.staff.actor.login)
    except (InvalidInput, Conflict) as error:
        return await _form(request, code, typed, error)
    _log(form, "changed", code)
    return _back(code, "changed")


@router.post("/territory/{code}/{switch}")
async def switch_place(request: Request, code: str, switch: str, form: PostedForm) -> Response:
    """Retire a place or use it again."""
    form.staff.actor.require(*TERRITORY_ROLES)
    if switch not in ("retire", "restore"):
        raise NotFound("没有这个页面")
    act = place_editing.retire if switch == "retire" else place_editing.restore
    try:
        async with database_of(request).unit_of_work() as session:
            await act(session, code, form.number("version"), form.staff.actor.login)
    except (InvalidInput, Conflict) as error:
        return await _form(request, code, None, error)
    done = "retired" if switch == "retire" else "restored"
    _log(form, done, code)
    return _back(code, done)


async def _warn_of_same_name(
    session: AsyncSession, form: Posted, entry: PlaceEntry, code: str | None = None
) -> None:
    """Raises InvalidInput for a new name that other places have, until the editor insists."""
    areas = Areas(await Gazetteer.load(session))
    before = areas.gazetteer.places.get(code or "")
    had = {before.name, *before.aliases} if before else set()
    others = same_names(entry, areas.gazetteer, code)
    if form.text("same_name") == "yes" or {entry.name, *entry.aliases} <= had or not others:
        return
    where = "、".join(f"{p.name}（{areas.inside(p) or KIND_NAMES[p.kind]}）" for p in others[:4])
    raise InvalidInput(
        "已有同名地点", code="same_name", fields={"name": f"{where}。仍要保存请勾选下面的确认"}
    )


async def _form(
    request: Request,
    code: str | None,
    typed: Typed | None,
    problem: InvalidInput | Conflict | None = None,
    *,
    done: str = "",
) -> Response:
    async with database_of(request).unit_of_work() as session:
        areas = Areas(await Gazetteer.load(session, AREAS))
        place = await session.get(Place, code) if code else None
        if code and place is None:
            raise NotFound("没有这个地点")
        edits = await PlaceRepository(session).edits(code) if code else []
        names = await ConsoleRepository(session, request.state.staff.actor).staff_names(
            {edit.by for edit in edits}
        )
    now_there = Typed.from_entry(entry_of(place), areas) if place else BLANK
    return render(
        request,
        "territory_place.html",
        problem.status if problem else 200,
        place=place,
        typed=typed or now_there,
        now_there=now_there if isinstance(problem, Conflict) else None,
        is_area=place is not None and place.kind in AREAS,
        kind_name=KIND_NAMES[place.kind] if place else "",
        kinds={kind: KIND_NAMES[kind] for kind in EDITABLE},
        areas=areas.options(),
        history=[
            (edit, names.get(edit.by, edit.by), changed_words(edit.before, edit.after, areas))
            for edit in edits
        ],
        message=problem.message if problem else "",
        problems=problem.fields if problem else {},
        ask_same_name=problem is not None and problem.code == "same_name",
        done=_DONE.get(done, ""),
    )


async def _suggestions(
    request: Request,
    page: int,
    *,
    done: str = "",
    problem: InvalidInput | None = None,
    about: int = 0,
) -> Response:
    async with database_of(request).unit_of_work() as session:
        repository, areas = PlaceRepository(session), Areas(await Gazetteer.load(session))
        _, total = await repository.suggestions("open", limit=0, offset=0)
        paging = Paging(page, total)
        rows, _ = await repository.suggestions("open", limit=PAGE_SIZE, offset=paging.offset)
    return render(
        request,
        "territory_suggestions.html",
        problem.status if problem else 200,
        lines=[(row, areas.label(row.street), areas.known_as(row.name)) for row in rows],
        kinds={kind: KIND_NAMES[kind] for kind in EDITABLE},
        places=areas.place_options({row.street for row in rows}),
        paging=paging,
        page_address=lambda number: link(f"{_PATH}/suggestions", page=number),
        message=problem.message if problem else "",
        about=about,
        done=_DONE.get(done, ""),
    )


def _back(code: str, done: str) -> Response:
    return RedirectResponse(link(f"{_PATH}/{code}", done=done), 303)


def _log(form: Posted, change: str, place: str) -> None:
    log.info("territory_edited", by=form.staff.actor.login, change=change, place=place)
