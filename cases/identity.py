"""Who speaks in a case: kept apart, and in a secret case opened only by asking, on the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.history import record
from cases.masking import hide_person, tidy
from cases.models import CaseIdentity, IdentityOpening
from cases.repository import CaseRepository
from cases.states import IDENTITY_ROLES, Action
from cases.views import Identity, is_secret, opened, sees_identity
from core.errors import Conflict, InvalidInput, NotAllowed
from core.identity import Actor

MAX_REASON = 500


async def identity_of(session: AsyncSession, case_id: int) -> Identity | None:
    """Who speaks, for the line's own work (calling, telling, masking); never for a page.

    Without the conversation. None for a case that keeps nothing.
    """
    return opened(await session.get(CaseIdentity, case_id))


async def person_of(session: AsyncSession, case_id: int) -> tuple[str | None, str | None]:
    """Name and phone of who speaks, to take them out of words; None for what is not kept."""
    found = await identity_of(session, case_id)
    return (found.name, found.phone) if found else (None, None)


async def has_phone(session: AsyncSession, case_id: int) -> bool:
    """Whether there is a number to call."""
    wanted = exists().where(
        CaseIdentity.case_id == case_id, CaseIdentity.phone_encrypted.is_not(None)
    )
    return bool(await session.scalar(select(wanted)))


async def cases_of_phone(session: AsyncSession, phone_hash: str) -> Sequence[int]:
    """Ids of the cases filed under a phone number, newest first."""
    found = await session.scalars(
        select(CaseIdentity.case_id)
        .where(CaseIdentity.phone_hash == phone_hash)
        .order_by(CaseIdentity.case_id.desc())
    )
    return found.all()


async def open_identity(
    session: AsyncSession, actor: Actor, case_id: int, reason: str, now: datetime
) -> Identity:
    """Who speaks in a secret case. That it was opened, by whom and why, is kept.

    Of a case without secrecy whoever may read it knows already; nothing is kept then. Raises
    NotFound for a case the actor may not see, NotAllowed for a role that never learns it,
    InvalidInput without a reason, Conflict when nobody gave a name (anonymous).
    """
    case = await CaseRepository(session, actor).get(case_id)
    if is_secret(case):
        actor.require(*IDENTITY_ROLES)
    elif not case.anonymous and not sees_identity(actor, case):
        raise NotAllowed("没有权限查看诉求人")
    repository = CaseRepository(session, None)
    found = opened(await session.get(CaseIdentity, case_id), await repository.conversation_of(case))
    if case.anonymous or found is None:
        raise Conflict("这是匿名诉求，没有留下诉求人的身份")
    if is_secret(case):
        _check(reason)
        why = hide_person(tidy(reason), found.name, found.phone, secret=True)
        session.add(
            IdentityOpening(case_id=case.id, at=now, login=actor.login, role=actor.role, reason=why)
        )
        record(
            session,
            case,
            Action.OPEN_IDENTITY,
            now,
            actor,
            before=case.state,
            reason=why,
        )
        await session.flush()
    return found


def _check(reason: str) -> None:
    if not 0 < len(tidy(reason)) <= MAX_REASON:
        raise InvalidInput(
            "请写明查看诉求人身份的理由",
            fields={"reason": f"必须填写，不超过 {MAX_REASON} 字"},
        )
