"""What was answered from which entry, and what found no answer, kept once per turn."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from core.database import now
from core.privacy import mask_text
from kb.aspects import leftover
from kb.choices import read_choice_value
from kb.feedback import QuestionKind, record_question
from kb.feedback_repository import FeedbackRepository, QuestionRepository
from kb.reply import Answer


async def record(
    session: AsyncSession,
    answer: Answer,
    question: str,
    conversation: uuid.UUID,
    turn: uuid.UUID,
) -> None:
    """Keep an answer given from an entry, or a question that found none; others leave no trace.

    The question is masked. A turn is recorded once, however often its action runs.
    """
    said = {"question": mask_text(question), "conversation_id": conversation, "turn_id": turn}
    if answer.card is not None:
        await FeedbackRepository(session, None).add_answer(
            {
                "code": answer.card["code"],
                "version": answer.card["version"],
                "aspects": list(answer.aspects),
                **said,
            }
        )
    elif answer.kind == "unknown":
        await QuestionRepository(session).add(
            {"kind": QuestionKind.UNKNOWN, "nearest": _nearest(answer), **said}
        )


async def record_unclear(
    session: AsyncSession,
    answer: Answer,
    question: str,
    conversation: uuid.UUID,
    turn: uuid.UUID,
) -> None:
    """Keep, masked and once a turn, what was not understood; ``answer`` is what came nearest.

    Words that name no matter at all are not kept.
    """
    if not leftover(question):
        return
    await record_question(
        session,
        question,
        QuestionKind.UNCLEAR,
        now(),
        nearest=_nearest(answer),
        conversation_id=conversation,
        turn_id=turn,
    )


def _nearest(answer: Answer) -> list[str]:
    """Codes of the entries that are offered."""
    read = (read_choice_value(value) for _, value in answer.choices)
    return [one.code for one in read if one is not None]
