"""Questions nobody could answer, by meaning: each group becomes part of an entry, or a new one."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from console.knowledge_editing import DRAFTS
from console.knowledge_groups import find_group, ids_of, same_group, wordings
from console.knowledge_page import PATH, tidy
from console.knowledge_preview import preview_draft
from console.knowledge_words import author_name
from console.list_tabs import ListTab
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, PostedForm, Staff, database_of
from core.database import now
from core.errors import Conflict, InvalidInput
from kb.aspects import leftover
from kb.desk_repository import DeskRepository
from kb.endpoints import knowledge_of
from kb.feedback import QuestionKind
from kb.feedback_repository import QuestionRepository
from kb.models import Entry, OpenQuestion
from kb.permissions import EDITORS
from kb.placing import As, Placed, place, with_placed
from kb.schemas import Kind
from kb.search import Hit
from kb.unanswered import (
    Group,
    by_meaning,
    dismiss_questions,
    open_questions,
    reopen_questions,
)

router = console_router()
log = structlog.get_logger(__name__)
QUESTIONS = f"{PATH}/questions"
_GROUPS_A_PAGE = 10
_NEAREST = 3
_SHOWN_WORDINGS = 5
# An entry below this chance is not near at all.
_TELLING = 0.005
AS_NAMES = {As.ALIAS: "别名", As.WORDING: "市民问法", As.FAQ: "常见问题"}
_KIND_NAMES = {
    QuestionKind.UNKNOWN: "没找到",
    QuestionKind.UNCLEAR: "没听懂",
    QuestionKind.UNHELPFUL: "答了没帮助",
}
_DONE = {
    "dismissed": "已移出列表，可在“已处理”里放回。",
    "reopened": "已放回列表。",
}


@dataclass(frozen=True)
class GroupLine:
    """One matter: how often it was asked, how, why it stays open, which entries come nearest."""

    group: Group
    head: int
    wordings: list[str]
    kinds: list[tuple[str, int]]
    nearest: list[Hit]


@router.get("/knowledge/questions")
async def questions_page(
    request: Request, staff: CurrentStaff, tab: str = "open", page: int = 1, done: str = ""
) -> Response:
    """Groups of open questions, the most asked first; or those that are done with."""
    staff.actor.require(*EDITORS)
    if tab == "settled":
        return await _settled(request, staff, page, done)
    async with database_of(request).unit_of_work() as session:
        asked = await open_questions(session, staff.actor)
        settled = await QuestionRepository(session).settled_count()
        entries = await DeskRepository(session, None).answering()
    groups = await by_meaning(asked, knowledge_of(request).encoder)
    rows = {row.id: row for row in asked}
    paging = Paging(page, len(groups), _GROUPS_A_PAGE)
    shown = groups[paging.offset : paging.offset + _GROUPS_A_PAGE]
    lines = await asyncio.to_thread(lambda: [_line(request, rows, group) for group in shown])
    return render(
        request,
        "knowledge_questions.html",
        lines=lines,
        total=len(rows),
        as_names=AS_NAMES,
        entries=entries,
        tabs=_tabs(len(rows), settled, "open"),
        paging=paging,
        page_address=lambda number: link(QUESTIONS, page=number),
        done=_DONE.get(done, ""),
    )


@router.get("/knowledge/questions/{question}/place")
async def place_page(
    request: Request, staff: CurrentStaff, question: int, code: str = "", become: str = ""
) -> Response:
    """What a group would add to an entry, and how many past questions that would answer."""
    staff.actor.require(*EDITORS)
    wanted = As(become) if become in set(As) else As.WORDING
    group = await find_group(request, staff, question)
    placed = Placed(wanted, _suggested(wanted, group))
    return await _place_form(request, staff, group, tidy(code), placed)


@router.post("/knowledge/questions/{question}/place")
async def place_group(request: Request, question: int, form: PostedForm) -> Response:
    """Draft the entry with the group's questions, or show again what that would answer."""
    staff = form.staff
    staff.actor.require(*EDITORS)
    become, code, ids = form.text("become"), form.text("code"), ids_of(form)
    lines = [line.strip() for line in form.text("lines").split("\n") if line.strip()]
    placed = Placed(As(become) if become in set(As) else As.WORDING, lines, form.text("answer"))
    if form.text("next") != "preview":
        try:
            async with database_of(request).unit_of_work() as session:
                draft = await place(session, staff.actor, code, placed, ids, now())
        except (Conflict, InvalidInput) as error:
            group = await same_group(request, ids)
            return await _place_form(request, staff, group, code, placed, problem=error)
        log.info("knowledge_questions_placed", by=staff.actor.login, code=code, count=len(ids))
        return RedirectResponse(link(f"{DRAFTS}/{draft.id}", done="placed", preview="yes"), 303)
    return await _place_form(request, staff, await same_group(request, ids), code, placed)


@router.post("/knowledge/questions/dismiss")
async def dismiss(request: Request, form: PostedForm) -> Response:
    """Put a group away that is not the line's to answer."""
    async with database_of(request).unit_of_work() as session:
        await dismiss_questions(session, form.staff.actor, ids_of(form), form.text("note"), now())
    return RedirectResponse(link(QUESTIONS, done="dismissed"), 303)


@router.post("/knowledge/questions/reopen")
async def reopen(request: Request, form: PostedForm) -> Response:
    """Put questions back on the list."""
    async with database_of(request).unit_of_work() as session:
        await reopen_questions(session, form.staff.actor, ids_of(form))
    return RedirectResponse(link(QUESTIONS, tab="settled", done="reopened"), 303)


async def _place_form(
    request: Request,
    staff: Staff,
    group: Group,
    code: str,
    placed: Placed,
    *,
    problem: Conflict | InvalidInput | None = None,
) -> Response:
    async with database_of(request).unit_of_work() as session:
        repository = DeskRepository(session, None)
        entry = await repository.entry(code) if code else None
        entries = await repository.answering()
    answered = None
    if entry is not None and entry.kind != Kind.NOTICE:
        answered = await _answered(request, entry, placed, group)
    else:
        entry = None
    return render(
        request,
        "knowledge_place.html",
        problem.status if problem else 200,
        group=group,
        head=group.ids[0],
        wordings=wordings(group),
        code=code,
        entry=entry,
        unknown=bool(code) and entry is None,
        entries=entries,
        placed=placed,
        as_names=AS_NAMES,
        answered=answered,
        problems=problem.fields if problem else {},
        message=problem.message if problem else "",
    )


async def _answered(
    request: Request, entry: Entry, placed: Placed, group: Group
) -> tuple[int, int, list[str]]:
    """Of the group's questions how many would be answered, of the others how many more, and which."""
    kind = Kind(entry.kind)
    raw = with_placed(kind, entry.content, placed)
    found, asked = await preview_draft(request, kind, entry.code, raw, group.ids)
    own = found.after & set(group.ids)
    more = (found.after - found.before) - set(group.ids)
    return len(own), len(more), list(dict.fromkeys(asked[number] for number in more))


def _line(request: Request, rows: dict[int, OpenQuestion], group: Group) -> GroupLine:
    knowledge = knowledge_of(request)
    kinds = Counter(rows[number].kind for number in group.ids if number in rows)
    return GroupLine(
        group,
        group.ids[0],
        wordings(group)[:_SHOWN_WORDINGS],
        [(_KIND_NAMES[QuestionKind(kind)], n) for kind, n in kinds.most_common()],
        [hit for hit in knowledge.search(group.questions[0], _NEAREST) if hit.score >= _TELLING],
    )


def _suggested(wanted: As, group: Group) -> list[str]:
    """What is to be added, as a beginning: the matter alone is a name, wordings stand as they are."""
    asked = wordings(group)
    if wanted is As.ALIAS:
        return [leftover(asked[0]) or asked[0]]
    return asked[:1] if wanted is As.FAQ else asked[:_SHOWN_WORDINGS]


async def _settled(request: Request, staff: Staff, page: int, done: str) -> Response:
    async with database_of(request).unit_of_work() as session:
        repository = QuestionRepository(session)
        waiting, total = await repository.open_count(), await repository.settled_count()
        paging = Paging(page, total)
        rows = await repository.settled(PAGE_SIZE, paging.offset)
        names = await DeskRepository(session, None).names(
            {row.settled_code for row in rows if row.settled_code}
        )
        people = await ConsoleRepository(session, staff.actor).staff_names(
            {row.settled_by for row in rows if row.settled_by}
        )
    return render(
        request,
        "knowledge_settled.html",
        rows=[(row, author_name(row.settled_by, people)) for row in rows],
        names=names,
        tabs=_tabs(waiting, total, "settled"),
        paging=paging,
        page_address=lambda number: link(QUESTIONS, tab="settled", page=number),
        done=_DONE.get(done, ""),
    )


def _tabs(waiting: int, settled: int, current: str) -> list[ListTab]:
    return [
        ListTab("未答好", waiting, QUESTIONS, current == "open"),
        ListTab("已处理", settled, link(QUESTIONS, tab="settled"), current == "settled"),
    ]
