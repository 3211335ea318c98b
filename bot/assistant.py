"""The assistant as the gateway sees it: one turn in, one act out, or a clear failure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import aiohttp

from core.settings import Settings


class AssistantDown(Exception):
    """The assistant did not answer in time, or answered with a failure."""


@dataclass(frozen=True)
class Understood:
    """What the assistant took the turn for; ``confidence`` is 0..1."""

    act: str | None
    confidence: float | None


class Assistant:
    """Client of the assistant's own input channel. Made inside a running event loop."""

    def __init__(self, settings: Settings) -> None:
        self._address = settings.assistant_address
        self._client = aiohttp.ClientSession(
            headers={"X-Hotline-Token": settings.assistant_token.get_secret_value()},
            timeout=aiohttp.ClientTimeout(total=settings.assistant_timeout, connect=2.0),
            connector=aiohttp.TCPConnector(limit=64),
        )

    async def turn(self, conversation: uuid.UUID, turn: uuid.UUID, text: str) -> Understood:
        """Have the assistant act on ``text``. Raises AssistantDown."""
        body = {"conversation": str(conversation), "turn": str(turn), "text": text}
        try:
            async with self._client.post(
                f"{self._address}/webhooks/hotline/turn", json=body
            ) as response:
                response.raise_for_status()
                intent = (await response.json()).get("intent") or {}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise AssistantDown(type(error).__name__) from error
        return Understood(intent.get("name"), intent.get("confidence"))

    async def ready(self) -> bool:
        """Whether the assistant has its model loaded and answers."""
        try:
            async with self._client.get(
                f"{self._address}/webhooks/hotline/ready", timeout=aiohttp.ClientTimeout(total=2)
            ) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def close(self) -> None:
        await self._client.close()
