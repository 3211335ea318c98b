"""The transcript as a stream: who waits for a conversation is woken when it grows."""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator

from bot import repository
from bot.repository import Line
from core.database import Database


class Wakeups:
    """Waiting streams of this process, by conversation id."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._polled: set[uuid.UUID] = set()

    def saw(self, conversation: uuid.UUID) -> None:
        """A page without a stream asked for news of ``conversation``."""
        self._polled.add(conversation)

    def present(self) -> set[uuid.UUID]:
        """Conversations whose page is open: with a stream, or seen since the last call."""
        polled, self._polled = self._polled, set()
        return polled | {uuid.UUID(key) for key in self._waiting}

    def wake(self, conversation: str) -> None:
        """Wake the streams of ``conversation``; an empty id wakes all."""
        groups = (
            [self._waiting.get(conversation, set())] if conversation else self._waiting.values()
        )
        for group in list(groups):
            for event in group:
                event.set()

    async def lines(
        self, database: Database, conversation: uuid.UUID, after: int
    ) -> AsyncIterator[Line]:
        """Every line after event ``after``, now and as they come, until the reader goes away."""
        event = asyncio.Event()
        key = str(conversation)
        self._waiting[key].add(event)
        try:
            while True:
                event.clear()
                async with database.unit_of_work() as session:
                    lines = await repository.transcript(session, conversation, after)
                for line in lines:
                    after = line.id
                    yield line
                if not lines:
                    await event.wait()
        finally:
            self._waiting[key].discard(event)
            if not self._waiting[key]:
                del self._waiting[key]
