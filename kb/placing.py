"""A group of questions given to an entry: as another name, as wordings, or as a common question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Conflict, InvalidInput, NotFound
from core.identity import Actor
from kb.drafts import save_draft, start_draft
from kb.drafts_repository import DraftRepository
from kb.models import EntryDraft
from kb.permissions import EDITORS
from kb.repository import KnowledgeRepository
from kb.schemas import Kind
from kb.unanswered import settle_questions


class As(StrEnum):
    """What the questions become in the entry."""

    ALIAS = "alias"
    WORDING = "wording"
    FAQ = "faq"


@dataclass(frozen=True)
class Placed:
    """What is added to an entry: ``lines`` as they are told apart, ``answer`` to a common question."""

    become: As
    lines: Sequence[str]
    answer: str = ""


def with_placed(kind: Kind, content: Mapping[str, Any], placed: Placed) -> dict[str, Any]:
    """``content`` with what is added; what it says already is not said twice. Pure."""
    if placed.become is As.FAQ:
        field = "interpretation" if kind is Kind.POLICY else "faq"
        added = [{"q": line, "a": placed.answer} for line in placed.lines]
        return {**content, field: [*content.get(field, []), *added]}
    field = "aliases" if placed.become is As.ALIAS else "questions"
    known = list(content.get(field, []))
    return {**content, field: [*known, *(line for line in placed.lines if line not in known)]}


async def place(
    session: AsyncSession,
    actor: Actor,
    code: str,
    placed: Placed,
    ids: Sequence[int],
    now: datetime,
) -> EntryDraft:
    """Draft the entry with what is added, in the actor's own draft if there is one, and take the
    questions off the list.

    Raises NotAllowed for all but editors and supervisors, NotFound for an unknown entry, Conflict
    while somebody else changes it, InvalidInput when nothing is to be added.
    """
    actor.require(*EDITORS)
    entry = await KnowledgeRepository(session).entry(code)
    if entry is None:
        raise NotFound("没有这个条目")
    if not placed.lines:
        raise InvalidInput("请写明要加的内容", fields={"lines": "请至少写一行"})
    if placed.become is As.FAQ and not placed.answer:
        raise InvalidInput("请写明回答", fields={"answer": "请写明回答"})
    kind = Kind(entry.kind)
    draft = await DraftRepository(session, None).open_one(code)
    if draft is None:
        kept = {k: v for k, v in entry.content.items() if k not in ("code", "version")}
        content = with_placed(kind, kept | {"unit": entry.unit}, placed)
        draft = await start_draft(session, actor, kind, code, content, now)
    elif draft.author == actor.login and draft.state == "draft":
        content = with_placed(kind, draft.content, placed)
        draft = await save_draft(session, actor, draft.id, draft.revision, content, now)
    else:
        raise Conflict("这个条目正有别的修改在进行，等它发布或放弃后再加")
    await settle_questions(session, actor, ids, code, now)
    return draft
