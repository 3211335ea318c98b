"""A case that was answered and waits to be asked about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from town import DISPATCHER, NOW, matter, person

from cases import service
from cases.models import Callback, Case
from cases.repository import CaseRepository
from cases.vocabulary import Result
from core.database import Database
from core.identity import Role

CLERK = person(Role.CALLBACK_CLERK)
OTHER = person(Role.CALLBACK_CLERK, "hotline2")
SUPERVISOR = person(Role.SUPERVISOR)


async def answer_it(
    database: Database, case_id: int, unit: str = "urban", at: datetime = NOW, **more: Any
) -> Case:
    """Let ``unit`` take on, answer, and the desk let the answer pass."""
    clerk = person(Role.UNIT_CLERK, unit)
    async with database.unit_of_work() as session:
        case = await CaseRepository(session, None).get(case_id)
        if case.state == "pending_dispatch":
            case = await service.dispatch(session, DISPATCHER, case_id, case.version, unit, at)
        if case.state == "dispatched":
            case = await service.accept(session, clerk, case_id, case.version, at)
            await service.contact(session, clerk, case_id, case.version, True, "已电话联系", at)
        result = more.get("result", Result.SOLVED)
        reason = more.get("reason", "")
        await service.answer(
            session,
            clerk,
            case_id,
            case.version,
            "灯已修好",
            "",
            at,
            result=result,
            result_reason=reason,
        )
        if case.state == "answered":
            await service.pass_check(session, DISPATCHER, case_id, case.version, at)
    return case


async def answered(
    database: Database, *, unit: str = "urban", at: datetime = NOW, **changes: Any
) -> Case:
    """A case registered, handled by ``unit`` and answered, all at one moment."""
    async with database.unit_of_work() as session:
        done = await service.register(session, matter(**changes), at)
    return await answer_it(database, done.case_id, unit, at)


async def call_of(database: Database, case: Case) -> Callback:
    """The latest call about the case."""
    async with database.unit_of_work() as session:
        found = await CaseRepository(session, None).callback(case.id)
    assert found is not None
    return found


async def again(database: Database, case: Case) -> Case:
    """The case as it stands now."""
    async with database.unit_of_work() as session:
        return await CaseRepository(session, None).get(case.id)
