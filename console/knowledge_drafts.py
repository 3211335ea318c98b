"""Drafts on their way: the list, one draft against what holds, approval by a second person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from console.knowledge_editing import DRAFTS, find_draft, problems_of_draft
from console.knowledge_page import PATH
from console.knowledge_preview import preview_draft
from console.knowledge_words import (
    KIND_NAMES,
    author_name,
    facts,
    load_areas,
    local_today,
    names_of,
)
from console.list_tabs import ListTab
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.repository import ConsoleRepository
from console.route import console_router
from console.staff import CurrentStaff, Posted, PostedForm, Staff, database_of, tree_of
from core.database import now
from core.errors import Conflict, InvalidInput, NotFound
from kb.differences import differences
from kb.drafts import (
    approve_draft,
    discard_draft,
    end_entry,
    rebase_draft,
    reject_draft,
    reopen_draft,
    submit_draft,
)
from kb.drafts_repository import OPEN_STATES, DraftRepository
from kb.models import EntryDraft
from kb.permissions import APPROVERS, units_seen
from kb.repository import KnowledgeRepository
from kb.schemas import Kind, Status
from kb.shape import field_label

router = console_router()
log = structlog.get_logger(__name__)
STATE_NAMES = {
    "draft": "起草中",
    "submitted": "待审核",
    "approved": "待发布",
    "published": "已发布",
    "rejected": "已退回",
    "discarded": "已放弃",
}
_STATE_TAGS = {"submitted": "tag-warn", "approved": "tag-info", "published": "tag-good", "rejected": "tag-bad"}  # fmt: skip
_TABS = {"waiting": "待我审核", "mine": "我的草稿", "open": "全部未完成", "ended": "处理过的"}
_ENDED = ("published", "rejected", "discarded")
DONE = {
    "placed": "已存为草稿，问题移到了“已处理”。核对后提交审核。",
    "submit": "已提交，等第二个人审核。",
    "publish": "已审核并发布，下一次答复就按新内容。",
    "planned": "已审核，到发布日自动发布。",
    "reject": "已退回，起草人会看到原因。",
    "discard": "草稿已放弃，可以恢复。",
    "reopen": "草稿已取回，可以继续修改。",
    "rebase": "已改为接在新版本之后，请核对差异后提交。",
}


@dataclass(frozen=True)
class DraftLine:
    """A draft as lists and its page show it."""

    draft: EntryDraft
    name: str
    kind: str
    unit: str
    state: str
    tag: str
    author: str
    decided_by: str


@router.get("/knowledge/drafts")
async def drafts_page(
    request: Request, staff: CurrentStaff, tab: str = "waiting", page: int = 1
) -> Response:
    """Drafts that wait for the reader, the reader's own, all open ones, those that are done with."""
    tab = tab if tab in _TABS else "waiting"
    me = staff.actor.login
    wanted: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
        "waiting": (("submitted",), {"not_author": me}),
        "mine": ((*OPEN_STATES, "rejected"), {"author": me}),
        "open": (OPEN_STATES, {}),
        "ended": (_ENDED, {}),
    }
    states, whose = wanted[tab]
    async with database_of(request).unit_of_work() as session:
        repository = DraftRepository(session, units_seen(staff.actor))
        counts = {key: await repository.count(s, **who) for key, (s, who) in wanted.items()}
        paging = Paging(page, counts[tab])
        found = await repository.listed(
            states, **whose, newest=tab == "ended", limit=PAGE_SIZE, offset=paging.offset
        )
        lines = await _lines(request, session, staff, found)
    return render(
        request,
        "knowledge_drafts.html",
        lines=lines,
        tab=tab,
        tabs=[
            ListTab(name, counts[key], link(DRAFTS, tab=key), key == tab)
            for key, name in _TABS.items()
        ],
        paging=paging,
        page_address=lambda number: link(DRAFTS, tab=tab, page=number),
    )


@router.get("/knowledge/drafts/{draft_id}")
async def draft_page(
    request: Request, staff: CurrentStaff, draft_id: int, done: str = "", preview: str = ""
) -> Response:
    """One draft against what holds now, and what the reader may do with it; with ``preview`` also
    how many past questions it would answer. Raises NotFound."""
    return await _show(request, staff, draft_id, done=DONE.get(done, ""), preview=bool(preview))


@router.post("/knowledge/drafts/{draft_id}/{action}")
async def act(request: Request, draft_id: int, action: str, form: PostedForm) -> Response:
    """Submit, approve, reject, discard, take up again, or let the draft follow a newer version."""
    if action not in _ACTIONS:
        raise NotFound("没有这个操作")
    try:
        async with database_of(request).unit_of_work() as session:
            done = await _ACTIONS[action](session, form, draft_id)
    except (Conflict, InvalidInput) as error:
        return await _show(request, form.staff, draft_id, problem=error)
    log.info("knowledge_draft_acted", by=form.staff.actor.login, draft=draft_id, done=done)
    return RedirectResponse(link(f"{DRAFTS}/{draft_id}", done=done), 303)


@router.post("/knowledge/entries/{code}/end")
async def end(request: Request, code: str, form: PostedForm) -> Response:
    """Withdraw an entry, or declare it void, with the reason."""
    status = form.text("status")
    if status not in (Status.WITHDRAWN, Status.VOID):
        raise InvalidInput("请选择撤下或作废")
    async with database_of(request).unit_of_work() as session:
        await end_entry(session, form.staff.actor, code, Status(status), form.text("reason"), now())
    log.info("knowledge_entry_ended", by=form.staff.actor.login, code=code, status=status)
    return RedirectResponse(link(f"{PATH}/entries/{code}", done=status), 303)


async def _submit(session: AsyncSession, form: Posted, draft_id: int) -> str:
    await submit_draft(session, form.staff.actor, draft_id, form.text("reason"), now())
    return "submit"


async def _approve(session: AsyncSession, form: Posted, draft_id: int) -> str:
    day = form.text("publish_on")
    try:
        publish_on = date.fromisoformat(day) if day else None
    except ValueError as error:
        raise InvalidInput("请选择发布日期", fields={"publish_on": "请选择日期"}) from error
    draft = await approve_draft(session, form.staff.actor, draft_id, now(), publish_on)
    return "publish" if draft.state == "published" else "planned"


async def _reject(session: AsyncSession, form: Posted, draft_id: int) -> str:
    await reject_draft(session, form.staff.actor, draft_id, form.text("note"), now())
    return "reject"


async def _discard(session: AsyncSession, form: Posted, draft_id: int) -> str:
    await discard_draft(session, form.staff.actor, draft_id, now())
    return "discard"


async def _reopen(session: AsyncSession, form: Posted, draft_id: int) -> str:
    await reopen_draft(session, form.staff.actor, draft_id, now())
    return "reopen"


async def _rebase(session: AsyncSession, form: Posted, draft_id: int) -> str:
    version = form.number("version")
    await rebase_draft(session, form.staff.actor, draft_id, version, now())
    return "rebase"


_ACTIONS: dict[str, Callable[[AsyncSession, Posted, int], Awaitable[str]]] = {
    "submit": _submit,
    "approve": _approve,
    "reject": _reject,
    "discard": _discard,
    "reopen": _reopen,
    "rebase": _rebase,
}


async def _show(
    request: Request,
    staff: Staff,
    draft_id: int,
    *,
    done: str = "",
    preview: bool = False,
    problem: Conflict | InvalidInput | None = None,
) -> Response:
    draft = await find_draft(request, staff, draft_id)
    answered = await _answered(request, draft) if preview else None
    kind, tree = Kind(draft.kind), tree_of(request)
    async with database_of(request).unit_of_work() as session:
        entry = await KnowledgeRepository(session).entry(draft.code)
        names = names_of(tree, await load_areas(session))
        (line,) = await _lines(request, session, staff, [draft])
    still_open = draft.state in OPEN_STATES
    compared = still_open and entry is not None
    problems = problems_of_draft(draft) if draft.state == "draft" else {}
    mine = draft.author == staff.actor.login
    today = local_today()
    return render(
        request,
        "knowledge_draft.html",
        problem.status if problem else 200,
        line=line,
        entry=entry,
        outdated=still_open and (entry.version if entry else 0) != draft.based_on,
        compared=compared,
        changes=differences(kind, entry.content if entry else {}, draft.content, names),
        facts=facts(kind, draft.content, names),
        problems=[(field_label(kind, path), text) for path, text in problems.items()],
        answered=answered,
        mine=mine,
        may_decide=draft.state == "submitted" and not mine and staff.actor.role in APPROVERS,
        tomorrow=today + timedelta(days=1),
        message=problem.message if problem else "",
        fields=problem.fields if problem else {},
        done=done,
    )


async def _answered(request: Request, draft: EntryDraft) -> list[str]:
    """Past questions that nobody could answer and the draft would, each wording once."""
    found, asked = await preview_draft(request, Kind(draft.kind), draft.code, draft.content)
    return list(dict.fromkeys(asked[number] for number in found.after - found.before))


async def _lines(
    request: Request, session: AsyncSession, staff: Staff, drafts: Sequence[EntryDraft]
) -> list[DraftLine]:
    tree = tree_of(request)
    logins = {login for d in drafts for login in (d.author, d.decided_by) if login}
    people = await ConsoleRepository(session, staff.actor).staff_names(logins)
    return [
        DraftLine(
            draft=draft,
            name=str(draft.content.get("name") or "未命名"),
            kind=KIND_NAMES[Kind(draft.kind)],
            unit=tree.name(draft.unit),
            state=STATE_NAMES[draft.state],
            tag=_STATE_TAGS.get(draft.state, ""),
            author=author_name(draft.author, people),
            decided_by=author_name(draft.decided_by, people),
        )
        for draft in drafts
    ]
