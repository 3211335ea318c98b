"""How much one citizen, and one network, may ask of the line.

Counted in this process: several processes each allow as much, which only makes the limit wider.
"""

from __future__ import annotations

import math
import time
import uuid

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from bot.inputs import TextInput, TurnInput, VoiceInput
from bot.understanding import at_the_gate
from core.addresses import network_of
from core.errors import TooManyTries
from core.privacy import keyed_hash
from core.settings import Settings

_DANGER = "遇到危险请直接写明，或拨打 110、119、120。"


class Limits:
    """Moving windows of a minute, per conversation and per network."""

    def __init__(self, settings: Settings) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())
        self._turns = RateLimitItemPerMinute(settings.turns_per_minute)
        self._requests = RateLimitItemPerMinute(settings.network_requests_per_minute)

    async def turn(
        self, request: Request, conversation: uuid.UUID, token: str, heard: TurnInput
    ) -> None:
        """Count a turn. Raises TooManyTries unless it tells of an emergency: that is always heard.

        Counted by id and token, so that a stranger who knows the id cannot use up its turns.
        """
        try:
            await self.request(request)
            await self._count(
                self._turns,
                keyed_hash("limit", f"{conversation} {token}"),
                "您发得太快了，请 {} 秒后再发。",
            )
        except TooManyTries:
            if not tells_of_emergency(heard):
                raise

    async def request(self, request: Request) -> None:
        """Count a request that stores something. Raises TooManyTries."""
        network = network_of(request)
        # The machine itself, which is also a proxy that the settings do not know of.
        if network is not None:
            said = "您所在网络的请求太多，请 {} 秒后再试；着急请拨打 12345。"
            await self._count(self._requests, network, said)

    async def _count(self, item: RateLimitItemPerMinute, key: str, said: str) -> None:
        if await self._windows.hit(item, key):
            return
        window = await self._windows.get_window_stats(item, key)
        seconds = max(1, math.ceil(window.reset_time - time.time()))
        raise TooManyTries(said.format(seconds) + _DANGER, retry_after=seconds)


def tells_of_emergency(heard: TurnInput) -> bool:
    """Whether the words are an emergency by rule (`intake.triage.gate`)."""
    gate = at_the_gate(heard.text) if isinstance(heard, TextInput | VoiceInput) else None
    return gate is not None and gate.decision is not None
