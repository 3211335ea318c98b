"""The web door on an empty line without an assistant: what the gateway itself says is enough here."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from bot.assistant import Assistant
from bot.events import Wakeups
from bot.gateway import Gateway
from bot.limits import Limits
from core.database import Database
from core.listener import Listener
from core.settings import get_settings
from kb.service import KnowledgeBase
from service import migrations
from service.app import create_app
from tests.stack import free_port

# Nobody listens there.
NO_ASSISTANT = "http://127.0.0.1:9"


@asynccontextmanager
async def web_app(database: Database, **changes: Any) -> AsyncIterator[FastAPI]:
    """The service on ``database`` with ``changes`` to the settings; its rooms' data stays unread."""
    settings = get_settings().model_copy(update={"assistant_url": NO_ASSISTANT, **changes})
    app = create_app()
    app.state.settings = settings
    app.state.limits = Limits(settings)
    app.state.database = database
    app.state.knowledge = KnowledgeBase(None)
    app.state.wakeups = Wakeups()
    assistant = Assistant(settings)
    app.state.gateway = Gateway(database, assistant)
    listener = Listener(database.url)
    listener.subscribe("conversation", app.state.wakeups.wake)
    listening = asyncio.create_task(listener.run())
    await listener.listening.wait()
    try:
        yield app
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await assistant.close()


class _Announcing(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, up: threading.Event) -> None:
        super().__init__(config)
        self._up = up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up.set()


class Served:
    """The app behind a real port, in a thread with a loop of its own."""

    def __init__(self, database_url: str, **changes: Any) -> None:
        self.port = free_port()
        self.app: FastAPI | None = None
        self._changes = changes
        self._database_url = database_url
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        database = Database(self._database_url, pool=5)
        async with web_app(database, **self._changes) as app:
            config = uvicorn.Config(
                app, port=self.port, lifespan="off", log_config=None, timeout_graceful_shutdown=1
            )
            self._server = _Announcing(config, self._up)
            self.app = app
            await self._server.serve()
        await database.close()

    def __enter__(self) -> Served:
        self._thread.start()
        assert self._up.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)


@pytest.fixture(scope="module")
def migrated_url(scratch_url: str) -> str:
    migrations.upgrade(scratch_url)
    return scratch_url


@pytest.fixture(scope="module")
def line(migrated_url: str) -> Iterator[Served]:
    """The line as browsers reach it; ``http://localhost`` counts as safe, so its cookies may too."""
    with Served(
        migrated_url,
        public_url="https://line.example.cn",
        embedding_sites="http://127.0.0.1:*",
        turns_per_minute=100,
    ) as served:
        yield served


@contextlib.contextmanager
def foreign_site(line_address: str, policy: str) -> Iterator[str]:
    """Another site's page with one script tag of ours, under a policy of its own."""
    page = (
        "<!doctype html><html lang='zh-CN'><head><meta charset='utf-8'><title>示例市门户</title>"
        "<meta name='viewport' content='width=device-width'>"
        f"<script src='{line_address}/widget.js' async></script></head>"
        "<body><main><h1>示例市人民政府门户</h1><p>办事、问政。</p>"
        "<p><a href='#news'>要闻</a></p></main></body></html>"
    )

    async def site(scope: Any, receive: Any, send: Any) -> None:
        headers = [
            (b"content-type", b"text/html"),
            (b"content-security-policy", policy.encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": page.encode()})

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(site, port=port, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    up = threading.Event()
    while not server.started:
        up.wait(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
