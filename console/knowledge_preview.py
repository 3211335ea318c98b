"""How many of the questions nobody could answer a draft would answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import Request

from console.knowledge_words import local_today
from console.staff import database_of
from kb.endpoints import knowledge_of
from kb.feedback_repository import QuestionRepository
from kb.preview import Preview, preview
from kb.schemas import Kind
from kb.unanswered import LOOKED_AT

# Other open questions that are asked as well, the newest.
_ALSO_ASKED = 150


async def preview_draft(
    request: Request, kind: Kind, code: str, raw: dict[str, Any], among: Sequence[int] = ()
) -> tuple[Preview, dict[int, str]]:
    """What of the past questions the entry would answer as ``raw``; ``among`` are asked in any
    case, and those put to the entry before."""
    async with database_of(request).unit_of_work() as session:
        repository = QuestionRepository(session)
        wanted = set(among)
        rows = await repository.open_ones(LOOKED_AT)
        asked = {row.id: row.question for row in rows if row.id in wanted}
        others = [row for row in rows if row.id not in wanted][:_ALSO_ASKED]
        others += await repository.answered_by(code, _ALSO_ASKED)
        asked |= {row.id: row.question for row in others}
    found = await preview(
        knowledge_of(request), kind, code, raw, list(asked.items()), local_today()
    )
    return found, asked
