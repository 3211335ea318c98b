"""Changes of entries on their way: drafted, submitted, approved by a second person, published.

A draft holds what was typed, also unfinished; it is checked when it is submitted. Nobody approves
an own draft, and none is published over a version that came after the one it was made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.calendar import LOCAL
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.identity import Actor, Role
from kb.loading import fingerprint
from kb.models import Entry, EntryDraft
from kb.permissions import units_seen
from kb.repository import KnowledgeRepository, content_of
from kb.schemas import CONTENTS, Content, Kind, Status

OPEN_STATES = ("draft", "submitted", "approved")


async def start_draft(
    session: AsyncSession,
    actor: Actor,
    kind: Kind,
    code: str,
    content: dict[str, Any],
    now: datetime,
) -> EntryDraft:
    """Begin a change of the entry of that code, or a new entry; ``content`` may be unfinished.

    Raises NotAllowed for another unit's entry, Conflict when somebody already drafts it or the
    code belongs to an entry of another kind.
    """
    row = await KnowledgeRepository(session).entry(code, lock=True)
    unit = str(row.unit if row else content.get("unit", ""))
    _require_unit(actor, unit)
    _require_unit(actor, str(content.get("unit", unit)))
    if row is not None and row.kind != kind:
        raise Conflict("这个编码已用于另一类条目")
    if kind is Kind.NOTICE:
        raise InvalidInput("通知公告直接发布，不走草稿")
    busy = await session.scalar(
        select(EntryDraft.author).where(EntryDraft.code == code, EntryDraft.state.in_(OPEN_STATES))
    )
    if busy is not None:
        raise Conflict("这个条目已有未完成的修改")
    draft = EntryDraft(
        code=code,
        kind=kind,
        unit=unit,
        based_on=row.version if row else 0,
        content=content,
        author=actor.login,
        state="draft",
        created_at=now,
        updated_at=now,
    )
    session.add(draft)
    await session.flush()
    return draft


async def save_draft(
    session: AsyncSession,
    actor: Actor,
    draft_id: int,
    revision: int,
    content: dict[str, Any],
    now: datetime,
) -> EntryDraft:
    """Keep what its author typed, also unfinished.

    Raises NotAllowed for anybody else, Conflict when it was saved since ``revision`` or submitted.
    """
    draft = await _draft(session, actor, draft_id, "draft")
    _require_unit(actor, str(content.get("unit", draft.unit)))
    if draft.revision != revision:
        raise Conflict("草稿已被他人修改，请重新打开")
    if draft.author != actor.login:
        raise NotAllowed("草稿只能由起草人修改")
    draft.content, draft.unit = content, str(content.get("unit", draft.unit))
    draft.revision, draft.updated_at = revision + 1, now
    return draft


async def submit_draft(
    session: AsyncSession, actor: Actor, draft_id: int, reason: str, now: datetime
) -> EntryDraft:
    """Hand the draft to a second person. Raises InvalidInput with each field that does not fit."""
    draft = await _draft(session, actor, draft_id, "draft")
    if draft.author != actor.login:
        raise NotAllowed("草稿只能由起草人提交")
    if not reason.strip():
        raise InvalidInput("请写明修改原因", fields={"reason": "请写明修改原因"})
    checked_content(draft)
    draft.state, draft.reason, draft.updated_at = "submitted", reason.strip(), now
    return draft


async def reject_draft(
    session: AsyncSession, actor: Actor, draft_id: int, note: str, now: datetime
) -> EntryDraft:
    """Send the draft back for good, with the reason. Raises as `approve_draft` does."""
    draft = await _draft(session, actor, draft_id, "submitted")
    _require_second(actor, draft)
    if not note.strip():
        raise InvalidInput("请写明退回原因", fields={"note": "请写明退回原因"})
    draft.state, draft.decided_by, draft.decision_note = "rejected", actor.login, note.strip()
    draft.updated_at = now
    return draft


async def discard_draft(
    session: AsyncSession, actor: Actor, draft_id: int, now: datetime
) -> EntryDraft:
    """Give up an own draft that is not approved yet."""
    draft = await _draft(session, actor, draft_id, "draft", "submitted")
    if draft.author != actor.login:
        raise NotAllowed("草稿只能由起草人放弃")
    draft.state, draft.updated_at = "discarded", now
    return draft


async def approve_draft(
    session: AsyncSession,
    actor: Actor,
    draft_id: int,
    now: datetime,
    publish_on: date | None = None,
) -> EntryDraft:
    """Approve somebody else's draft and publish it, at once or on a coming day.

    Raises NotAllowed for the author and for roles that do not approve, Conflict when the draft was
    decided or the entry changed since it was begun, InvalidInput for a day that has passed.
    """
    draft = await _draft(session, actor, draft_id, "submitted")
    _require_second(actor, draft)
    today = now.astimezone(LOCAL).date()
    if publish_on is not None and publish_on < today:
        raise InvalidInput("发布日期已过", fields={"publish_on": "发布日期已过"})
    draft.state, draft.decided_by, draft.updated_at = "approved", actor.login, now
    draft.publish_on = publish_on
    if publish_on is None or publish_on == today:
        await _publish(session, draft, now)
    return draft


async def publish_due(session: AsyncSession, now: datetime) -> list[str]:
    """Publish what was planned for today or before; the codes. Several workers share the drafts.

    A draft whose entry changed since goes back as rejected, with that reason.
    """
    query = (
        select(EntryDraft)
        .where(
            EntryDraft.state == "approved", EntryDraft.publish_on <= now.astimezone(LOCAL).date()
        )
        .order_by(EntryDraft.id)
        .with_for_update(skip_locked=True)
    )
    published = []
    for draft in (await session.scalars(query)).all():
        try:
            await _publish(session, draft, now)
        except (Conflict, InvalidInput) as error:
            draft.state, draft.decision_note = "rejected", error.message
            draft.updated_at = now
        else:
            published.append(draft.code)
    return published


async def withdraw_entry(
    session: AsyncSession, actor: Actor, code: str, reason: str, now: datetime
) -> Entry:
    """Stop answering from a published entry, at once; an own unit's, or any for editors.

    Raises NotFound (also for another unit's entry), Conflict when it is not published, InvalidInput
    without a reason.
    """
    repository = KnowledgeRepository(session)
    row = await repository.entry(code, lock=True)
    units = units_seen(actor)
    if row is None or (units is not None and row.unit not in units):
        raise NotFound("没有这个条目")
    if row.status != Status.PUBLISHED:
        raise Conflict("这个条目不在发布中")
    if not reason.strip():
        raise InvalidInput("请写明撤下原因", fields={"reason": "请写明撤下原因"})
    ended = await repository.store(
        content_of(row),
        Status.WITHDRAWN,
        row.version + 1,
        fingerprint=row.fingerprint,
        author=actor.login,
        reason=reason.strip(),
        at=now,
    )
    await repository.announce()
    return ended


async def drafts_seen(session: AsyncSession, actor: Actor) -> Sequence[EntryDraft]:
    """Open drafts that the actor may see, the one that waits longest first."""
    query = select(EntryDraft).where(EntryDraft.state.in_(OPEN_STATES))
    units = units_seen(actor)
    if units is not None:
        query = query.where(EntryDraft.unit.in_(units))
    return (await session.scalars(query.order_by(EntryDraft.updated_at, EntryDraft.id))).all()


def checked_content(draft: EntryDraft) -> Content:
    """What the draft says. Raises InvalidInput with what does not fit, by dotted field."""
    raw = {**draft.content, "code": draft.code, "version": draft.based_on + 1}
    try:
        return CONTENTS[Kind(draft.kind)].model_validate(raw)
    except ValidationError as error:
        fields = {
            ".".join(str(step) for step in problem["loc"]) or "entry": problem["msg"]
            for problem in error.errors()
        }
        raise InvalidInput("有的内容不符合要求", fields=fields) from error


async def _publish(session: AsyncSession, draft: EntryDraft, now: datetime) -> None:
    repository = KnowledgeRepository(session)
    row = await repository.entry(draft.code, lock=True)
    if (row.version if row else 0) != draft.based_on:
        raise Conflict("条目在起草后已有新版本，请重新起草")
    content = checked_content(draft)
    if content.unit not in await repository.unit_codes():
        raise InvalidInput("没有这个单位", fields={"unit": "没有这个单位"})
    await repository.store(
        content,
        Status.PUBLISHED,
        draft.based_on + 1,
        fingerprint=fingerprint(content),
        author=draft.author,
        approver=draft.decided_by,
        reason=draft.reason,
        at=now,
    )
    draft.state, draft.updated_at = "published", now
    await repository.announce()


async def _draft(session: AsyncSession, actor: Actor, draft_id: int, *states: str) -> EntryDraft:
    query = select(EntryDraft).where(EntryDraft.id == draft_id)
    units = units_seen(actor)
    if units is not None:
        query = query.where(EntryDraft.unit.in_(units))
    draft: EntryDraft | None = await session.scalar(query.with_for_update())
    if draft is None:
        raise NotFound("没有这份草稿")
    if draft.state not in states:
        raise Conflict("这份草稿已处理")
    return draft


def _require_unit(actor: Actor, unit: str) -> None:
    units = units_seen(actor)
    if units is not None and unit not in units:
        raise NotAllowed("只能起草本单位的条目")


def _require_second(actor: Actor, draft: EntryDraft) -> None:
    actor.require(Role.SUPERVISOR, Role.KNOWLEDGE_EDITOR, Role.UNIT_LEADER)
    if actor.login == draft.author:
        raise NotAllowed("不能审核自己的草稿")
