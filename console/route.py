"""Routes of the console: whatever goes wrong in one is shown as a page of the console."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from starlette.responses import Response

from console.render import error_page
from core.errors import HotlineError


class ConsoleRoute(APIRoute):
    """A route whose expected errors become pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_with_pages(request: Request) -> Response:
            try:
                return await handle(request)
            except HotlineError as error:
                return error_page(request, error.status, error.message)
            except RequestValidationError:
                # Staff follow links and forms; an address that does not parse leads nowhere.
                return error_page(request, 404, "没有这个页面，地址可能输错了。")

        return handle_with_pages


def console_router() -> APIRouter:
    """A router for pages below ``/console``."""
    return APIRouter(
        prefix="/console",
        include_in_schema=False,
        route_class=ConsoleRoute,
        default_response_class=HTMLResponse,
    )
