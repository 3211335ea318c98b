"""Questions nobody could answer, grouped by meaning, so that one entry may answer many.

With a sentence encoder questions are alike by meaning; without one by the pairs of characters
they share, which groups worse but usefully.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import InvalidInput, NotFound
from core.identity import Actor
from kb.drafts_repository import DraftRepository
from kb.feedback_repository import QuestionRepository
from kb.models import OpenQuestion
from kb.permissions import EDITORS
from kb.repository import KnowledgeRepository
from language.encoder import Encoder

# Cosine from which two questions are one matter [D].
ALIKE_BY_MEANING = 0.78
ALIKE_BY_CHARACTERS = 0.5
# Open questions that are looked at together, the newest.
LOOKED_AT = 2000
_PLACES = 4096


@dataclass(frozen=True)
class Group:
    """Questions about one matter, ids and wordings the newest first."""

    ids: tuple[int, ...]
    questions: tuple[str, ...]

    @property
    def count(self) -> int:
        """How often it was asked."""
        return len(self.ids)


def grouped(questions: Sequence[tuple[int, str]], encoder: Encoder | None) -> list[Group]:
    """``questions`` (id and wording, newest first) by what they are about, the most asked first.

    Each goes to the first question it is alike to, so a group never drifts from its first.
    """
    if not questions:
        return []
    texts = [text for _, text in questions]
    if encoder is None:
        vectors, alike = _characters(texts), ALIKE_BY_CHARACTERS
    else:
        vectors, alike = encoder.encode(texts), ALIKE_BY_MEANING
    heads: list[int] = []
    members: list[list[int]] = []
    for row in range(len(texts)):
        scores = vectors[heads] @ vectors[row] if heads else np.zeros(0, dtype=np.float32)
        best = int(scores.argmax()) if heads else -1
        if best >= 0 and scores[best] >= alike:
            members[best].append(row)
        else:
            heads.append(row)
            members.append([row])
    groups = [
        Group(tuple(questions[row][0] for row in rows), tuple(texts[row] for row in rows))
        for rows in members
    ]
    return sorted(groups, key=lambda group: -group.count)


async def open_questions(session: AsyncSession, actor: Actor) -> Sequence[OpenQuestion]:
    """Open questions, the newest first. Raises NotAllowed for all but editors and supervisors."""
    actor.require(*EDITORS)
    return await QuestionRepository(session).open_ones(LOOKED_AT)


async def by_meaning(questions: Sequence[OpenQuestion], encoder: Encoder | None) -> list[Group]:
    """As `grouped`, in a thread: two thousand new questions take the encoder a minute."""
    asked = [(row.id, row.question) for row in questions]
    return await asyncio.to_thread(grouped, asked, encoder)


async def settle_questions(
    session: AsyncSession, actor: Actor, ids: Sequence[int], code: str, now: datetime
) -> int:
    """Take questions off the list because the entry of that code, or the one that is being drafted,
    answers them; how many it were.

    Raises NotAllowed for all but editors and supervisors, NotFound for an unknown entry.
    """
    actor.require(*EDITORS)
    if (
        await KnowledgeRepository(session).entry(code) is None
        and await DraftRepository(session, None).open_one(code) is None
    ):
        raise NotFound("没有这个条目")
    return await QuestionRepository(session).settle(ids, by=actor.login, code=code, note="", at=now)


async def dismiss_questions(
    session: AsyncSession, actor: Actor, ids: Sequence[int], note: str, now: datetime
) -> int:
    """Take questions off the list that are not the line's to answer, with the reason; how many.

    Raises NotAllowed as above, InvalidInput without a reason.
    """
    actor.require(*EDITORS)
    if not note.strip():
        raise InvalidInput("请写明理由", fields={"note": "请写明理由"})
    return await QuestionRepository(session).settle(
        ids, by=actor.login, code=None, note=note.strip(), at=now
    )


async def reopen_questions(session: AsyncSession, actor: Actor, ids: Sequence[int]) -> int:
    """Put questions back on the list; how many it were. Raises NotAllowed as above."""
    actor.require(*EDITORS)
    return await QuestionRepository(session).reopen(ids)


def _characters(texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors of the pairs of characters in each text, in a fixed number of places."""
    vectors = np.zeros((len(texts), _PLACES), dtype=np.float32)
    for row, text in enumerate(texts):
        plain = "".join(character for character in text if character.isalnum())
        pairs = {plain[at : at + 2] for at in range(max(len(plain) - 1, 1))}
        columns = sorted({crc32(pair.encode()) % _PLACES for pair in pairs})
        vectors[row, columns] = 1 / np.sqrt(len(columns))
    return vectors
