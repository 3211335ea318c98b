"""The chat at its three places: a page, a widget in other sites' pages, and a shared kiosk."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bot import farewell
from bot.gateway import Gateway
from bot.inputs import MAX_TEXT, TextInput
from bot.limits import tells_of_emergency
from bot.web_talk import (
    Where,
    check_same_origin,
    keep_talk,
    keeps_cookies,
    kept_talk,
    token_for,
)
from core.browser_policy import content_policy
from core.errors import NotAllowed, NotFound
from core.settings import Settings
from integrations.web.render import HERE, render

router = APIRouter(include_in_schema=False, default_response_class=JSONResponse)

Place = Annotated[Where | None, Query(description="none: a kiosk, which keeps nothing")]


class FirstWords(BaseModel):
    """What the citizen is about to say."""

    model_config = ConfigDict(extra="forbid")

    words: str = Field("", max_length=MAX_TEXT)


class KnownTalk(BaseModel):
    """``id`` is None when there is none; ``token`` only for a browser that keeps no cookies."""

    id: uuid.UUID | None
    token: str | None = None


@router.get("/", response_class=HTMLResponse)
async def page(request: Request) -> HTMLResponse:
    """The chat page; the talk itself runs over the public interface."""
    return render(request, "chat.html", mode="page", talk_reasons=farewell.REASONS)


@router.get("/widget", response_class=HTMLResponse)
async def widget(request: Request) -> HTMLResponse:
    """The chat in a frame of our own pages, or of the sites that the settings name."""
    shown = render(request, "chat_bare.html", mode="widget", talk_reasons=farewell.REASONS)
    sites = f"'self' {_settings(request).embedding_sites}".rstrip()
    shown.headers["Content-Security-Policy"] = content_policy(sites)
    return shown


@router.get("/widget.js")
async def widget_script() -> FileResponse:
    """What another site's page includes; it may be kept for an hour."""
    headers = {"Cache-Control": "max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
    return FileResponse(HERE / "static" / "widget.js", headers=headers)


@router.get("/kiosk", response_class=HTMLResponse)
async def kiosk(request: Request) -> HTMLResponse:
    """The chat on a screen that many people use one after another."""
    return render(request, "chat_bare.html", mode="kiosk", talk_reasons=farewell.REASONS)


@router.get("/api/talk")
async def kept(request: Request, response: Response, where: Where = Where.PAGE) -> KnownTalk:
    """The talk that this browser has had; looking keeps it for another while."""
    check_same_origin(request)
    talk = await _open_talk(request, where)
    keep_talk(response, _settings(request), where, talk)
    return KnownTalk(id=talk[0] if talk else None)


@router.post("/api/talk", status_code=201)
async def begin(
    request: Request, response: Response, said: FirstWords, where: Place = None
) -> KnownTalk:
    """The browser's talk, or a new one. Raises TooManyTries unless ``words`` tell of an emergency."""
    check_same_origin(request)
    known = await _open_talk(request, where) if where else None
    if known is not None:
        return KnownTalk(id=known[0])
    if not (said.words and tells_of_emergency(TextInput(kind="text", text=said.words))):
        await request.app.state.limits.request(request)
    conversation, token = await _gateway(request).open("web")
    if where is None or not keeps_cookies(request, where):
        return KnownTalk(id=conversation, token=token)
    keep_talk(response, _settings(request), where, (conversation, token))
    return KnownTalk(id=conversation)


@router.delete("/api/talk", status_code=204)
async def end(
    request: Request,
    conversation: uuid.UUID,
    where: Place = None,
    authorization: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Make the talk unreachable for everybody, and this browser forget it."""
    check_same_origin(request)
    gateway = _gateway(request)
    await gateway.check(conversation, token_for(request, conversation, authorization))
    async with gateway.database.unit_of_work() as session:
        await farewell.close(session, conversation)
    response = Response(status_code=204)
    if where is not None:
        keep_talk(response, _settings(request), where, None)
    return response


async def _open_talk(request: Request, where: Where) -> tuple[uuid.UUID, str] | None:
    talk = kept_talk(request, where)
    if talk is None:
        return None
    try:
        await _gateway(request).check(*talk)
    except (NotFound, NotAllowed):
        return None
    return talk


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _gateway(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway
