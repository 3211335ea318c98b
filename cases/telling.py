"""What the citizen is told about a case without asking: put into the outbox with the change."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case
from cases.repository import CaseRepository
from core.outbox import publish

# Topic: a case was registered whose citizen saw no receipt; payload {case_id, number,
# conversation_id}.
CASE_FILED = "case_filed"
# Topic: the answer of a round; payload {case_id, number, conversation_id, round}.
CASE_ANSWERED = "case_answered"
# Topic: something in between; payload {case_id, number, conversation_id, text, key, link}.
CASE_PROGRESS = "case_progress"


async def tell_filed(session: AsyncSession, case: Case) -> None:
    """Send number and query code to a citizen who saw no receipt."""
    key = f"{CASE_FILED}:{case.id}"
    await publish(session, CASE_FILED, key, await _payload(session, case))


async def tell_answer(session: AsyncSession, case: Case) -> None:
    """Send the citizen the answer of the present round, with the invitation to rate it."""
    await publish(
        session,
        CASE_ANSWERED,
        f"{CASE_ANSWERED}:{case.id}:{case.round}",
        await _payload(session, case) | {"round": case.round},
    )


async def tell_citizen(session: AsyncSession, case: Case, key: str, text: str) -> None:
    """Send the citizen ``text`` about the case; ``key`` (within the case) makes it happen once.

    Those whose cases were merged into it hear it too, each under the own number.
    """
    told = await tell_only(session, case, key, text)
    for joined in await CaseRepository(session, None).merged_into(case.id):
        # Who told the matter twice in one conversation hears it once.
        if told is None or await _conversation(session, joined) != told:
            await tell_citizen(session, joined, key, text)


async def tell_only(
    session: AsyncSession, case: Case, key: str, text: str, *, link: tuple[str, str] | None = None
) -> str | None:
    """The same to the citizen of this case alone; returns the conversation, if there is one.

    ``link`` is a title and a path that a chat shows with it; text messages carry none.
    """
    payload = await _payload(session, case)
    topic_key = f"{CASE_PROGRESS}:{case.id}:{key}"
    await publish(
        session, CASE_PROGRESS, topic_key, payload | {"text": text, "key": key, "link": link}
    )
    conversation: str | None = payload["conversation_id"]
    return conversation


async def _payload(session: AsyncSession, case: Case) -> dict[str, Any]:
    return {
        "case_id": case.id,
        "number": case.number,
        "conversation_id": await _conversation(session, case),
    }


async def _conversation(session: AsyncSession, case: Case) -> str | None:
    conversation = await CaseRepository(session, None).conversation_of(case)
    return str(conversation) if conversation else None
