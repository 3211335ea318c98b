"""How staff pages become HTML: one frame, errors included.

Pages carry no inline script or style: the service sends a policy that forbids them.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from cases.states import MAIN_STATE_NAMES, SUB_STATE_NAMES, MainState, SubState
from cases.vocabulary import PART_NAMES, SOURCE_NAMES, TYPE_NAMES, URGENCY_NAMES
from console.menu import is_current, menu_of
from core.calendar import LOCAL
from core.errors import NotFound
from core.identity import ROLE_NAMES
from core.models import Attachment
from core.privacy import mask_phone
from kb.permissions import EDITORS

HERE = Path(__file__).resolve().parent
LOGIN = "/console/login"

_HEADINGS = {
    403: "没有权限",
    404: "没有找到",
    409: "已有新变化",
    413: "内容太大",
    422: "填写有误",
    429: "请稍等一会儿",
    503: "系统正在恢复",
}
# Colour of a state's tag; the rest stay grey.
_STATE_TAGS: dict[MainState | SubState, str] = {
    MainState.PENDING_DISPATCH: "tag-warn",
    MainState.CONSULTATION: "tag-warn",
    MainState.DISPATCHED: "tag-warn",
    MainState.IN_PROGRESS: "tag-info",
    MainState.ANSWERED: "tag-info",
    MainState.SUSPENDED: "tag-warn",
    MainState.CALLBACK: "tag-good",
    MainState.CLOSED: "tag-good",
    SubState.PENDING_ACCEPTANCE: "tag-warn",
    SubState.IN_PROGRESS: "tag-info",
    SubState.PENDING_SIGNATURE: "tag-warn",
    SubState.SUSPENDED: "tag-warn",
    SubState.ANSWERED: "tag-info",
    SubState.CLOSED: "tag-good",
}


def local_time(at: datetime, pattern: str = "%Y-%m-%d %H:%M") -> str:
    """A moment as people in the city read it."""
    return at.astimezone(LOCAL).strftime(pattern)


def shown_picture(picture: Attachment | None) -> Response:
    """A picture that came from outside. Raises NotFound when there is none."""
    if picture is None:
        raise NotFound("没有找到这张图片")
    # Stricter than the pages' own policy: it is only ever looked at.
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(picture.content, media_type=picture.media_type, headers=headers)


def link(path: str, **query: object) -> str:
    """``path`` with those of ``query`` that are not empty."""
    wanted = {name: value for name, value in query.items() if value not in ("", None)}
    return f"{path}?{urlencode(wanted)}" if wanted else path


def state_tag(state: MainState | SubState) -> str:
    """Class of the tag that shows ``state``."""
    return _STATE_TAGS.get(state, "")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "local_time": local_time,
        "mask_phone": mask_phone,
        "state_tag": state_tag,
    }
    environment.globals |= {
        "link": link,
        "is_current": is_current,
        "edits_knowledge": lambda staff: staff.actor.role in EDITORS,
        "role_names": ROLE_NAMES,
        "state_names": MAIN_STATE_NAMES,
        "sub_state_names": SUB_STATE_NAMES,
        "part_names": PART_NAMES,
        "source_names": SOURCE_NAMES,
        "type_names": TYPE_NAMES,
        "urgency_names": URGENCY_NAMES,
    }
    return environment


_ENVIRONMENT = _environment()


def render(request: Request, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """Render ``template`` in the console's frame.

    The frame shows who is logged in when `console.staff.current_staff` has run for ``request``.
    """
    staff = getattr(request.state, "staff", None)
    html = _ENVIRONMENT.get_template(template).render(
        path=request.url.path,
        staff=staff,
        menu=menu_of(staff.actor.role) if staff else [],
        **context,
    )
    return HTMLResponse(html, status_code)


def error_page(
    request: Request, status: int, message: str, *, kept: dict[str, str] | None = None
) -> Response:
    """An error inside the console as a page; without a log-in the way to it.

    ``kept`` is text the person typed, by what it was, so that it can be copied.
    """
    if status == 401:
        return RedirectResponse(f"{LOGIN}?next={quote(_came_from(request))}", 303)
    heading = _HEADINGS.get(status, "系统出了点问题" if status >= 500 else "无法完成")
    return render(
        request,
        "error.html",
        status,
        status=status,
        heading=heading,
        message=message,
        kept=kept or {},
    )


def _came_from(request: Request) -> str:
    """Where to go after logging in: this page, or for a form the page that carried it."""
    if request.method == "GET":
        return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    return urlsplit(request.headers.get("referer", "")).path or "/console"
