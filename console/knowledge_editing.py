"""Writing a draft: beginning one, the form of its content, saving it also unfinished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from console.knowledge_form import BEFORE, Written, main_fields, more_fields, read, sections
from console.knowledge_groups import find_group, given_ids, wordings
from console.knowledge_page import PATH, find_entry, tidy
from console.knowledge_words import KIND_NAMES, load_areas, local_today, names_of
from console.render import link, render
from console.route import console_router
from console.staff import CurrentStaff, Posted, PostedForm, Staff, database_of, tree_of
from console.territory_form import Areas
from console.unit_picker import find_unit, unit_options
from core.database import now
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.identity import UNIT_ROLES
from kb.aspects import leftover
from kb.codes import free_code
from kb.differences import Difference, differences
from kb.drafts import checked_content, save_draft, start_draft
from kb.drafts_repository import DraftRepository
from kb.models import EntryDraft
from kb.permissions import units_seen
from kb.schemas import Kind
from kb.shape import UNIT_FIELDS, shape_of
from kb.unanswered import settle_questions
from units.tree import UnitTree

router = console_router()
log = structlog.get_logger(__name__)
DRAFTS = f"{PATH}/drafts"
# Kinds that are drafted; notices are published at once.
DRAFTED = {kind: name for kind, name in KIND_NAMES.items() if kind is not Kind.NOTICE}
# What a copy does not take over: two entries must not be called and asked for alike.
_OWN = ("code", "version", "aliases", "questions", "superseded_by", "void_on", "void_reason")


@dataclass(frozen=True)
class Codes:
    """Between what people write in a field and the codes that are stored."""

    tree: UnitTree
    areas: Areas

    def code(self, field: str, typed: str) -> str:
        """The code that ``typed`` stands for, else ``typed``: the check says what is wrong."""
        if field not in UNIT_FIELDS:
            return self.areas.find(typed) or typed
        try:
            return find_unit(self.tree, typed).code
        except InvalidInput:
            return typed

    def written(self, field: str, code: str) -> str:
        """How people write what ``code`` stands for in ``field``."""
        if field in UNIT_FIELDS:
            return self.tree.name(code)
        return self.areas.label(code) if field in ("area", "areas") else code


@router.get("/knowledge/new")
async def new_page(
    request: Request,
    staff: CurrentStaff,
    kind: str = "item",
    copy: str = "",
    question: int | None = None,
) -> Response:
    """What the new entry is, how it is called and whose it is; ``copy`` is the entry to begin
    with, ``question`` one of the group of questions that it is to answer."""
    units_seen(staff.actor)
    wanted = Kind(kind) if kind in set(DRAFTED) else Kind.ITEM
    typed = {"kind": wanted.value, "copy": tidy(copy), "name": ""}
    ids: Sequence[int] = ()
    if question is not None:
        group = await find_group(request, staff, question)
        asked = wordings(group)
        typed |= {"name": leftover(asked[0]), "questions": "\n".join(asked)}
        ids = group.ids
    if copy:
        async with database_of(request).unit_of_work() as session:
            entry = await find_entry(session, staff, copy)
        typed |= {"kind": entry.kind, "unit": tree_of(request).name(entry.unit)}
    elif staff.actor.role in UNIT_ROLES:
        typed["unit"] = tree_of(request).name(staff.actor.unit)
    return _new_form(request, staff, typed, ids)


@router.post("/knowledge/new")
async def start_new(request: Request, form: PostedForm) -> Response:
    """Begin the draft of a new entry, blank or from a copy."""
    typed = {name: form.text(name) for name in ("kind", "copy", "name", "unit")}
    questions = [line.strip() for line in form.text("questions").split("\n") if line.strip()]
    staff, ids = form.staff, given_ids(form)
    try:
        kind = _kind(typed["kind"])
        unit = find_unit(tree_of(request), typed["unit"], units_seen(staff.actor)).code
        async with database_of(request).unit_of_work() as session:
            content: dict[str, Any] = {"valid_from": str(local_today())}
            if typed["copy"]:
                entry = await find_entry(session, staff, typed["copy"])
                content = {k: v for k, v in entry.content.items() if k not in _OWN} | content
            content |= {"name": typed["name"], "unit": unit, "questions": questions}
            code = await free_code(session, kind, unit)
            draft = await start_draft(session, staff.actor, kind, code, content, now())
            if ids:
                await settle_questions(session, staff.actor, ids, code, now())
    except InvalidInput as error:
        typed |= {"questions": "\n".join(questions)}
        return _new_form(request, staff, typed, ids, error)
    log.info("knowledge_draft_begun", by=staff.actor.login, code=draft.code)
    return RedirectResponse(f"{DRAFTS}/{draft.id}/edit", 303)


@router.post("/knowledge/entries/{code}/draft")
async def start_change(request: Request, code: str, form: PostedForm) -> Response:
    """Begin a change of an entry, or go to the one that is under way."""
    async with database_of(request).unit_of_work() as session:
        entry = await find_entry(session, form.staff, code)
        busy = await DraftRepository(session, None).open_one(code)
        if busy is not None:
            return RedirectResponse(f"{DRAFTS}/{busy.id}", 303)
        kept = {k: v for k, v in entry.content.items() if k not in ("code", "version")}
        draft = await start_draft(
            session, form.staff.actor, Kind(entry.kind), code, kept | {"unit": entry.unit}, now()
        )
    log.info("knowledge_draft_begun", by=form.staff.actor.login, code=code)
    return RedirectResponse(f"{DRAFTS}/{draft.id}/edit", 303)


@router.get("/knowledge/drafts/{draft_id}/edit")
async def edit_page(
    request: Request, staff: CurrentStaff, draft_id: int, done: str = "", check: str = ""
) -> Response:
    """The form with the draft; with ``check`` it says what is still missing."""
    draft = await find_draft(request, staff, draft_id)
    if draft.state != "draft" or draft.author != staff.actor.login:
        return RedirectResponse(f"{DRAFTS}/{draft_id}", 303)
    problems = problems_of_draft(draft) if check else {}
    saved = "已保存。" if done == "saved" else ""
    return await _form(request, draft, draft.content, draft.revision, problems=problems, done=saved)


@router.post("/knowledge/drafts/{draft_id}/edit")
async def save(request: Request, draft_id: int, form: PostedForm) -> Response:
    """Keep what was typed; ``next`` leads on to the check or back to the form."""
    staff = form.staff
    draft = await find_draft(request, staff, draft_id)
    codes = await codes_of(request)
    content = read(shape_of(Kind(draft.kind)), fields_of(form), codes.code)
    try:
        async with database_of(request).unit_of_work() as session:
            await save_draft(
                session, staff.actor, draft_id, form.number("revision"), content, now()
            )
    except (Conflict, NotAllowed) as error:
        return await _refused(request, staff, draft_id, content, error)
    if form.text("next") == "check":
        return RedirectResponse(f"{DRAFTS}/{draft_id}", 303)
    return RedirectResponse(link(f"{DRAFTS}/{draft_id}/edit", done="saved"), 303)


async def find_draft(request: Request, staff: Staff, draft_id: int) -> EntryDraft:
    """The draft, if it is the reader's to see. Raises NotFound."""
    async with database_of(request).unit_of_work() as session:
        draft = await DraftRepository(session, units_seen(staff.actor)).draft(draft_id)
    if draft is None:
        raise NotFound("没有这份草稿，或它属于其他单位。")
    return draft


def problems_of_draft(draft: EntryDraft) -> Mapping[str, str]:
    """What still does not fit, by dotted field; empty when it may be submitted."""
    try:
        checked_content(draft)
    except InvalidInput as error:
        return error.fields
    return {}


async def _refused(
    request: Request,
    staff: Staff,
    draft_id: int,
    content: Mapping[str, Any],
    error: Conflict | NotAllowed,
) -> Response:
    """The form with what was typed, beside what was saved meanwhile: nothing is lost."""
    saved = await find_draft(request, staff, draft_id)
    may_save = saved.state == "draft" and saved.author == staff.actor.login
    codes = await codes_of(request)
    others = differences(
        Kind(saved.kind), saved.content, content, names_of(codes.tree, codes.areas)
    )
    message = error.message
    if may_save:
        message += "。下面是您刚填的内容；再点保存，会以它替换别处保存的内容。"
    return await _form(
        request,
        saved,
        content,
        saved.revision,
        status=error.status,
        message=message,
        others=others,
        may_save=may_save,
    )


async def _form(
    request: Request,
    draft: EntryDraft,
    content: Mapping[str, Any],
    revision: int,
    *,
    status: int = 200,
    problems: Mapping[str, str] | None = None,
    message: str = "",
    done: str = "",
    others: list[Difference] | None = None,
    may_save: bool = True,
) -> Response:
    codes = await codes_of(request)
    written: Written = codes.written
    shown = sections(shape_of(Kind(draft.kind)), content, problems or {}, written)
    return render(
        request,
        "knowledge_form.html",
        status,
        draft=draft,
        kind=KIND_NAMES[Kind(draft.kind)],
        name=content.get("name") or "未命名",
        revision=revision,
        sections=shown,
        main_fields=main_fields,
        more_fields=more_fields,
        whole_problem=(problems or {}).get("entry", ""),
        wrong_count=sum(section.problems for section in shown),
        units=unit_options(codes.tree),
        areas=codes.areas.options(),
        before=BEFORE,
        message=message,
        done=done,
        others=others or [],
        may_save=may_save,
    )


def _new_form(
    request: Request,
    staff: Staff,
    typed: Mapping[str, str],
    ids: Sequence[int],
    problem: InvalidInput | None = None,
) -> Response:
    return render(
        request,
        "knowledge_new.html",
        422 if problem else 200,
        typed={"unit": "", "questions": "", **typed},
        ids=ids,
        kinds=DRAFTED,
        units=unit_options(tree_of(request), units_seen(staff.actor)),
        problems=problem.fields if problem else {},
        message=problem.message if problem else "",
    )


async def codes_of(request: Request) -> Codes:
    """Units and areas as they stand now."""
    async with database_of(request).unit_of_work() as session:
        return Codes(tree_of(request), await load_areas(session))


def _kind(text: str) -> Kind:
    if text not in set(DRAFTED):
        raise InvalidInput("请选择种类", fields={"kind": "请从列表中选择"})
    return Kind(text)


def fields_of(form: Posted) -> dict[str, str]:
    """Everything that was typed, by name."""
    return {name: value for name, value in form.form.items() if isinstance(value, str)}
