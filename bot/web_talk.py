"""The talk of a browser: a cookie that scripts cannot read stands for the bearer token.

Programs send ``Authorization: Bearer``. A browser sends cookies by itself, whoever made it ask, so a
cookie counts only for requests that our own pages made: ``Sec-Fetch-Site`` (W3C Fetch Metadata), or
``Origin`` where a browser sends no such header.
"""

from __future__ import annotations

import uuid
from enum import StrEnum
from urllib.parse import urlsplit

from fastapi import Request, Response

from core.errors import NotAllowed, NotAuthenticated
from core.settings import Settings

# Since the last look; a family's computer should not remember for days.
KEPT_SECONDS = 2 * 3600
# Shows on the next request whether the browser keeps our cookies at all.
_NOTHING = "-"
_PATH = "/api"


class Where(StrEnum):
    """Which page of ours holds the talk; each has its own."""

    PAGE = "page"
    WIDGET = "widget"


def token_for(request: Request, conversation: uuid.UUID, authorization: str | None) -> str:
    """The token that a request brings for ``conversation``: the header's, else the cookie's.

    Raises NotAuthenticated without one, NotAllowed when a foreign page made the browser ask.
    """
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return token.strip()
        raise NotAuthenticated("缺少会话凭证，请带上 Authorization: Bearer <token>")
    for where in Where:
        kept = kept_talk(request, where)
        if kept is not None and kept[0] == conversation:
            check_same_origin(request)
            return kept[1]
    raise NotAuthenticated("缺少会话凭证，请带上 Authorization: Bearer <token>")


def keeps_cookies(request: Request, where: Where) -> bool:
    """Whether the browser brought back what an earlier answer set."""
    return _name(where) in request.cookies


def kept_talk(request: Request, where: Where) -> tuple[uuid.UUID, str] | None:
    """Conversation and token of the cookie; None without, and when it is not ours."""
    name, _, token = request.cookies.get(_name(where), "").partition(".")
    try:
        return (uuid.UUID(name), token) if token else None
    except ValueError:
        return None


def keep_talk(
    response: Response, settings: Settings, where: Where, talk: tuple[uuid.UUID, str] | None
) -> None:
    """Set the cookie to ``talk`` (conversation and token), or to nothing.

    In a frame of a foreign site a browser keeps it only over https, and apart for each such site
    (``Partitioned``, CHIPS).
    """
    secure = settings.address.startswith("https://")
    rules = "; Secure; SameSite=Strict" if secure else "; SameSite=Strict"
    if secure and where is Where.WIDGET:
        rules = "; Secure; SameSite=None; Partitioned"
    value = f"{talk[0]}.{talk[1]}" if talk else _NOTHING
    cookie = f"{_name(where)}={value}; Path={_PATH}; Max-Age={KEPT_SECONDS}; HttpOnly{rules}"
    response.headers.append("Set-Cookie", cookie)


def check_same_origin(request: Request) -> None:
    """Raises NotAllowed unless a page of ours made the request."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        good = site == "same-origin"
    elif origin is not None:
        good = urlsplit(origin).netloc in _own_hosts(request)
    else:
        # Browsers name the origin of everything but plain reading, whose answer only we can see.
        good = request.method == "GET"
    if not good:
        raise NotAllowed("这个请求不是从本站页面发出的")


def _own_hosts(request: Request) -> set[str]:
    settings: Settings = request.app.state.settings
    return {urlsplit(settings.address).netloc, request.headers.get("host", "")} - {""}


def _name(where: Where) -> str:
    return f"hotline_{where}"
