"""What was answered from which entry, and what found no answer, kept once per turn."""

from __future__ import annotations

import uuid

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.privacy import mask_text
from kb.choices import read_choice_value
from kb.models import GivenAnswer, OpenQuestion
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
        given = insert(GivenAnswer).values(
            code=answer.card["code"],
            version=answer.card["version"],
            aspects=list(answer.aspects),
            **said,
        )
        await session.execute(given.on_conflict_do_nothing(index_elements=["turn_id"]))
    elif answer.kind == "unknown":
        read = [read_choice_value(value) for _, value in answer.choices]
        nearest = [one.code for one in read if one is not None]
        found = insert(OpenQuestion).values(kind="unknown", nearest=nearest, **said)
        await session.execute(found.on_conflict_do_nothing(index_elements=["turn_id"]))
