"""Background work of the callback desk: what is answered and cannot be asked about gets closed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.callback_repository import answered_cases, drop_overtaken
from cases.callback_rules import may_close
from cases.clocks import review_window
from cases.closing import close_case
from cases.vocabulary import CallbackState
from core.calendar_store import load_calendar
from core.database import now
from core.jobs import jobs
from core.outbox import delivery

# Cases of one transaction; what is left over comes ten minutes later.
BATCH = 200


@jobs.periodic(cron="*/10 * * * *")
@jobs.task(name="close_answered_cases")
async def close_answered_cases(timestamp: int) -> None:
    """Every ten minutes: close what waits for no call any more."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    async with delivery.database.unit_of_work() as session:
        await close_answered(session, now())


async def close_answered(session: AsyncSession, at: datetime) -> int:
    """Close the cases whose citizen could not be called and whose evaluation window is over, or
    who has rated; returns how many. Calls that a reopening has overtaken leave the queue.
    """
    await drop_overtaken(session, at)
    calendar = await load_calendar(session)
    closed = 0
    for case, callback in await answered_cases(session, at, BATCH):
        state = CallbackState(callback.state) if callback else None
        rated = case.rated_round == case.round
        told = case.told_at or case.created_at
        if may_close(state, rated, review_window(calendar, told), at):
            await close_case(session, None, case, at, reason=_WHY.get(state, "评价期满"))
            closed += 1
    return closed


_WHY: dict[CallbackState | None, str] = {
    CallbackState.DONE: "回访完成",
    CallbackState.UNREACHABLE: "多次回访联系不上，评价期满",
}
