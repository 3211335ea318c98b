"""The knowledge desk to read: the list of entries, one entry, its versions, answers given from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from console.excel import Sheet, download, workbook
from console.knowledge_tasks import waiting_for
from console.knowledge_words import (
    KIND_NAMES,
    author_name,
    entry_line,
    facts,
    load_areas,
    local_today,
    names_of,
)
from console.paging import PAGE_SIZE, Paging
from console.render import link, local_time, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, Staff, database_of, tree_of
from core.calendar import LOCAL
from core.database import now
from core.errors import NotFound
from kb.answers import TITLES
from kb.aspects import Aspect
from kb.desk_repository import AnswersWanted, DeskRepository, Wanted
from kb.differences import differences
from kb.drafts_repository import DraftRepository
from kb.models import Entry, EntryVersion, GivenAnswer
from kb.permissions import units_seen
from kb.reminders import answers_given, ending_soon
from kb.repository import KnowledgeRepository
from kb.schemas import Kind, Status
from kb.states import AHEAD, STATE_NAMES, EntryState

router = console_router()
PATH = "/console/knowledge"
# Answers that one file holds.
_MOST_EXPORTED = 20_000
_SHOWN_ENDING = 5
ENDED = {
    "withdrawn": "已撤下，不再据此答复。改好后可以重新发布。",
    "void": "已作废，不再据此答复；内容和历史仍保留。",
}
_ASPECTS = {aspect.value: title for aspect, title in TITLES.items()} | {"faq": "常见问题"}


@dataclass(frozen=True)
class VersionLine:
    """One version in the history of an entry."""

    row: EntryVersion
    author: str
    approver: str
    status: str


@router.get("/knowledge")
async def knowledge_page(
    request: Request,
    staff: CurrentStaff,
    q: str = "",
    kind: str = "",
    unit: str = "",
    state: str = "",
    page: int = 1,
) -> Response:
    """Entries of the reader's units, filtered by what stands in the address."""
    wanted = Wanted(
        tidy(q),
        Kind(kind) if kind in set(Kind) else None,
        tidy(unit),
        EntryState(state) if state in set(EntryState) else None,
    )
    today, tree, own = local_today(), tree_of(request), staff.actor.unit
    async with database_of(request).unit_of_work() as session:
        repository = DeskRepository(session, units_seen(staff.actor))
        paging = Paging(page, await repository.count(wanted, today))
        found = await repository.entries(
            wanted, today, own=own, limit=PAGE_SIZE, offset=paging.offset
        )
        units = await repository.units_with_entries()
        ending = await ending_soon(session, staff.actor, today)
        waiting = await waiting_for(session, staff.actor, now())
    here = {"q": wanted.text, "kind": kind, "unit": wanted.unit, "state": state}
    return render(
        request,
        "knowledge.html",
        lines=[entry_line(entry, tree, today) for entry in found],
        wanted=wanted,
        filtered=any(here.values()),
        kinds=KIND_NAMES,
        states=STATE_NAMES,
        units=sorted(((code, tree.short(code)) for code in units), key=lambda one: one[1]),
        waiting_knowledge=waiting,
        ending=ending[:_SHOWN_ENDING],
        ending_count=len(ending),
        ahead=AHEAD,
        today=today,
        paging=paging,
        page_address=lambda number: link(PATH, **here, page=number),
    )


@router.get("/knowledge/entries/{code}")
async def entry_page(request: Request, staff: CurrentStaff, code: str, done: str = "") -> Response:
    """What an entry says now. Raises NotFound, also for another unit's."""
    async with database_of(request).unit_of_work() as session:
        entry = await find_entry(session, staff, code)
        draft = await DraftRepository(session, None).open_one(code)
        names = names_of(tree_of(request), await load_areas(session))
    return render(
        request,
        "knowledge_entry.html",
        line=entry_line(entry, tree_of(request), local_today()),
        facts=facts(Kind(entry.kind), entry.content, names),
        draft=draft,
        mine=draft is not None and draft.author == staff.actor.login,
        notice=entry.kind == Kind.NOTICE,
        done=ENDED.get(done, ""),
    )


@router.get("/knowledge/entries/{code}/versions")
async def versions_page(
    request: Request, staff: CurrentStaff, code: str, before: int = 0, after: int = 0
) -> Response:
    """Every version of an entry, and what changed between two of them, at first the last two."""
    async with database_of(request).unit_of_work() as session:
        entry = await find_entry(session, staff, code)
        rows = await KnowledgeRepository(session).versions(code)
        names = names_of(tree_of(request), await load_areas(session))
        people = await ConsoleRepository(session, staff.actor).staff_names(
            {login for row in rows for login in (row.author, row.approver) if login}
        )
    by_number = {row.version: row for row in rows}
    new = by_number.get(after, rows[0])
    older = [row for row in rows if row.version < new.version]
    old = by_number.get(before, older[0] if older else new)
    return render(
        request,
        "knowledge_versions.html",
        line=entry_line(entry, tree_of(request), local_today()),
        versions=[
            VersionLine(
                row,
                author_name(row.author, people),
                author_name(row.approver, people),
                "" if row.status == Status.PUBLISHED else STATE_NAMES[EntryState(row.status)],
            )
            for row in rows
        ],
        old=old,
        new=new,
        changes=differences(Kind(entry.kind), old.content, new.content, names),
    )


@router.get("/knowledge/entries/{code}/answers")
async def answers_page(
    request: Request,
    staff: CurrentStaff,
    code: str,
    version: str = "",
    since: str = "",
    until: str = "",
    page: int = 1,
) -> Response:
    """Answers given from an entry, newest first, of a version or of some days."""
    wanted = answers_wanted(version, since, until)
    async with database_of(request).unit_of_work() as session:
        entry = await find_entry(session, staff, code)
        _, total = await answers_given(session, staff.actor, code, wanted, limit=0)
        paging = Paging(page, total)
        found, _ = await answers_given(
            session, staff.actor, code, wanted, limit=PAGE_SIZE, offset=paging.offset
        )
        versions = await KnowledgeRepository(session).versions(code)
    here = {"version": version, "since": since, "until": until}
    address = f"{PATH}/entries/{code}/answers"
    return render(
        request,
        "knowledge_answers.html",
        line=entry_line(entry, tree_of(request), local_today()),
        answers=[(answer, aspect_names(answer)) for answer in found],
        versions=[row.version for row in versions],
        here=here,
        filtered=any(here.values()),
        paging=paging,
        page_address=lambda number: link(address, **here, page=number),
        export=link(f"{address}/export", **here),
    )


@router.get("/knowledge/entries/{code}/answers/export")
async def export_answers(
    request: Request,
    staff: CurrentStaff,
    code: str,
    version: str = "",
    since: str = "",
    until: str = "",
) -> Response:
    """The same answers as an Excel file."""
    wanted = answers_wanted(version, since, until)
    async with database_of(request).unit_of_work() as session:
        entry = await find_entry(session, staff, code)
        found, total = await answers_given(session, staff.actor, code, wanted, limit=_MOST_EXPORTED)
    about = f"{entry.name}（{code}）答复记录，共 {total} 条"
    if total > len(found):
        about += f"，这里是最近的 {len(found)} 条"
    rows = [
        (
            local_time(answer.at),
            answer.version,
            answer.question,
            aspect_names(answer),
            str(answer.conversation_id or ""),
        )
        for answer in found
    ]
    heads = ["答复时间", "依据的版本", "市民问题（已脱敏）", "答复的方面", "会话"]
    sheet = Sheet("答复记录", heads, rows, [about], [18, 10, 60, 24, 38])
    return download(workbook([sheet]), f"{code}答复记录.xlsx")


async def find_entry(session: AsyncSession, staff: Staff, code: str) -> Entry:
    """The entry, if it is the reader's to see. Raises NotFound."""
    entry = await DeskRepository(session, units_seen(staff.actor)).entry(code)
    if entry is None:
        raise NotFound("没有这个条目，或它属于其他单位。")
    return entry


def aspect_names(answer: GivenAnswer) -> str:
    """The aspects that an answer told, in words."""
    return (
        "、".join(_ASPECTS.get(aspect, aspect) for aspect in answer.aspects)
        or _ASPECTS[Aspect.OVERVIEW]
    )


def answers_wanted(version: str, since: str, until: str) -> AnswersWanted:
    """What the address asks for; whatever does not parse is left out."""
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 8 else None
    first, last = _day(since), _day(until)
    return AnswersWanted(
        number,
        _midnight(first) if first else None,
        _midnight(last + timedelta(days=1)) if last else None,
    )


def tidy(text: str) -> str:
    """A word of the address as it may be looked for."""
    return text.replace("\x00", "").strip()[:100]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LOCAL)
