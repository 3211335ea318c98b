"""Which items citizens say ask for more than their guide says; told to the knowledge desk."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.calendar import LOCAL
from core.database import Database, now
from core.jobs import jobs
from core.outbox import delivery
from kb.complaints import Complained, last_settled, report
from reviews.figures_repository import GUIDE_TAGS
from reviews.models import Rectification, Review, ServiceRecord
from reviews.rectification import NOT_COUNTED

LOOKED_BACK = timedelta(days=90)
# [D] One citizen may err; two of a quarter of a year point to the guide, or to who applies it.
FEWEST = 2
SAMPLES = 5


@jobs.periodic(cron="11 * * * *")
@jobs.task(name="report_guides", queueing_lock="report_guides")
async def report_guides(timestamp: int) -> None:
    """Every hour: tasks of the knowledge desk for items whose guide is complained of."""
    assert delivery.database is not None, "the worker must set core.outbox.delivery first"
    await tell_knowledge_desk(delivery.database, now())


async def tell_knowledge_desk(database: Database, at: datetime) -> int:
    """Open or bring up to date a task an item; returns how many items."""
    async with database.unit_of_work() as session:
        found = await complained(session, at)
        return sum([await report(session, one, at) for one in found])


async def complained(session: AsyncSession, at: datetime) -> list[Complained]:
    """Items with at least `FEWEST` reviews of tags 108 or 109 within 90 days, and since their task was
    last closed; a review that was found void counts for nothing."""
    rows = await session.execute(
        select(ServiceRecord.item_code, Review.created_at, Review.text)
        .join(ServiceRecord, ServiceRecord.id == Review.service_record_id)
        .outerjoin(Rectification, Rectification.review_id == Review.id)
        .where(
            or_(*(Review.tags.contains([tag]) for tag in GUIDE_TAGS)),
            Review.is_default.is_(False),
            Review.created_at > at - LOOKED_BACK,
            Review.created_at <= at,
            ServiceRecord.item_code != "",
            or_(Rectification.id.is_(None), Rectification.state.not_in(NOT_COUNTED)),
        )
        .order_by(Review.created_at.desc(), Review.id)
    )
    settled = await last_settled(session)
    by_item: dict[str, list[tuple[datetime, str]]] = {}
    for code, given_at, text in rows.tuples():
        if code not in settled or given_at > settled[code]:
            by_item.setdefault(code, []).append((given_at, text))
    return [
        Complained(
            code,
            len(said),
            said[-1][0].astimezone(LOCAL).date(),
            said[0][0].astimezone(LOCAL).date(),
            [text for _, text in said if text][:SAMPLES],
        )
        for code, said in sorted(by_item.items())
        if len(said) >= FEWEST
    ]
