"""The service's telephone doors on the small city, with peers in place of Twilio and the assistant."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from assistant_peer import AssistantPeer
from call_simulator import ACCOUNT, BASE, LINE, TOKEN, CallSimulator
from fastapi import FastAPI

from bot.actions.executor import make_executor
from bot.assistant import Assistant
from bot.calls.switchboard import Switchboard
from bot.city import City, Line
from bot.gateway import Gateway
from core.database import Database
from core.settings import get_settings
from integrations.voice.line import VoiceLine
from kb.service import KnowledgeBase
from service.app import create_app

SECRET = "carrier-secret-of-the-tests"
_ENVIRONMENT = {
    "HOTLINE_TWILIO_ACCOUNT": ACCOUNT,
    "HOTLINE_TWILIO_TOKEN": TOKEN,
    "HOTLINE_TWILIO_NUMBER": LINE,
    "HOTLINE_CARRIER_SECRET": SECRET,
    "HOTLINE_PUBLIC_URL": BASE,
    "HOTLINE_EMERGENCY_DIAL": '{"119": "0000-12340119"}',
}


@pytest.fixture
async def assistant() -> AsyncIterator[AssistantPeer]:
    peer = AssistantPeer()
    await peer.start()
    yield peer
    await peer.stop()


@pytest.fixture
async def line(
    catalogue: Database, assistant: AssistantPeer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FastAPI]:
    """The service with its telephone doors open."""
    for name, value in {**_ENVIRONMENT, "HOTLINE_ASSISTANT_URL": assistant.address}.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    app = create_app()
    settings = app.state.settings
    async with catalogue.unit_of_work() as session:
        city = Line(catalogue, KnowledgeBase(None), await City.load(session, None), None)
    client = Assistant(settings)
    app.state.database = catalogue
    app.state.gateway = Gateway(catalogue, client)
    app.state.switchboard = Switchboard(catalogue)
    app.state.voice = VoiceLine(
        catalogue, app.state.gateway, "示例市", settings.emergency_dial, patience=1.0
    )
    assistant.executor = make_executor(city)
    yield app
    await client.close()
    get_settings.cache_clear()


Ring = Callable[..., CallSimulator]


@pytest.fixture
async def http(line: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=line)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


@pytest.fixture
def call(http: httpx.AsyncClient) -> Ring:
    """Make a telephone that rings the line through Twilio."""
    return functools.partial(CallSimulator, http)
