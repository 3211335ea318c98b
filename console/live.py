"""Pages that stay current: the browser is told that cases changed, and fetches its part anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from console.route import console_router
from console.staff import CurrentStaff

router = console_router()
# Many changes in a moment are told once; a silent stream says that it is alive.
_PAUSE = 1.0
_ALIVE = 20.0


class Changes:
    """Streams of this process that wait for any case to change."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def wake(self, _payload: str = "") -> None:
        """Tell every stream; what changed is not told, for not everybody may see it."""
        for event in self._waiting:
            event.set()

    async def stream(self) -> AsyncIterator[bytes]:
        """Server-sent events: ``changed`` after a change, a comment now and then."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            yield b": ready\n\n"
            while True:
                try:
                    await asyncio.wait_for(event.wait(), _ALIVE)
                except TimeoutError:
                    yield b": alive\n\n"
                    continue
                event.clear()
                yield b"event: changed\ndata: cases\n\n"
                await asyncio.sleep(_PAUSE)
        finally:
            self._waiting.discard(event)


@router.get("/live")
async def live(request: Request, staff: CurrentStaff) -> Response:
    """The stream of changes for a desk that is open; raises NotAuthenticated."""
    changes: Changes = request.app.state.changes
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(changes.stream(), media_type="text/event-stream", headers=headers)
