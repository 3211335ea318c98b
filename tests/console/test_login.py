"""Logging in: right, wrong, locked; where it leads; forms of other sites."""

from __future__ import annotations

import pytest
from console_app import Enter
from fastapi import FastAPI
from sqlalchemy import update

from console.menu import home_of, is_current, menu_of
from core.identity import Role
from core.models import StaffAccount


async def test_right_password_opens_the_desk(enter: Enter) -> None:
    browser = await enter()
    done = await browser.log_in("dispatcher")
    assert done.status_code == 303
    assert done.headers["location"] == "/console/dispatch"
    cookie = done.headers["set-cookie"]
    assert "hotline_staff=" in cookie
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/console" in cookie
    assert "Secure" not in cookie
    page = await browser.get("/console/dispatch")
    assert page.status_code == 200
    assert "派单员" in page.text


@pytest.mark.parametrize("login", ["dispatcher", "nobody"])
async def test_wrong_password_says_so_and_keeps_the_login(enter: Enter, login: str) -> None:
    browser = await enter()
    page = await browser.log_in(login, "wrong")
    assert page.status_code == 401
    assert "账号或密码不对" in page.text
    assert f'value="{login}"' in page.text
    assert "set-cookie" not in page.headers


async def test_five_wrong_passwords_lock_the_login(enter: Enter) -> None:
    browser = await enter()
    for _ in range(5):
        assert (await browser.log_in("dispatcher", "wrong")).status_code == 401
    locked = await browser.log_in("dispatcher")
    assert locked.status_code == 429
    assert "15 分钟" in locked.text
    assert (await browser.log_in("seat")).status_code == 303


async def test_without_a_session_pages_lead_to_the_login(enter: Enter) -> None:
    browser = await enter()
    page = await browser.get("/console/dispatch", tab="late", q="路灯")
    assert page.status_code == 303
    target = page.headers["location"]
    assert target.startswith("/console/login?next=/console/dispatch%3Ftab%3Dlate%26q%3D")
    assert 'value="/console/dispatch?tab=late' in (await browser.get(target)).text


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("/console/cases/1?done=x", "/console/cases/1?done=x"),
        ("/console", "/console"),
        ("", "/console/dispatch"),
        ("https://elsewhere.example/", "/console/dispatch"),
        ("//elsewhere.example/console", "/console/dispatch"),
        ("/console/../docs", "/console/dispatch"),
        ("/console/\\elsewhere.example", "/console/dispatch"),
        ("/console/\r\nSet-Cookie: a=b", "/console/dispatch"),
        ("/consolex", "/console/dispatch"),
    ],
)
async def test_after_the_login_only_to_our_own_pages(
    enter: Enter, wanted: str, target: str
) -> None:
    done = await (await enter()).log_in("dispatcher", next=wanted)
    assert done.headers["location"] == target


async def test_login_form_of_another_site_is_refused(enter: Enter) -> None:
    browser = await enter()
    browser.http.headers["sec-fetch-site"] = "cross-site"
    assert (await browser.log_in("dispatcher")).status_code == 403


async def test_logout_ends_the_session_on_the_server(enter: Enter) -> None:
    browser = await enter("dispatcher")
    cookie = browser.http.cookies["hotline_staff"]
    done = await browser.send("/console/dispatch", "/console/logout")
    assert done.headers["location"] == "/console/login"
    browser.http.cookies.set("hotline_staff", cookie, path="/console")
    assert (await browser.get("/console/dispatch")).status_code == 303


@pytest.mark.parametrize("token", [None, "", "forged", "伪造"])
async def test_a_form_without_the_right_token_is_refused(enter: Enter, token: str | None) -> None:
    browser = await enter("dispatcher")
    fields = {} if token is None else {"csrf": token}
    page = await browser.http.post("/console/logout", data=fields)
    assert page.status_code == 403
    assert "已失效" in page.text
    assert (await browser.get("/console/dispatch")).status_code == 200


async def test_a_disabled_account_is_out_at_once(enter: Enter, app: FastAPI) -> None:
    browser = await enter("seat")
    async with app.state.database.unit_of_work() as session:
        await session.execute(update(StaffAccount).values(active=False))
    assert (await browser.get("/console/seat")).status_code == 303


@pytest.mark.parametrize("role", Role)
def test_every_role_has_a_home_on_its_menu(role: Role) -> None:
    assert home_of(role) in [address for address, _ in menu_of(role)]


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/console/reviews/1/publish", "评价"),
        ("/console/rectifications", "评价"),
        ("/console/rectifications/5", "评价"),
        ("/console/review-figures/reviews", "评价"),
        ("/console/talk-figures", "评价"),
        ("/console/windows", "评价"),
        ("/console/links/7", "评价关联"),
        ("/console/paper", "评价"),
        ("/console/dispatch", "派单台"),
        ("/console/reviewsx", None),
    ],
)
def test_one_entry_of_the_menu_is_current(path: str, current: str | None) -> None:
    menu = menu_of(Role.SUPERVISOR)
    assert [name for address, name in menu if is_current(address, path)] == [current][
        : bool(current)
    ]
