"""A dropped call taken up again: the matter moves to the new call, nothing else does.

Cases of the earlier call stay out of reach: the caller's number alone opens nothing, so who shares
the telephone can go on with an unfinished matter but neither see, urge, rate nor withdraw a case.
"""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from bot import repository
from core.replies import Reply
from intake.questions import question
from intake.service import open_draft, read


async def unfinished(session: AsyncSession, conversation: uuid.UUID) -> bool:
    """Whether a matter was told in ``conversation`` and not filed, and nobody has it in hand."""
    talk = await repository.find_conversation(session, conversation)
    if talk is None or talk.owner != "assistant":
        return False
    draft = await open_draft(session, conversation)
    return draft is not None and bool(read(draft).words)


async def go_on(session: AsyncSession, before: uuid.UUID, conversation: uuid.UUID) -> Reply | None:
    """Move the open draft of ``before`` to ``conversation``; what is asked next, or None.

    None when it was filed or taken up meanwhile, or the new call has begun a matter already.
    """
    draft = await open_draft(session, before)
    if draft is None or await open_draft(session, conversation) is not None:
        return None
    draft.conversation_id = conversation
    reply = question(read(draft))
    await repository.append(session, conversation, "assistant", [reply])
    return reply
