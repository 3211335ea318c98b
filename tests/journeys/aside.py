"""A loop beside the browser's: peers and callers that are async, played from a test that is not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Aside:
    """Runs what it is given in the loop of a thread of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def run(self, wanted: Coroutine[Any, Any, T]) -> T:
        """The result of ``wanted``, awaited there."""
        return asyncio.run_coroutine_threadsafe(wanted, self._loop).result(timeout=60)


@contextmanager
def aside() -> Iterator[Aside]:
    """A loop of its own as long as it is needed."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield Aside(loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
