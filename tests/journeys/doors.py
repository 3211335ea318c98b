"""A citizen who tells the same story at every door, and what the line has made of it."""

from __future__ import annotations

import asyncio
import re
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from aiohttp import web
from sqlalchemy import select

from bot.models import Conversation, Turn
from cases.models import Case, Contact
from core.database import Database
from kb.models import GivenAnswer
from tests.integrations.phone.call_simulator import ACCOUNT, BASE, LINE, TOKEN, CallSimulator
from tests.integrations.phone.carrier_peer import CarrierPeer
from tests.integrations.wechat import peer as wechat
from tests.integrations.wechat.peer import WeChatPeer
from tests.stack import Citizen, Stack, running_line

PHONE = "13800001234"
SECRET = "carrier-secret-of-the-tests"
_CONFIRM = re.compile(r"确认提交")
_CONTACT = re.compile(r"留一个联系电话|现在这个号码")
_FILED = re.compile(r"已登记")


class Door(Protocol):
    """One conversation of one citizen."""

    channel: str

    async def say(self, text: str) -> str:
        """Say it; all that is answered."""
        ...

    async def leave_number(self) -> str:
        """Answer the question for a telephone number."""
        ...

    async def confirm(self) -> str:
        """Agree to the summary."""
        ...


class WebDoor:
    """The chat page's interface."""

    channel = "web"

    def __init__(self, address: str) -> None:
        self.citizen = Citizen(address)

    async def say(self, text: str) -> str:
        return _all(await asyncio.to_thread(self.citizen.say, text))

    async def leave_number(self) -> str:
        return await self.say(PHONE)

    async def confirm(self) -> str:
        return _all(await asyncio.to_thread(self.citizen.choose, "intake:confirm", "确认提交"))


class WeChatDoor:
    """A follower of the official account; each talk is another's."""

    channel = "wechat"

    def __init__(self, platform: WeChatPeer) -> None:
        self.platform, self.user = platform, f"o-{uuid.uuid4().hex}"

    async def say(self, text: str) -> str:
        return "\n".join(await asyncio.to_thread(self.platform.say, text, self.user))

    async def leave_number(self) -> str:
        return await self.say(PHONE)

    async def confirm(self) -> str:
        return await self.say("确认提交")


class PhoneDoor:
    """A call through Twilio, by voice and keys."""

    channel = "phone"

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.call = CallSimulator(http)

    async def say(self, text: str) -> str:
        if not self.call.requests:
            await self.call.ring()
        return "\n".join(await self.call.say(text))

    async def leave_number(self) -> str:
        return "\n".join(await self.call.press("1#"))

    async def confirm(self) -> str:
        return "\n".join(await self.call.press("1"))


def _all(replies: list[dict[str, Any]]) -> str:
    return "\n".join(str(reply["text"]) for reply in replies)


def through_twilio(address: str) -> httpx.AsyncClient:
    """A client that reaches a line at ``address`` under the name that Twilio knows."""
    line = httpx.URL(address)

    class ToLine(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            request.url = request.url.copy_with(scheme=line.scheme, host=line.host, port=line.port)
            return await super().handle_async_request(request)

    return httpx.AsyncClient(transport=ToLine(), base_url=BASE, timeout=20)


class Gateway(CarrierPeer):
    """The carrier's gateway, which tells what it was given to send."""

    came = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        answer = await super().take(request)
        self.came.set()
        return answer

    async def text(self, word: str) -> str:
        """The latest text to the telephone with ``word`` in it, once there is one."""
        async with asyncio.timeout(30):
            while not (found := self._texts(word)):
                self.came.clear()
                await self.came.wait()
        return found[-1]

    def _texts(self, word: str) -> list[str]:
        return [
            str(order["body"])
            for path, order in self.orders
            if path == "/text" and order["number"] == PHONE and word in str(order["body"])
        ]


@dataclass
class Doors:
    """The running line with every door open, and the platforms around it."""

    stack: Stack
    platform: WeChatPeer
    gateway: Gateway
    twilio: httpx.AsyncClient
    # Where the line gives Twilio its orders; a story that takes them listens there.
    orders_port: int

    def citizens(self) -> list[Door]:
        """A new conversation at each door."""
        return [
            WebDoor(self.stack.address),
            WeChatDoor(self.platform),
            PhoneDoor(self.twilio),
        ]


@asynccontextmanager
async def open_doors(platform: WeChatPeer) -> AsyncIterator[Doors]:
    """A running line with every door open, ``platform`` among them; its notices know no night."""
    gateway = Gateway(SECRET)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        orders = probe.getsockname()[1]
    await gateway.start()
    with platform:
        settings = {
            **wechat.settings(platform.address),
            "twilio_account": ACCOUNT,
            "twilio_token": TOKEN,
            "twilio_number": LINE,
            "twilio_url": f"http://127.0.0.1:{orders}",
            "transcribe_calls": "true",
            "carrier_secret": SECRET,
            "carrier_url": gateway.address,
            "public_url": BASE,
            "quiet_from": "00:00",
            "quiet_to": "00:00",
        }
        line = running_line({f"HOTLINE_{name.upper()}": value for name, value in settings.items()})
        # The gateway answers from this loop, so nothing here may block it.
        stack = await asyncio.to_thread(line.__enter__)
        try:
            platform.callback = f"{stack.address}/wechat/callback"
            async with through_twilio(stack.address) as twilio:
                yield Doors(stack, platform, gateway, twilio, orders)
        finally:
            await asyncio.to_thread(line.__exit__, None, None, None)
            await gateway.stop()


async def tell(door: Door, words: str) -> str:
    """Tell ``words`` and answer what is asked until a matter is filed, or nothing more is asked;
    what was answered last."""
    heard = await door.say(words)
    for _ in range(6):
        if _FILED.search(heard):
            break
        if _CONTACT.search(heard):
            heard = await door.leave_number()
        elif _CONFIRM.search(heard):
            heard = await door.confirm()
        else:
            break
    return heard


@dataclass(frozen=True)
class Outcome:
    """What came of a conversation, without what is a door's own."""

    owner: str
    reason: str | None
    ways: tuple[str | None, ...]
    answers: tuple[tuple[str, int, tuple[str, ...]], ...]
    cases: tuple[tuple[Any, ...], ...]


async def outcome(database: Database, channel: str) -> Outcome:
    """What came of the latest conversation at ``channel``."""
    async with database.unit_of_work() as session:
        talk = (
            await session.scalars(
                select(Conversation)
                .where(Conversation.channel == channel)
                .order_by(Conversation.created_at.desc())
                .limit(1)
            )
        ).one()
        ways = await session.scalars(
            select(Turn.way)
            .where(Turn.conversation_id == talk.id, Turn.way.is_not(None))
            .order_by(Turn.at)
        )
        answers = await session.scalars(
            select(GivenAnswer)
            .where(GivenAnswer.conversation_id == talk.id)
            .order_by(GivenAnswer.id)
        )
        cases = await session.scalars(
            select(Case)
            .join(Contact, Contact.id == Case.contact_id)
            .where(Contact.conversation_id == talk.id)
            .order_by(Case.id)
        )
        return Outcome(
            owner=talk.owner,
            reason=talk.handover_reason,
            ways=tuple(ways),
            answers=tuple((one.code, one.version, tuple(one.aspects)) for one in answers),
            cases=tuple(_facts(case) for case in cases),
        )


def _facts(case: Case) -> tuple[Any, ...]:
    return (
        case.type,
        case.category,
        case.title,
        case.detail,
        case.place_text,
        case.place_code,
        case.street,
        case.since_text,
        case.urgency,
        case.confidential,
        case.anonymous,
        case.about_unit,
        case.routing.get("entry"),
    )
