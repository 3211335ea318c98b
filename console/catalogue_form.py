"""The form of a catalogue entry: what it says next is kept as a draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from console.catalogue_page import DRAFTS, names_of, show_entry, today
from console.catalogue_words import Names, find_day, find_words
from console.render import link, render
from console.route import console_router
from console.staff import CurrentStaff, Posted, PostedForm, database_of
from core.database import now
from core.errors import Conflict, InvalidInput, NotFound
from routing.catalogue import CatalogueEntry
from routing.editing import EDITOR_ROLES, draft_entry, ending, newest_version, save_draft
from routing.repository import CatalogueRepository

router = console_router()
log = structlog.get_logger(__name__)
T = TypeVar("T")
_MOST_ASSISTS = 8
_MOST_TEXT = 500
_TEXTS = (
    "category",
    "territory",
    "words",
    "not_words",
    "lead",
    "basis",
    "valid_from",
    "valid_to",
    "reason",
)


@dataclass(frozen=True)
class Typed:
    """What stands in the form of an entry; ``seen`` is the version and draft it starts from."""

    code: str
    seen: tuple[int, int]
    texts: Mapping[str, str]
    assists: Sequence[str] = ()


@router.get("/catalogue/new")
async def new_entry(request: Request, staff: CurrentStaff, category: str = "") -> Response:
    """An empty form."""
    staff.actor.require(*EDITOR_ROLES)
    async with database_of(request).unit_of_work() as session:
        names = await names_of(session)
    texts = {"category": names.category(category) if category in names.categories else ""}
    return _form(request, names, Typed("", (0, 0), texts | {"valid_from": str(today())}))


@router.get("/catalogue/entries/{code}/edit")
async def edit_entry(request: Request, staff: CurrentStaff, code: str) -> Response:
    """The form with the draft of an entry, else with what it says now. Raises NotFound."""
    staff.actor.require(*EDITOR_ROLES)
    async with database_of(request).unit_of_work() as session:
        repository = CatalogueRepository(session)
        versions, draft = await repository.versions(), await repository.draft(code)
        names = await names_of(session)
    newest = newest_version(versions, code)
    if not newest and draft is None:
        raise NotFound("没有这条目录")
    if draft is not None:
        entry, reason = draft_entry(draft), draft.reason
    else:
        entry, reason = next(v for v in versions if (v.code, v.version) == (code, newest)), ""
    # An ended entry comes back to life in the form.
    days = {"valid_from": str(max(entry.valid_from, today()))}
    if entry.valid_to and entry.valid_to >= max(entry.valid_from, today()):
        days["valid_to"] = str(entry.valid_to)
    texts = {
        "category": names.category(entry.category),
        "territory": names.place(entry.territory) if entry.territory else "",
        "words": "、".join(entry.words),
        "not_words": "、".join(entry.not_words),
        "lead": names.unit(entry.lead),
        "basis": entry.basis,
        "reason": reason,
        **days,
    }
    seen = (newest, draft.revision if draft else 0)
    return _form(request, names, Typed(code, seen, texts, [names.unit(u) for u in entry.assists]))


@router.post("/catalogue/drafts")
async def save(request: Request, form: PostedForm) -> Response:
    """Keep what was typed as a draft; nothing is dispatched by it yet."""
    form.staff.actor.require(*EDITOR_ROLES)
    typed = _typed(form)
    async with database_of(request).unit_of_work() as session:
        names = await names_of(session)
    try:
        entry = _entry(names, typed)
        async with database_of(request).unit_of_work() as session:
            draft = await save_draft(
                session, form.staff.actor, entry, typed.seen, typed.texts["reason"], now()
            )
    except (Conflict, InvalidInput) as error:
        return _form(request, names, typed, problem=error)
    log.info("catalogue_draft_saved", by=form.staff.actor.login, code=draft.code)
    return RedirectResponse(link(DRAFTS, done="saved") + f"#{draft.code}", 303)


@router.post("/catalogue/entries/{code}/end")
async def end(request: Request, code: str, form: PostedForm) -> Response:
    """A draft that ends an entry from a day on."""
    form.staff.actor.require(*EDITOR_ROLES)
    try:
        day = find_day(form.text("day"), "day")
        async with database_of(request).unit_of_work() as session:
            repository = CatalogueRepository(session)
            rows, draft = await repository.versions(), await repository.draft(code)
            newest = next((v for v in reversed(rows) if v.code == code), None)
            if newest is None:
                raise NotFound("没有这条目录")
            if draft is not None:
                raise Conflict("这条目录已有草稿，请先发布或放弃草稿。")
            seen = (form.number("version"), 0)
            await save_draft(
                session, form.staff.actor, ending(newest, day), seen, form.text("reason"), now()
            )
    except InvalidInput as error:
        renamed = {"valid_from": "day"}
        fields = {renamed.get(name, name): text for name, text in error.fields.items()}
        problem = InvalidInput(error.message, fields=fields)
        return await show_entry(request, form.staff, code, problem=problem)
    return RedirectResponse(link(DRAFTS, done="saved") + f"#{code}", 303)


def _form(
    request: Request, names: Names, typed: Typed, *, problem: Conflict | InvalidInput | None = None
) -> Response:
    blanks = max(3 - len(typed.assists), 1)
    return render(
        request,
        "catalogue_form.html",
        problem.status if problem else 200,
        typed=typed,
        assists=[*typed.assists, *[""] * blanks][:_MOST_ASSISTS],
        units=names.unit_options(),
        categories=names.category_options(),
        places=names.place_options(),
        today=today(),
        message=problem.message if problem else "",
        problems=problem.fields if problem else {},
    )


def _typed(form: Posted) -> Typed:
    assists = [value.strip() for value in form.form.getlist("assist") if isinstance(value, str)]
    return Typed(
        form.text("code"),
        (form.number("version"), form.number("revision")),
        {name: form.text(name) for name in _TEXTS},
        [assist for assist in assists if assist],
    )


def _entry(names: Names, typed: Typed) -> CatalogueEntry:
    """What was typed. Raises InvalidInput that names every field that does not fit."""
    texts, problems = typed.texts, dict[str, str]()

    def read(find: Callable[[], T], otherwise: T) -> T:
        try:
            return find()
        except InvalidInput as error:
            problems.update(error.fields)
            return otherwise

    def unit(text: str, field: str) -> str:
        try:
            return names.find_unit(text)
        except InvalidInput as error:
            told = error.fields["unit"]
            problems[field] = f"“{text}”：{told}" if text else told
            return ""

    until = texts["valid_to"]
    entry = CatalogueEntry(
        code=typed.code,
        category=read(lambda: names.find_category(texts["category"]), ""),
        territory=read(lambda: names.find_place(texts["territory"]), None),
        words=read(lambda: find_words(texts["words"], "words"), ()),
        not_words=read(lambda: find_words(texts["not_words"], "not_words"), ()),
        valid_from=read(lambda: find_day(texts["valid_from"], "valid_from"), date.min),
        valid_to=read(lambda: find_day(until, "valid_to") if until else None, None),
        lead=unit(texts["lead"], "lead"),
        assists=tuple(dict.fromkeys(unit(text, "assist") for text in typed.assists)),
        basis=texts["basis"],
    )
    if entry.ends_entry:
        problems["valid_to"] = "不能早于生效日期"
    for field, what in (("basis", "依据"), ("reason", "修改原因")):
        if not 0 < len(texts[field]) <= _MOST_TEXT:
            problems[field] = f"请写明{what}，不超过 {_MOST_TEXT} 字"
    if problems:
        raise InvalidInput("有几处需要修改", fields=problems)
    return entry
