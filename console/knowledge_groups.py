"""Groups of open questions as pages pass them on: by one of their questions, or by all ids shown."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request

from console.staff import Posted, Staff, database_of
from core.errors import InvalidInput, NotFound
from kb.endpoints import knowledge_of
from kb.feedback_repository import QuestionRepository
from kb.unanswered import LOOKED_AT, Group, by_meaning, open_questions

_GONE = "这组问题已经处理，请回到列表看看。"


async def find_group(request: Request, staff: Staff, question: int) -> Group:
    """The group that a question is in now. Raises NotFound when it is open no more, NotAllowed for
    all but editors and supervisors."""
    async with database_of(request).unit_of_work() as session:
        rows = await open_questions(session, staff.actor)
    groups = await by_meaning(rows, knowledge_of(request).encoder)
    found = next((group for group in groups if question in group.ids), None)
    if found is None:
        raise NotFound(_GONE)
    return found


async def same_group(request: Request, ids: Sequence[int]) -> Group:
    """The questions that the page showed, whatever came since. Raises NotFound."""
    async with database_of(request).unit_of_work() as session:
        rows = await QuestionRepository(session).open_ones(LOOKED_AT)
    kept = [row for row in rows if row.id in set(ids)]
    if not kept:
        raise NotFound(_GONE)
    return Group(tuple(row.id for row in kept), tuple(row.question for row in kept))


def given_ids(form: Posted) -> list[int]:
    """The questions that the page showed, none if it showed none."""
    given = form.form.getlist("id")
    found = [
        int(text)
        for text in given
        if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 18
    ]
    return found[:LOOKED_AT]


def ids_of(form: Posted) -> list[int]:
    """As `given_ids`. Raises InvalidInput when there are none."""
    found = given_ids(form)
    if not found:
        raise InvalidInput("页面内容不完整，请刷新后再试")
    return found


def wordings(group: Group) -> list[str]:
    """How a matter was asked, each wording once."""
    return list(dict.fromkeys(group.questions))
