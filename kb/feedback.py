"""What citizens thought of an answer: an unhelpful one is a task of the owning unit with a clock.

Questions are kept masked: whoever reads them needs the wording, never the person.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from core.calendar import add_working_days
from core.calendar_store import load_calendar
from core.errors import Conflict, InvalidInput, NotFound
from core.identity import Actor
from core.privacy import mask_text
from kb.feedback_repository import FeedbackRepository, QuestionRepository
from kb.models import Entry, Feedback
from kb.permissions import units_seen

# Working days the owning unit has to look at an answer that did not help.
LOOKED_AT_WITHIN = 3


class Outcome(StrEnum):
    """What looking at an unhelpful answer came to."""

    CORRECTED = "corrected"
    EXPLAINED = "explained"
    NO_CHANGE = "no_change"


class QuestionKind(StrEnum):
    """Why a question stays open."""

    UNKNOWN = "unknown"
    UNCLEAR = "unclear"
    UNHELPFUL = "unhelpful"


async def record_feedback(
    session: AsyncSession, answer_id: int, helpful: bool, reason: str, now: datetime
) -> Feedback:
    """Keep what a citizen thought of an answer; an unhelpful one gets its task and its question.

    Said once an answer: a second word on the same answer leaves the first. Raises NotFound.
    """
    repository = FeedbackRepository(session, None)
    answer = await repository.answer(answer_id)
    if answer is None:
        raise NotFound("没有这条答复")
    said = await repository.on_answer(answer_id)
    if said is not None:
        return said
    entry = await session.get(Entry, answer.code)
    if entry is None:
        raise NotFound("没有这个条目")
    calendar = None if helpful else await load_calendar(session)
    feedback = Feedback(
        answer_id=answer_id,
        helpful=helpful,
        reason=mask_text(reason.strip()),
        code=answer.code,
        unit=entry.unit,
        at=now,
        due_at=calendar and add_working_days(calendar, now, LOOKED_AT_WITHIN).at,
        state="done" if helpful else "open",
    )
    session.add(feedback)
    await session.flush()
    if not helpful:
        await record_question(
            session,
            answer.question,
            QuestionKind.UNHELPFUL,
            now,
            nearest=[answer.code],
            conversation_id=answer.conversation_id,
            turn_id=answer.turn_id,
        )
    return feedback


async def record_question(
    session: AsyncSession,
    question: str,
    kind: QuestionKind,
    now: datetime,
    *,
    nearest: Sequence[str] = (),
    conversation_id: uuid.UUID | None = None,
    turn_id: uuid.UUID | None = None,
) -> None:
    """Keep a question that found nothing, or whose answer did not help; once a turn."""
    row = {
        "question": mask_text(question.strip()),
        "kind": kind.value,
        "nearest": list(nearest),
        "conversation_id": conversation_id,
        "turn_id": turn_id,
        "at": now,
    }
    await QuestionRepository(session).add(row)


async def settle_feedback(
    session: AsyncSession, actor: Actor, feedback_id: int, outcome: str, note: str, now: datetime
) -> Feedback:
    """Close the task of an unhelpful answer with what it came to.

    Raises NotAllowed, NotFound (also for another unit's), Conflict when it is done, InvalidInput
    for an unknown outcome or when nothing changes and nobody says why.
    """
    feedback = await FeedbackRepository(session, units_seen(actor)).task(feedback_id)
    if feedback is None:
        raise NotFound("没有这条反馈")
    if feedback.state != "open":
        raise Conflict("这条反馈已经处理")
    if outcome not in set(Outcome):
        raise InvalidInput("请选择处理结果", fields={"outcome": "请选择处理结果"})
    if outcome == Outcome.NO_CHANGE and not note.strip():
        raise InvalidInput("请写明不改的理由", fields={"note": "请写明不改的理由"})
    feedback.state, feedback.outcome, feedback.note = "done", outcome, note.strip()
    feedback.handled_by, feedback.done_at = actor.login, now
    return feedback
