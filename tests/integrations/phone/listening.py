"""What the peers of the telephone have in common: each listens on a free port of this machine."""

from __future__ import annotations

from abc import ABC, abstractmethod

from aiohttp import web


class Listening(ABC):
    """A peer at ``address`` while it is started; `take` answers what is posted, whatever the path."""

    address: str = ""
    _runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on ``port``, or on one that is free."""
        app = web.Application()
        app.router.add_post("/{path:.*}", self.take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    @abstractmethod
    async def take(self, request: web.Request) -> web.StreamResponse:
        """Answer one POST."""
