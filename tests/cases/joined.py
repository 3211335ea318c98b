"""What the tests of merging, grouping and splitting share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import select
from town import DISPATCHER, NOW, URBAN, Register

from cases import service
from cases.models import Case, CaseClock, SubCase
from cases.repository import CaseRepository
from core.database import Database
from core.errors import HotlineError

PHONES = ("13800001234", "13900005678", "13700009012", "13600003456")
WHY = "重复反映"


async def do(database: Database, change: Callable[..., Awaitable[Any]], *given: Any, **more: Any):
    async with database.unit_of_work() as session:
        return await change(session, *given, now=NOW, **more)


async def load(database: Database, case_id: int) -> Case:
    async with database.unit_of_work() as session:
        return await session.get_one(Case, case_id)


async def rows(database: Database, model: type[Any], *where: Any) -> list[Any]:
    async with database.unit_of_work() as session:
        return list(await session.scalars(select(model).where(*where).order_by(model.id)))


async def life(database: Database, case_id: int) -> tuple[Any, ...]:
    """State, parts, running clocks and pending requests: everything that undoing brings back."""
    case = await load(database, case_id)
    parts = await rows(database, SubCase, SubCase.case_id == case_id)
    clocks = await rows(database, CaseClock, CaseClock.case_id == case_id)
    async with database.unit_of_work() as session:
        asked = await CaseRepository(session, None).approvals(case_id)
    return (
        case.state,
        [(p.unit, p.role, p.state) for p in parts],
        [(c.kind, c.state, c.due_at) for c in clocks],
        [(a.kind, a.state) for a in asked],
    )


async def three(file: Register, **changes: Any) -> list[int]:
    """The same matter of three people, in one place."""
    made = []
    for number, phone in enumerate(PHONES[:3]):
        done = await file(
            phone=phone,
            name=f"市民{'甲乙丙'[number]}某",
            place_text=f"望湖路{number}号" if changes.get("apart") else "望湖路8号3单元501",
            street="chengdong.wanghu",
            **{k: v for k, v in changes.items() if k != "apart"},
        )
        made.append(done.case_id)
    return made


async def at_once(*tries: Awaitable[Any]) -> list[Any]:
    found = await asyncio.gather(*tries, return_exceptions=True)
    strange = [e for e in found if isinstance(e, BaseException) and not isinstance(e, HotlineError)]
    assert strange == []
    return [one for one in found if not isinstance(one, BaseException)]


async def finish(database: Database, case_id: int) -> None:
    version = (await load(database, case_id)).version
    await do(database, service.accept, URBAN, case_id, version)
    await do(database, service.answer, URBAN, case_id, version + 1, "路灯已修好", "")
    await do(database, service.pass_check, DISPATCHER, case_id, version + 2)


async def seen(database: Database, ids: Sequence[int]) -> dict[int, int]:
    return {one: (await load(database, one)).version for one in ids}
