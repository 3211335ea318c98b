"""Windows (窗口) whose printed code leads citizens to a page of reviews. Nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.masking import tidy
from core.errors import Conflict, InvalidInput, NotFound
from core.identity import UNIT_ROLES, Actor, Role
from core.privacy import new_token
from reviews.models import ServiceWindow

WINDOW_ROLES = frozenset({Role.SUPERVISOR}) | UNIT_ROLES
_LENGTHS = {"number": 40, "place": 200}


def window_path(window: ServiceWindow) -> str:
    """Path of the public page: ``/w/<code>``."""
    return f"/w/{window.code}"


async def windows_of(session: AsyncSession, actor: Actor) -> Sequence[ServiceWindow]:
    """Those in use that the actor looks after: a unit its own, a supervisor all. Raises NotAllowed."""
    actor.require(*WINDOW_ROLES)
    query = select(ServiceWindow).where(ServiceWindow.closed_at.is_(None))
    if actor.role in UNIT_ROLES:
        query = query.where(ServiceWindow.unit.in_(actor.units))
    order = ServiceWindow.unit, ServiceWindow.place, ServiceWindow.number
    return (await session.scalars(query.order_by(*order))).all()


async def window_of(session: AsyncSession, actor: Actor, window_id: int) -> ServiceWindow:
    """One in use. Raises NotAllowed, NotFound also for another unit's."""
    actor.require(*WINDOW_ROLES)
    found = await session.get(ServiceWindow, window_id)
    hidden = actor.role in UNIT_ROLES and found is not None and found.unit not in actor.units
    if found is None or hidden or found.closed_at is not None:
        raise NotFound("没有这个窗口，或已经停用")
    return found


async def window_by_code(session: AsyncSession, code: str) -> ServiceWindow:
    """What a scanned code means. Raises NotFound for a forged one and for one out of use."""
    query = select(ServiceWindow).where(
        ServiceWindow.code == code.replace("\x00", ""), ServiceWindow.closed_at.is_(None)
    )
    found: ServiceWindow | None = await session.scalar(query)
    if found is None:
        raise NotFound("这个窗口的评价二维码不对，或已经停用；可以拨打 12345 评价")
    return found


async def open_window(
    session: AsyncSession, actor: Actor, unit: str, number: str, place: str, now: datetime
) -> ServiceWindow:
    """Give window ``number`` of ``unit`` at ``place`` (an address) a code.

    Raises NotAllowed, NotFound for another unit, InvalidInput, Conflict for one that has a code.
    """
    actor.require(*WINDOW_ROLES)
    if actor.role in UNIT_ROLES and unit not in actor.units:
        raise NotFound("没有这个单位")
    typed = {"number": tidy(number), "place": tidy(place)}
    wrong = {
        name: f"必须填写，不超过 {most} 字"
        for name, most in _LENGTHS.items()
        if not 0 < len(typed[name]) <= most
    }
    if wrong:
        raise InvalidInput("窗口的信息不完整", fields=wrong)
    made = await session.scalar(
        insert(ServiceWindow)
        .values(unit=unit, **typed, code=new_token(), made_at=now, made_by=actor.login)
        .on_conflict_do_nothing()
        .returning(ServiceWindow.id)
    )
    if made is None:
        raise Conflict("这个窗口已经有二维码")
    return await session.get_one(ServiceWindow, made)


async def close_window(session: AsyncSession, actor: Actor, window_id: int, now: datetime) -> None:
    """Take the code out of use: what is printed leads nowhere. Raises as `window_of`."""
    one = await window_of(session, actor, window_id)
    one.closed_at, one.closed_by = now, actor.login
