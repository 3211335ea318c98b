"""The citizen's pages. Thin: each asks a room and renders."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from integrations.web.render import render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_ERRORS = {
    404: ("没有这个页面", "地址可能输错了，或者页面已经搬走。"),
    410: ("链接已失效", ""),
    422: ("没有看懂这次请求", "请返回上一页，检查后再试。"),
    429: ("请稍等一会儿", ""),
    500: ("系统出了点问题", "不是您的操作有误。请过一会儿再试；着急的话请直接拨打 12345。"),
    503: ("系统正在恢复", "请过一会儿再试；着急的话请直接拨打 12345。"),
}


@router.get("/")
async def chat(request: Request) -> HTMLResponse:
    """The chat page; the talk itself runs over the public interface."""
    return render(request, "chat.html")


def error_page(request: Request, status: int, message: str) -> HTMLResponse:
    """An error as a page for people: ``message`` is the Chinese sentence of the error."""
    heading, advice = _ERRORS.get(status, _ERRORS[500] if status >= 500 else ("无法完成", ""))
    return render(
        request,
        "error.html",
        status,
        status=status,
        heading=heading,
        message=message,
        advice=advice,
    )
