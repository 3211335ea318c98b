"""Changes of entries on their way: drafted, submitted, approved by a second person, published.

A draft holds what was typed, also unfinished; it is checked when it is submitted. Nobody approves
an own draft, and none is published over a version that came after the one it was made from.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from core.calendar import LOCAL
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.identity import Actor
from kb.drafts_repository import DraftRepository
from kb.loading import fingerprint
from kb.models import Entry, EntryDraft
from kb.permissions import APPROVERS, NOTICE_PUBLISHERS, require_unit, units_seen
from kb.problems import UNKNOWN_UNIT, problems_of
from kb.repository import KnowledgeRepository, content_of
from kb.schemas import CONTENTS, Content, Kind, Status

# States from which the author may take a draft up again.
_TAKEN_UP = ("submitted", "approved", "rejected", "discarded")


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
    require_unit(actor, unit)
    require_unit(actor, str(content.get("unit", unit)))
    if row is not None and row.kind != kind:
        raise Conflict("这个编码已用于另一类条目")
    if kind is Kind.NOTICE:
        raise InvalidInput("通知公告直接发布，不走草稿")
    if await DraftRepository(session, None).open_one(code) is not None:
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
    require_unit(actor, str(content.get("unit", draft.unit)))
    if draft.author != actor.login:
        raise NotAllowed("草稿只能由起草人修改")
    if draft.revision != revision:
        raise Conflict("草稿在别处又保存过，请核对后再保存")
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
    content = checked_content(draft)
    await _require_known_unit(session, content)
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
    """Give up an own draft that is not approved yet; `reopen_draft` brings it back."""
    draft = await _draft(session, actor, draft_id, "draft", "submitted")
    if draft.author != actor.login:
        raise NotAllowed("草稿只能由起草人放弃")
    draft.state, draft.updated_at = "discarded", now
    return draft


async def reopen_draft(
    session: AsyncSession, actor: Actor, draft_id: int, now: datetime
) -> EntryDraft:
    """Take an own draft up again: called back before it is published, sent back, or given up.

    Raises NotAllowed for anybody else, Conflict when it was published or the entry has another
    open draft.
    """
    draft = await _draft(session, actor, draft_id, *_TAKEN_UP)
    if draft.author != actor.login:
        raise NotAllowed("草稿只能由起草人修改")
    other = await DraftRepository(session, None).open_one(draft.code)
    if other is not None and other.id != draft.id:
        raise Conflict("这个条目已有未完成的修改")
    draft.state, draft.publish_on, draft.updated_at = "draft", None, now
    draft.revision += 1
    return draft


async def rebase_draft(
    session: AsyncSession, actor: Actor, draft_id: int, version: int, now: datetime
) -> EntryDraft:
    """Let an own draft follow on ``version``, which came after the one it was made from.

    Its author has seen what differs. Raises NotAllowed for anybody else, Conflict when that is not
    the version that holds.
    """
    draft = await _draft(session, actor, draft_id, "draft")
    if draft.author != actor.login:
        raise NotAllowed("草稿只能由起草人修改")
    row = await KnowledgeRepository(session).entry(draft.code)
    if row is None or row.version != version:
        raise Conflict("条目又有了新版本，请再核对一次")
    draft.based_on, draft.updated_at = version, now
    draft.revision += 1
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
    await KnowledgeRepository(session).lock()
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
    """Publish what was planned for today or before; the codes.

    While somebody else writes entries nothing is published: the next call does it. A draft whose
    entry changed since goes back as rejected, with that reason.
    """
    if not await KnowledgeRepository(session).lock_if_free():
        return []
    published = []
    due = await DraftRepository(session, None).due(now.astimezone(LOCAL).date())
    for draft in due:
        try:
            await _publish(session, draft, now)
        except (Conflict, InvalidInput) as error:
            draft.state, draft.decision_note = "rejected", error.message
            draft.updated_at = now
        else:
            published.append(draft.code)
    return published


async def end_entry(
    session: AsyncSession, actor: Actor, code: str, status: Status, reason: str, now: datetime
) -> Entry:
    """Stop answering from an entry at once: withdrawn (撤下), or void (作废) when it never held.

    An own unit's, or any for editors; a notice only for those who publish notices. Raises
    NotAllowed, NotFound (also for another unit's entry), Conflict when it is not published (a
    withdrawn one may still be declared void), InvalidInput without a reason.
    """
    repository = KnowledgeRepository(session)
    await repository.lock()
    row = await repository.entry(code, lock=True)
    units = units_seen(actor)
    if row is None or (units is not None and row.unit not in units):
        raise NotFound("没有这个条目")
    if row.kind == Kind.NOTICE:
        actor.require(*NOTICE_PUBLISHERS)
    if row.status == status or row.status == Status.VOID:
        raise Conflict("这个条目不在发布中")
    if not reason.strip():
        raise InvalidInput("请写明原因", fields={"reason": "请写明原因"})
    ended = await repository.store(
        content_of(row),
        status,
        row.version + 1,
        fingerprint=row.fingerprint,
        author=actor.login,
        reason=reason.strip(),
        at=now,
    )
    await repository.announce()
    return ended


def checked_content(draft: EntryDraft) -> Content:
    """What the draft says. Raises InvalidInput with what does not fit, by dotted field."""
    raw = {**draft.content, "code": draft.code, "version": draft.based_on + 1}
    try:
        return CONTENTS[Kind(draft.kind)].model_validate(raw)
    except ValidationError as error:
        fields = problems_of(error)
        raise InvalidInput("有的内容不符合要求", fields=fields) from error


async def _publish(session: AsyncSession, draft: EntryDraft, now: datetime) -> None:
    repository = KnowledgeRepository(session)
    row = await repository.entry(draft.code, lock=True)
    if (row.version if row else 0) != draft.based_on:
        raise Conflict("条目在起草后已有新版本，请重新起草")
    content = checked_content(draft)
    await _require_known_unit(session, content)
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
    draft = await DraftRepository(session, units_seen(actor)).draft(draft_id, lock=True)
    if draft is None:
        raise NotFound("没有这份草稿")
    if draft.state not in states:
        raise Conflict("这份草稿已处理")
    return draft


def _require_second(actor: Actor, draft: EntryDraft) -> None:
    actor.require(*APPROVERS)
    if actor.login == draft.author:
        raise NotAllowed("不能审核自己的草稿")


async def _require_known_unit(session: AsyncSession, content: Content) -> None:
    if content.unit not in await KnowledgeRepository(session).unit_codes():
        raise InvalidInput("没有这个单位", fields={"unit": UNKNOWN_UNIT})
