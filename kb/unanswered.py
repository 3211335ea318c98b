"""Questions nobody could answer, grouped by meaning, so that one entry may answer many.

With a sentence encoder questions are alike by meaning; without one by the pairs of characters
they share, which groups worse but usefully.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound
from core.identity import Actor, Role
from kb.models import Entry, OpenQuestion
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


async def open_groups(session: AsyncSession, actor: Actor, encoder: Encoder | None) -> list[Group]:
    """Open questions grouped by meaning. Raises NotAllowed for all but editors and supervisors."""
    actor.require(Role.KNOWLEDGE_EDITOR, Role.SUPERVISOR)
    query = (
        select(OpenQuestion.id, OpenQuestion.question)
        .where(OpenQuestion.settled_at.is_(None))
        .order_by(OpenQuestion.at.desc(), OpenQuestion.id.desc())
        .limit(LOOKED_AT)
    )
    rows = await session.execute(query)
    return grouped([(number, text) for number, text in rows.tuples()], encoder)


async def settle_questions(
    session: AsyncSession, actor: Actor, ids: Sequence[int], code: str, now: datetime
) -> int:
    """Take questions off the list because the entry of that code answers them; how many it were.

    Raises NotAllowed for all but editors and supervisors, NotFound for an unknown entry.
    """
    actor.require(Role.KNOWLEDGE_EDITOR, Role.SUPERVISOR)
    if await session.get(Entry, code) is None:
        raise NotFound("没有这个条目")
    settled = await session.scalars(
        update(OpenQuestion)
        .where(OpenQuestion.id.in_(ids), OpenQuestion.settled_at.is_(None))
        .values(settled_by=actor.login, settled_code=code, settled_at=now)
        .returning(OpenQuestion.id)
    )
    return len(settled.all())


def _characters(texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors of the pairs of characters in each text, in a fixed number of places."""
    vectors = np.zeros((len(texts), _PLACES), dtype=np.float32)
    for row, text in enumerate(texts):
        plain = "".join(character for character in text if character.isalnum())
        pairs = {plain[at : at + 2] for at in range(max(len(plain) - 1, 1))}
        columns = sorted({crc32(pair.encode()) % _PLACES for pair in pairs})
        vectors[row, columns] = 1 / np.sqrt(len(columns))
    return vectors
