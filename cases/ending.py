"""Ending an answered case, or having it done again, by a person who looked at it on its page.

What the callback desk does with a call follows from the citizen's words (`cases.callback`); here
somebody decides without one, and says why. The call that still waits is not made.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.acting import begin, need
from cases.closing import close_case, rework
from cases.masking import tidy
from cases.models import Case
from cases.repository import CaseRepository
from cases.states import Action
from cases.vocabulary import CallbackState
from core.errors import InvalidInput
from core.identity import Actor


async def close_by_hand(
    session: AsyncSession, actor: Actor, case_id: int, version: int, reason: str, now: datetime
) -> Case:
    """Close a case that waits for its callback (结案). Raises InvalidInput without a reason."""
    case, _ = await begin(session, actor, case_id, version, Action.CLOSE)
    if not tidy(reason):
        raise InvalidInput("请写明不再回访的原因", fields={"reason": "必须填写"})
    await _skip_callback(session, actor, case, reason, now)
    await close_case(session, actor, case, now, reason=reason)
    return case


async def rework_by_hand(
    session: AsyncSession, actor: Actor, case_id: int, version: int, reason: str, now: datetime
) -> Case:
    """Have the leading unit do an answered case again (重办)."""
    case, _ = await begin(session, actor, case_id, version, Action.REWORK)
    need(Action.REWORK, reason=reason)
    await _skip_callback(session, actor, case, reason, now)
    await rework(session, actor, case, reason, now)
    return case


async def _skip_callback(
    session: AsyncSession, actor: Actor, case: Case, reason: str, now: datetime
) -> None:
    callback = await CaseRepository(session, None).callback(case.id)
    if callback is None or callback.state != CallbackState.WAITING:
        return
    callback.state, callback.note = CallbackState.SKIPPED, tidy(reason)
    callback.done_by, callback.done_at = actor.login, now
    callback.claimed_by = callback.claimed_at = callback.not_before = None
