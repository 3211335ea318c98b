"""How many past questions an entry would answer once a draft of it is published."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kb.deciding import ANSWER_FROM
from kb.documents import draft_document
from kb.schemas import Kind
from kb.search import EntrySearch
from kb.service import KnowledgeBase


@dataclass(frozen=True)
class Preview:
    """Ids of the questions that the entry answers now, and would then."""

    before: frozenset[int]
    after: frozenset[int]


async def preview(
    knowledge: KnowledgeBase,
    kind: Kind,
    code: str,
    raw: Mapping[str, Any],
    questions: Sequence[tuple[int, str]],
    today: date,
) -> Preview:
    """What of ``questions`` (id, wording) the entry of that code answers, and would as ``raw``.

    ``raw`` may be unfinished. A question counts when the entry comes first and is sure enough to be
    answered from.
    """
    then = await knowledge.search_with(draft_document(kind, code, raw))
    now = knowledge.search_now
    return await asyncio.to_thread(
        lambda: Preview(
            _answered(now, code, questions, today), _answered(then, code, questions, today)
        )
    )


def _answered(
    search: EntrySearch, code: str, questions: Sequence[tuple[int, str]], today: date
) -> frozenset[int]:
    found = ((number, search.search(text, 1, today)) for number, text in questions)
    return frozenset(
        number
        for number, hits in found
        if hits and hits[0].code == code and hits[0].score >= ANSWER_FROM
    )
