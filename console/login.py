"""Logging in and out."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from console.menu import home_of
from console.render import LOGIN, render
from console.route import console_router
from console.staff import COOKIE, CurrentStaff, PostedForm, database_of
from core.errors import NotAllowed, TooManyTries
from core.identity import SESSION_LIFETIME, Role, close_session, log_in, open_session
from core.settings import get_settings

router = console_router()
_PATH = "/console"


@router.get("")
async def home(staff: CurrentStaff) -> Response:
    """Everybody starts on the desk of his or her role."""
    return RedirectResponse(home_of(staff.actor.role), 303)


@router.get("/login")
async def login_page(request: Request, next: str = "") -> Response:
    """The form; ``next`` is where to go afterwards."""
    return _form(request, next=next)


@router.post("/login")
async def login(request: Request) -> Response:
    """Open a session, or show the form again and say why not."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise NotAllowed("请从本站的登录页登录。")
    form = await request.form(max_files=0)
    name, password, next = (_text(form.get(f)) for f in ("login", "password", "next"))
    try:
        async with database_of(request).unit_of_work() as session:
            account = await log_in(session, name, password)
            token = await open_session(session, account) if account else None
    except TooManyTries as error:
        return _form(request, 429, next=next, name=name, problem=error.message)
    if account is None or token is None:
        return _form(request, 401, next=next, name=name, problem="账号或密码不对，请重新输入")
    target = next if _is_local(next) else home_of(Role(account.role))
    response = RedirectResponse(target, 303)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        path=_PATH,
        secure=get_settings().address.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


@router.post("/logout")
async def logout(request: Request, form: PostedForm) -> Response:
    """End the session, here and on the server."""
    async with database_of(request).unit_of_work() as session:
        await close_session(session, request.cookies[COOKIE])
    response = RedirectResponse(LOGIN, 303)
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="lax")
    return response


def _form(
    request: Request, status: int = 200, *, next: str, name: str = "", problem: str = ""
) -> Response:
    return render(request, "login.html", status, next=next, name=name, problem=problem)


def _text(value: object) -> str:
    return value.replace("\x00", "") if isinstance(value, str) else ""


def _is_local(target: str) -> bool:
    """Only pages of the console: a link must not carry somebody off to another site."""
    inside = target == _PATH or target.startswith((f"{_PATH}/", f"{_PATH}?"))
    return inside and target.isprintable() and "\\" not in target and ".." not in target
