"""Notices to staff: what a unit, or a role of the line, must know about a case.

A notice names the case by number and title and never says who speaks in it. Its key makes it
unique, so that two workers, or a retry, send it once.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.models import Case, StaffNotice
from core.identity import Role
from units.tree import UnitTree

NOTICE_NAMES = {
    "dispatch": "新派工单，请签收",
    "redo": "上级退回重办",
    "answered_below": "下级单位已答复",
    "rejected": "办结审核退回",
    "urge": "市民催办",
    "supplement": "市民补充了情况",
    "withdrawn": "市民撤回了诉求",
    "approval": "有申请待审批",
    "decision": "申请已审批",
    "consultation": "两次退单，请组织会商",
    "rework": "回访未解决，重办",
    "reopen": "市民要求重新办理",
    "resume": "挂账恢复办理",
    "look_again": "挂账到期，请复查",
    "supervise": "督办",
    "yellow": "黄牌：即将到期",
    "red": "红牌：已超期",
    "escalate": "超期未办，升级督办",
    "joined": "新增同类诉求",
    "same": "可能是重复诉求",
    "group": "可能是同类诉求",
    "rectify": "收到差评，请核实整改",
    "rectify_decision": "差评整改有申请待审核",
    "rectify_decided": "差评整改的申请已审核",
    "rectify_callback": "差评整改待回访",
}


async def tell_of_page(
    session: AsyncSession,
    unit: str,
    role: Role | None,
    kind: str,
    key: str,
    now: datetime,
    title: str,
    address: str,
    text: str = "",
) -> bool:
    """Tell a unit, or (``unit`` empty) a role of the line, of the page at ``address`` with this
    ``title``: it is about no case, or may not name it. False: ``key`` was known."""
    return await _store(session, None, unit, role, kind, key, now, text, title, address)


async def tell_unit(
    session: AsyncSession,
    case: Case,
    unit: str,
    kind: str,
    key: str,
    now: datetime,
    *,
    role: Role | None = None,
    text: str = "",
) -> bool:
    """Tell the staff of ``unit`` (those with ``role`` only, if given).

    False when ``key`` was known, or the case is about that unit or one above it.
    """
    return await _store(session, case, unit, role, kind, key, now, text)


async def tell_role(
    session: AsyncSession,
    case: Case,
    role: Role,
    kind: str,
    key: str,
    now: datetime,
    text: str = "",
) -> bool:
    """Tell everybody of a role of the line. False: ``key`` was known."""
    return await _store(session, case, "", role, kind, key, now, text)


async def _store(
    session: AsyncSession,
    case: Case | None,
    unit: str,
    role: Role | None,
    kind: str,
    key: str,
    now: datetime,
    text: str,
    title: str = "",
    address: str | None = None,
) -> bool:
    if (
        case is not None
        and case.about_unit
        and unit in (await UnitTree.load(session)).below(case.about_unit)
    ):
        return False
    words = NOTICE_NAMES[kind] + (f"：{text}" if text else "")
    made = await session.scalar(
        insert(StaffNotice)
        .values(
            key=key,
            at=now,
            unit=unit,
            role=role,
            kind=kind,
            case_id=case.id if case is not None else None,
            title=title,
            address=address,
            text=words,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(StaffNotice.id)
    )
    if made is not None:
        await session.execute(select(func.pg_notify("case_notices", unit or str(role))))
    return made is not None
