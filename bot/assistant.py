"""The assistant as the gateway sees it: one turn in, one act out, or a clear failure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import httpx

from core.settings import Settings


class AssistantDown(Exception):
    """The assistant did not answer in time, or answered with a failure."""


@dataclass(frozen=True)
class Understood:
    """What the assistant took the turn for; ``confidence`` is 0..1."""

    act: str | None
    confidence: float | None


class Assistant:
    """Client of the assistant's own input channel."""

    def __init__(self, settings: Settings) -> None:
        self._client = httpx.AsyncClient(
            base_url=settings.assistant_address,
            headers={"X-Hotline-Token": settings.assistant_token.get_secret_value()},
            timeout=httpx.Timeout(settings.assistant_timeout, connect=2.0),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=64),
            trust_env=False,
        )

    async def turn(self, conversation: uuid.UUID, turn: uuid.UUID, text: str) -> Understood:
        """Have the assistant act on ``text``. Raises AssistantDown."""
        body = {"conversation": str(conversation), "turn": str(turn), "text": text}
        try:
            response = await self._client.post("/webhooks/hotline/turn", json=body)
            response.raise_for_status()
            intent = response.json().get("intent") or {}
        except (httpx.HTTPError, ValueError) as error:
            raise AssistantDown(type(error).__name__) from error
        return Understood(intent.get("name"), intent.get("confidence"))

    async def ready(self) -> bool:
        """Whether the assistant has its model loaded and answers."""
        try:
            response = await self._client.get("/webhooks/hotline/ready", timeout=2.0)
        except httpx.HTTPError:
            return False
        return response.status_code == 200

    async def close(self) -> None:
        await self._client.aclose()
