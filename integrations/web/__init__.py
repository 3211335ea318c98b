"""The web door: the citizen's pages, rendered on the server."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from integrations.web import items, life_events, policies, record, reviews, second, talk, window
from integrations.web.pages import error_page, router
from integrations.web.render import HERE, render

__all__ = ["error_page", "mount_static", "render", "router"]

router.include_router(talk.router)
router.include_router(items.router)
router.include_router(policies.router)
router.include_router(life_events.router)
router.include_router(reviews.router)
router.include_router(record.router)
router.include_router(second.router)
router.include_router(window.router)


class _Checked(StaticFiles):
    """Static files that a browser asks about each time, so an update reaches everybody at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def mount_static(app: FastAPI) -> None:
    """Serve ``static/`` at ``/static``."""
    app.mount("/static", GZipMiddleware(_Checked(directory=HERE / "static")), name="static")
