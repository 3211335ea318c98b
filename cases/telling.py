"""What the citizen is told about a case without asking: put into the outbox with the change."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case
from cases.repository import CaseRepository
from core.outbox import publish

# Topic: the answer of a round; payload {case_id, number, conversation_id, round}.
CASE_ANSWERED = "case_answered"
# Topic: something in between; payload {case_id, number, conversation_id, text}.
CASE_PROGRESS = "case_progress"


async def tell_answer(session: AsyncSession, case: Case) -> None:
    """Send the citizen the answer of the present round, with the invitation to rate it."""
    await publish(
        session,
        CASE_ANSWERED,
        f"{CASE_ANSWERED}:{case.id}:{case.round}",
        await _payload(session, case) | {"round": case.round},
    )


async def tell_citizen(session: AsyncSession, case: Case, key: str, text: str) -> None:
    """Send the citizen ``text`` about the case; ``key`` (within the case) makes it happen once."""
    await publish(
        session,
        CASE_PROGRESS,
        f"{CASE_PROGRESS}:{case.id}:{key}",
        await _payload(session, case) | {"text": text},
    )


async def _payload(session: AsyncSession, case: Case) -> dict[str, object]:
    conversation = await CaseRepository(session, None).conversation_of(case)
    return {
        "case_id": case.id,
        "number": case.number,
        "conversation_id": str(conversation) if conversation else None,
    }
