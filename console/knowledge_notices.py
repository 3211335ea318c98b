"""Notices of what happens now: one short form, published at once, ended early."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from console.knowledge_editing import codes_of, fields_of
from console.knowledge_form import BEFORE, read, sections
from console.knowledge_page import PATH
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.route import console_router
from console.staff import CurrentStaff, PostedForm, Staff, database_of
from console.unit_picker import unit_options
from core.calendar import LOCAL
from core.database import now
from core.errors import InvalidInput
from kb.desk_repository import DeskRepository, Wanted
from kb.models import Entry
from kb.notices import end_notice, publish_notice
from kb.permissions import NOTICE_PUBLISHERS, units_seen
from kb.schemas import Kind, NoticeContent, Status
from kb.shape import shape_of

router = console_router()
log = structlog.get_logger(__name__)
NOTICES = f"{PATH}/notices"
# What the short form asks, in this order.
_ASKED = ("topic", "name", "text", "areas", "places", "starts_at", "ends_at", "phone", "unit")
_USUALLY = timedelta(hours=12)
_DONE = {
    "published": "已发布，市民问到时先告知，公开网页上也已显示。",
    "ended": "已提前结束，不再告知。",
}


@dataclass(frozen=True)
class NoticeLine:
    """A notice of the list; ``state`` is now, coming or over."""

    entry: Entry
    content: NoticeContent
    unit: str
    areas: str
    state: str


@router.get("/knowledge/notices")
async def notices_page(
    request: Request, staff: CurrentStaff, page: int = 1, done: str = ""
) -> Response:
    """Notices in force, coming and past, and for supervisors the form of a new one."""
    begins = now().astimezone(LOCAL).replace(second=0, microsecond=0)
    content = {"starts_at": begins.isoformat(), "ends_at": (begins + _USUALLY).isoformat()}
    return await _show(request, staff, content, page=page, done=_DONE.get(done, ""))


@router.post("/knowledge/notices")
async def publish(request: Request, form: PostedForm) -> Response:
    """Publish what was typed, at once."""
    codes = await codes_of(request)
    content = read(shape_of(Kind.NOTICE), fields_of(form), codes.code)
    try:
        async with database_of(request).unit_of_work() as session:
            entry = await publish_notice(session, form.staff.actor, content, now())
    except InvalidInput as error:
        return await _show(request, form.staff, content, problem=error)
    log.info("notice_published", by=form.staff.actor.login, code=entry.code)
    return RedirectResponse(link(NOTICES, done="published"), 303)


@router.post("/knowledge/notices/{code}/end")
async def end(request: Request, code: str, form: PostedForm) -> Response:
    """End a notice before its time."""
    async with database_of(request).unit_of_work() as session:
        await end_notice(session, form.staff.actor, code, now())
    log.info("notice_ended", by=form.staff.actor.login, code=code)
    return RedirectResponse(link(NOTICES, done="ended"), 303)


async def _show(
    request: Request,
    staff: Staff,
    content: Mapping[str, Any],
    *,
    page: int = 1,
    done: str = "",
    problem: InvalidInput | None = None,
) -> Response:
    codes, moment = await codes_of(request), now()
    async with database_of(request).unit_of_work() as session:
        repository = DeskRepository(session, units_seen(staff.actor))
        today = moment.astimezone(LOCAL).date()
        paging = Paging(page, await repository.count(Wanted(kind=Kind.NOTICE), today))
        found = await repository.notices(limit=PAGE_SIZE, offset=paging.offset)
    problems = problem.fields if problem else {}
    (form, *_) = sections(shape_of(Kind.NOTICE), content, problems, codes.written)
    fields = {field.path: field for field in form.fields}
    return render(
        request,
        "knowledge_notices.html",
        problem.status if problem else 200,
        may_publish=staff.actor.role in NOTICE_PUBLISHERS,
        fields=[fields[name] for name in _ASKED],
        before=BEFORE,
        whole_problem=problems.get("entry", ""),
        lines=[
            NoticeLine(
                entry,
                held := NoticeContent.model_validate({**entry.content, "version": entry.version}),
                codes.tree.name(entry.unit),
                "、".join(codes.areas.label(area) for area in held.areas) or "全市",
                _state(entry, held, moment),
            )
            for entry in found
        ],
        units=unit_options(codes.tree),
        areas=codes.areas.options(),
        paging=paging,
        page_address=lambda number: link(NOTICES, page=number),
        message=problem.message if problem else "",
        done=done,
    )


def _state(entry: Entry, content: NoticeContent, moment: datetime) -> str:
    if entry.status != Status.PUBLISHED or content.ends_at <= moment:
        return "over"
    return "now" if content.starts_at <= moment else "coming"
