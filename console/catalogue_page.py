"""The dispatch catalogue (派单目录) to read: the list, one entry with its history, publications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from console.catalogue_words import Names, condition, differences, period
from console.menu import CATALOGUE_ROLES
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, PostedForm, Staff, database_of
from core.calendar import LOCAL
from core.database import now
from core.errors import InvalidInput, NotFound
from routing.catalogue import CatalogueEntry, settle
from routing.checks import check
from routing.editing import EDITOR_ROLES, city_of, undo_last
from routing.models import CatalogueDraft, CatalogueRow, Publication
from routing.repository import CatalogueRepository, CategoryRepository, entry_of
from units.repository import UnitRepository
from units.tree import UnitTree

router = console_router()
PATH = "/console/catalogue"
DRAFTS = f"{PATH}/drafts"
STATES = {"live": "在用", "coming": "将生效", "draft": "有草稿", "ended": "已停用", "all": "全部"}
DONE = {
    "saved": "草稿已保存，核对检查结果和预演后再发布；发布前不影响派单。",
    "discarded": "草稿已放弃，目录没有变化。",
    "published": "已发布，到生效日期起按新目录派单。",
    "undone": "已撤销最近一次发布，恢复了之前的目录；两次变动都留在记录里。",
}


@dataclass(frozen=True)
class Line:
    """One entry of the list."""

    entry: CatalogueEntry
    category: str
    path: str
    place: str
    condition: str
    lead: str
    assists: str
    period: str
    state: str
    draft: bool
    coming: date | None
    """From when on another version holds."""


@dataclass(frozen=True)
class Wanted:
    """What the address asks for; ``top`` is a category of level 1."""

    text: str
    top: str
    unit: str
    state: str


@dataclass(frozen=True)
class VersionLine:
    """One version in the history of an entry."""

    row: CatalogueRow
    period: str
    current: bool
    changes: list[tuple[str, str, str]]
    who: str
    publication: Publication | None


@router.get("/catalogue")
async def catalogue_page(
    request: Request,
    staff: CurrentStaff,
    q: str = "",
    top: str = "",
    unit: str = "",
    state: str = "live",
    page: int = 1,
) -> Response:
    """Entries by category, filtered by what stands in the address."""
    staff.actor.require(*CATALOGUE_ROLES)
    wanted = Wanted(_tidy(q), _tidy(top), _tidy(unit), state if state in STATES else "live")
    day = today()
    async with database_of(request).unit_of_work() as session:
        names = await names_of(session)
        repository = CatalogueRepository(session)
        versions, drafts = await repository.versions(), await repository.drafts()
        findings = check(versions, await city_of(session), day)
    lines = [line for line in _lines(versions, drafts, names, day) if _fits(line, wanted, names)]
    paging = Paging(page, len(lines))
    here = {"q": wanted.text, "top": wanted.top, "unit": wanted.unit, "state": wanted.state}
    tops = [row for row in names.categories.values() if row.parent is None and not row.retired]
    return render(
        request,
        "catalogue.html",
        lines=lines[paging.offset : paging.offset + PAGE_SIZE],
        paging=paging,
        page_address=lambda number: link(PATH, **here, page=number),
        wanted=wanted,
        tops=tops,
        states=STATES,
        findings=findings,
        blocking=sum(finding.blocking for finding in findings),
        name_of=subject_name(names),
        units=names.unit_options(),
        drafts=len(drafts),
        may_edit=may_edit(staff),
    )


@router.get("/catalogue/entries/{code}")
async def entry_page(request: Request, staff: CurrentStaff, code: str) -> Response:
    """One entry with all its versions. Raises NotFound."""
    staff.actor.require(*CATALOGUE_ROLES)
    return await show_entry(request, staff, code)


@router.get("/catalogue/history")
async def history_page(
    request: Request, staff: CurrentStaff, page: int = 1, done: str = ""
) -> Response:
    """Who published what, when and why; editors may take the last one back."""
    staff.actor.require(*CATALOGUE_ROLES)
    return await _show_history(request, staff, page, done=done)


@router.post("/catalogue/history/{publication}/undo")
async def undo(request: Request, publication: int, form: PostedForm) -> Response:
    """Take the last publication back."""
    try:
        async with database_of(request).unit_of_work() as session:
            await undo_last(session, form.staff.actor, publication, form.text("reason"), now())
    except InvalidInput as error:
        return await _show_history(request, form.staff, 1, problem=error)
    return RedirectResponse(link(f"{PATH}/history", done="undone"), 303)


async def show_entry(
    request: Request, staff: Staff, code: str, *, problem: InvalidInput | None = None
) -> Response:
    """The page of an entry, with what is wrong with a form sent from it. Raises NotFound."""
    day = today()
    async with database_of(request).unit_of_work() as session:
        repository = CatalogueRepository(session)
        rows, draft = await repository.rows(code), await repository.draft(code)
        if not rows:
            raise NotFound("没有这条目录，它可能还是草稿。")
        names = await names_of(session)
        ids = {row.publication for row in rows if row.publication is not None}
        publications = await repository.publications_by_id(ids)
        people = await ConsoleRepository(session, staff.actor).staff_names(
            {p.by for p in publications.values()} | {row.author or "" for row in rows}
        )
    versions = [entry_of(row) for row in rows]
    shown = _shown(versions, day)
    return render(
        request,
        "catalogue_entry.html",
        422 if problem else 200,
        code=code,
        facts=differences(names, None, shown[0]),
        path_name=names.path(shown[0].category),
        category=names.category(shown[0].category),
        state=STATES[shown[1]],
        live=shown[1] == "live",
        ends=shown[1] != "ended",
        versions=_history(rows, publications, people, names, day),
        draft=draft,
        newest=versions[0].version,
        today=day,
        problems=problem.fields if problem else {},
        message=problem.message if problem else "",
        may_edit=may_edit(staff),
    )


async def names_of(session: AsyncSession) -> Names:
    """What the codes of the catalogue are called now."""
    categories = await CategoryRepository(session).rows()
    places = await UnitRepository(session).places()
    return Names.of(await UnitTree.load(session), categories, places)


def subject_name(names: Names) -> dict[str, str]:
    """How the subjects of findings are shown: categories with their names."""
    return {code: names.category(code) for code in names.categories}


def may_edit(staff: Staff) -> bool:
    return staff.actor.role in EDITOR_ROLES


def today() -> date:
    """Today where the line is."""
    return now().astimezone(LOCAL).date()


async def _show_history(
    request: Request,
    staff: Staff,
    page: int,
    *,
    done: str = "",
    problem: InvalidInput | None = None,
) -> Response:
    async with database_of(request).unit_of_work() as session:
        repository = CatalogueRepository(session)
        total = await repository.publication_count()
        paging = Paging(page, total)
        found = await repository.publications(limit=PAGE_SIZE, offset=paging.offset)
        versions = {row.id: await repository.of_publication(row.id) for row in found}
        latest = await repository.publications(limit=1)
        names = await names_of(session)
        people = await ConsoleRepository(session, staff.actor).staff_names({p.by for p in found})
    last = latest[0] if latest and latest[0].undoes is None else None
    taken_back = {row.undoes for row in found}
    return render(
        request,
        "catalogue_history.html",
        422 if problem else 200,
        lines=[
            (
                row,
                people.get(row.by, row.by),
                [(v, names.category(v.category), period(entry_of(v))) for v in versions[row.id]],
                row.id in taken_back,
            )
            for row in found
        ],
        last=last.id if last and may_edit(staff) else None,
        paging=paging,
        page_address=lambda number: link(f"{PATH}/history", page=number),
        done=DONE.get(done, ""),
        problems=problem.fields if problem else {},
        message=problem.message if problem else "",
    )


def _lines(
    versions: Sequence[CatalogueEntry],
    drafts: Sequence[CatalogueDraft],
    names: Names,
    day: date,
) -> list[Line]:
    by_code: dict[str, list[CatalogueEntry]] = {}
    for version in versions:
        by_code.setdefault(version.code, []).append(version)
    drafted = {draft.code for draft in drafts}
    lines = []
    for code, ones in by_code.items():
        entry, state = _shown(ones, day)
        lines.append(
            Line(
                entry=entry,
                category=names.category(entry.category),
                path=names.path(entry.category),
                place=names.place(entry.territory),
                condition=condition(entry),
                lead=names.short(entry.lead),
                assists="、".join(names.short(unit) for unit in entry.assists),
                period=period(entry),
                state=state,
                draft=code in drafted,
                coming=_next_change(ones, day) if state == "live" else None,
            )
        )
    return sorted(lines, key=lambda line: (line.entry.category, line.entry.code))


def _shown(versions: Sequence[CatalogueEntry], day: date) -> tuple[CatalogueEntry, str]:
    """The version to show for an entry and its state: in force, coming, or the last that was."""
    held = sorted(settle(versions), key=lambda one: one.valid_from)
    live = [one for one in held if one.valid_on(day)]
    coming = [one for one in held if one.valid_from > day]
    if live:
        return live[0], "live"
    if coming:
        return coming[0], "coming"
    return (held or sorted(versions, key=lambda one: one.version))[-1], "ended"


def _next_change(versions: Sequence[CatalogueEntry], day: date) -> date | None:
    return min((one.valid_from for one in versions if one.valid_from > day), default=None)


def _fits(line: Line, wanted: Wanted, names: Names) -> bool:
    entry = line.entry
    if wanted.state == "draft" and not line.draft:
        return False
    if wanted.state in ("live", "coming", "ended") and line.state != wanted.state:
        return False
    row = names.categories.get(entry.category)
    while wanted.top and row is not None and row.parent is not None:
        row = names.categories.get(row.parent)
    if wanted.top and (row is None or row.code != wanted.top):
        return False
    units = [entry.lead, *entry.assists]
    called = [text for unit in units for text in (names.unit(unit), names.short(unit))]
    if wanted.unit and not any(wanted.unit in text for text in called):
        return False
    texts = [entry.code, line.category, line.path, line.place, entry.basis, line.condition]
    return not wanted.text or any(wanted.text.lower() in text.lower() for text in [*texts, *called])


def _history(
    rows: Sequence[CatalogueRow],
    publications: dict[int, Publication],
    people: dict[str, str],
    names: Names,
    day: date,
) -> list[VersionLine]:
    settled = {one.version: one for one in settle(entry_of(row) for row in rows)}
    lines = []
    for index, row in enumerate(rows):
        entry, in_force = entry_of(row), settled.get(row.version)
        before = entry_of(rows[index + 1]) if index + 1 < len(rows) else None
        publication = publications.get(row.publication) if row.publication else None
        who = [people.get(login, login) for login in (row.author, publication and publication.by)
               if login]  # fmt: skip
        lines.append(
            VersionLine(
                row=row,
                period=period(in_force or entry) if in_force or entry.ends_entry else "从未生效",
                current=in_force is not None and in_force.valid_on(day),
                changes=_changes(names, before, entry) if before else [],
                who="、".join(dict.fromkeys(who)),
                publication=publication,
            )
        )
    return lines


def _changes(
    names: Names, before: CatalogueEntry, entry: CatalogueEntry
) -> list[tuple[str, str, str]]:
    """What a version changed; its days stand above."""
    return [line for line in differences(names, before, entry) if line[0] != "有效期"]


def _tidy(text: str) -> str:
    return text.replace("\x00", "").strip()[:100]
