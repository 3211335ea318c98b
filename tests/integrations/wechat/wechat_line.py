"""A line whose WeChat door is open, the platform it talks to, and an assistant that can be slow."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from aiohttp import web
from fastapi import FastAPI
from sqlalchemy import func, select, update

from bot import repository
from bot.assistant import Assistant
from bot.gateway import Gateway
from bot.models import Conversation, Turn
from core.database import Database, now
from core.outbox import delivery
from core.replies import Reply, say
from core.settings import Settings
from integrations.wechat.door import Door
from integrations.wechat.endpoints import router
from integrations.wechat.models import WeChatMessage
from notices.channels import unregister_all
from notices.messages import Message
from notices.models import Delivery
from notices.service import enqueue
from notices.tasks import send_lines
from notices.vocabulary import Kind, State
from service.app import tell_errors
from service.wechat import open_door
from tests.integrations.wechat import peer as played
from tests.integrations.wechat.peer import WeChatPeer


@dataclass
class AssistantPeer:
    """The assistant's port: hears a turn, waits for ``gate``, and answers in the transcript as an
    action would."""

    database: Database
    reply: Reply = field(default_factory=lambda: say("好的，请问在哪里？"))
    heard: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def turn(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.heard.append(body["text"])
        self.asked.set()
        await self.gate.wait()
        conversation, turn = uuid.UUID(body["conversation"]), uuid.UUID(body["turn"])
        async with self.database.unit_of_work() as session:
            if await repository.claim_action(session, turn, "action_intake") is not None:
                await repository.append(session, conversation, "assistant", [self.reply], turn)
        return web.json_response({"intent": {"name": "file_case", "confidence": 0.9}})


@dataclass
class WeChatLine:
    """The line as the tests see it."""

    database: Database
    gateway: Gateway
    door: Door
    peer: WeChatPeer
    assistant: AssistantPeer

    async def play(self, act: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Let the platform or a follower do something; both block, so beside the line's loop."""
        return await asyncio.to_thread(act, *arguments, **named)

    async def say(self, text: str, user: str = "o-1") -> list[str]:
        """What a follower sees in the response to ``text``."""
        shown = await self.play(self.peer.say, text, user, 0)
        return list(shown)

    async def does(self, kind: str, **fields: str) -> list[str]:
        """What a follower sees in the response to a message of that kind."""
        return list(await self.play(self.peer.does, self.peer.message(kind, **fields), 0))

    async def event(self, name: str, **fields: str) -> list[str]:
        """What a follower sees in the response to an event."""
        return list(await self.play(self.peer.does, self.peer.event(name, **fields), 0))

    async def conversation(self) -> Conversation:
        """The only conversation."""
        async with self.database.unit_of_work() as session:
            return (await session.scalars(select(Conversation))).one()

    async def turns(self) -> int:
        async with self.database.unit_of_work() as session:
            return await session.scalar(select(func.count()).select_from(Turn)) or 0

    async def answered(self, count: int) -> None:
        """Wait until so many turns are answered."""
        async with asyncio.timeout(10):
            while True:
                async with self.database.unit_of_work() as session:
                    answered = select(func.count()).where(Turn.state == "answered")
                    if await session.scalar(answered) == count:
                        return
                await asyncio.sleep(0.02)

    async def make_due(self) -> None:
        """As if the door's time to take the lines along were over."""
        async with self.database.unit_of_work() as session:
            await session.execute(update(Delivery).values(not_before=now()))

    async def make_old(self, since: timedelta, *, of_deliveries: timedelta = timedelta(0)) -> None:
        """As if the last turns, and what was sent, had been so long ago."""
        async with self.database.unit_of_work() as session:
            await session.execute(update(Conversation).values(last_turn_at=now() - since))
            sent = now() - (of_deliveries or since)
            await session.execute(update(Delivery).values(sent_at=sent, claimed_at=sent))

    async def forget_who_began(self) -> None:
        """As if the messages had been kept, and begun, long ago."""
        long_ago = now() - timedelta(minutes=5)
        async with self.database.unit_of_work() as session:
            await session.execute(
                update(WeChatMessage).values(received_at=long_ago, taken_at=long_ago)
            )

    async def notice(self, provider_id: str) -> None:
        """A notice that was sent, and is called ``provider_id`` by the platform."""
        message = Message(provider_id, "wechat", "o-1", Kind.PROGRESS, say("有进展"))
        async with self.database.unit_of_work() as session:
            await enqueue(session, message)
            await session.execute(
                update(Delivery)
                .where(Delivery.key == provider_id)
                .values(state=State.SENT, provider_id=provider_id)
            )

    async def notice_state(self, provider_id: str) -> str | None:
        """What became of it."""
        async with self.database.unit_of_work() as session:
            return await session.scalar(
                select(Delivery.state).where(Delivery.provider_id == provider_id)
            )

    async def push(self) -> list[str]:
        """Send what is due; returns what the follower sees of it."""
        shown = self.peer.users["o-1"].shown
        before = len(shown)
        await send_lines(str((await self.conversation()).id))
        return shown[before:]


@pytest.fixture
def sealed() -> bool:
    """Whether the account works in 安全模式."""
    return True


@pytest.fixture
def peer(sealed: bool) -> Iterator[WeChatPeer]:
    with WeChatPeer(sealed=sealed) as platform:
        yield platform


@pytest.fixture
async def line(database: Database, peer: WeChatPeer, sealed: bool) -> AsyncIterator[WeChatLine]:
    async with AsyncExitStack() as stack:
        assistant = AssistantPeer(database)
        assistant.gate.set()
        heard = web.Application()
        heard.router.add_post("/webhooks/hotline/turn", assistant.turn)
        runner = web.AppRunner(heard)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        settings = Settings(
            assistant_url=f"http://127.0.0.1:{runner.addresses[0][1]}",
            public_url="https://line.test",
            **played.settings(peer.address, sealed=sealed),
        )
        delivery.database = database
        client = Assistant(settings)
        stack.push_async_callback(client.close)
        gateway = Gateway(database, client)
        door = await open_door(stack, settings, database, gateway)
        assert door is not None
        stack.callback(unregister_all)
        app = FastAPI()
        app.state.wechat = door
        app.include_router(router)
        tell_errors(app)
        port = await stack.enter_async_context(_served(app))
        peer.callback = f"http://127.0.0.1:{port}/wechat/callback"
        yield WeChatLine(database, gateway, door, peer, assistant)


@asynccontextmanager
async def _served(app: FastAPI) -> AsyncIterator[int]:
    """The port at which ``app`` answers."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_config=None)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        await server.shutdown()
