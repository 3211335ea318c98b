"""Notices of what happens now (停水, 暴雨): a supervisor publishes them at once, and ends them early.

They wait for no second person: what they tell is over before one would have looked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from core.calendar import LOCAL
from core.errors import InvalidInput
from core.identity import Actor
from kb.codes import next_code
from kb.desk_repository import DeskRepository
from kb.drafts import end_entry
from kb.loading import fingerprint
from kb.models import Entry
from kb.permissions import NOTICE_PUBLISHERS
from kb.problems import UNKNOWN_AREA, UNKNOWN_UNIT, problems_of
from kb.repository import KnowledgeRepository
from kb.schemas import NoticeContent, Status
from units.gazetteer import AREAS
from units.repository import UnitRepository


async def publish_notice(
    session: AsyncSession, actor: Actor, raw: Mapping[str, Any], now: datetime
) -> Entry:
    """Tell ``raw`` to everybody it concerns from its beginning to its end.

    Raises NotAllowed for all but supervisors, InvalidInput with each field that does not fit.
    """
    actor.require(*NOTICE_PUBLISHERS)
    repository = KnowledgeRepository(session)
    await repository.lock()
    beginning = f"NOTICE-{now.astimezone(LOCAL):%Y%m%d}-"
    code = next_code(beginning, await DeskRepository(session, None).taken(beginning))
    try:
        content = NoticeContent.model_validate({**raw, "code": code, "version": 1})
    except ValidationError as error:
        raise InvalidInput("有的内容不符合要求", fields=problems_of(error)) from error
    if content.ends_at <= now:
        raise InvalidInput("结束时间已过", fields={"ends_at": "结束时间已过"})
    if content.unit not in await repository.unit_codes():
        raise InvalidInput("没有这个单位", fields={"unit": UNKNOWN_UNIT})
    areas = await UnitRepository(session).places(kinds=AREAS)
    if not {area.code for area in areas} >= set(content.areas):
        raise InvalidInput("没有这个地区", fields={"areas": UNKNOWN_AREA})
    entry = await repository.store(
        content,
        Status.PUBLISHED,
        1,
        fingerprint=fingerprint(content),
        author=actor.login,
        reason="发布通知",
        at=now,
    )
    await repository.announce()
    return entry


async def end_notice(session: AsyncSession, actor: Actor, code: str, now: datetime) -> Entry:
    """Stop telling a notice before its end. Raises NotAllowed, NotFound, Conflict when it ended."""
    actor.require(*NOTICE_PUBLISHERS)
    return await end_entry(session, actor, code, Status.WITHDRAWN, "提前结束", now)
