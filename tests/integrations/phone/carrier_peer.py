"""A carrier's gateway: signs what it tells, checks the signature of what it is told, speaks plain JSON.

It signs by the written rule with the standard library alone, not with the line's own code.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
from aiohttp import web

from core.settings import Settings
from tests.integrations.phone.listening import Listening

BASE = "https://hotline.example"


def sign(secret: str, timestamp: str, nonce: str, method: str, path: str, body: bytes) -> str:
    """HMAC-SHA256 over time, nonce, method, path and the body's SHA-256, one a line."""
    lines = [timestamp, nonce, method, path, hashlib.sha256(body).hexdigest()]
    return hmac.new(secret.encode(), "\n".join(lines).encode(), "sha256").hexdigest()


def headers(
    secret: str, path: str, body: bytes, *, age: int = 0, nonce: str = ""
) -> dict[str, str]:
    """The headers of a POST of the gateway that is ``age`` seconds old."""
    timestamp, nonce = str(int(time.time()) - age), nonce or uuid.uuid4().hex
    return {
        "Content-Type": "application/json",
        "X-Timestamp": timestamp,
        "X-Nonce": nonce,
        "X-Signature": sign(secret, timestamp, nonce, "POST", path, body),
    }


@dataclass
class CarrierPeer(Listening):
    """``orders`` are the paths and objects that it was told."""

    secret: str
    orders: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refuse: int | None = None

    def settings(self, settings: Settings) -> Settings:
        """Settings under which the line gives its orders here."""
        return settings.model_copy(update={"carrier_url": self.address})

    async def take(self, request: web.Request) -> web.Response:
        body, given = await request.read(), request.headers
        expected = sign(
            self.secret, given["X-Timestamp"], given["X-Nonce"], "POST", request.path, body
        )
        if given["X-Signature"] != expected:
            return web.json_response({}, status=403)
        if self.refuse is not None:
            return web.json_response({}, status=self.refuse)
        self.orders.append((request.path, json.loads(body)))
        return web.json_response({"id": f"m-{uuid.uuid4().hex}"})


@dataclass
class CarrierCall:
    """A call through the gateway, told to the line as events. Every event goes out ``times`` times."""

    http: httpx.AsyncClient
    secret: str
    caller: str = "13800001234"
    verified: bool = False
    times: int = 1
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    step: int = 0
    actions: list[dict[str, Any]] = field(default_factory=list)

    async def tell(self, event: str, **more: Any) -> list[str]:
        """Tell the line; what the caller hears."""
        told = {
            "call": self.id,
            "step": self.step,
            "event": event,
            "caller": self.caller,
            "verified": self.verified,
            **more,
        }
        answers = [
            await post(self.http, self.secret, "/carrier/voice", told) for _ in range(self.times)
        ]
        assert len({answer.content for answer in answers}) == 1
        assert answers[0].status_code in (200, 204), answers[0].text
        if answers[0].status_code == 204:
            return []
        answer = answers[0].json()
        self.step, self.actions = answer["step"], answer["actions"]
        return [one["text"] for one in self.actions if "text" in one]

    async def ring(self) -> list[str]:
        """Call the line."""
        return await self.tell("started")

    async def say(self, text: str, confidence: float = 0.93) -> list[str]:
        """Speak to the line."""
        return await self.tell("said", text=text, confidence=confidence)

    async def press(self, digits: str) -> list[str]:
        """Press keys."""
        return await self.tell("pressed", digits=digits)


async def post(
    http: httpx.AsyncClient, secret: str, path: str, told: dict[str, Any]
) -> httpx.Response:
    """One signed request of the gateway."""
    body = json.dumps(told, ensure_ascii=False).encode()
    return await http.post(f"{BASE}{path}", content=body, headers=headers(secret, path, body))
