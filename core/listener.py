"""What PostgreSQL announces, brought to the parts of this process that wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg
import structlog
from psycopg import sql

log = structlog.get_logger(__name__)

Callback = Callable[[str], None]


class Listener:
    """One connection that listens to every subscribed channel, and comes back when it breaks.

    Announcements made while it was away are lost, so after each reconnection every callback is
    called with an empty payload: "something may have changed". ``listening`` is set once the
    first connection stands.
    """

    def __init__(self, database_url: str) -> None:
        _, _, rest = database_url.partition("://")
        self._conninfo = f"postgresql://{rest}"
        self._callbacks: dict[str, Callback] = {}
        self.listening = asyncio.Event()

    def subscribe(self, channel: str, callback: Callback) -> None:
        """Call ``callback`` with the payload of each announcement on ``channel``."""
        self._callbacks[channel] = callback

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._conninfo, autocommit=True, connect_timeout=5
                ) as connection:
                    for channel in self._callbacks:
                        await connection.execute(
                            sql.SQL("LISTEN {}").format(sql.Identifier(channel))
                        )
                    if self.listening.is_set():
                        for callback in self._callbacks.values():
                            callback("")
                    self.listening.set()
                    async for notice in connection.notifies():
                        self._callbacks[notice.channel](notice.payload)
            except psycopg.OperationalError as error:
                log.warning("listener_lost_database", reason=type(error).__name__)
            await asyncio.sleep(1)
