"""The code of a new entry: the next one in the row that its unit uses for that kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from kb.desk_repository import DeskRepository
from kb.drafts_repository import DraftRepository
from kb.schemas import Kind

_NUMBERED = re.compile(r"^(.*-)(\d+)$")
_DIGITS = 3
_LETTERS = {
    Kind.ITEM: "",
    Kind.POLICY: "POLICY-",
    Kind.LIFE_EVENT: "EVENT-",
    Kind.NOTICE: "NOTICE-",
}


async def free_code(session: AsyncSession, kind: Kind, unit: str) -> str:
    """A code that no entry and no draft has."""
    repository = DeskRepository(session, None)
    beginning = row_of(await repository.codes(kind, unit), kind, unit)
    drafts = await DraftRepository(session, None).codes(beginning)
    return next_code(beginning, drafts | await repository.taken(beginning))


def row_of(codes: Collection[str], kind: Kind, unit: str) -> str:
    """The beginning that most of a unit's ``codes`` share, or one made of its own code."""
    beginnings = Counter(found[1] for code in codes if (found := _NUMBERED.match(code)))
    if beginnings:
        return beginnings.most_common(1)[0][0]
    return _LETTERS[kind] + unit.upper().replace(".", "-") + "-"


def next_code(beginning: str, taken: Collection[str]) -> str:
    """The number after the last one of those ``taken``, as long as theirs."""
    numbers = [
        found[2] for code in taken if (found := _NUMBERED.match(code)) and found[1] == beginning
    ]
    length = max(map(len, numbers), default=_DIGITS)
    return f"{beginning}{max(map(int, numbers), default=0) + 1:0{length}}"
