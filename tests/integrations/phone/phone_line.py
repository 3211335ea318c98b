"""The service's telephone doors on the small city, with peers in place of Twilio and the assistant."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from fastapi import FastAPI

from bot.actions.executor import make_executor
from bot.assistant import Assistant
from bot.city import City, Line
from bot.gateway import Gateway
from core.database import Database
from core.outbox import delivery
from core.settings import get_settings
from integrations.carrier.exchange import CarrierExchange
from kb.service import KnowledgeBase
from notices.channels import unregister_all
from service.app import create_app
from service.doors import connect, register_texts
from tests.integrations.phone.call_simulator import ACCOUNT, BASE, LINE, TOKEN, CallSimulator
from tests.integrations.phone.carrier_peer import CarrierPeer
from tests.integrations.phone.phone_assistant import AssistantPeer
from tests.integrations.phone.text_simulator import TextSimulator
from tests.integrations.phone.twilio_rest import TwilioRest

SECRET = "carrier-secret-of-the-tests"
_ENVIRONMENT = {
    "HOTLINE_TWILIO_ACCOUNT": ACCOUNT,
    "HOTLINE_TWILIO_TOKEN": TOKEN,
    "HOTLINE_TWILIO_NUMBER": LINE,
    "HOTLINE_CARRIER_SECRET": SECRET,
    "HOTLINE_PUBLIC_URL": BASE,
    "HOTLINE_TRANSCRIBE_CALLS": "true",
    "HOTLINE_EMERGENCY_DIAL": '{"119": "0000-12340119"}',
}


@pytest.fixture
async def assistant() -> AsyncIterator[AssistantPeer]:
    peer = AssistantPeer()
    await peer.start()
    yield peer
    await peer.stop()


@pytest.fixture
async def rest() -> AsyncIterator[TwilioRest]:
    """Twilio's REST interface."""
    peer = TwilioRest()
    await peer.start()
    yield peer
    await peer.stop()


@pytest.fixture
async def carrier() -> AsyncIterator[CarrierPeer]:
    """A carrier's gateway."""
    peer = CarrierPeer(SECRET)
    await peer.start()
    yield peer
    await peer.stop()


@pytest.fixture
async def line(
    catalogue: Database,
    assistant: AssistantPeer,
    rest: TwilioRest,
    carrier: CarrierPeer,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[FastAPI]:
    """The service with its telephone doors open; texts leave through Twilio."""
    addresses = {
        "HOTLINE_ASSISTANT_URL": assistant.address,
        "HOTLINE_TWILIO_URL": rest.address,
    }
    for name, value in {**_ENVIRONMENT, **addresses}.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    app = create_app()
    settings = app.state.settings
    async with catalogue.unit_of_work() as session:
        city = Line(catalogue, KnowledgeBase(None), await City.load(session, None), None)
    client = Assistant(settings)
    app.state.database = catalogue
    app.state.gateway = Gateway(catalogue, client)
    connect(app, catalogue, app.state.gateway, "示例市")
    app.state.switchboard.register(CarrierExchange(carrier.settings(settings)))
    assistant.executor = make_executor(city)
    register_texts(catalogue, settings)
    delivery.database = catalogue
    yield app
    unregister_all()
    await client.close()
    get_settings.cache_clear()


Ring = Callable[..., CallSimulator]
Texting = Callable[..., TextSimulator]


@pytest.fixture
async def http(line: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=line)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


@pytest.fixture
def call(http: httpx.AsyncClient) -> Ring:
    """Make a telephone that rings the line through Twilio."""
    return functools.partial(CallSimulator, http)


@pytest.fixture
def texting(http: httpx.AsyncClient, rest: TwilioRest, line: FastAPI) -> Texting:
    """Make a telephone that sends texts through Twilio."""
    return functools.partial(TextSimulator, http, rest, line.state.database)
