"""What the launcher tells the person who waits: every step over two seconds, with its time."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TextIO

SHOW_AFTER = 2.0
REPEAT_EVERY = 10.0


class Progress:
    """Steps that may run at the same time.

    On a terminal one line is kept up to date; into a file each long step gets a line when it
    begins, every ten seconds, and when it ends.
    """

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._running: dict[str, float] = {}
        self._terminal = out.isatty()
        self._drawn = False

    def say(self, text: str) -> None:
        """Print a line of its own."""
        self._clear()
        print(text, file=self._out, flush=True)

    @asynccontextmanager
    async def step(self, title: str) -> AsyncIterator[None]:
        """Everything inside belongs to the step ``title``."""
        started = time.monotonic()
        self._running[title] = started
        ticker = asyncio.create_task(self._tick(title))
        try:
            yield
        finally:
            ticker.cancel()
            with suppress(asyncio.CancelledError):
                await ticker
            del self._running[title]
            self._clear()
        if (seconds := time.monotonic() - started) >= SHOW_AFTER:
            self.say(f"✓ {title}（{seconds:.0f} 秒）")

    async def _tick(self, title: str) -> None:
        await asyncio.sleep(SHOW_AFTER)
        if not self._terminal:
            self.say(f"· {title} …")
        while True:
            if self._terminal:
                self._draw()
                await asyncio.sleep(1)
            else:
                await asyncio.sleep(REPEAT_EVERY)
                self.say(f"  {title}：已 {time.monotonic() - self._running[title]:.0f} 秒")

    def _draw(self) -> None:
        now = time.monotonic()
        steps = " · ".join(
            f"{title} {now - started:.0f} 秒" for title, started in self._running.items()
        )
        print(f"\r\x1b[K… {steps}", end="", file=self._out, flush=True)
        self._drawn = True

    def _clear(self) -> None:
        if self._drawn:
            print("\r\x1b[K", end="", file=self._out, flush=True)
            self._drawn = False
