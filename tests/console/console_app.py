"""The console on the small city: an app with its pages, and browsers of people who work there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

import console
from bot.assistant import Assistant
from bot.gateway import Gateway
from console.staff import COOKIE
from core.database import Database
from core.identity import Role, hash_password, open_session
from core.models import StaffAccount
from core.settings import get_settings
from intake.service import Intake
from kb.service import KnowledgeBase
from routing.service import Router
from units.gazetteer import Gazetteer
from units.tree import UnitTree

PASSWORD = "correct horse 12345"
PEOPLE = {
    "dispatcher": (Role.DISPATCHER, "hotline"),
    "seat": (Role.SEAT, "hotline"),
    "seat2": (Role.SEAT, "hotline"),
    "supervisor": (Role.SUPERVISOR, "hotline"),
    "callback": (Role.CALLBACK_CLERK, "hotline"),
    "callback2": (Role.CALLBACK_CLERK, "hotline"),
    "editor": (Role.KNOWLEDGE_EDITOR, "hotline"),
    "admin": (Role.ADMINISTRATOR, "hotline"),
    "urban.clerk": (Role.UNIT_CLERK, "urban"),
    "urban.leader": (Role.UNIT_LEADER, "urban"),
    "power.clerk": (Role.UNIT_CLERK, "power"),
}
_HASH = hash_password(PASSWORD)
_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')
_VERSION = re.compile(r'name="version" value="(\d+)"')
_KEY = re.compile(r'name="key" value="([^"]+)"')


@dataclass
class Browser:
    """A person at the console; cookies are kept, redirects are not followed by themselves."""

    http: httpx.AsyncClient

    async def log_in(self, login: str, password: str = PASSWORD, **fields: str) -> httpx.Response:
        data = {"login": login, "password": password, **fields}
        return await self.http.post("/console/login", data=data)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query or None)

    async def send(self, page: str, action: str, **fields: str) -> httpx.Response:
        """Open ``page`` and send one of its forms, with the hidden fields that it carries."""
        html = (await self.get(page)).text
        hidden = {"csrf": _TOKEN, "version": _VERSION, "key": _KEY}
        found = {name: match[1] for name, look in hidden.items() if (match := look.search(html))}
        return await self.http.post(action, data={**found, **fields})

    async def act(self, number: str, action: str, **fields: str) -> httpx.Response:
        """Do something to a case from its page."""
        page = f"/console/cases/{number}"
        return await self.send(page, f"{page}/{action}", **fields)


Enter = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def app(city: Database) -> FastAPI:
    async with city.unit_of_work() as session:
        for login, (role, unit) in PEOPLE.items():
            account = StaffAccount(
                login=login, name=f"示例·{login}", role=role, unit=unit, password_hash=_HASH
            )
            session.add(account)
        tree = await UnitTree.load(session)
        router = await Router.load(session, tree)
        gazetteer = await Gazetteer.load(session)
    app = FastAPI()
    app.state.database = city
    app.state.settings = get_settings()
    app.state.city = SimpleNamespace(
        tree=tree, router=router, intake=Intake(router, gazetteer, tree)
    )
    app.state.knowledge = KnowledgeBase(None)
    app.state.gateway = Gateway(city, Assistant(get_settings()))
    app.include_router(console.router)
    console.mount_static(app)
    return app


@pytest.fixture
async def enter(app: FastAPI) -> AsyncIterator[Enter]:
    """Start a browser, with an open session when a login is given (hashing would take long)."""
    async with AsyncExitStack() as stack:

        async def entering(login: str | None = None) -> Browser:
            transport = httpx.ASGITransport(app=app)
            http = httpx.AsyncClient(transport=transport, base_url="http://line.test")
            browser = Browser(await stack.enter_async_context(http))
            if login:
                async with app.state.database.unit_of_work() as session:
                    found = await session.scalars(
                        select(StaffAccount).where(StaffAccount.login == login)
                    )
                    token = await open_session(session, found.one())
                browser.http.cookies.set(COOKIE, token, path="/console")
            return browser

        yield entering
