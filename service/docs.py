"""The page of the public interface at /docs, its script served by ourselves."""

from __future__ import annotations

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles

router = APIRouter()

_ASSETS = Path(fastapi_offline.__file__).parent / "static"

_PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>公开接口 · 12345 热线</title>
<link rel="stylesheet" href="/docs/static/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/static/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true});
"""


@router.get("/docs")
async def page() -> HTMLResponse:
    """The interface's description, to read and to try."""
    return HTMLResponse(_PAGE)


@router.get("/docs/start.js")
async def start() -> Response:
    """Starts the page; a file of its own because inline scripts are refused."""
    return Response(_START, media_type="text/javascript")


def mount_static(app: FastAPI) -> None:
    """Serve the page's script and style."""
    app.mount("/docs/static", StaticFiles(directory=_ASSETS), name="docs-static")
