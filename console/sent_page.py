"""What was sent to citizens and what failed: by state, door and case, with sending once more."""

from __future__ import annotations

from dataclasses import replace

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from cases.numbers import tidy_number
from cases.vocabulary import SOURCE_NAMES, Source
from console.list_tabs import ListTab
from console.menu import SENT_ROLES
from console.paging import PAGE_SIZE, Paging
from console.render import link, render
from console.route import console_router
from console.staff import CurrentStaff, PostedForm, database_of
from console.transcript import mask_codes
from core.errors import InvalidInput
from notices.listing import STATES, Wanted, counts, listed
from notices.service import send_again
from notices.vocabulary import Kind, State

router = console_router()
log = structlog.get_logger(__name__)
PATH = "/console/sent"
_TABS = {
    "problem": "有问题",
    "waiting": "待发送",
    "sent": "已发出",
    "received": "已送达",
    "all": "全部",
}
_CHANNELS = {str(one): SOURCE_NAMES[one] for one in (Source.WECHAT, Source.SMS)}
_KINDS = {
    Kind.LINE: "对话",
    Kind.FILED: "登记回执",
    Kind.PROGRESS: "办理进展",
    Kind.ANSWERED: "办理结果",
    Kind.RATE: "邀请评价",
    Kind.CODE: "验证码",
    Kind.STOPPED: "退订回执",
}
_STATES = {
    State.QUEUED: ("排队", ""),
    State.HELD: ("夜间暂缓", ""),
    State.SENDING: ("正在发送", "tag-info"),
    State.SENT: ("已发出", "tag-info"),
    State.RECEIVED: ("已送达", "tag-good"),
    State.FAILED: ("没有发出", "tag-bad"),
    State.UNKNOWN: ("不知是否送达", "tag-warn"),
}


@router.get("/sent")
async def sent_page(
    request: Request,
    staff: CurrentStaff,
    tab: str = "",
    channel: str = "",
    number: str = "",
    page: int = 1,
    done: str = "",
) -> Response:
    """Deliveries, the latest first: those with a problem if there are any, else all."""
    staff.actor.require(*SENT_ROLES)
    channel = channel if channel in _CHANNELS else ""
    typed = number.replace("\x00", "").strip()[:20]
    wanted = Wanted(STATES["all"], channel, (tidy_number(typed) or typed) if typed else "")
    async with database_of(request).unit_of_work() as session:
        found = await counts(session, wanted)
        if tab not in _TABS:
            tab = "problem" if any(found.get(state) for state in STATES["problem"]) else "all"
        wanted = replace(wanted, states=STATES[tab])
        paging = Paging(page, sum(found.get(state, 0) for state in wanted.states))
        lines = await listed(session, wanted, PAGE_SIZE, paging.offset)
    tabs = [
        ListTab(
            name,
            sum(found.get(state, 0) for state in STATES[key]),
            link(PATH, tab=key, channel=channel, number=typed),
            key == tab,
        )
        for key, name in _TABS.items()
    ]
    return render(
        request,
        "sent.html",
        lines=lines,
        tabs=tabs,
        tab=tab,
        channel=channel,
        number=typed,
        channels=_CHANNELS,
        kinds=_KINDS,
        states=_STATES,
        without_codes=mask_codes,
        done="已重新排队发送。" if done == "again" else "",
        paging=paging,
        page_address=lambda n: link(PATH, tab=tab, channel=channel, number=typed, page=n),
    )


@router.post("/sent/{delivery_id}/again")
async def again(request: Request, delivery_id: int, form: PostedForm) -> Response:
    """Send one message once more; whoever does knows that it may arrive twice."""
    form.staff.actor.require(*SENT_ROLES)
    if form.text("sure") != "yes":
        raise InvalidInput("请先勾选确认：市民可能会收到两次", fields={"sure": "必须勾选"})
    async with database_of(request).unit_of_work() as session:
        await send_again(session, delivery_id)
    log.info("delivery_sent_again", by=form.staff.actor.login, delivery=delivery_id)
    return RedirectResponse(link(PATH, done="again"), 303)
