"""How citizens' pages become HTML.

Pages carry no inline script or style: the service sends a policy that forbids them.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.calendar import LOCAL
from core.database import now
from kb.schemas import NoticeRecord
from kb.service import KnowledgeBase

HERE = Path(__file__).resolve().parent
LINE_NAME = "示例市12345政务服务便民热线"


def local_time(at: datetime, pattern: str = "%Y年%-m月%-d日 %H:%M") -> str:
    """A moment as people in the city read it."""
    return at.astimezone(LOCAL).strftime(pattern)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["line_name"] = LINE_NAME
    environment.filters["local_time"] = local_time
    return environment


_ENVIRONMENT = _environment()


def render(
    request: Request,
    template: str,
    status_code: int = 200,
    **context: Any,
) -> HTMLResponse:
    """Render ``template`` (a file in ``templates/``) with ``context``.

    Templates extend ``base.html``, which marks the page of ``request`` in the menu and tells what
    happens in the city now, and see ``line_name`` and the filter ``local_time``.
    """
    html = _ENVIRONMENT.get_template(template).render(
        path=request.url.path, notices=_notices(request), **context
    )
    return HTMLResponse(html, status_code=status_code)


def _notices(request: Request) -> list[NoticeRecord]:
    """Notices in force; an error page may come before the knowledge base is there."""
    knowledge: KnowledgeBase | None = getattr(request.app.state, "knowledge", None)
    return knowledge.notices_in_force(now()) if knowledge else []
