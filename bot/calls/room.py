"""What is said between caller and seat, transcribed as it goes: lines of the transcript, and the caller's
words as a turn of the matter under way, so that the draft of the case is filled from them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from bot.calls.models import Call
from core.database import now
from core.replies import say

# Characters of one utterance.
MOST = 4000
FAILED = "实时转写中断，后面说的话请自己记下。"
# The kind of a turn that is no citizen's: said by the seat or a third, or told by the exchange.
_OTHERS = "room"


async def keep(
    session: AsyncSession,
    call: Call,
    number: int,
    by_caller: bool,
    text: str,
    at: datetime | None,
) -> None:
    """Keep what was said in the room of ``call``; the same ``number`` again does nothing.

    ``at`` (aware) is when it was said, whenever it comes: what the caller said is read in that order.
    """
    speaker, kind = ("citizen", "voice") if by_caller else ("person", _OTHERS)
    await _once(session, call, str(number), kind, speaker, text, at)


async def keep_failure(session: AsyncSession, call: Call) -> None:
    """Tell the seat, once, that nothing more is transcribed."""
    await _once(session, call, "failed", _OTHERS, "system", FAILED, None)


async def _once(
    session: AsyncSession,
    call: Call,
    number: str,
    kind: str,
    speaker: str,
    text: str,
    at: datetime | None,
) -> None:
    conversation, key = call.conversation_id, f"{call.room}:{number}"
    turn, new = await repository.store_turn(session, conversation, key, kind, text)
    if not new:
        return
    # An exchange's clock may be wrong; nobody spoke before the call or after now.
    turn.at = min(max(at or now(), call.started_at), now())
    turn.state, turn.answered_at, turn.act = "answered", now(), "in_room"
    await repository.append(session, conversation, speaker, [say(text)], at=turn.at)
